//! The shipped Vietnamese calendar against the figures of the official announcements, and the laws
//! of counting that hold for every start, budget and suspension.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::OnceLock;

use calendar::{Budget, Calendar, CalendarFile, Day, Gaps, Span, Unit, Why, end_of, reckon};
use jiff::civil::{Date, date, time};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn vietnam() -> Calendar {
    static VIETNAM: OnceLock<Calendar> = OnceLock::new();
    VIETNAM.get_or_init(|| read(calendar::shipped()[0].1)).clone()
}

fn read(text: &str) -> Calendar {
    let file: CalendarFile = serde_yaml_ng::from_str(text).unwrap();
    file.try_into().unwrap()
}

fn at(text: &str) -> Timestamp {
    format!("{text}+07:00").parse().unwrap()
}

/// The date on which a period that starts at ten o'clock on `start` ends.
fn due_date(start: Date, amount: u32, unit: Unit) -> Date {
    let calendar = vietnam();
    let start = calendar.start_of_day(start).unwrap() + SignedDuration::from_hours(10);
    let due = end_of(&calendar, start, Budget { amount, unit }, &Gaps::default()).unwrap();
    calendar.date_of(due.due_at - SignedDuration::from_nanos(1))
}

fn working_days(from: Date, to: Date) -> usize {
    let calendar = vietnam();
    from.series(jiff::Span::new().days(1))
        .take_while(|day| *day <= to)
        .filter(|day| calendar.is_working_day(*day))
        .count()
}

#[test]
fn the_years_have_as_many_working_days_as_announced() {
    for (year, expected) in [(2024, 251), (2025, 250), (2026, 249)] {
        assert_eq!(working_days(date(year, 1, 1), date(year, 12, 31)), expected, "{year}");
    }
}

#[test]
fn the_months_of_2026_have_as_many_working_days_as_announced() {
    let expected = [21, 15, 22, 20, 20, 22, 23, 21, 20, 22, 20, 23];
    for (month, expected) in (1..=12).zip(expected) {
        let first = date(2026, month, 1);
        assert_eq!(working_days(first, first.last_of_month()), expected, "month {month}");
    }
}

#[test]
fn working_days_end_on_the_published_dates() {
    let vectors = [
        (date(2026, 2, 11), 5, date(2026, 2, 25)),
        (date(2026, 2, 13), 3, date(2026, 2, 25)),
        (date(2025, 12, 31), 5, date(2026, 1, 9)),
        (date(2026, 1, 9), 1, date(2026, 1, 10)),
        (date(2026, 8, 21), 1, date(2026, 8, 22)),
        (date(2026, 8, 28), 2, date(2026, 9, 4)),
        (date(2024, 4, 26), 3, date(2024, 5, 4)),
        (date(2026, 11, 20), 2, date(2026, 11, 25)),
    ];
    for (start, amount, expected) in vectors {
        assert_eq!(due_date(start, amount, Unit::WorkingDays), expected, "{start} + {amount}");
    }
}

#[test]
fn culture_day_is_a_day_off_and_says_its_name() {
    let calendar = vietnam();
    let Day::Off(why) = calendar.day(date(2026, 11, 24)) else { panic!("24 November is worked") };
    assert_eq!(why.vi, "Ngày Văn hóa Việt Nam");
}

#[test]
fn six_working_hours_from_the_last_hour_of_friday_end_on_monday() {
    let start = at("2026-11-20T16:30:00");
    let budget = Budget { amount: 6, unit: Unit::WorkingHours };
    let due = end_of(&vietnam(), start, budget, &Gaps::default()).unwrap();
    assert_eq!(due.due_at, at("2026-11-23T14:30:00"));
    assert!(!due.provisional);
}

#[test]
fn calendar_days_that_end_on_a_day_off_end_with_the_next_working_day() {
    assert_eq!(due_date(date(2026, 11, 14), 10, Unit::CalendarDays), date(2026, 11, 25));
}

#[test]
fn a_month_from_the_thirty_first_ends_on_the_last_day_of_february() {
    // 28 February 2026 is a Saturday; the period ends with Monday 2 March.
    assert_eq!(due_date(date(2026, 1, 31), 1, Unit::Months), date(2026, 3, 2));
    assert_eq!(due_date(date(2024, 1, 31), 1, Unit::Months), date(2024, 2, 29));
}

