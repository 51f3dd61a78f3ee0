//! What a day is in one agency, and working time between two instants.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::text::Text;
use crate::{HORIZON_DAYS, Span};

/// Office hours from a local time (included) to a later one (excluded) of the same day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    pub from: Time,
    pub to: Time,
}

/// What a date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day<'a> {
    /// The office works these shifts; the text names the make-up day if it is one.
    Working(&'a [Shift], Option<&'a Text>),
    /// A weekly rest day.
    Rest,
    /// A day off by law or announcement.
    Off(&'a Text),
}

#[derive(Debug, Clone)]
pub(crate) enum Special {
    Off(Text),
    Worked { shifts: Vec<Shift>, why: Text },
}

/// The working time of one agency, in one version.
#[derive(Debug, Clone)]
pub struct Calendar {
    pub(crate) id: String,
    pub(crate) version: u32,
    pub(crate) legal_basis: String,
    pub(crate) zone: TimeZone,
    pub(crate) announced: (Date, Date),
    pub(crate) week: [Vec<Shift>; 7],
    pub(crate) special: BTreeMap<Date, Special>,
    /// Days off that the law gives after the announced ones.
    pub(crate) expected: Arc<BTreeMap<Date, Text>>,
}

/// Why a question about working time has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Fewer working days than asked for lie within [`HORIZON_DAYS`].
    #[error("the period does not end within {HORIZON_DAYS} days of {start}")]
    BeyondHorizon {
        /// Where counting began.
        start: Timestamp,
    },
    /// A date beyond the years that civil time can express.
    #[error("a date outside the years -9999 to 9999")]
    OutOfRange,
}

impl From<jiff::Error> for CalendarError {
    fn from(_: jiff::Error) -> Self {
        Self::OutOfRange
    }
}

impl Calendar {
    /// The agency-wide name, for example `vn`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Counts up with every change that was announced.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The announcements that this version rests on.
    #[must_use]
    pub fn legal_basis(&self) -> &str {
        &self.legal_basis
    }

    /// Whether the days off of `date`'s year have been announced. What is computed beyond them is
    /// provisional, with the days off that the law gives in every year.
    #[must_use]
    pub fn is_announced(&self, date: Date) -> bool {
        self.announced.0 <= date && date <= self.announced.1
    }

