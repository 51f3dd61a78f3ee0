//! Finds rules that end without a successor: a calendar whose days off are announced only until
//! some day, a procedure or a tariff line that ends and is not followed by another. Their
//! successors have to be issued in time, and announcements take weeks.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{FeeLine, Law, Procedure};
use crate::contract::Channel;

/// How long before an end the warning begins, in days.
pub const WARNED_DAYS: i64 = 90;

/// A rule that ends without a successor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ending {
    /// Days left; 0 on the last day, negative afterwards.
    pub days: i64,
    /// The rule, for example `calendar/vn`, `procedure/CO.D`, `tariff/CO.D/co-fee`.
    pub what: String,
    pub last_day: Date,
}

impl Ending {
    fn new(what: String, last_day: Date, today: Date) -> Self {
        let days = last_day.since(today).map_or(0, |span| i64::from(span.get_days()));
        Self { days, what, last_day }
    }
}

impl Law {
    /// The rules that end within [`WARNED_DAYS`] without a successor, or have ended and are still
    /// needed; the earliest end first.
    #[must_use]
    pub fn endings(&self, now: Timestamp) -> Vec<Ending> {
        let mut endings = self.ending_calendars(now);
        let mut codes: Vec<_> = self.procedures().map(|procedure| &procedure.code).collect();
        codes.dedup();
        for code in codes {
            let agencies = || self.procedures().filter(|p| p.code == *code).map(|p| &p.agency);
            let Some(today) = agencies().find_map(|agency| self.day_of(agency, now)) else {
                continue;
            };
            for version in self.procedures().filter(|p| p.code == *code) {
                endings.extend(self.ending_procedure(version, today));
                endings.extend(self.ending_lines(version, today));
            }
        }
        endings.retain(|ending| ending.days <= WARNED_DAYS);
        endings.sort();
        endings
    }

    /// The ending calendars, of those that procedures in force use.
    fn ending_calendars(&self, now: Timestamp) -> Vec<Ending> {
        let (mut seen, mut endings) = (BTreeSet::new(), Vec::new());
        for agency in self.agencies().filter(|agency| agency.succeeded.is_none()) {
            let Some(calendar) = self.calendar_of(&agency.code) else { continue };
            let today = calendar.date_of(now);
            let needed =
                |p: &Procedure| p.agency.covers(&agency.code) && p.effective.contains(today);
            if !seen.contains(calendar.id()) && self.procedures().any(needed) {
                seen.insert(calendar.id().to_owned());
                let what = format!("calendar/{}", calendar.id());
                endings.push(Ending::new(what, calendar.announced_until(), today));
            }
        }
        endings
    }

    /// The end of a procedure's version, if it is in force on its last day, that day is not over,
    /// and no version is in force on the next day.
    fn ending_procedure(&self, procedure: &Procedure, today: Date) -> Option<Ending> {
        let last_day = self.still_to_come(procedure, procedure.effective.to?, today)?;
        let next = last_day.tomorrow().ok()?;
        let followed = self.in_force(&procedure.code, next).is_some();
        let what = format!("procedure/{}", procedure.code);
        (!followed).then(|| Ending::new(what, last_day, today))
    }

    /// The tariff lines after which, for at least one channel, no line of the same kind is charged
    /// by the version in force then.
    fn ending_lines(&self, procedure: &Procedure, today: Date) -> impl Iterator<Item = Ending> {
        procedure.fees.lines.iter().filter_map(move |line| {
            let last_day = self.still_to_come(procedure, line.effective.to?, today)?;
            let next = last_day.tomorrow().ok()?;
            // A procedure that is not in force then has its own warning.
            let then = self.in_force(&procedure.code, next)?;
            let follows = |l: &FeeLine, channel: Channel| {
                l.kind == line.kind && l.effective.contains(next) && l.is_for(channel)
            };
            let mut charged = then.channels.iter().filter(|channel| line.is_for(**channel));
            let what = format!("tariff/{}/{}", procedure.code, line.rule);
            charged
                .any(|channel| !then.fees.lines.iter().any(|l| follows(l, *channel)))
                .then(|| Ending::new(what, last_day, today))
        })
    }

