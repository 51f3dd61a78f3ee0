//! A second reckoner that shares no code with the first: it reads the calendar's file by itself,
//! counts minute by minute in its own civil time, knows the two time zones by their rules, and must
//! agree on random cases. `cargo xtask reckon` runs a hundred thousand.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use calendar::{Budget, Calendar, CalendarFile, Gaps, Span, Unit, end_of};
use jiff::Timestamp;
use serde_yaml_ng::Value;

const CASES: u64 = if cfg!(feature = "many-cases") { 100_000 } else { 2_000 };
/// Minutes of a day.
const DAY: i64 = 1_440;
/// How many days are looked at before a case is given up.
const DAYS_MAX: i64 = 3_000;

/// Days since 1 January 1970, in the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let before =
        365 * (year - 1970) + (year - 1969) / 4 - (year - 1901) / 100 + (year - 1601) / 400;
    before + (1..month).map(|m| length(year, m)).sum::<i64>() + day - 1
}

fn length(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month and day.
fn civil(mut day: i64) -> (i64, i64, i64) {
    let mut year = 1970;
    while day >= days(year + 1, 1, 1) - days(year, 1, 1) {
        day -= days(year + 1, 1, 1) - days(year, 1, 1);
        year += 1;
    }
    let mut month = 1;
    while day >= length(year, month) {
        day -= length(year, month);
        month += 1;
    }
    (year, month, day + 1)
}

/// Monday is 0; 1 January 1970 was a Thursday.
fn weekday(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap()
}

#[derive(Clone, Copy, PartialEq)]
enum Zone {
    /// Seven hours ahead, always.
    Vietnam,
    /// One hour ahead; two from the last Sunday of March to that of October, both at 01:00 UTC
    /// (Directive 2000/84/EC).
    Netherlands,
}

fn summers() -> &'static [Range<i64>] {
    static SUMMERS: OnceLock<Vec<Range<i64>>> = OnceLock::new();
    SUMMERS.get_or_init(|| {
        let last_sunday = |year, month| {
            let end = days(year, month, 31);
            end - i64::try_from((weekday(end) + 1) % 7).unwrap()
        };
        let summer = |year| last_sunday(year, 3) * DAY + 60..last_sunday(year, 10) * DAY + 60;
        (2009..2022).map(summer).collect()
    })
}

impl Zone {
    /// Minutes ahead of UTC at a minute of UTC.
    fn offset(self, minute: i64) -> i64 {
        if self == Self::Vietnam {
            return 7 * 60;
        }
        let summer = summers().iter().any(|summer| summer.contains(&minute));
        if summer { 120 } else { 60 }
    }

    /// The minute of UTC at which a local day begins: neither zone changes its clocks at midnight.
    fn midnight(self, day: i64) -> i64 {
        [7 * 60, 120, 60]
            .into_iter()
            .map(|offset| (day * DAY - offset, offset))
            .find(|(minute, offset)| self.offset(*minute) == *offset)
            .unwrap()
            .0
    }

    fn local(self, minute: i64) -> i64 {
        minute + self.offset(minute)
    }
}

/// The days off of Vietnam that follow from the Labour Code in years not announced yet, as far as
/// the cases reach; worked out by hand on a wall calendar, with the days in lieu.
const EXPECTED: [(i64, i64, i64); 34] = [
    (2027, 1, 1),
    (2027, 2, 5),
    (2027, 2, 6),
    (2027, 2, 7),
    (2027, 2, 8),
    (2027, 2, 9),
    (2027, 2, 10),
    (2027, 2, 11),
    (2027, 4, 16),
    (2027, 4, 30),
    (2027, 5, 1),
    (2027, 5, 3),
    (2027, 9, 2),
    (2027, 9, 3),
    (2027, 11, 24),
    (2028, 1, 3),
    (2028, 1, 25),
    (2028, 1, 26),
    (2028, 1, 27),
    (2028, 1, 28),
    (2028, 1, 31),
    (2028, 4, 4),
    (2028, 5, 1),
    (2028, 5, 2),
    (2028, 9, 4),
    (2028, 9, 5),
    (2028, 11, 24),
    (2029, 1, 1),
    (2029, 2, 12),
    (2029, 2, 13),
    (2029, 2, 14),
    (2029, 2, 15),
    (2029, 2, 16),
    (2029, 4, 23),
];

