//! The rating of units and officers by the nine indicators of Circular 01/2018/TT-VPCP (arts.
//! 13–15), for a quarter or a year.

use std::sync::Arc;

use dossier::contract::AgencyCode;
use dossier::figures::{Grade, Graded, IndicatorScore, Missing, Rating};
use dossier::law::Text;
use dossier::text::refused;
use engine::view::Question;
use jiff::civil::{Date, date};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request};

use super::workload::{READ_AGENCY, agency_of};
use crate::App;
use crate::statistics::{Filter, Moment, Period, Scope, evidence};

const ADDRESS: &str = "/v1/register/ratings";

/// Whom to rate, and in which term.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RatingsQuery {
    /// Code of the agency, including subordinate ones; the caller's if absent.
    agency: Option<AgencyCode>,
    /// Units or officers; `unit` if absent.
    of: Option<RatedReply>,
    /// A quarter, for example `2026-Q4`, or a year.
    #[schema(value_type = String, example = "2026-Q4")]
    term: Term,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// Who is rated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RatedUnit)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RatedReply {
    /// Agencies that receive dossiers.
    #[default]
    Unit,
    /// Officers who had the review of settled dossiers.
    Officer,
}

/// The first and the last day of a quarter or a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Term(Date, Date);

impl<'de> Deserialize<'de> for Term {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        term(&text).ok_or_else(|| {
            refused(&Text::new(
                "phải là một quý, ví dụ 2026-Q4, hoặc một năm, ví dụ 2026",
                "must be a quarter, for example 2026-Q4, or a year, for example 2026",
            ))
        })
    }
}

fn term(text: &str) -> Option<Term> {
    let (year, months) = match text.split_once("-Q") {
        Some((year, quarter)) => {
            let quarter: i8 = quarter.parse().ok().filter(|quarter| (1..=4).contains(quarter))?;
            (year, (quarter * 3 - 2, quarter * 3))
        }
        None => (text, (1, 12)),
    };
    let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    let year: i16 = year.parse().ok().filter(|year| is_year && *year > 0)?;
    Some(Term(date(year, months.0, 1), date(year, months.1, 1).last_of_month()))
}

/// The rating of a unit or officer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkRatingReply {
    /// Code of the unit, or subject of the officer.
    #[schema(example = "G02.001")]
    key: String,
    /// Name of the unit; null for officers.
    name: Option<Text>,
    /// First day of the term.
    from: Date,
    /// Last day of the term; it may not be over.
    to: Date,
    /// Whether the term is over.
    is_final: bool,
    /// The indicators that apply, by number.
    indicators: Vec<IndicatorReply>,
    /// Sum of the points, with one decimal.
    #[schema(example = 7.7)]
    points: f64,
    /// Points that could be reached by the indicators with data: 2 each.
    #[schema(example = 8.0)]
    reachable: f64,
    /// The grade by the table of the Circular, in proportion to the points that could be reached
    /// (of 18 for units, of 6 for officers); null without data.
    grade: Option<GradeReply>,
}

/// An indicator of the Circular.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IndicatorReply {
    /// Number in the Circular.
    #[schema(minimum = 1, maximum = 9)]
    number: u8,
    name: Text,
    /// From 0 to 2, with one decimal; null if it is skipped.
    #[schema(example = 1.8)]
    points: Option<f64>,
    /// Number of dossiers, ratings or complaints that it is computed from.
    cases: u64,
    /// Why it is skipped; null if it is not.
    skipped: Option<SkippedReply>,
}

/// Why an indicator is skipped.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Skipped)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SkippedReply {
    /// There was no case in the term.
    NoCase,
    /// The log does not record it.
    NotRecorded,
}

