//! The public list of agencies, for example those that receive a procedure.

use std::sync::Arc;

use dossier::contract::{AgencyCode, ProcedureCode};
use dossier::law::{Agency, Text};
use dossier::search::fold;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Counts, Cursors, Line, Operation, PageRows, Problem, Reply, Request};

use super::CATALOGUE_AGE;
use super::get_procedures::today_of;
use crate::rules::App;

const ADDRESS: &str = "/v1/agencies";

/// Filters and page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgenciesQuery {
    /// Only those that receive dossiers of this procedure.
    #[schema(value_type = Option<String>, example = "CO.D")]
    procedure: Option<ProcedureCode>,
    /// Only this agency and those below it.
    under: Option<AgencyCode>,
    /// Part of the code or of a name, with or without diacritics.
    q: Option<Line<100>>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// An authority that receives dossiers, or is above such ones.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgencyReply {
    /// Code of the agency.
    #[schema(example = "G02.001")]
    code: String,
    /// Name of the agency.
    name: Text,
    /// Code of the agency above it; null if there is none.
    #[schema(example = "G02")]
    parent: Option<String>,
    /// Code of the agency that has taken its place; null if it exists.
    #[schema(example = "H30")]
    succeeded_by: Option<String>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_agencies", "List agencies")
        .describe("Without a token, in the order of the codes.")
        .counted(Counts::Published)
        .query::<AgenciesQuery>()
        .list::<AgencyReply>()
        .pages()
        .cacheable()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: AgenciesQuery = request.query()?;
    request.catch_up_law().await?;
    let (law, now) = (app.engine.law(), app.engine.clock.now());
    let competent = match &query.procedure {
        None => None,
        Some(code) => {
            let in_force = today_of(&law, code, now)
                .and_then(|on| law.in_force_as_known(code, on, now))
                .ok_or_else(|| {
                    Problem::parameter(
                        "procedure",
                        "không có thủ tục nào có mã này đang có hiệu lực",
                        "is not the code of a procedure in force",
                    )
                })?;
            Some(in_force.agency.clone())
        }
    };
    let q = query.q.as_ref().map(|q| fold(&q.0));
    let filters = format!("{:?}", (&query.procedure, &query.under, &q));
    let cursors = Cursors::of(&request, &[ADDRESS, &filters]);
    let after = query.after.as_deref().map(|after| cursors.read(after)).transpose()?;
    let fits = |agency: &&Agency| {
        let has_ended = agency.succeeded.as_ref().is_some_and(|succession| succession.at <= now);
        after.is_none_or(|after| agency.code.as_str() > after)
            && competent.as_ref().is_none_or(|above| !has_ended && above.covers(&agency.code))
            && query.under.as_ref().is_none_or(|above| above.covers(&agency.code))
            && q.as_ref().is_none_or(|q| {
                let known = [agency.code.as_str(), &agency.name.vi, &agency.name.en];
                known.iter().any(|text| fold(text).contains(q.as_str()))
            })
    };
    let PageRows(limit) = query.limit.unwrap_or_default();
    let limited = usize::try_from(limit).unwrap_or(usize::MAX);
    let rows: Vec<&Agency> = law.agencies().filter(fits).take(limited).collect();
    let next =
        request.page_after(ADDRESS, (&rows, limit), |last| cursors.write(last.code.as_str()));
    let shown: Vec<AgencyReply> = rows.into_iter().map(AgencyReply::from).collect();
    Ok(Reply::cacheable(&request, &shown, CATALOGUE_AGE).next_page(next.as_deref()))
}

impl From<&Agency> for AgencyReply {
    fn from(agency: &Agency) -> Self {
        let parent = agency.code.as_str().rsplit_once('.').map(|(above, _)| above.to_owned());
        Self {
            code: agency.code.to_string(),
            name: agency.name.clone(),
            parent,
            succeeded_by: agency.succeeded.as_ref().map(|succession| succession.by.to_string()),
        }
    }
}
