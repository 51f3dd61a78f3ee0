//! A period from its start, past the spans in which it does not run, to its end.
//!
//! One rule covers every way in which a period of days starts, pauses and resumes: **a day counts
//! if the period was running when the day began.** It makes the day of receipt not count (Civil
//! Code 2015, art. 147.2), nor the day on which a supplement arrives; the day on which one was
//! asked for does count, because the agency had it.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, CalendarError, Day};
use crate::text::Text;
use crate::{Gaps, HORIZON_DAYS, Span};

/// What the amount of a [`Budget`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Sixty minutes of office time.
    WorkingHours,
    /// Days on which the office works; the period ends at 24:00 of the last.
    WorkingDays,
    /// All days; if the last is a day off, the period ends with the next working day (Civil Code
    /// 2015, art. 148.5).
    CalendarDays,
    /// Calendar months; the same end as for calendar days.
    Months,
    /// Until the end of office hours of the same working day, however large the amount.
    SameDay,
}

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// How many units; at least one.
    pub amount: u32,
    pub unit: Unit,
}

/// Why a span was counted or skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Counted: a working day, an office hour, or any day of a period of calendar days.
    Counted,
    /// Counted: a make-up day on which the office works.
    MakeUpDay(Text),
    /// Skipped: the day on which the period starts.
    FirstDay,
    /// Skipped: a weekly rest day.
    Rest,
    /// Skipped: a day off by law or announcement.
    Off(Text),
    /// Skipped: the period stood still.
    Suspended,
    /// Not counted, but the last day must be a working day on which the period runs: it moved past
    /// this one.
    RolledOver,
    /// Not counted: the count was full before, and this is the first day on which the period can
    /// end.
    LastDay,
}

/// One counted or skipped span, in order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// From when to when.
    pub span: Span,
    /// Why it counted or did not.
    pub why: Why,
}

/// The end of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The first instant at which the period has passed.
    pub due_at: Timestamp,
    /// Whether a date beyond the announced days off was needed, so that the end may still move.
    pub provisional: bool,
}

/// The end of a period and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reckoning {
    pub end: End,
    /// Each counted and each skipped span.
    pub trace: Vec<Trace>,
}

/// The end of a period of `budget` that starts at `start` and stands still in `gaps`.
///
/// Adding a gap never moves the end to an earlier instant.
pub fn reckon(
    calendar: &Calendar,
    start: Timestamp,
    budget: Budget,
    gaps: &Gaps,
) -> Result<Reckoning, CalendarError> {
    let mut count = Count { calendar, start, gaps, trace: Some(Vec::new()) };
    let end = count.end_of(budget)?;
    Ok(Reckoning { end, trace: count.trace.unwrap_or_default() })
}

/// The same end without the trace, which is most of the work.
pub fn end_of(
    calendar: &Calendar,
    start: Timestamp,
    budget: Budget,
    gaps: &Gaps,
) -> Result<End, CalendarError> {
    Count { calendar, start, gaps, trace: None }.end_of(budget)
}

struct Count<'a> {
    calendar: &'a Calendar,
    start: Timestamp,
    gaps: &'a Gaps,
    /// Absent if nobody wants to know.
    trace: Option<Vec<Trace>>,
}

