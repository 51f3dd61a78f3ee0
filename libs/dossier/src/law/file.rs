//! Files of rules: common fields, decoding and errors.

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{InForce, SHIPPED};
use crate::contract::{AgencyCode, RulesIssued, RulesKind};

/// Why a file of rules is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLaw {
    /// The text does not have the shape of its kind.
    #[error("{file}:{line}: {reason}")]
    Shape {
        file: String,
        /// From 1; 0 if unknown.
        line: usize,
        /// The error of the YAML decoder.
        reason: String,
    },
    /// The content is inconsistent, or contradicts another file.
    #[error("{file}: {reason}")]
    Content {
        file: String,
        /// What is inconsistent; a fragment in English.
        reason: String,
    },
}

/// The fields that all kinds of files have.
#[derive(Debug, Deserialize)]
struct Head {
    #[serde(alias = "code")]
    id: String,
    version: u32,
    legal_basis: String,
}

/// Maximum number of brackets open at the same time; shipped files have at most a handful.
const BRACKETS_MAX: usize = 500;

/// The line on which a text exceeds the limit of open brackets. The YAML parser refuses such a file
/// as well, but in quadratic time. Quotation marks and comments are not considered: brackets in
/// them are usually balanced.
pub(super) fn too_many_brackets(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (number, line) in (1..).zip(text.lines()) {
        for byte in line.bytes() {
            match byte {
                b'[' | b'{' => open = open.saturating_add(1),
                b']' | b'}' => open = open.saturating_sub(1),
                _ => {}
            }
            if open > BRACKETS_MAX {
                return Some(number);
            }
        }
    }
    None
}

/// The event that issues a file of rules. Only the common fields are checked; [`super::Law::apply`]
/// checks the rest.
pub fn rules(kind: RulesKind, file: &str, text: &str) -> Result<RulesIssued, InvalidLaw> {
    if let Some(line) = too_many_brackets(text) {
        let reason = format!("more than {BRACKETS_MAX} brackets are open");
        return Err(InvalidLaw::Shape { file: file.to_owned(), line, reason });
    }
    let Head { id: name, version, legal_basis } = read(file, text)?;
    let named = !name.is_empty() && name.len() <= NAME_BYTES_MAX;
    if !named || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        let reason = format!("`{name}` is not a name: 1 to {NAME_BYTES_MAX} of A-Z a-z 0-9 . _ -");
        return Err(content(file, &reason));
    }
    if version == 0 {
        return Err(content(file, "versions count from 1"));
    }
    let (text, proposed_by) = (text.to_owned(), None);
    Ok(RulesIssued { kind, name, version, legal_basis, text, proposed_by })
}

/// The first day on which a file of rules is in force; `None` for kinds that are in force from when
/// they are recorded.
#[must_use]
pub fn takes_effect(rules: &RulesIssued) -> Option<Date> {
    first_day(rules).map(|(day, _)| day)
}

/// The first day on which a procedure or template is in force, and its agency.
pub(super) fn first_day(rules: &RulesIssued) -> Option<(Date, AgencyCode)> {
    #[derive(Deserialize)]
    struct Effective {
        agency: AgencyCode,
        effective: InForce,
    }
    if !matches!(rules.kind, RulesKind::Procedure | RulesKind::Papers) {
        return None;
    }
    let Effective { agency, effective } = serde_yaml_ng::from_str(&rules.text).ok()?;
    Some((effective.from, agency))
}

/// The kind of a file of rules, guessed from its fields; `None` if it resembles none.
#[must_use]
pub fn kind_of(text: &str) -> Option<RulesKind> {
    if too_many_brackets(text).is_some() {
        return None;
    }
    let file = serde_yaml_ng::from_str::<serde_json::Value>(text).ok()?;
    let marks = [
        ("paper", RulesKind::Papers),
        ("form", RulesKind::Procedure),
        ("clock", RulesKind::Procedure),
        ("agencies", RulesKind::Agencies),
        ("week", RulesKind::Calendar),
        ("classify", RulesKind::Complaints),
        ("give_back", RulesKind::Payments),
        ("entries", RulesKind::Codes),
        ("targets", RulesKind::Figures),
        ("publication", RulesKind::Figures),
    ];
    marks.iter().find(|(field, _)| file.get(field).is_some()).map(|(_, kind)| *kind)
}

/// Maximum length of the name of a file of rules, in bytes.
const NAME_BYTES_MAX: usize = 100;

