//! Layout: breaks paragraphs into lines and lines into pages. All lengths are in points.

use qrcodegen::{QrCode, QrCodeEcc};

use crate::document::{Align, Block, Document, PageSize, Paragraph, Table};
use crate::font::Face;

mod lines;

use lines::{Run, broken};

/// A page with what is drawn on it; the origin is the upper left corner.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) texts: Vec<Drawn>,
    /// Black boxes: left, top, width, height.
    pub(crate) boxes: Vec<[f32; 4]>,
}

/// Text in one face on the base line `y`.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) size: f32,
    pub(crate) bold: bool,
    pub(crate) text: String,
}

/// The measures of a page size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measures {
    pub(crate) width: f32,
    pub(crate) height: f32,
    margin: f32,
    font_size: f32,
    qr: f32,
    has_numbers: bool,
}

const MM: f32 = 72.0 / 25.4;
const LEADING: f32 = 1.28;
const RULE: f32 = 0.6;
const PADDING: f32 = 3.0;
const GUTTER: f32 = 10.0;
/// Most pages of a document; what follows is left out, with a note.
const PAGES_MAX: usize = 500;

impl Measures {
    pub(crate) fn of(page: PageSize) -> Self {
        let a4 = Self {
            width: 210.0 * MM,
            height: 297.0 * MM,
            margin: 20.0 * MM,
            font_size: 13.0,
            qr: 24.0 * MM,
            has_numbers: true,
        };
        match page {
            PageSize::A4 => a4,
            PageSize::A4Landscape => Self { width: a4.height, height: a4.width, ..a4 },
            PageSize::Label => Self {
                width: 100.0 * MM,
                height: 150.0 * MM,
                margin: 6.0 * MM,
                font_size: 12.0,
                qr: 26.0 * MM,
                has_numbers: false,
            },
        }
    }

    fn inner(&self) -> f32 {
        self.width - 2.0 * self.margin
    }
}

/// Lays a document out on pages, at least one.
pub(crate) fn pages(document: &Document) -> Vec<Page> {
    let measures = Measures::of(document.page);
    let mut sheet = Sheet { measures, pages: vec![Page::default()], y: measures.margin };
    for block in &document.blocks {
        match block {
            Block::Text(paragraph) => sheet.paragraph(paragraph),
            Block::Columns(columns) => sheet.columns(columns),
            Block::Table(table) => sheet.table(table),
            Block::Qr(content) => sheet.qr(content),
            Block::Space(lines) => sheet.y += sheet.leading(100) * f32::from(*lines),
        }
    }
    sheet.numbered(&document.language)
}

struct Sheet {
    measures: Measures,
    pages: Vec<Page>,
    /// The upper end of the free space on the last page.
    y: f32,
}

impl Sheet {
    fn size(&self, percent: u16) -> f32 {
        self.measures.font_size * f32::from(percent) / 100.0
    }

    fn leading(&self, percent: u16) -> f32 {
        self.size(percent) * LEADING
    }

    fn bottom(&self) -> f32 {
        self.measures.height - self.measures.margin
    }

    fn page(&mut self) -> Option<&mut Page> {
        if self.pages.len() > PAGES_MAX { None } else { self.pages.last_mut() }
    }

    fn turn(&mut self) {
        if self.pages.len() <= PAGES_MAX {
            self.pages.push(Page::default());
        }
        self.y = self.measures.margin;
    }

    /// Begins a new page unless there is room for `height`.
    fn need(&mut self, height: f32) {
        if self.y + height > self.bottom() && self.y > self.measures.margin {
            self.turn();
        }
    }

    fn paragraph(&mut self, paragraph: &Paragraph) {
        let size = self.size(paragraph.size);
        let (left, inner) = (self.measures.margin, self.measures.inner());
        for line in broken(paragraph, size, inner) {
            let height = self.leading(paragraph.size);
            self.need(height);
            self.line(&line, (left, inner), paragraph.align, size);
            self.y += height;
        }
        self.y += size * 0.25;
    }

    /// Draws one line with its upper end at `y`.
    fn line(&mut self, line: &[Run], (left, width): (f32, f32), align: Align, size: f32) {
        let used: f32 = line.iter().map(|run| run.width).sum();
        let mut x = left
            + match align {
                Align::Left => 0.0,
                Align::Center => (width - used) / 2.0,
                Align::Right => width - used,
            };
        let y = self.y + size;
        let Some(page) = self.page() else { return };
        for Run { text, bold, width } in line {
            page.texts.push(Drawn { x, y, size, bold: *bold, text: text.clone() });
            x += width;
        }
    }

    fn columns(&mut self, columns: &[Vec<Paragraph>]) {
        let count = number(columns.len().max(1));
        let width = (self.measures.inner() - GUTTER * (count - 1.0)) / count;
        let broken: Vec<Vec<_>> = columns
            .iter()
            .map(|column| {
                let lines = column.iter().map(|paragraph| {
                    (paragraph, broken(paragraph, self.size(paragraph.size), width))
                });
                lines.collect()
            })
            .collect();
        let height = |column: &Vec<(&Paragraph, Vec<Vec<Run>>)>| -> f32 {
            let heights = column
                .iter()
                .map(|(paragraph, lines)| self.leading(paragraph.size) * number(lines.len()));
            heights.sum()
        };
        let tallest = broken.iter().map(height).fold(0.0, f32::max);
        self.need(tallest);
        let top = self.y;
        let mut left = self.measures.margin;
        for column in &broken {
            self.y = top;
            for (paragraph, lines) in column {
                for line in lines {
                    let size = self.size(paragraph.size);
                    self.line(line, (left, width), paragraph.align, size);
                    self.y += self.leading(paragraph.size);
                }
            }
            left += width + GUTTER;
        }
        self.y = top + tallest + self.leading(40);
    }