/// What an agency's file says, read by hand.
struct Office {
    zone: Zone,
    week: Vec<Vec<(i64, i64)>>,
    special: BTreeMap<i64, Vec<(i64, i64)>>,
}

fn shifts(value: &Value) -> Vec<(i64, i64)> {
    let time = |text: &str| {
        let (hour, minute) = text.split_once(':').unwrap();
        hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap()
    };
    let shifts = value.as_sequence().unwrap().iter();
    shifts
        .map(|shift| shift.as_str().unwrap().split_once('-').unwrap())
        .map(|(from, to)| (time(from), time(to)))
        .collect()
}

fn date(value: &Value) -> i64 {
    let parts: Vec<i64> =
        value.as_str().unwrap().split('-').map(|part| part.parse().unwrap()).collect();
    days(parts[0], parts[1], parts[2])
}

impl Office {
    fn read(text: &str, zone: Zone) -> Self {
        let file: Value = serde_yaml_ng::from_str(text).unwrap();
        let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let week = names.iter().map(|name| shifts(&file["week"][*name])).collect();
        let mut special = BTreeMap::new();
        for entry in file["days"].as_sequence().unwrap() {
            let from = date(&entry["from"]);
            let to = if entry["to"].is_null() { from } else { date(&entry["to"]) };
            let hours = match &entry["worked"] {
                Value::Null => Vec::new(),
                worked => shifts(&worked["hours"]),
            };
            special.extend((from..=to).map(|day| (day, hours.clone())));
        }
        if !file["statutory"].is_null() {
            for (year, month, day) in EXPECTED {
                special.entry(days(year, month, day)).or_default();
            }
        }
        Self { zone, week, special }
    }

    fn hours(&self, day: i64) -> &[(i64, i64)] {
        self.special.get(&day).unwrap_or(&self.week[weekday(day)])
    }

    fn works(&self, day: i64) -> bool {
        !self.hours(day).is_empty()
    }

    /// The minute at which the last office hour of a day ends.
    fn closing(&self, day: i64) -> i64 {
        self.zone.midnight(day + 1) - (DAY - self.hours(day).last().unwrap().1)
    }
}

/// A period, in minutes.
struct Case<'a> {
    office: &'a Office,
    start: i64,
    gaps: Vec<(i64, i64)>,
}

impl Case<'_> {
    fn stands_still(&self, minute: i64) -> bool {
        self.gaps.iter().any(|(from, to)| (*from..*to).contains(&minute))
    }

    fn first_day(&self) -> i64 {
        self.office.zone.local(self.start).div_euclid(DAY)
    }

    fn end(&self, Budget { amount, unit }: Budget) -> Option<i64> {
        let amount = i64::from(amount);
        match unit {
            Unit::WorkingHours => self.after_hours(amount),
            Unit::WorkingDays => self.after_days(amount, true),
            Unit::CalendarDays => self.after_days(amount, false),
            Unit::Months => {
                let (year, month, day) = civil(self.first_day());
                let (year, month) =
                    (year + (month - 1 + amount) / 12, (month - 1 + amount) % 12 + 1);
                let end = days(year, month, day.min(length(year, month)));
                self.after_days(end - self.first_day(), false)
            }
            Unit::SameDay => self.same_day(),
        }
    }

    fn after_hours(&self, hours: i64) -> Option<i64> {
        let mut left = hours * 60;
        (self.start..self.start + DAYS_MAX * DAY)
            .find(|minute| {
                let local = self.office.zone.local(*minute);
                let (day, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
                let open =
                    self.office.hours(day).iter().any(|(from, to)| (*from..*to).contains(&time));
                if open && !self.stands_still(*minute) {
                    left -= 1;
                }
                left == 0
            })
            .map(|last| last + 1)
    }

    /// A day counts if the period ran when it began; the last is a working day on which it runs.
    fn after_days(&self, amount: i64, working: bool) -> Option<i64> {
        let first = self.first_day();
        let midnight = |day| self.office.zone.midnight(day);
        let counts =
            |day: &i64| (!working || self.office.works(*day)) && !self.stands_still(midnight(*day));
        let counted = (first + 1..first + DAYS_MAX)
            .filter(counts)
            .nth(usize::try_from(amount - 1).unwrap())?;
        (counted..counted + DAYS_MAX)
            .find(|day| {
                self.office.works(*day)
                    && !self.stands_still(midnight(*day))
                    && !self.stands_still(midnight(*day + 1) - 1)
            })
            .map(|day| midnight(day + 1))
    }

    fn same_day(&self) -> Option<i64> {
        let mut first = self.first_day();
        if self.office.works(first) && self.office.closing(first) <= self.start {
            first += 1;
        }
        let first = (first..first + DAYS_MAX).find(|day| self.office.works(*day))?;
        (first..first + DAYS_MAX)
            .filter(|day| self.office.works(*day))
            .find(|day| {
                let begins = self.office.zone.midnight(*day);
                (*day == first || !self.stands_still(begins))
                    && !self.stands_still(self.office.closing(*day) - 1)
            })
            .map(|day| self.office.closing(day))
    }
}