    /// The last day, if it is not over and the version is in force on it.
    fn still_to_come(&self, procedure: &Procedure, last_day: Date, today: Date) -> Option<Date> {
        let in_force = self.in_force(&procedure.code, last_day)?;
        (last_day >= today && in_force.version == procedure.version).then_some(last_day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::next_version;
    use crate::testing::{at, law};

    fn found(law: &Law, moment: &str) -> Vec<(String, i64)> {
        law.endings(at(moment)).into_iter().map(|ending| (ending.what, ending.days)).collect()
    }

    #[test]
    fn the_days_off_that_are_announced_until_the_end_of_the_year_are_warned_of_from_october_on() {
        let law = law();
        assert_eq!(found(&law, "2026-10-01T23:59"), []);
        assert_eq!(found(&law, "2026-10-02T00:00"), [("calendar/vn".to_owned(), 90)]);
        assert_eq!(found(&law, "2026-12-31T09:00"), [("calendar/vn".to_owned(), 0)]);
        let over = found(&law, "2027-01-10T09:00");
        assert!(over.contains(&("calendar/vn".to_owned(), -10)), "{over:?}");
        // The Dutch calendar ended in 2012, as did the only procedure that needs it.
        assert!(over.iter().all(|(what, _)| what != "calendar/nl"), "{over:?}");
        let dutch = found(&law, "2012-11-01T09:00");
        assert!(dutch.contains(&("calendar/nl".to_owned(), 60)), "{dutch:?}");
        assert!(dutch.contains(&("procedure/WABO.RECEIPT".to_owned(), 60)), "{dutch:?}");
    }

    fn charged(lines: &str, version: u32, from: &str) -> String {
        let (_, text) = super::super::SHIPPED
            .iter()
            .find(|(_, text)| text.contains("code: ENERGY.LABEL"))
            .unwrap();
        super::super::in_version(text, version)
            .replace("{ from: 2026-01-01 }", &format!("{{ from: {from} }}"))
            .replace("channels: [online]", "channels: [online, counter]")
            .replace(
                "\nintake:",
                &format!("\nfees:\n  due: at_filing\n  window: {{ amount: 5, unit: working_days }}\n  lines:\n{lines}\nintake:"),
            )
    }

    fn line(rule: &str, days: &str, channels: &str) -> String {
        format!(
            "    - {{ rule: {rule}, kind: phi, name: {{ vi: Phí, en: Fee }}, amount: 1000, effective: {{ {days} }}, channels: {channels}, basis: a test }}\n"
        )
    }

    #[test]
    fn a_line_of_a_tariff_goes_on_in_the_next_version_and_for_each_way_of_filing() {
        let tariffs = |law: &Law, moment: &str| {
            let mut found = found(law, moment);
            found.retain(|(what, _)| what.starts_with("tariff/ENERGY.LABEL"));
            found
        };
        let ends = line("old", "from: 2026-02-01, to: 2026-12-31", "[]");
        let mut ending = law();
        ending.add_procedure("third", &charged(&ends, 3, "2026-02-01")).unwrap();
        let old = |days| vec![("tariff/ENERGY.LABEL/old".to_owned(), days)];
        assert_eq!(tariffs(&ending, "2026-12-01T09:00"), old(30));

        // The successor applies to online filing only.
        let online = ends + &line("new", "from: 2027-01-01", "[online]");
        let mut half = ending.clone();
        half.add_procedure("fourth", &charged(&online, 4, "2027-01-01")).unwrap();
        assert_eq!(tariffs(&half, "2026-12-01T09:00"), old(30));
        let both = line("next", "from: 2027-01-01, to: 2027-01-31", "[]");
        let mut whole = ending.clone();
        whole.add_procedure("fourth", &charged(&both, 4, "2027-01-01")).unwrap();
        let next = vec![("tariff/ENERGY.LABEL/next".to_owned(), 61)];
        assert_eq!(
            tariffs(&whole, "2026-12-01T09:00"),
            next,
            "of a version that is not in force yet"
        );
    }

    #[test]
    fn what_is_followed_by_another_version_or_line_does_not_end() {
        let (_, text) = super::super::SHIPPED
            .iter()
            .find(|(_, text)| text.contains("code: ENERGY.LABEL"))
            .unwrap();
        let ended = next_version(text)
            .replace("{ from: 2026-01-01 }", "{ from: 2026-02-01, to: 2026-12-31 }");
        let mut ending = Law::default();
        for rules in super::super::shipped_rules().unwrap() {
            let rules = if rules.name == "ENERGY.LABEL" {
                super::super::rules(rules.kind, "energy", &ended).unwrap()
            } else {
                rules
            };
            ending.apply(&rules, None).unwrap();
        }
        let what = "procedure/ENERGY.LABEL";
        let ends = |law: &Law| found(law, "2026-12-01T09:00").iter().any(|(of, _)| of == what);
        assert!(ends(&ending));
        let next =
            next_version(&ended).replace("from: 2026-02-01, to: 2026-12-31", "from: 2027-01-01");
        ending.add_procedure("next", &next).unwrap();
        assert!(!ends(&ending));
    }
}
