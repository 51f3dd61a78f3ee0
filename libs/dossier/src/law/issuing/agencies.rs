//! Checks the registry of agencies: each is named once, has the data that dossiers and receipts
//! need, and has a successor when it ends.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Check;
use crate::contract::AgencyCode;
use crate::law::Agency;
use crate::law::agencies::{AgencyFile, Succession};

/// Maximum number of agencies of an installation, in all files together: three times the number in
/// the country (34 provinces, 3,321 communes, their departments), because merged agencies stay in
/// the registry. Every process holds all of them in memory and visits them at each start and issue.
pub(super) const AGENCIES_MAX: usize = 30_000;
/// Maximum length of a receipt symbol, in bytes: it is part of a stream's name.
const SYMBOL_BYTES_MAX: usize = 50;

impl Check<'_, '_> {
    pub(super) fn agencies(&mut self, value: &Value) {
        let Some(shaped) = self.shape::<AgencyFile>(value) else { return };
        self.content(&shaped, |check, file| {
            let mut by_code = BTreeMap::new();
            for (place, agency) in file.agencies.iter().enumerate() {
                let at = format!("/agencies/{place}");
                if by_code.insert(&agency.code, agency).is_some() {
                    check.twice(&format!("{at}/code"), agency.code.as_str());
                }
                check.agency(&at, agency);
                check.of_this_part(&at, &file.id, agency);
            }
            if by_code.is_empty() {
                check.add("/agencies", "không có cơ quan nào", "names no agency");
            }
            check.room(&by_code);
            for (place, agency) in file.agencies.iter().enumerate() {
                if let Some(succession) = &agency.succeeded {
                    let at = format!("/agencies/{place}/succeeded");
                    check.succession(&at, &agency.code, succession, &by_code);
                }
            }
            check.gone(&file.id, &by_code);
        });
    }

    /// Checks that the new agencies of a file do not exceed the maximum.
    fn room(&mut self, by_code: &BTreeMap<&AgencyCode, &Agency>) {
        let new = by_code.keys().filter(|code| self.law.agency(code).is_none()).count();
        let known = self.law.agencies().count();
        let total = known.saturating_add(new);
        if new > 0 && total > AGENCIES_MAX {
            let (vi, en) = (
                format!(
                    "hệ thống có {known} cơ quan, tệp này thêm {new}: nhiều nhất là {AGENCIES_MAX}; hãy bỏ bớt {} cơ quan mới",
                    total.saturating_sub(AGENCIES_MAX)
                ),
                format!(
                    "there are {known} agencies and this file adds {new}: an installation has at most {AGENCIES_MAX}; leave out {} of the new ones",
                    total.saturating_sub(AGENCIES_MAX)
                ),
            );
            self.add("/agencies", vi, en);
        }
    }

    fn agency(&mut self, at: &str, agency: &Agency) {
        let Agency { code, name, calendar, system, receipt_symbol, .. } = agency;
        if !code.is_well_formed() {
            let (vi, en) = (
                format!("`{code}` không phải là mã cơ quan"),
                format!("`{code}` is not an agency code: at most 35 of 0-9 A-Z, levels by dots"),
            );
            self.add(&format!("{at}/code"), vi, en);
        }
        self.texts(&format!("{at}/name"), name);
        if self.law.newest_calendar(calendar).is_none() {
            let (vi, en) = (
                format!("không có lịch `{calendar}`"),
                format!("there is no calendar `{calendar}`"),
            );
            self.add(&format!("{at}/calendar"), vi, en);
        }
        if system.len() != 2 || !system.bytes().all(|b| b.is_ascii_digit()) {
            self.add(&format!("{at}/system"), "phải là hai chữ số", "is two digits");
        }
        let fits = (1..=SYMBOL_BYTES_MAX).contains(&receipt_symbol.len());
        let byte = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if !fits || !receipt_symbol.bytes().all(byte) {
            let (vi, en) = (
                format!("phải là 1 đến {SYMBOL_BYTES_MAX} ký tự A-Z a-z 0-9 . _ -"),
                format!("is 1 to {SYMBOL_BYTES_MAX} of A-Z a-z 0-9 . _ -"),
            );
            self.add(&format!("{at}/receipt_symbol"), vi, en);
        }
        self.as_before(at, agency);
    }

