//! Where the parser is in a body, and what it found so far.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use calendar::Text;
use dossier::law::Finding;
use dossier::shape::escaped;
use dossier::text::{fault, normalised, refused};
use engine::forms::{ERRORS_MAX, words};
use serde::de::{Error, Visitor};

use crate::limits::JSON_DEPTH_MAX;

/// Place of the parser in the body.
#[derive(Clone, Copy)]
pub(super) enum Place<'p> {
    Body,
    Field(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => Ok(()),
            Self::Field(within, key) => write!(f, "{within}/{}", escaped(key)),
            Self::Item(within, index) => write!(f, "{within}/{index}"),
        }
    }
}

/// The place, and the findings so far.
#[derive(Clone, Copy)]
pub(super) struct Watch<'p> {
    pub(super) place: Place<'p>,
    pub(super) depth: usize,
    pub(super) findings: &'p RefCell<Vec<Finding>>,
    /// Whether errors are to say what was expected.
    pub(super) diagnosing: bool,
}

impl Watch<'_> {
    pub(super) fn find(&self, detail: Text) {
        let mut findings = self.findings.borrow_mut();
        if findings.len() < ERRORS_MAX {
            findings.push(Finding::said(self.place.to_string(), detail));
        }
    }

    /// The text, normalised; findings are recorded.
    pub(super) fn text<'t>(&self, text: &'t str, max: usize) -> Cow<'t, str> {
        let text = normalised(text);
        if let Some(fault) = fault(&text) {
            self.find(fault.said());
        }
        // Counting is needed only above this: a text has at least one byte for each character.
        if text.len() > max {
            let count = text.chars().count();
            if count > max {
                self.find(words::too_long(count, max));
            }
        }
        text
    }

    pub(super) fn deeper<E: Error>(&self) -> Result<(), E> {
        if self.depth < JSON_DEPTH_MAX {
            return Ok(());
        }
        Err(refused(&Text::new(
            format!("lồng quá {JSON_DEPTH_MAX} cấp"),
            format!("nested deeper than {JSON_DEPTH_MAX} levels"),
        )))
    }

    /// What a visitor expects; only while errors are diagnosed.
    pub(super) fn expected<'de>(&self, visitor: &impl Visitor<'de>) -> Option<String> {
        struct Expecting<'v, V>(&'v V);
        impl<'de, V: Visitor<'de>> fmt::Display for Expecting<'_, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.expecting(f)
            }
        }
        self.diagnosing.then(|| Expecting(visitor).to_string())
    }
}
