//! Templates: files of lines with placeholders, from which data makes a document.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::document::{Align, Block, Column, Document, PageSize, Paragraph, Table};
use crate::fields::Fields;

mod check;
mod text;

pub use check::{TemplateFault, TemplateLine};
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
    #[error("a line has one of text, heading, note, columns, list, table, qr and space")]
    Parts,
    #[error("the font has no character `{0}`")]
    NoGlyph(char),
    #[error("too much for a template: {0}")]
    TooMuch(&'static str),
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

/// What a template has besides its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateHead {
    pub name: String,
    pub version: u32,
    /// As a BCP 47 tag.
    pub language: String,
    pub title: String,
    pub page: PageSize,
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
    lines: Vec<TemplateLine>,
}

impl Template {
    /// Reads a template from YAML.
    ///
    /// # Errors
    ///
    /// It has not the shape of a template, or names a field, list or filter that there is not.
    pub fn parse(yaml: &str, fields: &Fields) -> Result<Self, TemplateError> {
        let file: File = serde_yaml_ng::from_str(yaml)?;
        let head = TemplateHead {
            name: file.name,
            version: file.version,
            language: file.language,
            title: file.title,
            page: file.page,
        };
        Self::new(head, file.lines, fields).map_err(|mut faults| faults.swap_remove(0).error)
    }

    /// Makes a template of lines that were read already.
    ///
    /// # Errors
    ///
    /// All faults of the lines, at least one.
    pub fn new(
        head: TemplateHead,
        lines: Vec<TemplateLine>,
        fields: &Fields,
    ) -> Result<Self, Vec<TemplateFault>> {
        let (lines, faults) = check::lines(lines, fields);
        if !faults.is_empty() {
            return Err(faults);
        }
        let TemplateHead { name, version, language, title, page } = head;
        Ok(Self { name, version, language, title, page, lines })
    }

    /// The fields of the paper that are printed outside of lists.
    #[must_use]
    pub fn printed(&self) -> BTreeSet<&str> {
        self.lines.iter().flat_map(|line| line.part.printed()).collect()
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
    /// The fields of the paper, not those of the entries of lists.
    fn printed(&self) -> Vec<&str> {
        match self {
            Self::Text(text, _) | Self::Qr(text) => text.fields().collect(),
            Self::Columns(columns, _) => columns.iter().flatten().flat_map(Text::fields).collect(),
            Self::Table { rows, total, .. } => {
                total.iter().flat_map(Text::fields).chain([rows.as_str()]).collect()
            }
            Self::List(list, ..) => vec![list],
            Self::Space(_) => Vec::new(),
        }
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
