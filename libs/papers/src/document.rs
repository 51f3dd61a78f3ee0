//! The document model: what is printed, without positions.

use std::fmt::Write as _;

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A paper, ready to be laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The title in the properties of the PDF.
    pub title: String,
    /// The language of its text, as a BCP 47 tag.
    pub language: String,
    pub page: PageSize,
    pub blocks: Vec<Block>,
}

/// Width and height of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageSize {
    /// 210 by 297 mm, with page numbers.
    A4,
    /// 297 by 210 mm, with page numbers.
    A4Landscape,
    /// A label for a parcel, 100 by 150 mm.
    Label,
}

/// A part of a document, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    Text(Paragraph),
    /// Columns of equal width beside each other.
    Columns(Vec<Vec<Paragraph>>),
    Table(Table),
    /// A QR code, with this content.
    Qr(String),
    /// An empty space, in lines.
    Space(u8),
}

/// Text that is broken into lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    pub spans: Vec<Span>,
    pub align: Align,
    /// In percent of the usual size.
    pub size: u16,
}

/// A part of a paragraph in one face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    pub bold: bool,
}

/// The side of the column at which lines begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    #[default]
    Left,
    Center,
    Right,
}

/// Rows with ruled cells. The titles are on top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Column>,
    /// The cells of each row, one for each column.
    pub rows: Vec<Vec<Paragraph>>,
}

/// The title and width of a table's column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub title: String,
    /// The share of the width, relative to the other columns.
    pub width: u16,
}

/// SHA-256 of a text in UTF-8, in hexadecimal digits.
pub(crate) fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing into a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

impl Paragraph {
    /// The text of all spans.
    #[must_use]
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| &*span.text).collect()
    }
}

impl Document {
    /// The printed text: one line for each paragraph, columns one after another, the cells of a row
    /// separated by tabs, and the content of a QR code in brackets. Layout does not change it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |line: String| {
            text.push_str(&line);
            text.push('\n');
        };
        for block in &self.blocks {
            match block {
                Block::Text(paragraph) => line(paragraph.text()),
                Block::Columns(columns) => {
                    columns.iter().flatten().for_each(|paragraph| line(paragraph.text()));
                }
                Block::Table(table) => {
                    line(cells(table.columns.iter().map(|column| column.title.clone())));
                    table.rows.iter().for_each(|row| line(cells(row.iter().map(Paragraph::text))));
                }
                Block::Qr(content) => line(format!("[{content}]")),
                Block::Space(_) => {}
            }
        }
        text
    }

    /// SHA-256 of [`Document::text`] in UTF-8, in hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        digest(&self.text())
    }

    /// The document with a bold line above it, for example that it was cancelled after its issue.
    #[must_use]
    pub fn stamped(mut self, stamp: &str) -> Self {
        let spans = vec![Span { text: stamp.to_owned(), bold: true }];
        let stamp = Paragraph { spans, align: Align::Center, size: 130 };
        self.blocks.insert(0, Block::Text(stamp));
        self
    }
}

fn cells(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join("\t")
}
