//! Checks periods: each must end within a plausible time.

use calendar::{Budget, Calendar, Gaps, Unit, end_of};
use jiff::{SignedDuration, Timestamp};

use super::Check;

/// Maximum length of a period, in days: thirty years. It is below [`calendar::HORIZON_DAYS`], which
/// leaves room for suspensions.
const PERIOD_DAYS_MAX: i64 = 10_950;
/// Maximum number of working days counted back from a day.
const WORKING_DAYS_BACK_MAX: u32 = 1_000;
/// Maximum number of permitted repetitions.
pub(super) const TIMES_MAX: u32 = 100;

/// The calendars by which periods are counted.
pub(super) struct Periods<'a> {
    pub(super) now: Timestamp,
    pub(super) calendars: Vec<&'a Calendar>,
}

impl Periods<'_> {
    /// Whether a period that begins now ends by every calendar.
    pub(super) fn ends(&self, budget: Budget) -> bool {
        let latest = self.now.checked_add(SignedDuration::from_hours(24 * PERIOD_DAYS_MAX));
        let latest = latest.unwrap_or(Timestamp::MAX);
        self.calendars.iter().all(|calendar| {
            end_of(calendar, self.now, budget, &Gaps::default())
                .is_ok_and(|end| end.due_at <= latest)
        })
    }
}

impl Check<'_, '_> {
    pub(super) fn period(&mut self, by: &Periods<'_>, pointer: &str, budget: Budget) {
        let amount = format!("{pointer}/amount");
        if budget.amount == 0 {
            self.add(&amount, "thời hạn bằng 0 không bao giờ chạy", "a period of 0 never runs");
        } else if budget.unit == Unit::SameDay && budget.amount != 1 {
            let (vi, en) =
                ("`same_day` chỉ có số lượng là 1", "`same_day` is one day, the amount is 1");
            self.add(&amount, vi, en);
        } else if !by.ends(budget) {
            let years = PERIOD_DAYS_MAX / 365;
            let (vi, en) = (
                format!("thời hạn không kết thúc trong vòng {years} năm"),
                format!("the period does not end within {years} years"),
            );
            self.add(&amount, vi, en);
        }
    }

    /// Checks optional periods.
    pub(super) fn periods_of<const N: usize>(
        &mut self,
        by: &Periods<'_>,
        all: [(&str, Option<Budget>); N],
    ) {
        for (pointer, budget) in all {
            if let Some(budget) = budget {
                self.period(by, pointer, budget);
            }
        }
    }

    /// Checks a period with all of its extensions.
    pub(super) fn extended(
        &mut self,
        by: &Periods<'_>,
        pointer: &str,
        (budget, by_amount, times): (Budget, u32, u32),
    ) {
        let more = by_amount.checked_mul(times);
        let whole = more.and_then(|more| budget.amount.checked_add(more));
        let whole = whole.map(|amount| Budget { amount, ..budget });
        // A fault of the period itself is reported separately.
        if by.ends(budget) && !whole.is_some_and(|whole| by.ends(whole)) {
            let (vi, en) = (
                "thời hạn sau các lần gia hạn không kết thúc trong khoảng hợp lý",
                "with every extension the period does not end in a reasonable time",
            );
            self.add(pointer, vi, en);
        }
    }

    pub(super) fn times(&mut self, pointer: &str, times: u32, least: u32) {
        if !(least..=TIMES_MAX).contains(&times) {
            let (vi, en) = (
                format!("phải từ {least} đến {TIMES_MAX}"),
                format!("must be {least} to {TIMES_MAX}"),
            );
            self.add(pointer, vi, en);
        }
    }

    /// Checks a number of working days counted back from a day.
    pub(super) fn working_days_back(&mut self, by: &Periods<'_>, pointer: &str, days: u32) {
        let back = |calendar: &&Calendar| {
            let day = calendar.date_of(by.now);
            calendar.nth_working_day_before(day, days).is_ok()
        };
        if days > WORKING_DAYS_BACK_MAX || !by.calendars.iter().all(back) {
            let (vi, en) = (
                format!("nhiều nhất là {WORKING_DAYS_BACK_MAX} ngày làm việc"),
                format!("at most {WORKING_DAYS_BACK_MAX} working days"),
            );
            self.add(pointer, vi, en);
        }
    }
}
