//! Checks the lines of a template against the fields of its paper. All faults are found at once.

use serde::Deserialize;

use super::text::Text;
use super::{Line, Part, ROW_NUMBER, Style, TemplateError};
use crate::document::{Align, Column};
use crate::fields::Fields;
use crate::font::Face;

/// Maximum number of lines of a template.
const LINES_MAX: usize = 300;
/// Maximum length of a text, in characters.
const TEXT_CHARS_MAX: usize = 4_000;
/// Maximum number of columns, and of paragraphs in one.
const COLUMNS_MAX: usize = 16;
/// Maximum number of empty lines in one place.
const SPACE_MAX: u8 = 40;

/// A line of a template as it is written: one part, and the condition under which it is printed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateLine {
    #[serde(rename = "if")]
    when: Option<String>,
    unless: Option<String>,
    text: Option<String>,
    heading: Option<String>,
    /// Smaller, for notes at the end.
    note: Option<String>,
    columns: Option<Vec<Vec<String>>>,
    list: Option<FileList>,
    table: Option<FileTable>,
    qr: Option<String>,
    space: Option<u8>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileList {
    of: String,
    line: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    of: String,
    columns: Vec<FileColumn>,
    /// The cells of a last row, from the fields of the paper.
    #[serde(default)]
    total: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileColumn {
    title: String,
    cell: String,
    width: u16,
    #[serde(default)]
    align: Align,
}

/// What is wrong with a line, and where.
#[derive(Debug)]
pub struct TemplateFault {
    /// JSON Pointer of its place within the list of lines.
    pub pointer: String,
    pub error: TemplateError,
}

/// The lines that have no fault, and all faults of the others.
pub(super) fn lines(lines: Vec<TemplateLine>, fields: &Fields) -> (Vec<Line>, Vec<TemplateFault>) {
    let mut check = Check { fields, faults: Vec::new() };
    if lines.len() > LINES_MAX {
        check.add("", TemplateError::TooMuch("at most 300 lines"));
        return (Vec::new(), check.faults);
    }
    let mut checked = Vec::new();
    for (place, line) in lines.into_iter().enumerate() {
        checked.extend(check.line(&format!("/{place}"), line));
    }
    (checked, check.faults)
}

struct Check<'a> {
    fields: &'a Fields,
    faults: Vec<TemplateFault>,
}

