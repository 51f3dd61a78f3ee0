//! Calendars as data: the shape of a calendar file, and its check.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::calendar::{Calendar, Shift, Special};
use crate::statutory::{Statutory, days_off};
use crate::text::Text;

/// A calendar file, as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarFile {
    id: String,
    version: u32,
    legal_basis: String,
    time_zone: String,
    announced: Announced,
    /// Whose days off count after the announced ones; none if absent, as in files from before it
    /// could be said.
    statutory: Option<Statutory>,
    week: Week,
    days: Vec<SpecialDays>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Announced {
    from: Date,
    to: Date,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Week {
    monday: Vec<String>,
    tuesday: Vec<String>,
    wednesday: Vec<String>,
    thursday: Vec<String>,
    friday: Vec<String>,
    saturday: Vec<String>,
    sunday: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpecialDays {
    from: Date,
    /// The last day; the same as `from` when absent.
    to: Option<Date>,
    off: Option<Text>,
    worked: Option<Worked>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Worked {
    hours: Vec<String>,
    why: Text,
}

/// What is wrong with a calendar file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCalendar {
    /// Not a zone of the tz database.
    #[error("unknown time zone `{0}`")]
    TimeZone(String),
    /// Not `HH:MM-HH:MM` with the later time last.
    #[error("`{0}` is not office hours such as `08:00-12:00`")]
    Hours(String),
    /// Shifts of one day that overlap or are out of order.
    #[error("the office hours {0:?} overlap or are out of order")]
    Overlap(Vec<String>),
    /// A date named twice.
    #[error("{0} is named twice")]
    Twice(Date),
    /// Neither or both of `off` and `worked`.
    #[error("{0} must be either `off` or `worked`")]
    OffOrWorked(Date),
    /// A span whose end lies before its start.
    #[error("the days from {0} to {1} run backwards")]
    Backwards(Date, Date),
    /// Not a single office hour in the week.
    #[error("the week has no office hours at all")]
    NeverOpen,
}

impl InvalidCalendar {
    /// The message in Vietnamese and English.
    #[must_use]
    pub fn said(&self) -> Text {
        let vi = match self {
            Self::TimeZone(zone) => format!("không có múi giờ `{zone}`"),
            Self::Hours(hours) => format!("`{hours}` không phải giờ làm việc, ví dụ `08:00-12:00`"),
            Self::Overlap(hours) => {
                format!("giờ làm việc {} trùng nhau hoặc sai thứ tự", hours.join(", "))
            }
            Self::Twice(date) => format!("ngày {date} được nêu hai lần"),
            Self::OffOrWorked(date) => format!("ngày {date} phải là `off` hoặc `worked`"),
            Self::Backwards(from, to) => format!("các ngày từ {from} đến {to} bị ngược"),
            Self::NeverOpen => "cả tuần không có giờ làm việc nào".to_owned(),
        };
        Text::new(vi, self.to_string())
    }
}

impl TryFrom<CalendarFile> for Calendar {
    type Error = InvalidCalendar;

    fn try_from(file: CalendarFile) -> Result<Self, InvalidCalendar> {
        let Announced { from, to } = file.announced;
        if to < from {
            return Err(InvalidCalendar::Backwards(from, to));
        }
        let week = file.week;
        let week = [
            shifts(&week.monday)?,
            shifts(&week.tuesday)?,
            shifts(&week.wednesday)?,
            shifts(&week.thursday)?,
            shifts(&week.friday)?,
            shifts(&week.saturday)?,
            shifts(&week.sunday)?,
        ];
        if week.iter().all(Vec::is_empty) {
            return Err(InvalidCalendar::NeverOpen);
        }
        let mut calendar = Self {
            id: file.id,
            version: file.version,
            legal_basis: file.legal_basis,
            zone: TimeZone::get(&file.time_zone)
                .map_err(|_| InvalidCalendar::TimeZone(file.time_zone))?,
            announced: (from, to),
            week,
            special: special_days(file.days)?,
            expected: Arc::default(),
        };
        if let Some(law) = file.statutory {
            let expected = days_off(law, to, |date| calendar.hours(date).is_empty());
            calendar.expected = Arc::new(expected);
        }
        Ok(calendar)
    }
}

fn special_days(days: Vec<SpecialDays>) -> Result<BTreeMap<Date, Special>, InvalidCalendar> {
    let mut special = BTreeMap::new();
    for SpecialDays { from, to, off, worked } in days {
        let last = to.unwrap_or(from);
        if last < from {
            return Err(InvalidCalendar::Backwards(from, last));
        }
        let day = match (off, worked) {
            (Some(why), None) => Special::Off(why),
            (None, Some(Worked { hours, why })) => Special::Worked { shifts: shifts(&hours)?, why },
            (None, None) | (Some(_), Some(_)) => return Err(InvalidCalendar::OffOrWorked(from)),
        };
        for date in from.series(jiff::Span::new().days(1)).take_while(|date| *date <= last) {
            if special.insert(date, day.clone()).is_some() {
                return Err(InvalidCalendar::Twice(date));
            }
        }
    }
    Ok(special)
}

fn shifts(hours: &[String]) -> Result<Vec<Shift>, InvalidCalendar> {
    let shifts = hours.iter().map(|text| shift(text)).collect::<Result<Vec<_>, _>>()?;
    let in_order = shifts.iter().zip(shifts.iter().skip(1)).all(|(a, b)| a.to <= b.from);
    if in_order { Ok(shifts) } else { Err(InvalidCalendar::Overlap(hours.to_vec())) }
}

fn shift(text: &str) -> Result<Shift, InvalidCalendar> {
    let wrong = || InvalidCalendar::Hours(text.to_owned());
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let time = |part: &str| part.trim().parse::<Time>().map_err(|_| wrong());
    let shift = Shift { from: time(from)?, to: time(to)? };
    if shift.from < shift.to { Ok(shift) } else { Err(wrong()) }
}