    /// What `date` is.
    #[must_use]
    pub fn day(&self, date: Date) -> Day<'_> {
        match self.special.get(&date) {
            Some(Special::Off(why)) => Day::Off(why),
            Some(Special::Worked { shifts, why }) => Day::Working(shifts, Some(why)),
            None => match (self.expected.get(&date), self.hours(date)) {
                (_, []) => Day::Rest,
                (Some(why), _) => Day::Off(why),
                (None, shifts) => Day::Working(shifts, None),
            },
        }
    }

    /// The office hours of a weekday; none on a weekly rest day.
    pub(crate) fn hours(&self, date: Date) -> &[Shift] {
        let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        self.week.get(weekday).map_or(&[], Vec::as_slice)
    }

    /// The last day whose days off have been announced.
    #[must_use]
    pub const fn announced_until(&self) -> Date {
        self.announced.1
    }

    /// Whether it has days off after the announced ones, because its file names a law that gives
    /// them.
    #[must_use]
    pub fn expects_days_off(&self) -> bool {
        !self.expected.is_empty()
    }

    /// Whether the office works on `date`.
    #[must_use]
    pub fn is_working_day(&self, date: Date) -> bool {
        matches!(self.day(date), Day::Working(..))
    }

    /// The local date at `at`.
    #[must_use]
    pub fn date_of(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// The local time of day at `at`.
    #[must_use]
    pub fn time_of(&self, at: Timestamp) -> Time {
        self.zone.to_datetime(at).time()
    }

    /// The instant of a local date and time; in a clock change, the later reading of a time that
    /// does not exist and the earlier of one that exists twice.
    pub fn instant(&self, date: Date, time: Time) -> Result<Timestamp, CalendarError> {
        Ok(self.zone.to_timestamp(date.to_datetime(time))?)
    }

    /// The first instant of `date`.
    pub fn start_of_day(&self, date: Date) -> Result<Timestamp, CalendarError> {
        self.instant(date, Time::midnight())
    }

    /// 24:00 of `date`: the first instant of the next (Civil Code 2015, art. 148.6: a period of
    /// days ends there).
    pub fn end_of_day(&self, date: Date) -> Result<Timestamp, CalendarError> {
        self.start_of_day(date.tomorrow()?)
    }

    /// The local day on which a period ends, `end` being the first instant outside it.
    #[must_use]
    pub fn last_day(&self, end: Timestamp) -> Date {
        self.date_of(end.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(end))
    }

    /// The spans in which the office is open on `date`.
    pub fn open_spans(&self, date: Date) -> Result<Vec<Span>, CalendarError> {
        match self.day(date) {
            Day::Rest | Day::Off(_) => Ok(Vec::new()),
            Day::Working(shifts, _) => shifts
                .iter()
                .map(|shift| {
                    Ok(Span {
                        from: self.instant(date, shift.from)?,
                        to: self.instant(date, shift.to)?,
                    })
                })
                .collect(),
        }
    }

    /// The last instant of office hours on `date`, if it is a working day.
    pub fn closing(&self, date: Date) -> Result<Option<Timestamp>, CalendarError> {
        Ok(self.open_spans(date)?.last().map(|span| span.to))
    }

    /// The first working day on or after `date`.
    pub fn working_day_from(&self, date: Date) -> Result<Date, CalendarError> {
        self.seek(date, Date::tomorrow, |date| self.is_working_day(date))
    }

    /// The last working day before `date`.
    pub fn working_day_before(&self, date: Date) -> Result<Date, CalendarError> {
        self.seek(date.yesterday()?, Date::yesterday, |date| self.is_working_day(date))
    }

    /// The `n`-th working day before `date`, counted back from it; `date` itself for none. Days off
    /// that are only expected, because nobody has announced them yet, count as working days: a last
    /// day that is counted back must not come earlier by days off that may fall otherwise.
    pub fn nth_working_day_before(&self, date: Date, n: u32) -> Result<Date, CalendarError> {
        let works = |date: Date| match self.special.get(&date) {
            Some(Special::Off(_)) => false,
            Some(Special::Worked { .. }) => true,
            None => !self.hours(date).is_empty(),
        };
        let before = |day: Date| self.seek(day.yesterday()?, Date::yesterday, works);
        (0..n).try_fold(date, |day, _| before(day))
    }

    /// The first instant of office hours on the first working day after `date`.
    pub fn next_opening_after(&self, date: Date) -> Result<Timestamp, CalendarError> {
        let day = self.working_day_from(date.tomorrow()?)?;
        match self.open_spans(day)?.first() {
            Some(span) => Ok(span.from),
            None => Err(CalendarError::BeyondHorizon { start: self.start_of_day(date)? }),
        }
    }

    /// Working time between two instants; nothing when `to` is not after `from`.
    pub fn working_time(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<SignedDuration, CalendarError> {
        let whole = Span { from, to };
        let mut sum = SignedDuration::ZERO;
        let mut date = self.date_of(from);
        let last = self.date_of(to);
        while date <= last {
            for open in self.open_spans(date)?.into_iter().filter_map(|s| s.intersect(whole)) {
                sum = sum.saturating_add(open.to.duration_since(open.from));
            }
            date = date.tomorrow()?;
        }
        Ok(sum)
    }

    fn seek(
        &self,
        start: Date,
        step: fn(Date) -> Result<Date, jiff::Error>,
        works: impl Fn(Date) -> bool,
    ) -> Result<Date, CalendarError> {
        let mut date = start;
        for _ in 0..HORIZON_DAYS {
            if works(date) {
                return Ok(date);
            }
            date = step(date)?;
        }
        Err(CalendarError::BeyondHorizon { start: self.start_of_day(start)? })
    }
}
