//! Decodes a file of rules and reports all places that do not have the required shape.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Check, FINDINGS_MAX, Findings};
use crate::shape::{Limits, decoded, is_within};

/// Maximum number of attempts to decode a file.
const ATTEMPTS_MAX: usize = 1_000;

/// A decoded file, with the places where values were replaced.
pub(super) struct Shaped<T> {
    pub(super) value: T,
    replaced: Vec<String>,
}

impl<T> Shaped<T> {
    /// Whether a finding at this place results from a replaced value.
    fn made_up(&self, pointer: &str) -> bool {
        self.replaced.iter().any(|one| is_within(pointer, one) || is_within(one, pointer))
    }
}

impl Check<'_, '_> {
    /// The decoded file; places with a wrong shape are reported. `None` if the file cannot be
    /// repaired.
    pub(super) fn shape<T: DeserializeOwned>(&mut self, value: &Value) -> Option<Shaped<T>> {
        let limits = Limits { attempts: ATTEMPTS_MAX, findings: FINDINGS_MAX };
        let read = decoded::<T>(value.clone(), limits);
        for finding in read.findings {
            self.add(&finding.pointer, finding.vi, finding.en);
        }
        let replaced = read.replaced;
        read.value.map(|value| Shaped { value, replaced })
    }

    /// Checks the content of a decoded file; findings in replaced values are dropped.
    pub(super) fn content<T>(
        &mut self,
        shaped: &Shaped<T>,
        look: impl FnOnce(&mut Check<'_, '_>, &T),
    ) {
        let mut found = Findings::default();
        look(&mut Check { law: self.law, now: self.now, found: &mut found }, &shaped.value);
        for finding in found.0 {
            if !shaped.made_up(&finding.pointer) {
                self.add(&finding.pointer, finding.vi, finding.en);
            }
        }
    }
}