/// The grade of a unit or officer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RatingGrade)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GradeReply {
    /// A unit from 15 of 18 points.
    Excellent,
    /// A unit from 12 points.
    Good,
    /// A unit from 9 points.
    Fair,
    /// A unit from 6 points.
    Average,
    /// A unit below 6 points.
    Weak,
    /// An officer from 5 of 6 points.
    Complete,
    /// An officer from 3.5 points.
    Partial,
    /// An officer below 3.5 points.
    Insufficient,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_ratings", "Rate units and officers")
        .describe(
            "The nine indicators of Circular 01/2018/TT-VPCP, arts. 13–15. Those without data are \
             skipped and named. Counted are dossiers that were settled in the term. Attitude is \
             taken from ratings: 4 or 5 give 2 points, 3 gives 1. Pages are by key.",
        )
        .roles(READ_AGENCY)
        .query::<RatingsQuery>()
        .list::<WorkRatingReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: RatingsQuery = request.query()?;
    let (_, agency) = agency_of(&request, query.agency)?;
    request.catch_up(Some(&app.progress)).await?;
    let (law, PageRows(limit)) = (app.engine.law(), query.limit.unwrap_or_default());
    let (graded, Term(from, to)) = (query.of.unwrap_or_default(), query.term);
    let filter = Filter {
        agency,
        from: Some(Moment::Day(from)),
        to: Some(Moment::Day(to)),
        period: Period::Handled,
        ..Filter::default()
    };
    let scope = Scope::of(filter, &law, app.engine.clock.now())?;
    let asked = format!("{:?} {graded:?}", scope.values);
    let cursors = Cursors::of(&request, &[ADDRESS, &scope.rows, &asked]);
    let after = query.after.as_deref().map(|after| cursors.read(after)).transpose()?;
    let after = after.unwrap_or_default().to_owned();
    let is_final = to < scope.today;
    let graded = match graded {
        RatedReply::Unit => Graded::Unit,
        RatedReply::Officer => Graded::Officer,
    };
    let known = Arc::clone(&law);
    let read = app.view.query(Question::Statistics, move |rows| {
        let rows = rows.unchecked_transaction()?;
        evidence(&rows, (&scope, graded, &known), (&after, limit))
    });
    let replies = read.await?.into_iter().map(|(key, evidence)| {
        let rating = Rating::of(graded, &evidence);
        let named = (graded == Graded::Unit).then(|| law.agency(&key.as_str().into())).flatten();
        WorkRatingReply {
            name: named.map(|agency| agency.name.clone()),
            key,
            from,
            to,
            is_final,
            indicators: rating.scores.into_iter().map(IndicatorReply::from).collect(),
            points: points(rating.tenths),
            reachable: points(rating.reachable),
            grade: rating.grade.map(GradeReply::from),
        }
    });
    let replies: Vec<_> = replies.collect();
    let next = request.page_after(ADDRESS, (&replies, limit), |last| cursors.write(&last.key));
    Ok(Reply::ok(&replies).next_page(next.as_deref()))
}

/// Tenths of a point as a number with one decimal.
#[expect(clippy::cast_precision_loss, reason = "points have few digits")]
fn points(tenths: u64) -> f64 {
    tenths as f64 / 10.0
}

impl From<IndicatorScore> for IndicatorReply {
    fn from(score: IndicatorScore) -> Self {
        let IndicatorScore { indicator, tenths, cases } = score;
        let skipped = tenths.err().map(|missing| match missing {
            Missing::NoCase => SkippedReply::NoCase,
            Missing::NotRecorded => SkippedReply::NotRecorded,
        });
        let points = tenths.ok().map(points);
        Self { number: indicator.number(), name: indicator.name(), points, cases, skipped }
    }
}

impl From<Grade> for GradeReply {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::Excellent => Self::Excellent,
            Grade::Good => Self::Good,
            Grade::Fair => Self::Fair,
            Grade::Average => Self::Average,
            Grade::Weak => Self::Weak,
            Grade::Complete => Self::Complete,
            Grade::Partial => Self::Partial,
            Grade::Insufficient => Self::Insufficient,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_a_quarter_or_a_year() {
        let last_quarter = Term(date(2026, 10, 1), date(2026, 12, 31));
        assert_eq!(term("2026-Q4"), Some(last_quarter));
        assert_eq!(term("2024-Q1"), Some(Term(date(2024, 1, 1), date(2024, 3, 31))));
        assert_eq!(term("2026"), Some(Term(date(2026, 1, 1), date(2026, 12, 31))));
        for wrong in ["2026-Q0", "2026-Q5", "2026-4", "26", "0000", "2026-Q", "+026"] {
            assert_eq!(term(wrong), None, "{wrong}");
        }
    }
}