impl Count<'_> {
    fn end_of(&mut self, budget: Budget) -> Result<End, CalendarError> {
        let date = self.calendar.date_of(self.start);
        let due_at = match budget.unit {
            Unit::WorkingHours => self.hours(budget.amount)?,
            Unit::WorkingDays => self.days(budget.amount, true)?,
            Unit::CalendarDays => self.days(budget.amount, false)?,
            Unit::Months => {
                let end = date.checked_add(jiff::Span::new().try_months(budget.amount)?)?;
                let days = end.since(date)?.get_days().unsigned_abs();
                self.days(days, false)?
            }
            Unit::SameDay => self.same_day()?,
        };
        let last = self.calendar.date_of(due_at);
        let provisional = !(self.calendar.is_announced(date) && self.calendar.is_announced(last));
        Ok(End { due_at, provisional })
    }

    fn hours(&mut self, amount: u32) -> Result<Timestamp, CalendarError> {
        let mut left = SignedDuration::from_hours(i64::from(amount));
        let mut date = self.calendar.date_of(self.start);
        for _ in 0..HORIZON_DAYS {
            let running = Span { from: self.start, to: Timestamp::MAX };
            let open = self.calendar.open_spans(date)?;
            if open.is_empty() {
                self.note_day(date, |count| count.day_off(date))?;
            }
            for span in open.into_iter().filter_map(|span| span.intersect(running)) {
                for (part, counts) in self.gaps.cut(span) {
                    if !counts {
                        self.note(part, |_| Why::Suspended);
                        continue;
                    }
                    let length = part.to.duration_since(part.from);
                    let used = length.min(left);
                    let to = part.from.checked_add(used)?;
                    self.note(Span { from: part.from, to }, |count| count.counted(date));
                    left = left.saturating_sub(used);
                    if left.is_zero() {
                        return Ok(to);
                    }
                }
            }
            date = date.tomorrow()?;
        }
        Err(CalendarError::BeyondHorizon { start: self.start })
    }

    fn days(&mut self, amount: u32, working_only: bool) -> Result<Timestamp, CalendarError> {
        let mut date = self.calendar.date_of(self.start);
        self.note_day(date, |_| Why::FirstDay)?;
        let mut left = amount;
        for _ in 0..HORIZON_DAYS {
            if left == 0 {
                return self.last_day(date);
            }
            date = date.tomorrow()?;
            if working_only && !self.calendar.is_working_day(date) {
                self.note_day(date, |count| count.day_off(date))?;
            } else if self.stands_still_at_start_of(date)? {
                self.note_day(date, |_| Why::Suspended)?;
            } else {
                left = left.saturating_sub(1);
                self.note_day(date, |count| count.counted(date))?;
            }
        }
        Err(CalendarError::BeyondHorizon { start: self.start })
    }

    fn same_day(&mut self) -> Result<Timestamp, CalendarError> {
        let closing = |calendar: &Calendar, date| {
            let closing = calendar.closing(date)?;
            closing.map_or_else(|| calendar.end_of_day(date), Ok)
        };
        let mut date = self.calendar.date_of(self.start);
        if self.calendar.is_working_day(date) && closing(self.calendar, date)? <= self.start {
            self.note_day(date, |_| Why::FirstDay)?;
            date = date.tomorrow()?;
        }
        // The day of receipt itself may be the last, though the period did not run when that day
        // began.
        let first = self.calendar.working_day_from(date)?;
        let mut last = first;
        for _ in 0..HORIZON_DAYS {
            let end = closing(self.calendar, last)?;
            // Any later one only if it ran when that day began.
            let at_start = if last == first {
                None
            } else {
                self.gaps.covering(self.calendar.start_of_day(last)?)
            };
            let Some(gap) = at_start.or(self.gap_at_end(end)) else {
                self.note_day(last, |count| count.counted(last))?;
                return Ok(end);
            };
            self.note_day(last, |_| Why::Suspended)?;
            last = self.working_day_after_gap(gap)?;
        }
        Err(CalendarError::BeyondHorizon { start: self.start })
    }

    /// The end of the first working day from `date` on that the period runs into and out of.
    fn last_day(&mut self, date: Date) -> Result<Timestamp, CalendarError> {
        let mut last = date;
        for _ in 0..HORIZON_DAYS {
            let next = if self.calendar.is_working_day(last) {
                let end = self.calendar.end_of_day(last)?;
                let at_start = self.gaps.covering(self.calendar.start_of_day(last)?);
                let Some(gap) = at_start.or(self.gap_at_end(end)) else {
                    if last != date {
                        self.note_day(last, |_| Why::LastDay)?;
                    }
                    return Ok(end);
                };
                self.working_day_after_gap(gap)?
            } else {
                self.calendar.working_day_from(last)?
            };
            // The day on which the count was full has been noted as what it is.
            if last != date {
                self.note_passed_over(last)?;
            }
            let mut between = last.tomorrow()?;
            while between < next && self.trace.is_some() {
                self.note_passed_over(between)?;
                between = between.tomorrow()?;
            }
            last = next;
        }
        Err(CalendarError::BeyondHorizon { start: self.start })
    }

    /// A day on which the period, though its days are counted, cannot end.
    fn note_passed_over(&mut self, date: Date) -> Result<(), CalendarError> {
        let working = self.calendar.is_working_day(date);
        self.note_day(date, |_| if working { Why::Suspended } else { Why::RolledOver })
    }

    fn gap_at_end(&self, end: Timestamp) -> Option<Span> {
        let before = end.checked_sub(SignedDuration::from_nanos(1)).ok()?;
        self.gaps.covering(before)
    }

    /// The first working day that begins when `gap` is over.
    fn working_day_after_gap(&self, gap: Span) -> Result<Date, CalendarError> {
        let date = self.calendar.date_of(gap.to);
        let begun = self.calendar.start_of_day(date)? < gap.to;
        self.calendar.working_day_from(if begun { date.tomorrow()? } else { date })
    }

    fn stands_still_at_start_of(&self, date: Date) -> Result<bool, CalendarError> {
        Ok(!self.gaps.is_empty() && self.gaps.covers(self.calendar.start_of_day(date)?))
    }

    fn counted(&self, date: Date) -> Why {
        match self.calendar.day(date) {
            Day::Working(_, Some(why)) => Why::MakeUpDay(why.clone()),
            Day::Working(_, None) | Day::Rest | Day::Off(_) => Why::Counted,
        }
    }

    fn day_off(&self, date: Date) -> Why {
        match self.calendar.day(date) {
            Day::Off(why) => Why::Off(why.clone()),
            Day::Rest | Day::Working(..) => Why::Rest,
        }
    }

    fn note(&mut self, span: Span, why: impl FnOnce(&Self) -> Why) {
        if self.trace.is_some() {
            let why = why(self);
            self.trace.get_or_insert_default().push(Trace { span, why });
        }
    }

    fn note_day(
        &mut self,
        date: Date,
        why: impl FnOnce(&Self) -> Why,
    ) -> Result<(), CalendarError> {
        if self.trace.is_some() {
            let (from, to) = (self.calendar.start_of_day(date)?, self.calendar.end_of_day(date)?);
            self.note(Span { from, to }, why);
        }
        Ok(())
    }
}
