//! Which dossiers are counted: by agency, properties and period.

use dossier::contract::{AgencyCode, Channel, ProcedureCode};
use dossier::figures::{ApplicantKind, OnlineServices};
use dossier::law::{Law, Text};
use dossier::text::refused;
use engine::view::of_agency;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::types::Value;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use web::Problem;

use crate::dossiers::channel_name;

/// A local day of the agency, or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Day(Date),
    Instant(Timestamp),
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // A date is also the beginning of an instant, and the parser of dates would take it.
        let day = (text.len() == 10).then(|| text.parse().ok().map(Self::Day)).flatten();
        let instant = || text.parse().ok().map(Self::Instant);
        day.or_else(instant).ok_or_else(|| {
            refused(&Text::new(
                "phải là một ngày, ví dụ 2026-11-20, hoặc một thời điểm, ví dụ 2026-11-20T02:00:00Z",
                "must be a day, for example 2026-11-20, or an instant, for example 2026-11-20T02:00:00Z",
            ))
        })
    }
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Day(day) => day.serialize(serializer),
            Self::Instant(at) => at.serialize(serializer),
        }
    }
}

impl Moment {
    /// The condition that a column is not before it.
    fn from(self, day: &str, at: &str) -> String {
        match self {
            Self::Day(from) => format!("{day} >= '{from}'"),
            Self::Instant(from) => format!("{at} >= {}", from.as_millisecond()),
        }
    }

    /// The condition that a column is in a period that ends with this day, or before this instant.
    fn to(self, day: &str, at: &str) -> String {
        match self {
            Self::Day(to) => format!("{day} <= '{to}'"),
            Self::Instant(to) => format!("{at} < {}", to.as_millisecond()),
        }
    }

    fn day(self, law: &Law, agency: Option<&AgencyCode>) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Instant(at) => local_day(law, agency, at),
        }
    }
}

/// The local day of an instant in an agency or the first one below it; in any agency if `None`.
pub(crate) fn local_day(law: &Law, agency: Option<&AgencyCode>, at: Timestamp) -> Date {
    let under = law.agencies().find(|known| agency.is_none_or(|own| own.covers(&known.code)));
    let calendar = under.and_then(|known| law.calendar_of(&known.code));
    calendar.map_or_else(|| TimeZone::UTC.to_datetime(at).date(), |known| known.date_of(at))
}

/// Which dossiers belong to a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CountedPeriod)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Period {
    /// Those submitted in it, whenever they are handled.
    #[default]
    Submitted,
    /// Those that were open at any time in it: carried over from before, or submitted in it. They
    /// are handled in it, or open at its end (QĐ 766/QĐ-TTg).
    Handled,
}

/// Properties of the counted dossiers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// With the agencies below it and those that it has taken over.
    pub(crate) agency: Option<AgencyCode>,
    pub(crate) procedure: Option<ProcedureCode>,
    pub(crate) channel: Option<Channel>,
    pub(crate) audience: Option<ApplicantKind>,
    pub(crate) from: Option<Moment>,
    pub(crate) to: Option<Moment>,
    pub(crate) period: Period,
}

/// The counted dossiers as conditions on the columns of the view.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// All conditions on a row, with a parameter for each of `values`.
    pub(crate) rows: String,
    pub(crate) values: Vec<Value>,
    /// Whether a row counts as handled.
    pub(crate) handled: String,
    /// Whether a row was carried over from before the period.
    pub(crate) carried: String,
    pub(crate) now: Timestamp,
    /// The local day now.
    pub(crate) today: Date,
    /// The last day of the period, or today.
    pub(crate) as_of: Date,
    /// The days of the period, for the services in force. Without a first day, the last one.
    pub(crate) days: (Date, Date),
    pub(crate) filter: Filter,
}

impl Scope {
    /// # Errors
    ///
    /// The period ends before it begins.
    pub(crate) fn of(filter: Filter, law: &Law, now: Timestamp) -> Result<Self, Problem> {
        let agency = filter.agency.as_ref();
        let today = local_day(law, agency, now);
        let (from, to) = (filter.from, filter.to);
        let first = from.map(|from| from.day(law, agency));
        let as_of = to.map_or(today, |to| to.day(law, agency)).min(today);
        let last = to.map(|to| to.day(law, agency));
        if let (Some(first), Some(last)) = (first, last)
            && last < first
        {
            return Err(Problem::parameter(
                "to",
                "phải không sớm hơn `from`",
                "must not be earlier than `from`",
            ));
        }
        let mut values = Vec::new();
        let mut rows = vec![of_agency((law, now), agency, &mut values)];
        let texts = [
            (filter.procedure.as_ref().map(ProcedureCode::as_str), "procedure = ?"),
            (filter.channel.map(channel_name), "channel = ?"),
        ];
        for (text, condition) in texts {
            if let Some(text) = text {
                values.push(Value::Text(text.to_owned()));
                rows.push(condition.to_owned());
            }
        }
        if let Some(audience) = filter.audience {
            rows.push(format!("business = {}", u8::from(audience == ApplicantKind::Business)));
        }
        rows.extend(to.map(|to| to.to("submitted_day", "submitted_at")));
        let since = |from: Moment| from.from("submitted_day", "submitted_at");
        let mut handled = "handled_at IS NOT NULL".to_owned();
        let mut carried = "0".to_owned();
        match filter.period {
            Period::Submitted => rows.extend(from.map(since)),
            Period::Handled => {
                if let Some(from) = from {
                    let after = from.from("handled_day", "handled_at");
                    rows.push(format!("(handled_at IS NULL OR {after})"));
                    carried = format!("NOT ({})", since(from));
                }
                if let Some(to) = to {
                    let before = to.to("handled_day", "handled_at");
                    handled = format!("(handled_at IS NOT NULL AND {before})");
                }
            }
        }
        let days = (first.unwrap_or(as_of).min(as_of), as_of);
        let rows = rows.join(" AND ");
        Ok(Self { rows, values, handled, carried, now, today, as_of, days, filter })
    }