impl Check<'_> {
    fn add(&mut self, at: &str, error: TemplateError) {
        self.faults.push(TemplateFault { pointer: at.to_owned(), error });
    }

    fn line(&mut self, at: &str, line: TemplateLine) -> Option<Line> {
        let TemplateLine { when, unless, text, heading, note, columns, list, table, qr, space } =
            line;
        for (key, condition) in [("if", &when), ("unless", &unless)] {
            if let Some(name) = condition
                && !self.fields.is_plain(name)
                && self.fields.list(name).is_none()
            {
                self.add(&format!("{at}/{key}"), TemplateError::UnknownField(name.clone()));
            }
        }
        let mut parts = Vec::new();
        if let Some(text) = text {
            parts.push(self.plain(&format!("{at}/text"), &text, (Align::Left, 100)));
        }
        if let Some(text) = heading {
            let at = format!("{at}/heading");
            parts.push(self.plain(&at, &format!("**{text}**"), (Align::Center, 110)));
        }
        if let Some(text) = note {
            parts.push(self.plain(&format!("{at}/note"), &text, (Align::Left, 80)));
        }
        if let Some(columns) = columns {
            parts.push(self.columns(&format!("{at}/columns"), &columns));
        }
        if let Some(FileList { of, line }) = list {
            parts.push(self.list(&format!("{at}/list"), of, &line));
        }
        if let Some(table) = table {
            parts.push(self.table(&format!("{at}/table"), table));
        }
        if let Some(text) = qr {
            parts.push(self.of_paper(&format!("{at}/qr"), &text).map(Part::Qr));
        }
        if let Some(lines) = space {
            if lines > SPACE_MAX {
                self.add(&format!("{at}/space"), TemplateError::TooMuch("at most 40 empty lines"));
            }
            parts.push(Some(Part::Space(lines)));
        }
        if parts.len() != 1 {
            self.add(at, TemplateError::Parts);
        }
        Some(Line { when, unless, part: parts.pop().flatten()? })
    }

    fn plain(&mut self, at: &str, text: &str, (align, size): (Align, u16)) -> Option<Part> {
        self.of_paper(at, text).map(|text| Part::Text(text, Style { align, size }))
    }

    fn columns(&mut self, at: &str, columns: &[Vec<String>]) -> Option<Part> {
        let mut read = Vec::new();
        if columns.len() > COLUMNS_MAX || columns.iter().any(|texts| texts.len() > COLUMNS_MAX) {
            self.add(at, TemplateError::TooMuch("at most 16 columns with 16 paragraphs each"));
            return None;
        }
        for (place, texts) in columns.iter().enumerate() {
            let texts = texts.iter().enumerate();
            let texts =
                texts.map(|(line, text)| self.of_paper(&format!("{at}/{place}/{line}"), text));
            read.push(texts.collect::<Vec<_>>());
        }
        let read = read.into_iter().map(|texts| texts.into_iter().collect()).collect::<Option<_>>();
        Some(Part::Columns(read?, Style { align: Align::Center, size: 80 }))
    }

    fn list(&mut self, at: &str, of: String, line: &str) -> Option<Part> {
        let entry = self.entry(at, &of)?;
        let line = self.text(&format!("{at}/line"), line, &entry)?;
        Some(Part::List(of, line, Style { align: Align::Left, size: 100 }))
    }

    fn table(&mut self, at: &str, table: FileTable) -> Option<Part> {
        let FileTable { of, columns: written, total } = table;
        let entry = self.entry(at, &of);
        let fits = |column: &FileColumn| (1..=100).contains(&column.width);
        let totals = total.is_empty() || total.len() == written.len();
        let counted = (1..=COLUMNS_MAX).contains(&written.len());
        if !counted || !written.iter().all(fits) || !totals {
            self.add(&format!("{at}/columns"), TemplateError::Columns);
            return None;
        }
        let entry = entry?;
        let (mut columns, mut cells) = (Vec::new(), Vec::new());
        for (place, FileColumn { title, cell, width, align }) in written.into_iter().enumerate() {
            let at = format!("{at}/columns/{place}");
            self.text(&format!("{at}/title"), &title, &|_: &str| false);
            cells.push(self.text(&format!("{at}/cell"), &cell, &entry).map(|cell| (cell, align)));
            columns.push(Column { title, width });
        }
        let total = total.iter().enumerate();
        let total = total.map(|(place, text)| self.of_paper(&format!("{at}/total/{place}"), text));
        let total = total.collect::<Vec<_>>().into_iter().collect::<Option<_>>();
        let cells = cells.into_iter().collect::<Option<_>>();
        Some(Part::Table { rows: of, columns, cells: cells?, total: total? })
    }

    /// Whether a name is a field of the entries of a list.
    fn entry(&mut self, at: &str, list: &str) -> Option<impl Fn(&str) -> bool + use<>> {
        let Some(entries) = self.fields.list(list) else {
            self.add(&format!("{at}/of"), TemplateError::UnknownList(list.to_owned()));
            return None;
        };
        Some(move |name: &str| name == ROW_NUMBER || entries.contains(&name))
    }

    /// A text with fields of the paper.
    fn of_paper(&mut self, at: &str, text: &str) -> Option<Text> {
        let fields = *self.fields;
        self.text(at, text, &|name: &str| fields.is_plain(name))
    }

    fn text(&mut self, at: &str, text: &str, is_known: &impl Fn(&str) -> bool) -> Option<Text> {
        if text.chars().count() > TEXT_CHARS_MAX {
            self.add(at, TemplateError::TooMuch("at most 4,000 characters in a text"));
        }
        if let Some(char) = text.chars().find(|char| *char != '\n' && !Face::has(*char)) {
            self.add(at, TemplateError::NoGlyph(char));
        }
        match Text::parse(text, is_known) {
            Ok(text) => Some(text),
            Err(error) => {
                self.add(at, error);
                None
            }
        }
    }
}
