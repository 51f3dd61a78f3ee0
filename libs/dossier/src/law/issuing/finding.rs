//! Findings: what is wrong with a file of rules or the values of a command, and where.

use std::fmt;

use calendar::Text;

use super::place;
use crate::contract::ComponentCode;

/// Maximum number of findings that are reported at once.
pub const FINDINGS_MAX: usize = 100;

/// A place in the text of a file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// A fault of a file of rules or of a value in a command: it cannot be right, or makes something
/// impossible to compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// JSON Pointer (RFC 6901) into the file, or into the body of the request.
    pub pointer: String,
    /// The place in the text of a file, if known.
    pub place: Option<Place>,
    /// The message in Vietnamese.
    pub vi: String,
    /// The message in English.
    pub en: String,
    /// The code of the reason, if it is not that of the whole refusal.
    pub code: Option<&'static str>,
    /// The component of the dossier that is missing, if it is about one.
    pub component: Option<ComponentCode>,
}

impl Finding {
    /// A finding for the value at `pointer`.
    #[must_use]
    pub fn new(pointer: impl Into<String>, vi: impl Into<String>, en: impl Into<String>) -> Self {
        let (pointer, vi, en) = (pointer.into(), vi.into(), en.into());
        Self { pointer, place: None, vi, en, code: None, component: None }
    }

    /// A finding with a bilingual message.
    #[must_use]
    pub fn said(pointer: impl Into<String>, Text { vi, en }: Text) -> Self {
        Self::new(pointer, vi, en)
    }

    /// The finding with the code of its reason, unless it has one.
    #[must_use]
    pub fn coded(self, code: &'static str) -> Self {
        Self { code: self.code.or(Some(code)), ..self }
    }
}

/// The findings of a check, at most [`FINDINGS_MAX`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Whether there are no findings.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a finding without its place in the text; ignored once the maximum is reached.
    pub fn add(&mut self, pointer: &str, vi: impl Into<String>, en: impl Into<String>) {
        if self.0.len() < FINDINGS_MAX {
            self.0.push(Finding::new(pointer, vi, en));
        }
    }

    /// Sets the place of the last finding.
    pub(super) fn at(&mut self, place: Option<Place>) {
        if let Some(last) = self.0.last_mut() {
            last.place = place;
        }
    }

    /// The findings in the order of the text, each with its line and column.
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
