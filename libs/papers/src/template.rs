//! Templates: files of lines with placeholders, from which data makes a document.

use serde::Deserialize;
use serde_json::Value;

use crate::document::{Align, Block, Column, Document, PageSize, Paragraph, Table};
use crate::fields::Fields;

mod text;

use text::Text;

/// What the rows of a list may use besides their own fields: the number of the row, from 1.
const ROW_NUMBER: &str = "no";

/// Why a template is refused when it is loaded.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("not a template: {0}")]
    Malformed(#[from] serde_yaml_ng::Error),
    #[error("`{0}` is not a field of this paper")]
    UnknownField(String),
    #[error("`{0}` is not a list of this paper")]
    UnknownList(String),
    #[error("`{0}` is not a filter")]
    UnknownFilter(String),
    #[error("`{0}` has braces or asterisks without a partner")]
    Unbalanced(String),
    #[error("a table must have columns with a width from 1 to 100")]
    Columns,
}

/// A template that was checked against the fields of its paper.
#[derive(Debug, Clone)]
pub struct Template {
    /// For example `slip-01`.
    pub name: String,
    /// Increases with every change: a paper is always made from the version that it was issued by.
    pub version: u32,
    /// The language of its text, as a BCP 47 tag.
    pub language: String,
    title: String,
    page: PageSize,
    lines: Vec<Line>,
}

/// A line of the template, with the condition under which it is printed.
#[derive(Debug, Clone)]
struct Line {
    /// The field that must be present, true, or not empty.
    when: Option<String>,
    /// The field that must be none of this.
    unless: Option<String>,
    part: Part,
}

#[derive(Debug, Clone)]
enum Part {
    Text(Text, Style),
    Columns(Vec<Vec<Text>>, Style),
    /// A line for each entry of a list.
    List(String, Text, Style),
    Table {
        rows: String,
        columns: Vec<Column>,
        cells: Vec<(Text, Align)>,
        total: Vec<Text>,
    },
    Qr(Text),
    Space(u8),
}

#[derive(Debug, Clone, Copy)]
struct Style {
    align: Align,
    /// In percent of the usual size.
    size: u16,
}