#[test]
fn a_procedure_of_the_same_day_ends_with_office_hours() {
    let budget = Budget { amount: 1, unit: Unit::SameDay };
    let due = |start| end_of(&vietnam(), start, budget, &Gaps::default()).unwrap().due_at;
    assert_eq!(due(at("2026-11-20T09:00:00")), at("2026-11-20T17:00:00"));
    assert_eq!(due(at("2026-11-20T17:00:00")), at("2026-11-23T17:00:00"));
}

#[test]
fn a_year_that_is_not_announced_makes_the_end_provisional() {
    let budget = Budget { amount: 5, unit: Unit::WorkingDays };
    let due = end_of(&vietnam(), at("2026-12-29T09:00:00"), budget, &Gaps::default()).unwrap();
    assert!(due.provisional);
}

#[test]
fn days_off_by_law_are_off_before_anybody_announces_them_and_say_that_they_are_provisional() {
    // 30 and 31 December, then 4, 5 and 6 January: the first is off by law.
    assert_eq!(due_date(date(2026, 12, 29), 5, Unit::WorkingDays), date(2027, 1, 6));
    let calendar = vietnam();
    let Day::Off(why) = calendar.day(date(2027, 1, 1)) else { panic!("1 January is worked") };
    assert_eq!(why.vi, "Tết Dương lịch (dự kiến)");
    // Tết 2027 is 6 February, a Saturday: 5 to 9 February are off, and two days in lieu.
    assert_eq!(due_date(date(2027, 2, 3), 2, Unit::WorkingDays), date(2027, 2, 12));
    // Tết 2030 is 2 February, a day earlier than in China: 1 to 5 February, and two days in lieu.
    assert_eq!(due_date(date(2030, 1, 31), 1, Unit::WorkingDays), date(2030, 2, 8));
    assert!(vietnam().is_working_day(date(2030, 2, 8)));
}

#[test]
fn what_is_announced_replaces_what_the_law_gives() {
    let announced = calendar::shipped()[0].1.replace("to: 2026-12-31", "to: 2027-12-31").replace(
        "\ndays:\n",
        "\ndays:\n  - { from: 2027-02-04, to: 2027-02-10, off: { vi: Tết, en: Tết } }\n",
    );
    let calendar = read(&announced);
    assert!(!calendar.is_working_day(date(2027, 2, 4)), "announced, and not given by the law");
    assert!(calendar.is_working_day(date(2027, 2, 11)), "given by the law, and not announced");
    assert!(calendar.is_working_day(date(2027, 11, 24)), "the whole year was announced");
    assert!(!calendar.is_working_day(date(2028, 1, 3)), "the next year is as the law gives it");
    let without = announced.replace("statutory: vietnam_labour_code\n", "");
    assert!(read(&without).is_working_day(date(2028, 1, 3)), "nothing was said of a law");
}

#[test]
fn the_trace_names_the_day_off_that_moved_the_end() {
    let budget = Budget { amount: 2, unit: Unit::WorkingDays };
    let due = reckon(&vietnam(), at("2026-11-20T09:00:00"), budget, &Gaps::default()).unwrap();
    let off: Vec<_> = due.trace.iter().filter(|step| matches!(step.why, Why::Off(_))).collect();
    assert_eq!(off.len(), 1);
    assert_eq!(off[0].span.from, at("2026-11-24T00:00:00"));
}

#[test]
fn a_suspension_that_ends_at_midnight_leaves_the_day_after_it_whole() {
    let calendar = vietnam();
    let start = at("2026-11-16T09:00:00");
    let last = |to: &str| {
        let gap = Span { from: at("2026-11-18T10:00:00"), to: at(to) };
        // The second day, on which it would end, ends in the gap.
        let budget = Budget { amount: 2, unit: Unit::WorkingDays };
        end_of(&calendar, start, budget, &Gaps::new(vec![gap])).unwrap().due_at
    };
    assert_eq!(last("2026-11-19T00:00:00"), at("2026-11-20T00:00:00"));
    assert_eq!(last("2026-11-19T00:00:01"), at("2026-11-21T00:00:00"));
}

