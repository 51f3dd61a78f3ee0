//! Lists of codes with dates of validity: countries, communes and their mergers, chemicals and
//! their classes. A form refers to a list by the keyword `x-code-list` in the schema of a text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use calendar::Text;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use super::coded::coded;
use super::file::{InvalidLaw, content, read};
use super::{InForce, Law, OUTDATED, Procedure};

/// A version of a list of codes, or of a part of one.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CodeList {
    /// The name by which forms refer to it, unless it is a part of another list.
    pub id: String,
    /// The list of which it is a part. A list that is too large for one file is split into parts
    /// with versions of their own.
    pub part_of: Option<String>,
    /// Increases with every change.
    pub version: u32,
    /// Laws and articles on which it is based.
    pub legal_basis: String,
    /// The format that each code must have.
    pub format: Option<CodeFormat>,
    /// Whether only the listed codes are valid; otherwise all codes of the format are valid, and
    /// the entries describe some of them.
    #[serde(default = "yes")]
    pub closed: bool,
    /// Whether it contains every code that has a class, so that other codes have the class `none`.
    #[serde(default)]
    pub complete: bool,
    /// The entries. A code may have several, for periods that do not overlap.
    pub entries: Vec<CodeEntry>,
    /// Whether the entries are sorted by code, as after loading, for binary search.
    #[serde(skip)]
    pub(super) sorted: bool,
}

const fn yes() -> bool {
    true
}

/// An entry of a list.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CodeEntry {
    pub code: String,
    /// The name of what the code denotes.
    pub name: Text,
    /// The days on which the code is valid.
    pub effective: InForce,
    /// The code that replaces it afterwards.
    pub successor: Option<String>,
    /// The class by law, for example of a chemical.
    pub class: Option<String>,
}

/// A standard format that all codes of a list must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CodeFormat {
    /// A CAS Registry Number: two to seven digits, two digits and a check digit, separated by
    /// hyphens.
    Cas,
    /// A code of the Harmonized System: 4, 6 or 8 digits, of which the first two are a chapter (01
    /// to 97, without 77).
    Hs,
}

impl CodeFormat {
    /// Whether a code has this format.
    #[must_use]
    pub fn fits(self, code: &str) -> bool {
        match self {
            Self::Cas => is_cas(code),
            Self::Hs => is_hs(code),
        }
    }
}

/// The check digit is the sum of the other digits, each multiplied by its place from the right,
/// modulo 10.
fn is_cas(code: &str) -> bool {
    let [first, second, check] = code.split('-').collect::<Vec<_>>()[..] else { return false };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let shape = (2..=7).contains(&first.len()) && second.len() == 2 && check.len() == 1;
    if !shape || ![first, second, check].iter().all(|part| digits(part)) {
        return false;
    }
    let weighed = first.bytes().chain(second.bytes()).rev().zip(1_u32..);
    let sum = weighed.fold(0_u32, |sum, (byte, place)| {
        sum.saturating_add(u32::from(byte.saturating_sub(b'0')).saturating_mul(place))
    });
    check.parse::<u32>() == Ok(sum.checked_rem(10).unwrap_or_default())
}

fn is_hs(code: &str) -> bool {
    let chapter = code.get(..2).and_then(|chapter| chapter.parse::<u8>().ok());
    matches!(code.len(), 4 | 6 | 8)
        && code.bytes().all(|byte| byte.is_ascii_digit())
        && chapter.is_some_and(|chapter| (1..=97).contains(&chapter) && chapter != 77)
}

impl Law {
    /// The list of codes as recorded at `at`.
    #[must_use]
    pub fn code_list(&self, id: &str, at: Timestamp) -> Option<&CodeList> {
        let known = |recorded: &Option<Timestamp>| recorded.is_none_or(|recorded| recorded <= at);
        let versions = self.codes.get(id)?;
        versions.iter().rev().find(|(recorded, _)| known(recorded)).map(|(_, list)| &**list)
    }

    /// Checks the codes and days of a form that is submitted or corrected at `at`, which is the day
    /// `on`, of a dossier filed on the day `filed`.
    #[must_use]
    pub fn coded(
        &self,
        procedure: &Procedure,
        form: &Value,
        at: Timestamp,
        (on, filed): (Date, Date),
    ) -> Coded {
        coded(&procedure.form, form, (on, filed), &|id| self.code_list(id, at))
    }

    /// The newest version of a file.
    pub(super) fn newest_codes(&self, id: &str) -> Option<u32> {
        self.code_files.get(id).map(|file| file.version)
    }

    /// Adds a list that was recorded at `at`.
    pub(super) fn add_codes(
        &mut self,
        file: &str,
        text: &str,
        at: Option<Timestamp>,
    ) -> Result<(), InvalidLaw> {
        let part: CodeList = read(file, text)?;
        if self.newest_codes(&part.id).is_some_and(|known| known >= part.version) {
            return Err(content(file, OUTDATED));
        }
        let list = self.with_part(&part).map_err(|reason| content(file, &reason.en))?;
        self.codes.entry(list.id.clone()).or_default().push((at, Arc::new(list)));
        self.code_files.insert(part.id.clone(), Arc::new(part));
        Ok(())
    }

