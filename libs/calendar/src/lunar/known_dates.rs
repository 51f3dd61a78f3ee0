//! The lunar dates against published ones: the tables of Hồ Ngọc Đức (University of Leipzig,
//! `amlich`) as they stand in the Python package `holidays` 0.109, and new moons and solstices by
//! PyEphem 4 (VSOP87 and ELP), which agree on every year below.

use super::*;

/// A month and a day.
type Day = (i8, i8);

/// Year; the first day of the year; the tenth of the third month (Hùng Kings).
const KNOWN: [(i16, Day, Day); 52] = [
    (1985, (1, 21), (4, 29)),
    (2000, (2, 5), (4, 14)),
    (2001, (1, 24), (4, 3)),
    (2002, (2, 12), (4, 22)),
    (2003, (2, 1), (4, 11)),
    (2004, (1, 22), (4, 28)),
    (2005, (2, 9), (4, 18)),
    (2006, (1, 29), (4, 7)),
    (2007, (2, 17), (4, 26)),
    (2008, (2, 7), (4, 15)),
    (2009, (1, 26), (4, 4)),
    (2010, (2, 14), (4, 23)),
    (2011, (2, 3), (4, 12)),
    (2012, (1, 23), (3, 31)),
    (2013, (2, 10), (4, 19)),
    (2014, (1, 31), (4, 9)),
    (2015, (2, 19), (4, 28)),
    (2016, (2, 8), (4, 16)),
    (2017, (1, 28), (4, 6)),
    (2018, (2, 16), (4, 25)),
    (2019, (2, 5), (4, 14)),
    (2020, (1, 25), (4, 2)),
    (2021, (2, 12), (4, 21)),
    (2022, (2, 1), (4, 10)),
    (2023, (1, 22), (4, 29)),
    (2024, (2, 10), (4, 18)),
    (2025, (1, 29), (4, 7)),
    (2026, (2, 17), (4, 26)),
    (2027, (2, 6), (4, 16)),
    (2028, (1, 26), (4, 4)),
    (2029, (2, 13), (4, 23)),
    (2030, (2, 2), (4, 12)),
    (2031, (1, 23), (4, 1)),
    (2032, (2, 11), (4, 19)),
    (2033, (1, 31), (4, 9)),
    (2034, (2, 19), (4, 28)),
    (2035, (2, 8), (4, 17)),
    (2036, (1, 28), (4, 6)),
    (2037, (2, 15), (4, 24)),
    (2038, (2, 4), (4, 13)),
    (2039, (1, 24), (4, 3)),
    (2040, (2, 12), (4, 20)),
    (2041, (2, 1), (4, 10)),
    (2042, (1, 22), (4, 29)),
    (2043, (2, 10), (4, 19)),
    (2044, (1, 30), (4, 7)),
    (2045, (2, 17), (4, 26)),
    (2046, (2, 6), (4, 15)),
    (2047, (1, 26), (4, 4)),
    (2048, (2, 14), (4, 22)),
    (2049, (2, 2), (4, 11)),
    (2050, (1, 23), (4, 1)),
];

#[test]
fn new_years_and_the_days_of_the_hung_kings_are_those_of_the_published_tables() {
    for (year, new_year, kings) in KNOWN {
        let found = |month, day| {
            let date = lunar_date(year, month, day).unwrap();
            (date.year(), (date.month(), date.day()))
        };
        assert_eq!(found(1, 1), (year, new_year), "Tết {year}");
        assert_eq!(found(3, 10), (year, kings), "Hùng Kings {year}");
    }
}

#[test]
fn at_utc_8_the_new_year_falls_on_another_day_in_1985_2007_and_2030_and_here_it_does_not() {
    // In China: 20 February 1985 (a month later: the solstice of 1984 lies in another month), 18
    // February 2007 and 3 February 2030.
    assert_eq!(lunar_date(1985, 1, 1), Some(date(1985, 1, 21)));
    assert_eq!(lunar_date(2007, 1, 1), Some(date(2007, 2, 17)));
    assert_eq!(lunar_date(2030, 1, 1), Some(date(2030, 2, 2)));
}

#[test]
fn a_month_after_the_leap_month_counts_on() {
    // In 2033 China and Vietnam have the leap month after month 11; in 2023 it is after month 2, in
    // 2025 after month 6.
    assert_eq!(lunar_date(2034, 1, 1), Some(date(2034, 2, 19)));
    assert_eq!(lunar_date(2023, 2, 1), Some(date(2023, 2, 20)));
    assert_eq!(lunar_date(2023, 3, 1), Some(date(2023, 4, 20)));
    assert_eq!(lunar_date(2025, 6, 1), Some(date(2025, 6, 25)));
    assert_eq!(lunar_date(2025, 7, 1), Some(date(2025, 8, 23)));
}

#[test]
fn every_year_of_the_range_has_a_new_year_between_20_january_and_21_february() {
    for year in YEARS {
        let day = lunar_date(year, 1, 1).unwrap();
        assert!(date(year, 1, 20) <= day && day <= date(year, 2, 21), "{day}");
        let kings = lunar_date(year, 3, 10).unwrap();
        let after = kings.since(day).unwrap().get_days();
        assert!((67..=69).contains(&after) || (97..=99).contains(&after), "{day} {kings}");
    }
    assert_eq!((lunar_date(1899, 1, 1), lunar_date(2200, 1, 1)), (None, None));
    assert_eq!((lunar_date(2027, 11, 1), lunar_date(2027, 1, 31)), (None, None));
}

#[test]
fn no_month_1_or_3_to_2100_begins_with_a_new_moon_that_is_within_the_error_of_midnight() {
    for year in 2027..=2100 {
        for month in [1, 3] {
            let day = lunar_date(year, month, 1).unwrap();
            let days = i64::from(day.since(date(1970, 1, 1)).unwrap().get_days());
            let about = ((days + JD_1970) as f64 - 2_451_550.0) / 29.530_588_861;
            let local = new_moon(about.round()) - DELTA_T_S / 86_400.0 + ZONE_HOURS / 24.0;
            let from_midnight = ((local + 0.5).fract() - 0.5).abs();
            assert!((0.5 - from_midnight) * 1_440.0 > 3.0, "{day}");
        }
    }
}
