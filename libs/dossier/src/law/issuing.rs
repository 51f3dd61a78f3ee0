//! Checks a file of rules when it is issued. Everything that follows from it is computed, and all
//! findings are reported at once with their places. Files issued before are not checked again, and
//! keep their meaning.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde_json::Value;

use super::file::too_many_brackets;
use super::{AgencyCode, Law, rules};
use crate::contract::{RulesIssued, RulesKind};

mod agencies;
mod calendars;
mod fees;
mod figure_rules;
mod finding;
mod form;
mod others;
mod paper_rules;
mod periods;
mod place;
mod presentation;
mod procedure;
mod shape;
#[cfg(test)]
mod tests;

pub use finding::{FINDINGS_MAX, Finding, Findings, Place};
use periods::Periods;

/// Maximum length of a name or a legal basis, in characters.
const NAME_CHARS_MAX: usize = 1_000;
/// Maximum size of a file, in bytes of its JSON string: with the rest of its event it stays below
/// the limits of the stores.
pub const RULES_BYTES_MAX: usize = 240 * 1024;
/// Maximum length of a code inside a file, in bytes.
const CODE_BYTES_MAX: usize = 100;
/// The earliest day in a file; earlier ones are typing errors.
const FIRST_DAY: Date = date(1900, 1, 1);
/// How many years ahead a day in a file may be.
const YEARS_AHEAD_MAX: i16 = 100;

/// A file of rules to be issued.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    pub kind: RulesKind,
    /// The file, as YAML.
    pub text: &'a str,
    /// The required version, one more than the newest of its name; not checked if absent.
    pub version: Option<u32>,
}

impl Draft<'_> {
    /// The event that issues the file, or all findings, by the law in force and as of `now`.
    pub fn check(&self, law: &Law, now: Timestamp) -> Result<RulesIssued, Findings> {
        let mut found = Findings::default();
        let value = read(self.text, &mut found).unwrap_or_default();
        let bytes = serde_json::to_string(self.text).map_or(usize::MAX, |text| text.len());
        if bytes > RULES_BYTES_MAX {
            let (vi, en) = (
                format!(
                    "tệp dài {bytes} byte khi ghi nhận, nhiều nhất {RULES_BYTES_MAX}: danh mục lớn và danh sách cơ quan chia thành nhiều phần"
                ),
                format!(
                    "the file has {bytes} bytes as it is recorded, at most {RULES_BYTES_MAX}: large lists of codes and registries come in parts"
                ),
            );
            found.add("", vi, en);
        }
        if found.is_empty() {
            let mut check = Check { law, now, found: &mut found };
            check.head(self, &value);
            match self.kind {
                RulesKind::Procedure => check.procedure(&value),
                RulesKind::Calendar => check.calendar(&value),
                RulesKind::Agencies => check.agencies(&value),
                RulesKind::Complaints => check.complaints(&value),
                RulesKind::Payments => check.payments(&value),
                RulesKind::Codes => check.code_list(&value),
                RulesKind::Figures => check.figures(&value),
                RulesKind::Papers => check.paper(&value),
            }
        }
        let issued = rules(self.kind, self.kind.as_str(), self.text);
        // Nothing may be issued that could not be loaded, even if the checks above missed it.
        if found.is_empty()
            && let Err(error) =
                issued.clone().and_then(|issued| law.clone().apply(&issued, Some(now)))
        {
            found.add("", format!("quy định không hợp lệ: {error}"), error.to_string());
        }
        match issued {
            Ok(issued) if found.is_empty() => Ok(issued),
            Ok(_) | Err(_) => Err(found.placed(self.text)),
        }
    }
}

/// The file as a value; invalid YAML and duplicate keys are reported with their line.
fn read(text: &str, found: &mut Findings) -> Option<Value> {
    if let Some(line) = too_many_brackets(text) {
        let vi = "quá nhiều dấu ngoặc mở mà không đóng";
        found.add("", vi, "too many brackets are opened and not closed");
        found.at(Some(Place { line, column: 1 }));
        return None;
    }
    // Decoding a plain value would silently take the last of two equal keys.
    let strict = serde_yaml_ng::from_str::<serde_yaml_ng::Value>(text);
    let value = strict.and_then(|_| serde_yaml_ng::from_str::<Value>(text));
    match value {
        Ok(value) if value.is_object() => return Some(value),
        Ok(_) => found.add("", "tệp phải là một đối tượng YAML", "the file is not an object"),
        Err(error) => {
            let why = error.to_string();
            if why.contains("duplicate entry") {
                let key = why.split('"').nth(1).unwrap_or_default();
                let vi = format!("khóa `{key}` viết hai lần");
                found.add("", vi, format!("duplicate key `{key}`"));
            } else {
                // The place is given by line and column.
                let why = why.split(" at line ").next().unwrap_or_default();
                let en = format!("is not valid YAML: {why}");
                found.add("", "không phải YAML hợp lệ từ vị trí này", en);
            }
            found.at(error.location().map(|at| Place { line: at.line(), column: at.column() }));
        }
    }
    None
}

/// A check that collects findings.
struct Check<'a, 'f> {
    law: &'a Law,
    now: Timestamp,
    found: &'f mut Findings,
}

