//! Something that is wrong with a file of rules or with the values of a command, and where.

use std::fmt;

use calendar::Text;

use super::place;

/// The most findings that are told at once.
pub const FINDINGS_MAX: usize = 100;

/// A place in a file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Something that is wrong with a file of rules, or with a value of a command: it cannot be right, or something would follow from it
/// that cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// JSON Pointer (RFC 6901) into the file, or into the body of the request.
    pub pointer: String,
    /// Where that is in the text of a file, if it is known.
    pub place: Option<Place>,
    /// What is wrong, in Vietnamese.
    pub vi: String,
    /// What is wrong, in English.
    pub en: String,
}

impl Finding {
    /// The value at `pointer` is wrong in this way.
    #[must_use]
    pub fn new(pointer: impl Into<String>, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), place: None, vi: vi.into(), en: en.into() }
    }

    /// The same with a text in both languages.
    #[must_use]
    pub fn said(pointer: impl Into<String>, Text { vi, en }: Text) -> Self {
        Self::new(pointer, vi, en)
    }
}

/// Everything that is wrong with a file of rules, at most a hundred findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Whether nothing was found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One more, without its place in the text.
    pub fn add(&mut self, pointer: &str, vi: impl Into<String>, en: impl Into<String>) {
        if self.0.len() < FINDINGS_MAX {
            self.0.push(Finding::new(pointer, vi, en));
        }
    }

    /// Where the last one is.
    pub(super) fn at(&mut self, place: Option<Place>) {
        if let Some(last) = self.0.last_mut() {
            last.place = place;
        }
    }

    /// The same, in the order of the text, each with its line and column.
    #[must_use]
    pub fn placed(mut self, text: &str) -> Self {
        for finding in &mut self.0 {
            finding.place = finding.place.or_else(|| place::of(text, &finding.pointer));
        }
        self.0.sort_by_key(|finding| finding.place.map_or((0, 0), |at| (at.line, at.column)));
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { line, column }) = self.place {
            write!(f, "{line}:{column}: ")?;
        }
        if !self.pointer.is_empty() {
            write!(f, "{}: ", self.pointer)?;
        }
        f.write_str(&self.en)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, finding) in self.0.iter().enumerate() {
            let between = if place == 0 { "" } else { "; " };
            write!(f, "{between}{finding}")?;
        }
        Ok(())
    }
}
