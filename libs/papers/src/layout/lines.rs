//! Breaks a paragraph into lines.

use crate::document::Paragraph;
use crate::font::Face;

/// A piece of a line in one face.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) bold: bool,
    pub(super) width: f32,
}

/// The lines of a paragraph of this width in points; at least one. Lines break at spaces and line
/// breaks, and within a word only if it is wider than a line.
pub(super) fn broken(paragraph: &Paragraph, size: f32, width: f32) -> Vec<Vec<Run>> {
    let mut lines = Lines { done: Vec::new(), line: Vec::new(), used: 0.0, size, width };
    for span in &paragraph.spans {
        for (index, text) in span.text.split('\n').enumerate() {
            if index > 0 {
                lines.end();
            }
            for word in text.split_inclusive(' ') {
                lines.word(word, span.bold);
            }
        }
    }
    lines.end();
    lines.done
}

struct Lines {
    done: Vec<Vec<Run>>,
    line: Vec<Run>,
    used: f32,
    size: f32,
    width: f32,
}

impl Lines {
    /// Adds a word with the space after it, which may be outside the line.
    fn word(&mut self, word: &str, bold: bool) {
        let face = Face::of(bold);
        let seen = face.width(word.trim_end_matches(' '), self.size);
        if self.used + seen > self.width && self.used > 0.0 {
            self.end();
        }
        if seen <= self.width {
            self.push(word, bold);
            return;
        }
        for char in word.chars() {
            let mut buffer = [0; 4];
            let text = char.encode_utf8(&mut buffer);
            if self.used + face.width(text, self.size) > self.width && self.used > 0.0 {
                self.end();
            }
            self.push(text, bold);
        }
    }

    fn push(&mut self, text: &str, bold: bool) {
        let width = Face::of(bold).width(text, self.size);
        self.used += width;
        match self.line.last_mut().filter(|run| run.bold == bold) {
            Some(run) => {
                run.text.push_str(text);
                run.width += width;
            }
            None => self.line.push(Run { text: text.to_owned(), bold, width }),
        }
    }

    fn end(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        if let Some(last) = line.last_mut() {
            let trimmed = last.text.trim_end_matches(' ').to_owned();
            last.width = Face::of(last.bold).width(&trimmed, self.size);
            last.text = trimmed;
        }
        self.done.push(line);
        self.used = 0.0;
    }
}