impl<'a> Check<'a, '_> {
    fn add(&mut self, pointer: &str, vi: impl Into<String>, en: impl Into<String>) {
        self.found.add(pointer, vi, en);
    }

    /// Checks the fields that all kinds of files have.
    fn head(&mut self, draft: &Draft<'_>, value: &Value) {
        let name = if draft.kind == RulesKind::Procedure { "code" } else { "id" };
        if let Some(text) = value.get(name).and_then(Value::as_str) {
            self.code(&format!("/{name}"), text);
        }
        let version = value.get("version").and_then(Value::as_u64);
        if let (Some(version), Some(next)) = (version, draft.version)
            && version != u64::from(next)
        {
            let (vi, en) = (
                format!("phiên bản tiếp theo phải là {next}"),
                format!("the next version is {next}: versions count from 1 and leave none out"),
            );
            self.add("/version", vi, en);
        }
        if let Some(basis) = value.get("legal_basis").and_then(Value::as_str) {
            self.text("/legal_basis", basis);
        }
    }

    /// Checks a text for people.
    fn text(&mut self, pointer: &str, text: &str) {
        if text.trim().is_empty() {
            self.add(pointer, "không được để trống", "must not be blank");
        } else if text.chars().count() > NAME_CHARS_MAX {
            let (vi, en) = (
                format!("dài hơn {NAME_CHARS_MAX} ký tự"),
                format!("is longer than {NAME_CHARS_MAX} characters"),
            );
            self.add(pointer, vi, en);
        }
    }

    /// Checks a text for people in both languages.
    fn texts(&mut self, pointer: &str, text: &calendar::Text) {
        self.text(&format!("{pointer}/vi"), &text.vi);
        self.text(&format!("{pointer}/en"), &text.en);
    }

    /// Checks a code that records will refer to.
    fn code(&mut self, pointer: &str, code: &str) {
        let fits = (1..=CODE_BYTES_MAX).contains(&code.len());
        if !fits || !code.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
            let (vi, en) = (
                format!(
                    "`{code}` không phải là mã: 1 đến {CODE_BYTES_MAX} ký tự A-Z a-z 0-9 . _ -"
                ),
                format!("`{code}` is not a code: 1 to {CODE_BYTES_MAX} of A-Z a-z 0-9 . _ -"),
            );
            self.add(pointer, vi, en);
        }
    }

    /// Checks that no code occurs twice.
    fn codes<'c>(&mut self, pointer: &str, field: &str, codes: impl Iterator<Item = &'c str>) {
        let mut seen = BTreeSet::new();
        for (place, code) in codes.enumerate() {
            let at = format!("{pointer}/{place}{field}");
            self.code(&at, code);
            if !seen.insert(code) {
                self.twice(&at, code);
            }
        }
    }

    /// Checks that no element occurs twice.
    fn once<T: PartialEq + std::fmt::Debug>(&mut self, pointer: &str, all: &[T]) {
        for (place, one) in all.iter().enumerate() {
            if all.iter().take(place).any(|other| other == one) {
                self.twice(&format!("{pointer}/{place}"), &format!("{one:?}"));
            }
        }
    }

    fn twice(&mut self, pointer: &str, what: &str) {
        let (vi, en) = (format!("`{what}` được nêu hai lần"), format!("`{what}` comes twice"));
        self.add(pointer, vi, en);
    }

    /// Checks that a day is within the permitted years.
    fn day(&mut self, pointer: &str, day: Date) {
        let today = jiff::tz::TimeZone::UTC.to_datetime(self.now).date();
        let last = today.year().saturating_add(YEARS_AHEAD_MAX);
        if day < FIRST_DAY || day.year() > last {
            let (vi, en) = (
                format!("{day} nằm ngoài khoảng từ {FIRST_DAY} đến năm {last}"),
                format!("{day} does not lie between {FIRST_DAY} and the year {last}"),
            );
            self.add(pointer, vi, en);
        }
    }

    /// Checks a range of days.
    fn days(&mut self, pointer: &str, days: super::InForce) {
        self.day(&format!("{pointer}/from"), days.from);
        let Some(to) = days.to else { return };
        self.day(&format!("{pointer}/to"), to);
        if to < days.from {
            self.add(&format!("{pointer}/to"), "ngày cuối ở trước ngày đầu", "lies before `from`");
        }
    }

    /// The calendars of an agency and those below it, for checking periods.
    fn periods_under(&self, agency: &AgencyCode) -> Periods<'a> {
        let under = self.law.agencies().filter(|known| agency.covers(&known.code));
        let ids: BTreeSet<&str> = under.map(|agency| &*agency.calendar).collect();
        self.periods_by(ids.into_iter())
    }

    /// All calendars, for checking periods of all agencies.
    fn periods(&self) -> Periods<'a> {
        self.periods_by(self.law.calendars.keys().map(String::as_str))
    }

    fn periods_by<'i>(&self, ids: impl Iterator<Item = &'i str>) -> Periods<'a> {
        let newest = ids.filter_map(|id| self.law.newest_calendar(id));
        Periods { now: self.now, calendars: newest.collect() }
    }
}
