//! Formats dates as in official texts: in the agency's local time, with one format per language. A
//! period of days ends at 24:00, which is written as the end of its last day, not as midnight of
//! the next day.

use calendar::{Calendar, Span, Text};
use jiff::Timestamp;
use jiff::civil::{Date, Time};

/// For example `03/12/2026`; `3 December 2026`.
#[must_use]
pub fn day(date: Date) -> Text {
    Text { vi: date.strftime("%d/%m/%Y").to_string(), en: date.strftime("%-d %B %Y").to_string() }
}

/// For example `16:00 ngày 03/12/2026`; `16:00 on 3 December 2026`.
#[must_use]
pub fn moment(calendar: &Calendar, at: Timestamp) -> Text {
    let time = calendar.time_of(at).strftime("%H:%M").to_string();
    let Text { vi, en } = day(calendar.date_of(at));
    Text { vi: format!("{time} ngày {vi}"), en: format!("{time} on {en}") }
}

/// The end of a period, where `due_at` is the first instant outside: `hết ngày 03/12/2026`; `the
/// end of 3 December 2026`. An end other than midnight is written with its time.
#[must_use]
pub fn end(calendar: &Calendar, due_at: Timestamp) -> Text {
    if calendar.time_of(due_at) != Time::midnight() {
        return moment(calendar, due_at);
    }
    let Text { vi, en } = day(calendar.last_day(due_at));
    Text { vi: format!("hết ngày {vi}"), en: format!("the end of {en}") }
}

/// A span: its first and last day, with times if it does not consist of whole days.
#[must_use]
pub fn span(calendar: &Calendar, Span { from, to }: Span) -> Text {
    let (first, last) = (day(calendar.date_of(from)), day(calendar.last_day(to)));
    let midnight = |at| calendar.time_of(at) == Time::midnight();
    if midnight(from) && midnight(to) {
        if first == last {
            return first;
        }
        let both = |first, last| format!("{first} – {last}");
        return Text { vi: both(first.vi, last.vi), en: both(first.en, last.en) };
    }
    let time = |at| calendar.time_of(at).strftime("%H:%M").to_string();
    let to = if midnight(to) { "24:00".to_owned() } else { time(to) };
    let both = |first: String, last: String| {
        if first == last {
            format!("{first} {}–{to}", time(from))
        } else {
            format!("{first} {} – {last} {to}", time(from))
        }
    };
    Text { vi: both(first.vi, last.vi), en: both(first.en, last.en) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, law};

    fn texts(text: Text) -> (String, String) {
        (text.vi, text.en)
    }

    fn pair(vi: &str, en: &str) -> (String, String) {
        (vi.to_owned(), en.to_owned())
    }

    #[test]
    fn the_end_of_a_day_is_named_by_that_day_and_an_end_inside_one_by_its_time() {
        let law = law();
        let calendar = law.calendar_of(&"G02".into()).unwrap();
        let end = |text| texts(end(calendar, at(text)));
        assert_eq!(
            end("2026-12-04T00:00"),
            pair("hết ngày 03/12/2026", "the end of 3 December 2026")
        );
        let inside = pair("16:30 ngày 03/12/2026", "16:30 on 3 December 2026");
        assert_eq!(end("2026-12-03T16:30"), inside);
        assert_eq!(calendar.last_day(at("2026-12-03T16:30")).to_string(), "2026-12-03");
    }

    #[test]
    fn a_span_of_whole_days_shows_no_times() {
        let law = law();
        let calendar = law.calendar_of(&"G02".into()).unwrap();
        let span = |from, to| texts(span(calendar, Span { from: at(from), to: at(to) }));
        assert_eq!(
            span("2026-12-03T00:00", "2026-12-04T00:00"),
            pair("03/12/2026", "3 December 2026")
        );
        assert_eq!(
            span("2026-12-03T00:00", "2026-12-05T00:00"),
            pair("03/12/2026 – 04/12/2026", "3 December 2026 – 4 December 2026")
        );
        assert_eq!(
            span("2026-12-03T08:00", "2026-12-03T12:00"),
            pair("03/12/2026 08:00–12:00", "3 December 2026 08:00–12:00")
        );
        assert_eq!(
            span("2026-12-03T17:00", "2026-12-05T00:00"),
            pair(
                "03/12/2026 17:00 – 04/12/2026 24:00",
                "3 December 2026 17:00 – 4 December 2026 24:00"
            )
        );
    }
}