    /// Checks the properties of known agencies that may not change.
    fn as_before(&mut self, at: &str, agency: &Agency) {
        let Some(known) = self.law.agency(&agency.code) else { return };
        if known.calendar != agency.calendar {
            let (vi, en) = (
                "thời hạn đã hẹn được tính theo lịch cũ: cơ quan mới cần mã mới",
                "dates were promised by the calendar that it has: an agency with another one gets a code of its own",
            );
            self.add(&format!("{at}/calendar"), vi, en);
        }
        let past = known.succeeded.as_ref().filter(|succession| succession.at <= self.now);
        let Some(past) = past else { return };
        let same = agency.succeeded.as_ref().is_some_and(|s| s.by == past.by && s.on == past.on);
        if !same {
            let (vi, en) = (
                "đã được kế thừa, việc đó không thay đổi được nữa",
                "was taken over already, which is not changed any more",
            );
            self.add(&format!("{at}/succeeded"), vi, en);
        }
    }

    fn succession(
        &mut self,
        at: &str,
        code: &AgencyCode,
        succession: &Succession,
        by_code: &BTreeMap<&AgencyCode, &Agency>,
    ) {
        self.day(&format!("{at}/on"), succession.on);
        let named =
            |code: &AgencyCode| by_code.get(code).copied().or_else(|| self.law.agency(code));
        let mut next = Some(&succession.by);
        // Bounded by the number of agencies, so that a cycle ends.
        for _ in 0..=by_code.len().saturating_add(self.law.agencies.len()) {
            let Some(by) = next else { break };
            let Some(agency) = named(by) else {
                let (vi, en) =
                    (format!("`{by}` không phải là cơ quan"), format!("`{by}` is not an agency"));
                return self.add(&format!("{at}/by"), vi, en);
            };
            if by == code {
                break;
            }
            next = agency.succeeded.as_ref().map(|succession| &succession.by);
            if next.is_none() {
                return self.left_without(at, code, by_code);
            }
        }
        let (vi, en) = ("việc kế thừa dẫn trở lại chính nó", "the succession leads back to itself");
        self.add(&format!("{at}/by"), vi, en);
    }

    /// Checks that every procedure still has an agency that receives it.
    fn left_without(
        &mut self,
        at: &str,
        code: &AgencyCode,
        by_code: &BTreeMap<&AgencyCode, &Agency>,
    ) {
        let today = jiff::tz::TimeZone::UTC.to_datetime(self.now).date();
        let ends = |agency: &Agency| {
            let agency = by_code.get(&agency.code).copied().unwrap_or(agency);
            agency.succeeded.is_some()
        };
        for versions in self.law.procedures.values() {
            let Some(newest) = versions.last() else { continue };
            let over = newest.effective.to.is_some_and(|to| to < today);
            if over || !newest.agency.covers(code) {
                continue;
            }
            let mut named = self.law.agencies().chain(by_code.values().copied());
            if !named.any(|agency| newest.agency.covers(&agency.code) && !ends(agency)) {
                let (vi, en) = (
                    format!("thủ tục {} sẽ không còn cơ quan tiếp nhận", newest.code),
                    format!(
                        "no agency would receive {}; issue it for another agency first",
                        newest.code
                    ),
                );
                self.add(at, vi, en);
            }
        }
    }

    /// Checks that the agency is not in another file.
    fn of_this_part(&mut self, at: &str, id: &str, agency: &Agency) {
        let known = self.law.agency(&agency.code).filter(|known| *known.part != *id);
        if let Some(known) = known {
            let (vi, en) = (
                format!("`{}` thuộc tệp `{}`", known.code, known.part),
                format!("`{}` is named in the file `{}`", known.code, known.part),
            );
            self.add(&format!("{at}/code"), vi, en);
        }
    }

    /// Checks that no agency of the file's earlier version is missing.
    fn gone(&mut self, id: &str, by_code: &BTreeMap<&AgencyCode, &Agency>) {
        let named = self.law.agencies().filter(|agency| *agency.part == *id);
        let missing = named.map(|agency| &agency.code);
        for code in missing.filter(|code| !by_code.contains_key(*code)) {
            let (vi, en) = (
                format!("thiếu `{code}`: hồ sơ có thể đã được nộp ở đó; hãy nêu cơ quan kế thừa"),
                format!(
                    "`{code}` is missing, and dossiers may have been received there: keep it, with who has taken over (`succeeded`)"
                ),
            );
            self.add("/agencies", vi, en);
        }
    }
}
