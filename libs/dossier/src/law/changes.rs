//! Changes in a valid file of rules that may be mistakes: announced days off that are removed, past
//! days that change, codes that are dropped, chemicals with another class, a list that becomes
//! open.

use calendar::{Calendar, Day, Shift};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::{CodeList, Finding, Law};
use crate::contract::{RulesIssued, RulesKind};

/// How far back the days of a calendar are compared, in days.
const DAYS_BACK_MAX: i64 = 3 * 366;
/// Maximum number of values listed in a sentence.
const NAMED_MAX: usize = 5;

impl Law {
    /// The notable differences between this law and `after`, the law with `issued`.
    pub(super) fn changes(
        &self,
        issued: &RulesIssued,
        after: &Self,
        now: Timestamp,
    ) -> Vec<Finding> {
        match issued.kind {
            RulesKind::Calendar => {
                let both =
                    self.newest_calendar(&issued.name).zip(after.newest_calendar(&issued.name));
                both.map_or_else(Vec::new, |(before, after)| of_calendar(before, after, now))
            }
            RulesKind::Codes => {
                let list = after.list_of(&issued.name);
                let both = self.code_list(list, now).zip(after.code_list(list, now));
                let today = self.earliest_day(now);
                both.map_or_else(Vec::new, |(before, after)| of_list(before, after, today))
            }
            RulesKind::Agencies
            | RulesKind::Complaints
            | RulesKind::Payments
            | RulesKind::Figures
            | RulesKind::Papers
            | RulesKind::Procedure => Vec::new(),
        }
    }
}

fn finding(pointer: &str, vi: String, en: String) -> Finding {
    Finding::new(pointer, vi, en)
}

fn of_calendar(before: &Calendar, after: &Calendar, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    let (until, earlier) = (after.announced_until(), before.announced_until());
    if until < earlier {
        found.push(finding(
            "/announced/to",
            format!("sớm hơn phiên bản trước ({earlier}): các ngày hẹn sau {until} lại trở thành dự kiến"),
            format!("is earlier than before ({earlier}): dates after {until} become provisional again"),
        ));
    }
    let today = after.date_of(now);
    let first = today.checked_sub(DAYS_BACK_MAX.days()).unwrap_or(today);
    let past = first.series(1.day()).take_while(|day| *day < today);
    let changed = past.filter(|day| worked(before, *day) != worked(after, *day));
    let changed: Vec<String> = changed.map(|day| day.to_string()).collect();
    if !changed.is_empty() {
        let (count, named) = (changed.len(), named(&changed));
        found.push(finding(
            "/days",
            format!("{count} ngày đã qua có giờ làm việc khác với phiên bản trước: {named}"),
            format!("{count} days that are over have other working hours than before: {named}"),
        ));
    }
    found
}

fn worked(calendar: &Calendar, day: Date) -> &[Shift] {
    match calendar.day(day) {
        Day::Working(shifts, _) => shifts,
        Day::Rest | Day::Off(_) => &[],
    }
}

fn of_list(before: &CodeList, after: &CodeList, today: Date) -> Vec<Finding> {
    let mut found = Vec::new();
    let in_force = || before.entries.iter().filter(|entry| entry.effective.contains(today));
    let is_gone = |code| after.on(code, today).is_none() && after.successor(code, today).is_none();
    let dropped = in_force().filter(|entry| is_gone(&entry.code));
    let dropped: Vec<String> = dropped.map(|entry| entry.code.clone()).collect();
    if !dropped.is_empty() {
        let (count, named) = (dropped.len(), named(&dropped));
        found.push(finding(
            "/entries",
            format!("{count} mã đang có hiệu lực không còn trong danh mục vào hôm nay: {named}"),
            format!("{count} codes that are in force are not on the list any more today: {named}"),
        ));
    }
    let other = in_force().filter_map(|entry| {
        let class = entry.class.as_deref()?;
        let becomes = after.on(&entry.code, today)?.class.as_deref();
        (becomes != Some(class))
            .then(|| format!("{} ({class} → {})", entry.code, becomes.unwrap_or("-")))
    });
    let other: Vec<String> = other.collect();
    if !other.is_empty() {
        let (count, named) = (other.len(), named(&other));
        found.push(finding(
            "/entries",
            format!("{count} mã có phân loại khác với phiên bản trước: {named}"),
            format!("{count} codes have another class than before, or none: {named}"),
        ));
    }
    if before.closed && !after.closed {
        found.push(finding(
            "/closed",
            "từ nay danh mục nhận mọi mã, kể cả mã không có trong đó".to_owned(),
            "from now on the list takes every code, also those that are not on it".to_owned(),
        ));
    }
    if after.complete && !before.complete {
        found.push(finding(
            "/complete",
            "từ nay mọi mã không có trong danh mục được coi là không thuộc loại nào (`none`)"
                .to_owned(),
            "from now on every code that the list does not name has the class `none`".to_owned(),
        ));
    }
    found
}