    /// Checks that every list to which a procedure refers is loaded.
    pub(super) fn finds_its_codes(&self, procedure: &Procedure) -> Result<(), String> {
        let lists = procedure.code_lists()?;
        match lists.iter().find(|list| !self.codes.contains_key(*list)) {
            Some(list) => Err(format!("no list of codes `{list}` is loaded")),
            None => Ok(()),
        }
    }
}

/// A form's reference to a list: its name, alone or with the treatment of codes that have ended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reference {
    pub(super) list: String,
    #[serde(default)]
    pub(super) ended: Ended,
}

/// The treatment of a code that has ended and has a successor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ended {
    /// Refused; the message names the successor.
    #[default]
    Refused,
    /// Accepted; the successor is recorded beside it.
    Accepted,
}

/// The schema keyword that refers to a list.
pub(super) const KEYWORD: &str = "x-code-list";

/// An invalid code or day in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeFault {
    /// A JSON Pointer.
    pub field: String,
    pub reason: Text,
}

/// A code in a form that has ended and is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succeeded {
    /// A JSON Pointer.
    pub field: String,
    pub code: String,
    /// The code that replaces it now.
    pub successor: String,
}

/// The result of checking a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coded {
    pub faults: Vec<CodeFault>,
    /// Accepted codes that have ended.
    pub succeeded: Vec<Succeeded>,
}

impl CodeList {
    /// Checks for contradictions.
    pub(super) fn check(&self) -> Result<(), Text> {
        let named: BTreeSet<&str> = self.entries.iter().map(|entry| &*entry.code).collect();
        let mut seen: BTreeMap<&str, Vec<InForce>> = BTreeMap::new();
        for entry in &self.entries {
            let CodeEntry { code, effective, successor, .. } = entry;
            if self.format.is_some_and(|format| !format.fits(code)) {
                return Err(Text::new(
                    format!("`{code}` không đúng định dạng của danh mục"),
                    format!("`{code}` is not a code of this format"),
                ));
            }
            if effective.to.is_some_and(|to| to < effective.from) {
                return Err(Text::new(
                    format!("`effective` của `{code}` kết thúc trước khi bắt đầu"),
                    format!("`effective` of `{code}` ends before it begins"),
                ));
            }
            if successor.is_some() && effective.to.is_none() {
                return Err(Text::new(
                    format!("`{code}` có mã thay thế nhưng không có ngày kết thúc"),
                    format!("`{code}` has a successor, but does not end"),
                ));
            }
            if let Some(next) = successor.as_ref().filter(|next| !named.contains(&***next)) {
                return Err(Text::new(
                    format!("mã thay thế của `{code}` là `{next}` không có trong danh mục"),
                    format!("the successor of `{code}`, `{next}`, is not on the list"),
                ));
            }
            let periods = seen.entry(code).or_default();
            let overlaps = |known: &InForce| {
                known.to.is_none_or(|to| to >= effective.from)
                    && effective.to.is_none_or(|to| to >= known.from)
            };
            if periods.iter().any(overlaps) {
                return Err(Text::new(
                    format!("`{code}` có hai lần cho cùng một ngày"),
                    format!("`{code}` is listed twice for the same day"),
                ));
            }
            periods.push(*effective);
        }
        Ok(())
    }

    /// The entries of a code, in the order of the list.
    fn of_code<'a>(&'a self, code: &'a str) -> impl DoubleEndedIterator<Item = &'a CodeEntry> {
        let mut among = &*self.entries;
        if self.sorted {
            let first = among.partition_point(|entry| *entry.code < *code);
            among = among.get(first..).unwrap_or_default();
            let after = among.partition_point(|entry| entry.code == code);
            among = among.get(..after).unwrap_or_default();
        }
        among.iter().filter(move |entry| entry.code == code)
    }

    fn named<'a>(&'a self, code: &'a str) -> Option<&'a CodeEntry> {
        self.of_code(code).next_back()
    }

    /// The entry of a code on a date.
    #[must_use]
    pub fn on<'a>(&'a self, code: &'a str, date: Date) -> Option<&'a CodeEntry> {
        self.of_code(code).find(|entry| entry.effective.contains(date))
    }

    /// The class of a code on a date, if the list defines one.
    #[must_use]
    pub fn class<'a>(&'a self, code: &'a str, date: Date) -> Option<&'a str> {
        match self.on(code, date) {
            Some(entry) => entry.class.as_deref(),
            None if self.complete && self.format.is_none_or(|format| format.fits(code)) => {
                Some("none")
            }
            None => None,
        }
    }

    /// The valid successor of a code that has ended, through all intermediate successors.
    #[must_use]
    pub fn successor<'a>(&'a self, code: &'a str, date: Date) -> Option<&'a str> {
        let has_ended = |entry: &&CodeEntry| entry.effective.to.is_some_and(|to| to < date);
        let mut ended = self.named(code).filter(has_ended)?;
        // Bounded by the number of entries, so that a cycle ends.
        for _ in &self.entries {
            let next = ended.successor.as_deref()?;
            if self.on(next, date).is_some() {
                return Some(next);
            }
            ended = self.named(next).filter(has_ended)?;
        }
        None
    }
}