/// The files of rules that are shipped with the program, ordered so that each refers to earlier
/// ones only.
pub fn shipped_rules() -> Result<Vec<RulesIssued>, InvalidLaw> {
    let calendars = calendar::shipped().map(|(file, text)| (RulesKind::Calendar, file, text));
    let agencies = include_str!("../../procedures/agencies.yaml");
    let complaints = include_str!("../../procedures/complaints.yaml");
    let payments = include_str!("../../procedures/payments.yaml");
    let others = [
        (RulesKind::Agencies, "agencies.yaml", agencies),
        (RulesKind::Complaints, "complaints.yaml", complaints),
        (RulesKind::Payments, "payments.yaml", payments),
        (RulesKind::Codes, "chemicals.yaml", include_str!("../../procedures/chemicals.yaml")),
        (RulesKind::Codes, "countries.yaml", include_str!("../../procedures/countries.yaml")),
        (RulesKind::Codes, "provinces.yaml", include_str!("../../procedures/provinces.yaml")),
        (RulesKind::Codes, "chemicals_2.yaml", include_str!("../../procedures/chemicals_2.yaml")),
        (
            RulesKind::Complaints,
            "complaints_2.yaml",
            include_str!("../../procedures/complaints_2.yaml"),
        ),
    ];
    let procedures = SHIPPED.iter().map(|(file, text)| (RulesKind::Procedure, *file, *text));
    let all = calendars.into_iter().chain(others).chain(procedures);
    all.map(|(kind, file, text)| rules(kind, file, text)).collect()
}

/// The text of a file of rules with the next version number; unchanged if it has none.
#[must_use]
pub fn next_version(text: &str) -> String {
    let said = text.lines().find_map(|line| line.strip_prefix("version: "));
    match said.and_then(|number| number.trim().parse::<u32>().ok()) {
        Some(number) => in_version(text, number.saturating_add(1)),
        None => text.to_owned(),
    }
}

/// The text of a file of rules with the version number `number`.
#[must_use]
pub fn in_version(text: &str, number: u32) -> String {
    let line = |line: &str| match line.strip_prefix("version: ") {
        Some(_) => format!("version: {number}\n"),
        None => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

/// The JSON Schemas (2020-12) of the kinds of files that agencies write most, by kind.
#[cfg(feature = "schema")]
#[must_use]
pub fn schemas() -> Vec<(&'static str, serde_json::Value)> {
    vec![
        ("procedure", schemars::schema_for!(super::Procedure).to_value()),
        ("codes", schemars::schema_for!(super::CodeList).to_value()),
    ]
}

/// Whether two files have the same content, apart from layout and comments.
#[must_use]
pub fn says_the_same(one: &str, other: &str) -> bool {
    let value = |text: &str| serde_yaml_ng::from_str::<serde_json::Value>(text).ok();
    one == other || value(one).is_some_and(|one| value(other) == Some(one))
}

/// Whether a later version has the content of an earlier one, apart from version number, day of
/// issue and first day.
#[must_use]
pub(crate) fn says_the_same_later(later: &str, earlier: &str) -> bool {
    let value = |text: &str| {
        let mut value = serde_yaml_ng::from_str::<serde_json::Value>(text).ok()?;
        let fields = value.as_object_mut()?;
        fields.remove("version");
        fields.remove("issued");
        if let Some(effective) = fields.get_mut("effective").and_then(|e| e.as_object_mut()) {
            effective.remove("from");
        }
        Some(value)
    };
    value(later).is_some_and(|later| value(earlier) == Some(later))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_open_brackets_is_refused_without_being_read() {
        let many = format!("id: a\nversion: 1\nlegal_basis: x\nentries: {}", "[".repeat(200_000));
        let wrong = rules(RulesKind::Codes, "a", &many).unwrap_err().to_string();
        assert_eq!(wrong, "a:4: more than 500 brackets are open");
        assert_eq!(kind_of(&many), None);
        let closed = format!("entries: {{}}\nx: [{}]", "[1], ".repeat(10_000));
        assert_eq!(kind_of(&closed), Some(RulesKind::Codes));
        for shipped in shipped_rules().unwrap() {
            assert_eq!(too_many_brackets(&shipped.text), None);
        }
    }

    #[test]
    fn the_next_version_of_a_file_differs_in_its_number_alone() {
        for shipped in shipped_rules().unwrap() {
            let next = rules(shipped.kind, &shipped.name, &next_version(&shipped.text)).unwrap();
            assert_eq!((next.version, &next.name), (shipped.version + 1, &shipped.name));
            assert_eq!(in_version(&next.text, shipped.version), shipped.text);
        }
        assert_eq!(next_version("a: 1\n  version: 2\n"), "a: 1\n  version: 2\n");
    }
}