fn named(all: &[String]) -> String {
    let first = all.get(..NAMED_MAX).unwrap_or(all).join(", ");
    if all.len() > NAMED_MAX { format!("{first}, …") } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::{next_version, rules};
    use crate::testing::{at, law};

    fn said(kind: RulesKind, text: &str) -> Vec<(String, String)> {
        let issued = rules(kind, "a test", text).unwrap();
        let warned = law().warnings_of(&issued, at("2026-11-20T09:00"));
        warned.into_iter().map(|finding| (finding.pointer, finding.en)).collect()
    }

    fn calendar(change: impl Fn(&str) -> String) -> String {
        let all = calendar::shipped();
        let (_, text) = all.iter().find(|(_, text)| text.contains("\nid: vn\n")).unwrap();
        change(&next_version(text))
    }

    #[test]
    fn a_calendar_that_goes_backwards_says_so() {
        assert_eq!(said(RulesKind::Calendar, &calendar(str::to_owned)), []);
        let until = law().newest_calendar("vn").unwrap().announced_until();
        let shorter = calendar(|text| {
            let shorter = until.yesterday().unwrap();
            assert!(text.contains(&format!("to: {until}")));
            text.replacen(&format!("to: {until}"), &format!("to: {shorter}"), 1)
        });
        assert_eq!(said(RulesKind::Calendar, &shorter)[0].0, "/announced/to");
        // The second of November was a Monday and a working day.
        let past = calendar(|text| {
            text.replace(
                "\ndays:\n",
                "\ndays:\n  - { from: 2026-11-02, off: { vi: bão, en: storm } }\n",
            )
        });
        let [(pointer, en)] = &said(RulesKind::Calendar, &past)[..] else { panic!("{past}") };
        assert_eq!(pointer, "/days");
        assert!(en.contains("1 days") && en.contains("2026-11-02"), "{en}");
    }

    #[test]
    fn a_list_that_drops_a_chemical_or_becomes_complete_says_so() {
        let text = next_version(include_str!("../../procedures/chemicals_2.yaml"));
        assert_eq!(said(RulesKind::Codes, &text), []);
        let without: String = text
            .lines()
            .filter(|line| !line.contains("\"107-44-8\""))
            .fold(String::new(), |text, line| text + line + "\n");
        let [(pointer, en)] = &said(RulesKind::Codes, &without)[..] else { panic!("{without}") };
        assert!(pointer == "/entries" && en.contains("107-44-8"), "{en}");
        let complete = text.replace("\nclosed:", "\ncomplete: true\nclosed:");
        assert_eq!(said(RulesKind::Codes, &complete)[0].0, "/complete");
    }

    #[test]
    fn a_class_that_becomes_another_one_or_none_and_a_list_that_is_closed_no_longer_are_told() {
        let text = next_version(include_str!("../../procedures/chemicals_2.yaml"));
        let of = |class: &str| {
            let sarin = |line: &str| {
                if !line.contains("\"107-44-8\"") {
                    return format!("{line}\n");
                }
                format!("{}\n", line.replace(", class: schedule_1", class))
            };
            let changed: String = text.lines().map(sarin).collect();
            let [(pointer, en)] = &said(RulesKind::Codes, &changed)[..] else { panic!("{class}") };
            assert_eq!(pointer, "/entries");
            en.clone()
        };
        assert!(of("").contains("107-44-8 (schedule_1 → -)"), "{}", of(""));
        assert!(of(", class: conditional").contains("107-44-8 (schedule_1 → conditional)"));
        let countries = next_version(include_str!("../../procedures/countries.yaml"));
        assert_eq!(said(RulesKind::Codes, &countries), []);
        let open = countries.replace("\nentries:", "\nclosed: false\nentries:");
        let [(pointer, en)] = &said(RulesKind::Codes, &open)[..] else { panic!("{open}") };
        assert!(pointer == "/closed" && en.contains("every code"), "{en}");
        // One open part makes the whole list open.
        let part = "id: more\npart_of: countries\nversion: 1\nlegal_basis: a test\nclosed: false\nentries: []\n";
        assert_eq!(said(RulesKind::Codes, part)[0].0, "/closed");
        let without: String =
            countries.split_inclusive('\n').filter(|line| !line.contains("'VN'")).collect();
        let [(pointer, en)] = &said(RulesKind::Codes, &without)[..] else { panic!("{without}") };
        assert!(pointer == "/entries" && en.contains("VN"), "{en}");
    }
}
