//! Ends of periods in replies. An end is the first instant outside the period, usually the midnight
//! after the last day, which readers mistake for one day later. So each end is shown with its last
//! day, in the agency's time zone. Replies flatten these types and never have an end alone; `xtask`
//! checks this in the API documents.

use dossier::contract::AgencyCode;
use dossier::law::Law;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! ends {
    ($($(#[doc = $doc:literal])+ $name:ident { $at:ident, $on:ident })+) => { $(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
        pub struct $name {
            $(#[doc = $doc])+
            #[serde(skip_serializing_if = "Option::is_none")]
            $at: Option<Timestamp>,
            /// The last day that is in time, in the agency's time zone; for display.
            #[serde(skip_serializing_if = "Option::is_none")]
            $on: Option<Date>,
        }

        impl $name {
            /// The end, with its last day by the agency's clocks.
            #[must_use]
            pub fn of(law: &Law, agency: &AgencyCode, end: impl Into<Option<Timestamp>>) -> Self {
                let end = end.into();
                Self { $at: end, $on: end.and_then(|end| law.last_day(agency, end)) }
            }

            /// The instant of the end.
            #[must_use]
            pub const fn at(&self) -> Option<Timestamp> {
                self.$at
            }
        }
    )+ };
}

ends! {
    /// By when it is due; the first instant that is too late.
    Due { due_at, due_on }
    /// The earlier date of what is due now; the first instant that would have been too late.
    WasDue { was_due_at, was_due_on }
    /// By when the one-stop unit must answer.
    AnswerDue { answer_due_at, answer_due_on }
    /// By when the present activity must be done.
    ActivityDue { activity_due_at, activity_due_on }
    /// By when a cashier must resolve the discrepancy.
    DiscrepancyDue { discrepancy_due_at, discrepancy_due_on }
    /// The end of the applicant's window.
    WindowEnd { window_ends_at, window_ends_on }
    /// Until when it is valid.
    Validity { valid_until, valid_until_on }
    /// By when a requested renewal must be decided.
    RenewalDue { renewal_decided_by, renewal_decided_by_on }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_at_midnight_is_shown_with_the_day_before_it_and_one_inside_a_day_with_that_day() {
        let law = Law::shipped().unwrap();
        let due = |end: &str| Due::of(&law, &"G02".into(), end.parse::<Timestamp>().unwrap());
        let shown = |end: &str| serde_json::to_value(due(end)).unwrap()["due_on"].clone();
        assert_eq!(shown("2026-12-03T17:00:00Z"), "2026-12-03");
        assert_eq!(shown("2026-12-03T16:59:59Z"), "2026-12-03");
        assert_eq!(shown("2026-12-03T17:00:01Z"), "2026-12-04");
        let none = serde_json::to_value(Validity::of(&law, &"G02".into(), None)).unwrap();
        assert_eq!(none, serde_json::json!({}), "what is not known is not shown");
    }
}