#[test]
fn a_calendar_says_what_it_is() {
    let calendar = vietnam();
    assert_eq!((calendar.id(), calendar.version()), ("vn", 2));
    assert!(calendar.legal_basis().contains("9441/TB-BNV"), "{}", calendar.legal_basis());
    assert_eq!(calendar.time_of(at("2026-11-16T09:15:00")), time(9, 15, 0, 0));
    // Between them lie a Sunday and Vietnam Culture Day.
    assert_eq!(calendar.working_day_before(date(2026, 11, 25)).unwrap(), date(2026, 11, 23));
    assert_eq!(calendar.working_day_before(date(2026, 11, 23)).unwrap(), date(2026, 11, 20));
    assert_eq!(calendar.nth_working_day_before(date(2026, 11, 25), 2).unwrap(), date(2026, 11, 20));
    assert_eq!(calendar.nth_working_day_before(date(2026, 11, 24), 0).unwrap(), date(2026, 11, 24));
    // New Year of 2027 is a day off by the Labour Code, and nobody has announced it yet.
    assert!(!calendar.is_working_day(date(2027, 1, 1)));
    assert_eq!(calendar.nth_working_day_before(date(2027, 1, 5), 2).unwrap(), date(2027, 1, 1));
    assert_eq!(calendar.working_day_before(date(2027, 1, 4)).unwrap(), date(2026, 12, 31));
}

#[test]
fn a_file_that_contradicts_itself_is_refused() {
    let text = calendar::shipped()[0].1;
    let line = text.lines().find(|line| line.starts_with("announced:")).unwrap();
    let read = |text: &str| {
        let file: CalendarFile = serde_yaml_ng::from_str(text).unwrap();
        Calendar::try_from(file).map_err(|error| error.to_string())
    };
    let announced = |days: &str| read(&text.replace(line, &format!("announced: {{ {days} }}")));
    assert_eq!(read(&text.replace("version: 2", "version: 7")).unwrap().version(), 7);
    let error = announced("from: 2026-02-02, to: 2026-02-01").unwrap_err();
    assert!(error.contains("backwards"), "{error}");
    let one_day = announced("from: 2026-02-02, to: 2026-02-02").unwrap();
    assert!(one_day.is_announced(date(2026, 2, 2)) && !one_day.is_announced(date(2026, 2, 3)));
    let error = read(&text.replace("08:00-12:00", "08:00-08:00")).unwrap_err();
    assert!(error.contains("08:00-08:00"), "an empty shift: {error}");
    let error = read(&text.replace("08:00-12:00", "08:00-13:30")).unwrap_err();
    assert!(error.contains("overlap"), "{error}");
}