    /// The services of the agency in the period; only the procedure asked for, if any.
    pub(crate) fn services(&self, law: &Law) -> OnlineServices {
        let services = OnlineServices::of(law, self.filter.agency.as_ref(), self.days);
        match &self.filter.procedure {
            Some(code) => services.only(code),
            None => services,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Option<Moment> {
        serde_json::from_value(serde_json::Value::from(text)).ok()
    }

    #[test]
    fn a_moment_is_a_day_or_an_instant_and_nothing_else() {
        assert_eq!(moment("2026-11-20"), Some(Moment::Day(jiff::civil::date(2026, 11, 20))));
        let instant = "2026-11-20T02:00:00Z".parse().unwrap();
        assert_eq!(moment("2026-11-20T09:00:00+07:00"), Some(Moment::Instant(instant)));
        assert_eq!(moment("2026-11-31"), None);
        assert_eq!(moment("2026-11-20T02:00:00"), None, "whose time?");
        assert_eq!(moment("yesterday"), None);
    }

    #[test]
    fn an_instant_belongs_to_the_local_day_of_the_agency() {
        let law = Law::shipped().unwrap();
        let late: Timestamp = "2026-11-20T23:30:00Z".parse().unwrap();
        let day = |agency: &str| local_day(&law, Some(&agency.into()), late).to_string();
        assert_eq!(day("G02"), "2026-11-21");
        assert_eq!(day("Z99.NL"), "2026-11-21");
        let earlier: Timestamp = "2026-11-20T18:00:00Z".parse().unwrap();
        let day = |agency: &str| local_day(&law, Some(&agency.into()), earlier).to_string();
        assert_eq!((day("G02.001"), day("Z99.NL")), ("2026-11-21".into(), "2026-11-20".into()));
        assert_eq!(day("H26"), "2026-11-21", "of the first agency below it");
    }

    #[test]
    fn a_period_that_ends_before_it_begins_is_refused() {
        let law = Law::shipped().unwrap();
        let now = "2026-11-20T02:00:00Z".parse().unwrap();
        let filter = |from: &str, to: &str| Filter {
            from: moment(from),
            to: moment(to),
            ..Filter::default()
        };
        assert!(Scope::of(filter("2026-02-01", "2026-01-31"), &law, now).is_err());
        let one_day = Scope::of(filter("2026-01-31", "2026-01-31"), &law, now).unwrap();
        let day = jiff::civil::date(2026, 1, 31);
        assert_eq!((one_day.as_of, one_day.days), (day, (day, day)));
        let future = Scope::of(filter("2026-01-31", "2027-01-31"), &law, now).unwrap();
        assert_eq!(future.as_of, jiff::civil::date(2026, 11, 20), "nothing is overdue tomorrow");
    }

    /// How SQLite finds the rows of an agency.
    fn plan(agency: &str) -> String {
        let law = Law::shipped().unwrap();
        let now = "2026-11-20T02:00:00Z".parse().unwrap();
        let filter = Filter { agency: Some(agency.into()), ..Filter::default() };
        let scope = Scope::of(filter, &law, now).unwrap();
        let rows = rusqlite::Connection::open_in_memory().unwrap();
        rows.execute_batch(crate::dossiers::TABLES).unwrap();
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT procedure, count(*) FROM dossiers WHERE {} GROUP BY procedure",
            scope.rows
        );
        let mut plan = rows.prepare(&sql).unwrap();
        let values = rusqlite::params_from_iter(scope.values);
        let steps = plan.query_map(values, |row| row.get::<_, String>(3)).unwrap();
        steps.collect::<rusqlite::Result<Vec<_>>>().unwrap().join("; ")
    }

    #[test]
    fn an_agency_reads_its_own_rows_alone_unless_it_is_a_highest_one() {
        let one = plan("G02.001");
        assert!(one.contains("USING INDEX dossiers_by_agency (agency>? AND agency<?)"), "{one}");
        let all = plan("G02");
        assert!(all.contains("SCAN dossiers") && !all.contains("dossiers_by_agency"), "{all}");
    }
}
