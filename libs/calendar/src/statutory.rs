//! Days off that a law gives in every year, for the years whose days off have not been announced
//! yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde::Deserialize;

use crate::lunar::lunar_date;
use crate::text::Text;

/// Which law gives days off before anybody announces them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Statutory {
    /// The Labour Code of Vietnam 2019, art. 112.1, with the days in lieu of art. 111.3, and the
    /// day that Resolution 28/2026/QH16 adds.
    VietnamLabourCode,
    /// None does, and that is meant: an office that is open around the clock.
    None,
}

/// The first year that the Code of 2019 was in force, and the last that is looked ahead to.
const FIRST_YEAR: i16 = 2_021;
const LAST_YEAR: i16 = 2_100;

/// Every day off after `announced`, with its name.
pub(crate) fn days_off(
    law: Statutory,
    announced: Date,
    is_rest: impl Fn(Date) -> bool,
) -> BTreeMap<Date, Text> {
    let mut days = BTreeMap::new();
    match law {
        Statutory::VietnamLabourCode => {}
        Statutory::None => return days,
    }
    // With the year before: its days in lieu may lie beyond its end.
    for year in announced.year().saturating_sub(1).max(FIRST_YEAR)..=LAST_YEAR {
        vietnam(year, &is_rest, &mut days);
    }
    days.retain(|day, _| *day > announced);
    days
}

fn vietnam(year: i16, is_rest: &impl Fn(Date) -> bool, days: &mut BTreeMap<Date, Text>) {
    let of_the_code = labour_code(year);
    let named: BTreeSet<Date> = of_the_code.iter().map(|(day, _)| *day).collect();
    for (day, name) in &of_the_code {
        // Two on one day are one: the Code gives a day in lieu for a rest day only.
        days.entry(*day).or_insert_with(|| expected(*name, ("", "")));
    }
    // From 1 July 2026 on; not of art. 112, so that there is none in lieu.
    if year >= 2026 {
        let culture = ("Ngày Văn hóa Việt Nam", "Vietnam Culture Day");
        days.entry(date(year, 11, 24)).or_insert_with(|| expected(culture, ("", "")));
    }
    for (day, name) in of_the_code.iter().filter(|(day, _)| is_rest(*day)) {
        let next = day.series(1.day()).skip(1).take(30);
        let mut free = next
            .filter(|next| !is_rest(*next) && !named.contains(next) && !days.contains_key(next));
        if let Some(in_lieu) = free.next() {
            days.insert(in_lieu, expected(*name, ("nghỉ bù, ", "in lieu, ")));
        }
    }
}

type Name = (&'static str, &'static str);

/// The days of art. 112.1. Of Tết it gives five, of the National Day two; which ones is for the
/// Prime Minister to say each year (art. 112.3), so that these are the most usual: the last day of
/// the old year with the first four, and 3 September.
fn labour_code(year: i16) -> Vec<(Date, Name)> {
    let tet = ("Tết Nguyên đán", "Lunar New Year");
    let national = ("Quốc khánh", "National Day");
    let (new_year, kings) = lunar_days(year);
    let five = (-1..=3).filter_map(|offset: i64| new_year?.checked_add(offset.days()).ok());
    let mut days = vec![(date(year, 1, 1), ("Tết Dương lịch", "New Year's Day"))];
    days.extend(five.map(|day| (day, tet)));
    days.extend(kings.map(|day| (day, ("Giỗ Tổ Hùng Vương", "Hùng Kings' Day"))));
    days.push((date(year, 4, 30), ("Ngày Chiến thắng 30/4", "Reunification Day")));
    days.push((date(year, 5, 1), ("Quốc tế Lao động", "International Labour Day")));
    days.extend([(date(year, 9, 2), national), (date(year, 9, 3), national)]);
    days.sort_by_key(|(day, _)| *day);
    days.dedup_by_key(|(day, _)| *day);
    days
}

/// The first day of a lunar year and the tenth of its third month.
type LunarDays = (Option<Date>, Option<Date>);

/// Those of a year; worked out once.
fn lunar_days(year: i16) -> LunarDays {
    static DAYS: OnceLock<BTreeMap<i16, LunarDays>> = OnceLock::new();
    let of = |year| (lunar_date(year, 1, 1), lunar_date(year, 3, 10));
    let days = DAYS.get_or_init(|| (FIRST_YEAR..=LAST_YEAR).map(|year| (year, of(year))).collect());
    days.get(&year).copied().unwrap_or((None, None))
}

fn expected((vi, en): Name, (lieu_vi, lieu_en): Name) -> Text {
    Text { vi: format!("{vi} ({lieu_vi}dự kiến)"), en: format!("{en} ({lieu_en}provisional)") }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Weekday;
    use proptest::prelude::*;

    use super::*;

    fn weekend(day: Date) -> bool {
        matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
    }

    fn off(year: i16) -> Vec<Date> {
        let days = days_off(Statutory::VietnamLabourCode, date(year - 1, 12, 31), weekend);
        days.into_keys().filter(|day| day.year() == year && !weekend(*day)).collect()
    }

    #[test]
    fn of_2027_nine_weekdays_are_off_and_three_more_in_lieu() {
        let days = [
            date(2027, 1, 1),
            // Tết is Saturday 6 February; the first two of the five are followed by two in lieu.
            date(2027, 2, 5),
            date(2027, 2, 8),
            date(2027, 2, 9),
            date(2027, 2, 10),
            date(2027, 2, 11),
            date(2027, 4, 16),
            date(2027, 4, 30),
            // 1 May is a Saturday.
            date(2027, 5, 3),
            date(2027, 9, 2),
            date(2027, 9, 3),
            date(2027, 11, 24),
        ];
        assert_eq!(off(2027), days);
    }

    #[test]
    fn days_in_lieu_do_not_fall_on_one_another() {
        // 2033: 30 April and 1 May are Saturday and Sunday. 2028: 2 and 3 September are too.
        let found = off(2033);
        assert!(found.contains(&date(2033, 5, 2)) && found.contains(&date(2033, 5, 3)));
        let found = off(2028);
        assert!(found.contains(&date(2028, 9, 4)) && found.contains(&date(2028, 9, 5)));
    }

    #[test]
    fn a_day_in_lieu_says_for_what_and_that_it_is_provisional() {
        let days = days_off(Statutory::VietnamLabourCode, date(2026, 12, 31), weekend);
        assert_eq!(days[&date(2027, 5, 3)].vi, "Quốc tế Lao động (nghỉ bù, dự kiến)");
        assert_eq!(days[&date(2027, 2, 5)].en, "Lunar New Year (provisional)");
        // Culture Day of 2029 is a Saturday: nothing in lieu.
        assert!(!days.contains_key(&date(2029, 11, 26)));
    }

    proptest! {
        #[test]
        fn every_year_gives_eleven_days_of_the_code_less_those_that_coincide(year in 2027i16..=2099) {
            let coincide = 11 - labour_code(year).len();
            prop_assert!(coincide <= 1, "Hùng Kings' may be 30 April");
            let culture = usize::from(!weekend(date(year, 11, 24)));
            let found = off(year);
            let overlaps = found.iter().filter(|day| **day == date(year, 11, 24)).count();
            prop_assert_eq!(overlaps, culture);
            prop_assert_eq!(found.len() - culture, 11 - coincide);
        }
    }
}