    /// The left end and the width of each column.
    fn widths(&self, table: &Table) -> Vec<(f32, f32)> {
        let whole: f32 = table.columns.iter().map(|column| f32::from(column.width)).sum();
        let mut left = self.measures.margin;
        let columns = table.columns.iter().map(|column| {
            let width = self.measures.inner() * f32::from(column.width) / whole.max(1.0);
            left += width;
            (left - width, width)
        });
        columns.collect()
    }

    fn table(&mut self, table: &Table) {
        let widths = self.widths(table);
        let titles: Vec<Paragraph> = table.columns.iter().map(|c| title(&c.title)).collect();
        self.need(self.leading(88) * 3.0);
        self.row(&titles, &widths);
        for row in &table.rows {
            self.row(row, &widths);
        }
        self.y += self.leading(40);
    }

    /// Draws a row, on several pages if it is taller than one.
    fn row(&mut self, cells: &[Paragraph], widths: &[(f32, f32)]) {
        let percent = cells.first().map_or(100, |cell| cell.size);
        let (size, leading) = (self.size(percent), self.leading(percent));
        let lines: Vec<Vec<Vec<Run>>> = cells
            .iter()
            .zip(widths)
            .map(|(cell, (_, width))| broken(cell, size, width - 2.0 * PADDING))
            .collect();
        let count = lines.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let mut drawn = 0;
        while drawn < count {
            let mut part = count - drawn;
            self.need(leading + 2.0 * PADDING);
            while part > 1 && self.y + height(part, leading) > self.bottom() {
                part -= 1;
            }
            // A row that fits on one page is not split.
            if drawn == 0 && part < count && self.fits_whole(count, leading) {
                self.turn();
                part = count;
            }
            self.row_part((cells, widths), &lines, (drawn, part), (size, leading));
            drawn += part;
        }
    }

    fn fits_whole(&self, count: usize, leading: f32) -> bool {
        self.y > self.measures.margin
            && height(count, leading) <= self.bottom() - self.measures.margin
    }

    fn row_part(
        &mut self,
        (cells, widths): (&[Paragraph], &[(f32, f32)]),
        lines: &[Vec<Vec<Run>>],
        (from, count): (usize, usize),
        (size, leading): (f32, f32),
    ) {
        let (top, height) = (self.y, height(count, leading));
        for ((cell, (left, width)), lines) in cells.iter().zip(widths).zip(lines) {
            self.y = top + PADDING;
            for line in lines.iter().skip(from).take(count) {
                let inside = (left + PADDING, width - 2.0 * PADDING);
                self.line(line, inside, cell.align, size);
                self.y += leading;
            }
        }
        let (left, inner) = (self.measures.margin, self.measures.inner());
        if let Some(page) = self.page() {
            page.boxes.push([left, top, inner, RULE]);
            page.boxes.push([left, top + height, inner, RULE]);
            let ends = widths.iter().map(|(left, width)| left + width);
            page.boxes.extend([left].into_iter().chain(ends).map(|x| [x, top, RULE, height]));
        }
        self.y = top + height;
    }

    /// A QR code with medium error correction, at the left margin. A text that no QR code can hold
    /// is left out.
    fn qr(&mut self, content: &str) {
        let Ok(code) = QrCode::encode_text(content, QrCodeEcc::Medium) else { return };
        let side = self.measures.qr;
        self.need(side);
        let modules = code.size();
        let module = side / f32::from(u16::try_from(modules).unwrap_or(u16::MAX));
        let (left, top) = (self.measures.margin, self.y);
        let at = |index: i32| f32::from(u16::try_from(index).unwrap_or(0)) * module;
        if let Some(page) = self.page() {
            for row in 0..modules {
                for column in (0..modules).filter(|column| code.get_module(*column, row)) {
                    page.boxes.push([left + at(column), top + at(row), module, module]);
                }
            }
        }
        self.y += side + self.leading(40);
    }

    /// Adds page numbers.
    fn numbered(mut self, language: &str) -> Vec<Page> {
        let word = if language == "en" { "Page" } else { "Trang" };
        self.pages.truncate(PAGES_MAX);
        let (measures, count) = (self.measures, self.pages.len());
        if measures.has_numbers && count > 1 {
            let (size, y) = (self.size(80), measures.height - measures.margin / 2.0);
            for (index, page) in self.pages.iter_mut().enumerate() {
                let text = format!("{word} {}/{count}", index + 1);
                let width = Face::of(false).width(&text, size);
                let x = (measures.width - width) / 2.0;
                page.texts.push(Drawn { x, y, size, bold: false, text });
            }
        }
        self.pages
    }
}

/// The height of a row with this many lines.
fn height(lines: usize, leading: f32) -> f32 {
    number(lines) * leading + 2.0 * PADDING
}

/// A number of lines or columns, for calculations; 65,535 at most.
fn number(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

fn title(text: &str) -> Paragraph {
    let spans = vec![crate::document::Span { text: text.to_owned(), bold: true }];
    Paragraph { spans, align: Align::Center, size: 88 }
}

#[cfg(test)]
mod tests;
