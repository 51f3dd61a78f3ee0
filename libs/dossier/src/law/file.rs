//! Files of rules: what they have in common, and what is wrong with one.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::SHIPPED;
use crate::contract::{RulesIssued, RulesKind};

/// What is wrong with a file of rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLaw {
    /// The text does not have the shape.
    #[error("{file}:{line}: {reason}")]
    Shape {
        /// The file.
        file: String,
        /// The line, from 1; 0 if the reader could not tell.
        line: usize,
        /// What the reader says.
        reason: String,
    },
    /// The content contradicts itself or another file.
    #[error("{file}: {reason}")]
    Content {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
}

/// The head that files of every kind have.
#[derive(Debug, Deserialize)]
struct Head {
    #[serde(alias = "code")]
    id: String,
    version: u32,
    legal_basis: String,
}

/// A file of rules as it is to be recorded. Only its head is looked at; [`super::Law::take`] looks at the whole.
pub fn rules(kind: RulesKind, file: &str, text: &str) -> Result<RulesIssued, InvalidLaw> {
    let Head { id: name, version, legal_basis } = read(file, text)?;
    let named = !name.is_empty() && name.len() <= NAME_BYTES_MAX;
    if !named || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        let reason = format!("`{name}` is not a name: 1 to {NAME_BYTES_MAX} of A-Z a-z 0-9 . _ -");
        return Err(content(file, &reason));
    }
    if version == 0 {
        return Err(content(file, "versions count from 1"));
    }
    Ok(RulesIssued { kind, name, version, legal_basis, text: text.to_owned() })
}

/// The longest name of a file of rules.
const NAME_BYTES_MAX: usize = 100;

/// The rules that ship with the program, in an order in which each finds what it refers to.
pub fn shipped_rules() -> Result<Vec<RulesIssued>, InvalidLaw> {
    let calendars = calendar::shipped().map(|(file, text)| (RulesKind::Calendar, file, text));
    let agencies = include_str!("../../procedures/agencies.yaml");
    let complaints = include_str!("../../procedures/complaints.yaml");
    let payments = include_str!("../../procedures/payments.yaml");
    let others = [
        (RulesKind::Agencies, "agencies.yaml", agencies),
        (RulesKind::Complaints, "complaints.yaml", complaints),
        (RulesKind::Payments, "payments.yaml", payments),
    ];
    let procedures = SHIPPED.iter().map(|(file, text)| (RulesKind::Procedure, *file, *text));
    let all = calendars.into_iter().chain(others).chain(procedures);
    all.map(|(kind, file, text)| rules(kind, file, text)).collect()
}

/// Whether two files say the same; how they are laid out, and what they say in comments, does not count.
#[must_use]
pub fn says_the_same(one: &str, other: &str) -> bool {
    let value = |text: &str| serde_yaml_ng::from_str::<serde_json::Value>(text).ok();
    one == other || value(one).is_some_and(|one| value(other) == Some(one))
}

pub(super) fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, InvalidLaw> {
    serde_yaml_ng::from_str(text).map_err(|error| InvalidLaw::Shape {
        file: file.to_owned(),
        line: error.location().map_or(0, |location| location.line()),
        reason: error.to_string(),
    })
}

pub(super) fn content(file: &str, reason: &str) -> InvalidLaw {
    InvalidLaw::Content { file: file.to_owned(), reason: reason.to_owned() }
}