fn start() -> impl Strategy<Value = Timestamp> {
    let first = at("2024-01-01T00:00:00").as_second();
    (first..first + 2 * 365 * 86_400).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn budget() -> impl Strategy<Value = Budget> {
    let unit = prop_oneof![
        Just(Unit::WorkingHours),
        Just(Unit::WorkingDays),
        Just(Unit::CalendarDays),
        Just(Unit::Months),
        Just(Unit::SameDay)
    ];
    (1_u32..25, unit).prop_map(|(amount, unit)| Budget { amount, unit })
}

/// Suspensions within sixty days of a start, as (hours after it, hours long).
fn suspensions() -> impl Strategy<Value = Vec<(i64, i64)>> {
    proptest::collection::vec((0_i64..1_440, 1_i64..200), 0..5)
}

fn gaps(start: Timestamp, suspensions: &[(i64, i64)]) -> Vec<Span> {
    let after = |hours| start + SignedDuration::from_hours(hours);
    suspensions
        .iter()
        .map(|(from, long)| Span { from: after(*from), to: after(from + long) })
        .collect()
}

proptest! {
    #[test]
    fn adding_a_suspension_never_moves_the_end_earlier(
        start in start(), budget in budget(), all in suspensions(), more in (0_i64..1_440, 1_i64..200),
    ) {
        let calendar = vietnam();
        let mut spans = gaps(start, &all);
        let before = end_of(&calendar, start, budget, &Gaps::new(spans.clone())).unwrap().due_at;
        spans.extend(gaps(start, &[more]));
        let after = end_of(&calendar, start, budget, &Gaps::new(spans)).unwrap().due_at;
        prop_assert!(after >= before, "{before} became {after}");
    }

    #[test]
    fn splitting_a_suspension_changes_nothing(
        start in start(), budget in budget(), from in 0_i64..500, long in 2_i64..300, cut in 1_i64..300,
    ) {
        prop_assume!(cut < long);
        let whole = gaps(start, &[(from, long)]);
        let halves = gaps(start, &[(from + cut, long - cut), (from, cut)]);
        let calendar = vietnam();
        prop_assert_eq!(
            reckon(&calendar, start, budget, &Gaps::new(whole)).unwrap(),
            reckon(&calendar, start, budget, &Gaps::new(halves)).unwrap()
        );
    }

    #[test]
    fn the_end_is_the_same_with_and_without_its_trace(start in start(), amount in 1_u32..40, all in suspensions()) {
        let (calendar, gaps) = (vietnam(), Gaps::new(gaps(start, &all)));
        for unit in [Unit::WorkingDays, Unit::WorkingHours, Unit::CalendarDays, Unit::Months, Unit::SameDay] {
            let budget = Budget { amount, unit };
            let traced = reckon(&calendar, start, budget, &gaps).map(|reckoning| reckoning.end);
            prop_assert_eq!(traced, end_of(&calendar, start, budget, &gaps));
        }
    }

    #[test]
    fn the_trace_names_each_day_from_the_first_to_the_last_once(start in start(), amount in 1_u32..40, all in suspensions()) {
        let (calendar, gaps) = (vietnam(), Gaps::new(gaps(start, &all)));
        for unit in [Unit::WorkingDays, Unit::CalendarDays] {
            let reckoned = reckon(&calendar, start, Budget { amount, unit }, &gaps).unwrap();
            let named: Vec<Date> = reckoned.trace.iter().map(|step| calendar.date_of(step.span.from)).collect();
            let last = calendar.date_of(reckoned.end.due_at - SignedDuration::from_nanos(1));
            let days = calendar.date_of(start).series(jiff::Span::new().days(1));
            prop_assert_eq!(named, days.take_while(|day| *day <= last).collect::<Vec<_>>());
            let last = reckoned.trace.last().unwrap();
            prop_assert!(matches!(last.why, Why::Counted | Why::MakeUpDay(_) | Why::LastDay), "{:?}", last);
        }
    }

    #[test]
    fn a_day_off_never_counts(start in start(), amount in 1_u32..25, all in suspensions()) {
        let calendar = vietnam();
        for unit in [Unit::WorkingDays, Unit::WorkingHours] {
            let gaps = Gaps::new(gaps(start, &all));
            let due = reckon(&calendar, start, Budget { amount, unit }, &gaps).unwrap();
            for step in due.trace.iter().filter(|s| matches!(s.why, Why::Counted | Why::MakeUpDay(_))) {
                prop_assert!(calendar.is_working_day(calendar.date_of(step.span.from)));
            }
        }
    }

    #[test]
    fn splitting_an_interval_changes_no_working_time(start in start(), a in 0_i64..2_000, b in 0_i64..2_000) {
        let calendar = vietnam();
        let middle = start + SignedDuration::from_hours(a);
        let end = middle + SignedDuration::from_hours(b);
        let whole = calendar.working_time(start, end).unwrap();
        let parts = calendar.working_time(start, middle).unwrap() + calendar.working_time(middle, end).unwrap();
        prop_assert_eq!(whole, parts);
    }

    #[test]
    fn hours_and_days_agree(start in start(), days in 1_u32..30) {
        let calendar = vietnam();
        let none = Gaps::default();
        let by_days = end_of(&calendar, start, Budget { amount: days, unit: Unit::WorkingDays }, &none).unwrap();
        let opening = calendar.next_opening_after(calendar.date_of(start)).unwrap();
        let eight_each = Budget { amount: days * 8, unit: Unit::WorkingHours };
        let by_hours = end_of(&calendar, opening, eight_each, &none).unwrap();
        let last = calendar.date_of(by_days.due_at - SignedDuration::from_nanos(1));
        prop_assert_eq!(calendar.closing(last).unwrap(), Some(by_hours.due_at));
    }

    #[test]
    fn working_hours_are_the_working_time_from_start_to_end(start in start(), amount in 1_u32..100) {
        let calendar = vietnam();
        let due = end_of(&calendar, start, Budget { amount, unit: Unit::WorkingHours }, &Gaps::default()).unwrap();
        let spent = calendar.working_time(start, due.due_at).unwrap();
        prop_assert_eq!(spent, SignedDuration::from_hours(i64::from(amount)));
    }
}