/// The references to lists in a form; an error for an invalid one.
pub(super) fn references(schema: &Value) -> Result<Vec<Reference>, String> {
    let mut found = Vec::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        match schema {
            Value::Object(fields) => {
                if let Some(named) = fields.get(KEYWORD) {
                    found.push(
                        reference(named).ok_or(format!("`{KEYWORD}: {named}` names no list"))?,
                    );
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    Ok(found)
}

pub(super) fn reference(named: &Value) -> Option<Reference> {
    match named.as_str() {
        Some(list) => Some(Reference { list: list.to_owned(), ended: Ended::Refused }),
        None => Reference::deserialize(named).ok(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    fn communes() -> CodeList {
        let text = "
            id: communes
            version: 1
            legal_basis: a test
            entries:
              - { code: '00001', name: { vi: A, en: A }, effective: { from: 2004-07-01, to: 2025-06-30 }, successor: '00004' }
              - { code: '00004', name: { vi: B, en: B }, effective: { from: 2025-07-01 } }";
        serde_yaml_ng::from_str(text).unwrap()
    }

    fn form(ended: &str, code: &str) -> Coded {
        let reference = json!({ "list": "communes", "ended": ended });
        let schema =
            json!({ "properties": { "places": { "items": { "x-code-list": reference } } } });
        let list = communes();
        let on = date(2026, 11, 20);
        coded(&schema, &json!({ "places": ["00004", code] }), (on, on), &|_| Some(&list))
    }

    #[test]
    fn a_commune_that_was_merged_is_refused_saying_its_successor_or_accepted_naming_it() {
        let refused = form("refused", "00001");
        assert_eq!(refused.faults[0].field, "/places/1");
        assert!(refused.faults[0].reason.vi.contains("`00004`"), "{refused:?}");
        let accepted = form("accepted", "00001");
        assert_eq!((accepted.faults.len(), &*accepted.succeeded[0].successor), (0, "00004"));
        assert_eq!(form("accepted", "99999").faults.len(), 1);
    }

    #[test]
    fn the_day_decides_which_code_is_valid() {
        let list = communes();
        assert!(list.on("00001", date(2025, 6, 30)).is_some());
        assert!(list.on("00001", date(2025, 7, 1)).is_none());
        assert_eq!(list.successor("00001", date(2025, 6, 30)), None);
    }

    #[test]
    fn only_a_complete_list_says_of_what_it_does_not_name_that_it_has_no_class() {
        let list = |complete: bool| -> CodeList {
            let text = format!(
                "{{ id: chemicals, version: 1, legal_basis: x, format: cas, closed: false, complete: {complete}, entries: [
                  {{ code: 1310-73-2, name: {{ vi: a, en: a }}, effective: {{ from: 2026-01-01, to: 2026-06-30 }}, class: conditional }},
                  {{ code: 7732-18-5, name: {{ vi: b, en: b }}, effective: {{ from: 2026-01-01 }} }}] }}"
            );
            serde_yaml_ng::from_str(&text).unwrap()
        };
        for (code, day, part, whole) in [
            ("1310-73-2", date(2026, 6, 30), Some("conditional"), Some("conditional")),
            ("1310-73-2", date(2026, 7, 1), None, Some("none")),
            ("7732-18-5", date(2026, 7, 1), None, None),
            ("107-44-8", date(2026, 7, 1), None, Some("none")),
            // A number with a wrong check digit.
            ("107-44-7", date(2026, 7, 1), None, None),
            ("water", date(2026, 7, 1), None, None),
        ] {
            assert_eq!(list(false).class(code, day), part, "{code}, a part");
            assert_eq!(list(true).class(code, day), whole, "{code}, complete");
        }
    }

    #[test]
    fn a_wrong_digit_of_a_cas_number_shows() {
        for (code, fits) in [
            ("7732-18-5", true),
            ("1310-73-2", true),
            ("107-44-8", true),
            ("107-44-7", false),
            ("7732-18", false),
            ("a732-18-5", false),
        ] {
            assert_eq!(CodeFormat::Cas.fits(code), fits, "{code}");
        }
    }

    #[test]
    fn a_code_of_the_harmonized_system_has_a_chapter_that_exists() {
        for (code, fits) in
            [("2815", true), ("281511", true), ("7701", false), ("9801", false), ("281", false)]
        {
            assert_eq!(CodeFormat::Hs.fits(code), fits, "{code}");
        }
    }

    #[test]
    fn a_list_that_contradicts_itself_is_not_taken() {
        let mut twice = communes();
        twice.entries.push(twice.entries[1].clone());
        assert!(twice.check().unwrap_err().en.contains("twice"));
        let mut nowhere = communes();
        nowhere.entries[0].successor = Some("9".to_owned());
        assert!(nowhere.check().unwrap_err().en.contains("not on the list"));
        assert_eq!(communes().check(), Ok(()));
    }
}