/// The file of a template.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    version: u32,
    language: String,
    title: String,
    /// The articles that require the paper and define its form.
    #[serde(rename = "legal_basis")]
    _legal_basis: String,
    page: PageSize,
    lines: Vec<FileLine>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLine {
    #[serde(rename = "if")]
    when: Option<String>,
    unless: Option<String>,
    #[serde(flatten)]
    part: FilePart,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FilePart {
    Text(String),
    Heading(String),
    /// Smaller, for notes at the end.
    Note(String),
    Columns(Vec<Vec<String>>),
    List(FileList),
    Table(FileTable),
    Qr(String),
    Space(u8),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileList {
    of: String,
    line: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    of: String,
    columns: Vec<FileColumn>,
    /// The cells of a last row, from the fields of the paper.
    #[serde(default)]
    total: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileColumn {
    title: String,
    cell: String,
    width: u16,
    #[serde(default)]
    align: Align,
}

impl Template {
    /// Reads a template from YAML.
    ///
    /// # Errors
    ///
    /// It has not the shape of a template, or names a field, list or filter that there is not.
    pub fn parse(yaml: &str, fields: &Fields) -> Result<Self, TemplateError> {
        let file: File = serde_yaml_ng::from_str(yaml)?;
        let lines = file.lines.into_iter().map(|line| Line::checked(line, fields));
        Ok(Self {
            name: file.name,
            version: file.version,
            language: file.language,
            title: file.title,
            page: file.page,
            lines: lines.collect::<Result<_, _>>()?,
        })
    }

    /// The document for `data`, an object with the fields for which the template was checked.
    #[must_use]
    pub fn fill(&self, data: &Value) -> Document {
        let printed = self.lines.iter().filter(|line| line.is_printed(data));
        let blocks = printed.flat_map(|line| line.part.fill(data)).collect();
        let (title, language) = (self.title.clone(), self.language.clone());
        Document { title, language, page: self.page, blocks }
    }
}

impl Line {
    fn checked(line: FileLine, fields: &Fields) -> Result<Self, TemplateError> {
        for condition in line.when.iter().chain(&line.unless) {
            if !fields.is_plain(condition) && fields.list(condition).is_none() {
                return Err(TemplateError::UnknownField(condition.clone()));
            }
        }
        let part = Part::checked(line.part, fields)?;
        Ok(Self { when: line.when, unless: line.unless, part })
    }

    fn is_printed(&self, data: &Value) -> bool {
        let holds = |name: &String| match &data[name.as_str()] {
            Value::Null | Value::Bool(false) => false,
            Value::Array(entries) => !entries.is_empty(),
            Value::String(text) => !text.is_empty(),
            Value::Bool(true) | Value::Number(_) | Value::Object(_) => true,
        };
        self.when.as_ref().is_none_or(holds) && !self.unless.as_ref().is_some_and(holds)
    }
}

impl Part {
    fn checked(part: FilePart, fields: &Fields) -> Result<Self, TemplateError> {
        let plain = |text: &str| Text::parse(text, |name| fields.is_plain(name));
        let style = |align, size| Style { align, size };
        Ok(match part {
            FilePart::Text(text) => Self::Text(plain(&text)?, style(Align::Left, 100)),
            FilePart::Heading(text) => {
                Self::Text(plain(&format!("**{text}**"))?, style(Align::Center, 110))
            }
            FilePart::Note(text) => Self::Text(plain(&text)?, style(Align::Left, 80)),
            FilePart::Columns(columns) => {
                let column = |texts: Vec<String>| texts.iter().map(|text| plain(text)).collect();
                let columns = columns.into_iter().map(column).collect::<Result<_, _>>()?;
                Self::Columns(columns, style(Align::Center, 80))
            }
            FilePart::List(FileList { of, line }) => {
                let entry = row_of(&of, fields)?;
                Self::List(of, Text::parse(&line, entry)?, style(Align::Left, 100))
            }
            FilePart::Table(table) => Self::table(table, fields)?,
            FilePart::Qr(text) => Self::Qr(plain(&text)?),
            FilePart::Space(lines) => Self::Space(lines),
        })
    }

    fn table(table: FileTable, fields: &Fields) -> Result<Self, TemplateError> {
        let entry = row_of(&table.of, fields)?;
        let fits = |column: &FileColumn| (1..=100).contains(&column.width);
        let totals = table.total.is_empty() || table.total.len() == table.columns.len();
        if table.columns.is_empty() || !table.columns.iter().all(fits) || !totals {
            return Err(TemplateError::Columns);
        }
        let (mut columns, mut cells) = (Vec::new(), Vec::new());
        for FileColumn { title, cell, width, align } in table.columns {
            columns.push(Column { title, width });
            cells.push((Text::parse(&cell, &entry)?, align));
        }
        let total = table.total.iter().map(|text| Text::parse(text, |name| fields.is_plain(name)));
        let total = total.collect::<Result<_, _>>()?;
        Ok(Self::Table { rows: table.of, columns, cells, total })
    }

    fn fill(&self, data: &Value) -> Vec<Block> {
        match self {
            Self::Text(text, style) => vec![Block::Text(paragraph(text, *style, data))],
            Self::Columns(columns, style) => {
                let column = |texts: &Vec<Text>| {
                    texts.iter().map(|text| paragraph(text, *style, data)).collect()
                };
                vec![Block::Columns(columns.iter().map(column).collect())]
            }
            Self::List(of, text, style) => {
                let entries = rows(&data[of.as_str()]);
                entries.iter().map(|entry| Block::Text(paragraph(text, *style, entry))).collect()
            }
            Self::Table { rows: of, columns, cells, total } => {
                let cell = |(text, align): &(Text, Align), row: &Value| {
                    paragraph(text, Style { align: *align, size: 88 }, row)
                };
                let row = |row: &Value| cells.iter().map(|text| cell(text, row)).collect();
                let mut filled: Vec<_> = rows(&data[of.as_str()]).iter().map(row).collect();
                if !total.is_empty() {
                    let aligned = total.iter().zip(cells).map(|(text, (_, align))| {
                        paragraph(text, Style { align: *align, size: 88 }, data)
                    });
                    filled.push(aligned.collect());
                }
                vec![Block::Table(Table { columns: columns.clone(), rows: filled })]
            }
            Self::Qr(text) => vec![Block::Qr(text.plain(data))],
            Self::Space(lines) => vec![Block::Space(*lines)],
        }
    }
}

/// Whether a name is a field of the entries of a list.
fn row_of(list: &str, fields: &Fields) -> Result<impl Fn(&str) -> bool + use<>, TemplateError> {
    let entries = fields.list(list).ok_or_else(|| TemplateError::UnknownList(list.to_owned()))?;
    Ok(move |name: &str| name == ROW_NUMBER || entries.contains(&name))
}

/// The entries of a list, each with its number.
fn rows(list: &Value) -> Vec<Value> {
    let entries = list.as_array().into_iter().flatten();
    let numbered = entries.enumerate().map(|(index, entry)| {
        let mut entry = entry.clone();
        if let Value::Object(fields) = &mut entry {
            fields.insert(ROW_NUMBER.to_owned(), Value::from(index + 1));
        }
        entry
    });
    numbered.collect()
}

fn paragraph(text: &Text, Style { align, size }: Style, data: &Value) -> Paragraph {
    Paragraph { spans: text.fill(data), align, size }
}

#[cfg(test)]
mod tests;
