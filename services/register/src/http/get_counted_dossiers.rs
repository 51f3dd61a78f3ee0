//! Lists the dossiers that a figure of the statistics counts, so that each number can be checked.

use std::sync::Arc;

use dossier::contract::{
    AgencyCode, Channel, DossierCode, DossierId, ProcedureCode, Subject, party_name,
};
use dossier::figures::ApplicantKind;
use dossier::law::{Law, Text};
use engine::view::Question;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request};

use super::workload::{READ_AGENCY, agency_of};
use crate::App;
use crate::statistics::{
    CountedFigure, CountedPlace, CountedRow, Filter, GroupedBy, ListedFigure, Moment, Period, Scope,
};

const ADDRESS: &str = "/v1/register/statistics/dossiers";

/// Which figure, with the filter of the statistics.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountedDossiersQuery {
    /// The figure whose dossiers are listed; `dossiers`, which is all that are counted, if absent.
    figure: Option<CountedFigure>,
    /// Code of the agency, including subordinate ones; the caller's if absent.
    agency: Option<AgencyCode>,
    /// Code of the procedure; all if absent.
    procedure: Option<ProcedureCode>,
    /// Filing channel; all if absent.
    channel: Option<Channel>,
    /// For whom it was filed; all if absent.
    audience: Option<ApplicantKind>,
    /// First local day of the agency, or first instant.
    #[schema(value_type = Option<String>, example = "2026-01-01")]
    from: Option<Moment>,
    /// Last local day of the agency, or the first instant after the period.
    #[schema(value_type = Option<String>, example = "2026-12-31")]
    to: Option<Moment>,
    /// Which dossiers belong to the period; `submitted` if absent.
    period: Option<Period>,
    /// By what the group of `group` is formed.
    group_by: Option<GroupedBy>,
    /// Only the dossiers of the group with this key; needs `group_by`.
    #[schema(example = "G02.001", max_length = 200)]
    group: Option<String>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// A dossier that a figure counts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CountedDossierReply {
    /// Id of the dossier.
    id: DossierId,
    /// Code of the dossier.
    code: DossierCode,
    /// Code of the procedure.
    procedure: ProcedureCode,
    /// Its name in both languages; null if the procedure is not known.
    procedure_name: Option<Text>,
    /// Code of the agency that decides.
    agency: AgencyCode,
    /// Status as numbered by the national portal, from 1 to 10.
    #[schema(minimum = 1, maximum = 10)]
    status: u8,
    /// Time of the submission.
    submitted_at: Timestamp,
    /// The promised local day of the result.
    promised_on: Option<Date>,
    /// The local day on which it ended.
    handled_on: Option<Date>,
    /// Officer who has, or last had, the review; null in a dossier of the caller.
    #[schema(value_type = Option<Subject>)]
    officer: Option<String>,
    /// Whether the statutory clock is suspended.
    suspended: bool,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_counted_dossiers", "List the dossiers that a figure counts")
        .describe(
            "The newest first, by the same condition as the figure: with the same filter there are \
             as many rows as `GET /v1/register/statistics` counts. Rows name no applicant.",
        )
        .impersonal("codes and dates")
        .roles(READ_AGENCY)
        .query::<CountedDossiersQuery>()
        .list::<CountedDossierReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: CountedDossiersQuery = request.query()?;
    let (_, agency) = agency_of(&request, query.agency)?;
    let caller = request.caller()?;
    let own = [&caller.subject, caller.party()].map(|party| party_name(party.as_str()));
    let CountedDossiersQuery { procedure, channel, audience, from, to, group_by, group, .. } =
        query;
    let group = match (group_by, group) {
        (Some(by), Some(key)) => Some((by, key)),
        (None, Some(_)) => {
            let vi = "cần `group_by` để biết nhóm theo tiêu chí nào";
            return Err(Problem::parameter("group", vi, "needs `group_by`"));
        }
        (_, None) => None,
    };
    request.catch_up(Some(&app.progress)).await?;
    let period = query.period.unwrap_or_default();
    let filter = Filter { agency, procedure, channel, audience, from, to, period };
    let (law, PageRows(limit)) = (app.engine.law(), query.limit.unwrap_or_default());
    let scope = Scope::of(filter, &law, app.engine.clock.now())?;
    let figure = query.figure.unwrap_or_default();
    let asked = format!("{:?} {figure:?} {group:?}", scope.values);
    let cursors = Cursors::of(&request, &[ADDRESS, &scope.rows, &asked]);
    let after = query.after.as_deref().map(|after| {
        cursors.read(after).and_then(|key| CountedPlace::parse(key).ok_or_else(Cursors::invalid))
    });
    let (known, after) = (Arc::clone(&law), after.transpose()?);
    let listed = ListedFigure { scope, figure, group, law: known, after, rows: limit };
    let rows = app.view.query(Question::Statistics, move |rows| listed.read(rows)).await?;
    let next =
        request.page_after(ADDRESS, (&rows, limit), |last| cursors.write(&last.place.text()));
    let replies: Vec<CountedDossierReply> =
        rows.into_iter().map(|row| CountedDossierReply::of(row, &law, &own)).collect();
    Ok(Reply::ok(&replies).next_page(next.as_deref()))
}

impl CountedDossierReply {
    /// A party to the dossier does not learn from it who has the review.
    fn of(row: CountedRow, law: &Law, own: &[String]) -> Self {
        let is_own = row.parties.iter().any(|party| own.contains(party));
        let name = law.procedure(&row.procedure).map(|procedure| procedure.name.clone());
        Self {
            id: row.id,
            code: row.code,
            procedure: row.procedure.code,
            procedure_name: name,
            agency: row.agency,
            status: row.status,
            submitted_at: row.submitted_at,
            promised_on: row.promised_on,
            handled_on: row.handled_on,
            officer: row.officer.filter(|_| !is_own),
            suspended: row.suspended,
        }
    }
}
