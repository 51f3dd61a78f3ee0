//! Checks a calendar: first each part by itself, so that all findings are reported at once, then
//! its effect on the periods of the procedures that use it.

use std::collections::BTreeSet;

use calendar::{Calendar, CalendarFile, Text};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::Check;
use super::periods::Periods;
use crate::law::Procedure;

/// Maximum length of an entry, in days.
const DAYS_OF_ONE_MAX: i32 = 366;
/// The time zones in which the Labour Code of Vietnam applies.
const VIETNAM_ZONES: [&str; 2] = ["Asia/Ho_Chi_Minh", "Asia/Saigon"];
/// How many years ahead days off may be announced.
const ANNOUNCED_YEARS_MAX: i16 = 10;

impl Check<'_, '_> {
    pub(super) fn calendar(&mut self, value: &Value) {
        if self.shape::<CalendarFile>(value).is_none() || !self.found.is_empty() {
            return;
        }
        self.announced(value);
        self.statutory(value);
        // A valid calendar, in which one part at a time is replaced by that of this file.
        let sound = json!({
            "id": "x", "version": 1, "legal_basis": "x", "time_zone": "UTC",
            "announced": { "from": "2026-01-01", "to": "2026-12-31" }, "days": [],
            "week": { "monday": ["08:00-17:00"], "tuesday": [], "wednesday": [], "thursday": [],
                "friday": [], "saturday": [], "sunday": [] },
        });
        for part in ["time_zone", "announced", "week"] {
            self.part(&sound, value, part, &format!("/{part}"));
        }
        let mut named = BTreeSet::new();
        let days = value.get("days").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (place, days) in days.iter().enumerate() {
            let at = format!("/days/{place}");
            if self.span(&at, days, &mut named) {
                let mut tried = sound.clone();
                tried["days"] = json!([days]);
                self.tried(tried, &at);
            }
        }
        if self.found.is_empty()
            && let Some(calendar) = sound_calendar(value.clone())
        {
            self.follows(&calendar);
        }
    }

    fn announced(&mut self, value: &Value) {
        // An earlier end may correct a mistake, but must not withdraw the announcement for past
        // days.
        let known =
            value.get("id").and_then(Value::as_str).and_then(|id| self.law.newest_calendar(id));
        if let (Some(known), Some(to)) = (known, value.pointer("/announced/to").and_then(date))
            && to < known.announced_until()
            && to < known.date_of(self.now)
        {
            let (before, today) = (known.announced_until(), known.date_of(self.now));
            let (vi, en) = (
                format!("sớm hơn phiên bản trước ({before}) và trước hôm nay ({today})"),
                format!("is earlier than before ({before}), and before today ({today})"),
            );
            self.add("/announced/to", vi, en);
        }
        let this_year = jiff::tz::TimeZone::UTC.to_datetime(self.now).year();
        let to = value.pointer("/announced/to").and_then(date);
        let last = this_year.saturating_add(ANNOUNCED_YEARS_MAX);
        if to.is_some_and(|to| to.year() > last) {
            let (vi, en) = (
                format!("ngày nghỉ không thể được công bố sau năm {last}"),
                format!("days off cannot have been announced beyond {last}"),
            );
            self.add("/announced/to", vi, en);
        }
    }

    /// After the announced days, the days off of the Labour Code of Vietnam apply (2019, art. 112).
    /// A file without `statutory` would lose them, unnoticed until the first of them, so that even
    /// `none` must be stated.
    fn statutory(&mut self, value: &Value) {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        // Time zone names are case-insensitive.
        let is = |zone: &str| VIETNAM_ZONES.iter().any(|known| known.eq_ignore_ascii_case(zone));
        let zone = text("time_zone").is_some_and(is);
        let before = text("id").and_then(|id| self.law.newest_calendar(id));
        let expected = zone || before.is_some_and(Calendar::expects_days_off);
        if expected && text("statutory").is_none() {
            self.add(
                "/statutory",
                "sau phần đã công bố, ngày nghỉ theo Điều 112 Bộ luật Lao động vẫn áp dụng: ghi `statutory: \
                 vietnam_labour_code`, hoặc `statutory: none` nếu không luật nào cho ngày nghỉ",
                "after what was announced the days off of the Labour Code (art. 112) hold: write `statutory: \
                 vietnam_labour_code`, or `statutory: none` where no law gives any",
            );
        }
    }

    fn part(&mut self, sound: &Value, value: &Value, part: &str, at: &str) {
        let mut tried = sound.clone();
        tried[part] = value.get(part).cloned().unwrap_or_default();
        self.tried(tried, at);
    }

    fn tried(&mut self, tried: Value, at: &str) {
        let Ok(file) = serde_json::from_value::<CalendarFile>(tried) else { return };
        if let Err(error) = Calendar::try_from(file) {
            let Text { vi, en } = error.said();
            self.add(at, format!("lịch làm việc không hợp lệ: {vi}"), en);
        }
    }

    /// Checks the days of an entry, which must not be in another one. Returns whether its other
    /// parts can be checked.
    fn span(&mut self, at: &str, days: &Value, named: &mut BTreeSet<Date>) -> bool {
        let Some(from) = days.get("from").and_then(date) else { return true };
        let to = days.get("to").and_then(date).unwrap_or(from);
        self.day(&format!("{at}/from"), from);
        let length = to.since(from).map_or(i32::MAX, |span| span.get_days());
        if length >= DAYS_OF_ONE_MAX {
            let (vi, en) = (
                format!("dài hơn {DAYS_OF_ONE_MAX} ngày"),
                format!("is longer than {DAYS_OF_ONE_MAX} days"),
            );
            self.add(&format!("{at}/to"), vi, en);
            return false;
        }
        for day in from.series(jiff::Span::new().days(1)).take_while(|day| *day <= to) {
            if !named.insert(day) {
                self.twice(at, &day.to_string());
                break;
            }
        }
        true
    }

    /// Checks that every period counted by this calendar ends.
    fn follows(&mut self, calendar: &Calendar) {
        let by = Periods { now: self.now, calendars: vec![calendar] };
        let keeps = self.law.agencies().filter(|agency| agency.calendar == calendar.id());
        let kept: Vec<_> = keeps.map(|agency| agency.code.clone()).collect();
        let counted =
            |procedure: &&Procedure| kept.iter().any(|code| procedure.agency.covers(code));
        for procedure in self.law.procedures().filter(counted) {
            if !procedure.budgets().all(|budget| by.ends(budget)) {
                let (code, version) = (&procedure.code, procedure.version);
                let (vi, en) = (
                    format!(
                        "một thời hạn của thủ tục {code} phiên bản {version} sẽ không kết thúc"
                    ),
                    format!("a period of {code} version {version} would not end any more"),
                );
                self.add("/days", vi, en);
            }
        }
    }
}

fn sound_calendar(value: Value) -> Option<Calendar> {
    Calendar::try_from(serde_json::from_value::<CalendarFile>(value).ok()?).ok()
}

fn date(value: &Value) -> Option<Date> {
    value.as_str()?.parse().ok()
}