/// Numbers that look random and are the same every time (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((z ^ (z >> 31)) % u64::try_from(limit).unwrap()).unwrap()
    }

    /// Any minute of the years, or one near an edge: midnight, opening, closing, the end of a month
    /// or a year, 29 February, the changes of the clocks.
    fn start(&mut self, zone: Zone) -> i64 {
        // A year more in Vietnam than was announced.
        let (first, years) = if zone == Zone::Vietnam { (2024, 4) } else { (2010, 3) };
        let year = first + self.below(years);
        let month = 1 + self.below(12);
        let edges = [
            (year, 12, 31),
            (year, month, length(year, month)),
            (year, 2, length(year, 2)),
            (year, 3, 31 - self.below(7)),
            (year, 10, 31 - self.below(7)),
        ];
        let (year, month, day) = match self.below(3) {
            0 => edges[usize::try_from(self.below(5)).unwrap()],
            _ => (year, month, 1 + self.below(length(year, month))),
        };
        let minutes = [0, 1, DAY - 1, 8 * 60, 8 * 60 + 30, 12 * 60, 17 * 60 - 1, 17 * 60];
        let minute = match self.below(2) {
            0 => minutes[usize::try_from(self.below(8)).unwrap()],
            _ => self.below(DAY),
        };
        zone.midnight(days(year, month, day)) + minute
    }

    fn gaps(&mut self, start: i64) -> Vec<(i64, i64)> {
        (0..self.below(4))
            .map(|_| {
                let from = start + self.below(40 * DAY) - DAY;
                let whole_days = self.below(3) == 0;
                let long =
                    if whole_days { (1 + self.below(9)) * DAY } else { 1 + self.below(9 * DAY) };
                (from, from + long)
            })
            .collect()
    }

    fn budget(&mut self) -> Budget {
        let (unit, most) = match self.below(5) {
            0 => (Unit::WorkingHours, 40),
            1 => (Unit::WorkingDays, 45),
            2 => (Unit::CalendarDays, 60),
            3 => (Unit::Months, 14),
            _ => (Unit::SameDay, 1),
        };
        Budget { amount: u32::try_from(1 + self.below(most)).unwrap(), unit }
    }
}

fn instant(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap()
}

#[test]
fn both_reckoners_agree() {
    let texts = calendar::shipped();
    let offices: Vec<(Calendar, Office)> = [(0, Zone::Vietnam), (1, Zone::Netherlands)]
        .into_iter()
        .map(|(n, zone): (usize, Zone)| {
            let file: CalendarFile = serde_yaml_ng::from_str(texts[n].1).unwrap();
            (Calendar::try_from(file).unwrap(), Office::read(texts[n].1, zone))
        })
        .collect();
    let mut dice = Dice(2_026);
    for case in 0..CASES {
        let (calendar, office) = &offices[usize::try_from(case % 2).unwrap()];
        let start = dice.start(office.zone);
        let (gaps, budget) = (dice.gaps(start), dice.budget());
        let spans =
            gaps.iter().map(|(from, to)| Span { from: instant(*from), to: instant(*to) }).collect();
        let theirs = end_of(calendar, instant(start), budget, &Gaps::new(spans)).unwrap().due_at;
        let ours = Case { office, start, gaps: gaps.clone() }.end(budget).map(instant);
        assert_eq!(
            Some(theirs),
            ours,
            "case {case}: {budget:?} from {} in {} with {gaps:?}",
            instant(start),
            calendar.id()
        );
    }
}
