//! The public catalogue: the procedures in force, with search and filters.

use std::sync::Arc;

use dossier::contract::{AgencyCode, Channel, ProcedureCode};
use dossier::law::{Law, Level, Procedure};
use dossier::search::fold;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Counts, Cursors, Line, Operation, PageRows, Problem, Reply, Request};

use super::CATALOGUE_AGE;
use super::procedure_reply::{As, ProcedureReply};
use crate::rules::App;

const ADDRESS: &str = "/v1/procedures";

/// Filters and page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProceduresQuery {
    /// Words of the code, the names or the legal basis, with or without diacritics. Each must occur
    /// at the beginning of a word.
    #[schema(example = "xuat xu")]
    q: Option<Line<100>>,
    /// Code of an agency that receives dossiers of the procedure.
    agency: Option<AgencyCode>,
    /// Whether all steps can be done online.
    level: Option<Level>,
    /// A channel by which a dossier may be filed.
    channel: Option<Channel>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_procedures", "List the procedures in force")
        .describe("The public catalogue, without a token, in the order of the codes.")
        .counted(Counts::Published)
        .query::<ProceduresQuery>()
        .list::<ProcedureReply>()
        .pages()
        .cacheable()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: ProceduresQuery = request.query()?;
    request.catch_up_law().await?;
    let (law, now) = (app.engine.law(), app.engine.clock.now());
    let (q, agency) = (query.q.as_ref().map(|q| &*q.0), query.agency.as_ref());
    let filters = format!("{:?}", (q, agency, query.level, query.channel));
    let cursors = Cursors::of(&request, &[ADDRESS, &filters]);
    let after = query.after.as_deref().map(|after| cursors.read(after)).transpose()?;
    let words: Vec<String> = q.map(words).unwrap_or_default();
    let fits = |procedure: &Procedure| {
        agency.is_none_or(|agency| procedure.agency.covers(agency))
            && query.level.is_none_or(|level| procedure.level == level)
            && query.channel.is_none_or(|channel| procedure.channels.contains(&channel))
            && is_found(procedure, &words)
    };
    let in_force = law.versions().filter(|(code, _)| after.is_none_or(|a| code.as_str() > a));
    let in_force = in_force.filter_map(|(code, _)| {
        let on = today_of(&law, code, now)?;
        let procedure = law.in_force_as_known(code, on, now).filter(|found| fits(found))?;
        Some(ProcedureReply::new(&law, procedure, As { on, known_at: now }))
    });
    let PageRows(limit) = query.limit.unwrap_or_default();
    let rows: Vec<ProcedureReply> =
        in_force.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
    let next = request.page_after(ADDRESS, (&rows, limit), |last| cursors.write(&last.code));
    Ok(Reply::cacheable(&request, &rows, CATALOGUE_AGE).next_page(next.as_deref()))
}

fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether each of the folded words is the beginning of a word of the procedure's texts.
fn is_found(procedure: &Procedure, sought: &[String]) -> bool {
    if sought.is_empty() {
        return true;
    }
    let Procedure { code, name, legal_basis, .. } = procedure;
    let known = words(&format!("{code} {} {} {legal_basis}", name.vi, name.en));
    sought.iter().all(|word| known.iter().any(|known| known.starts_with(word.as_str())))
}

/// Today's date in the agency that is responsible for a procedure.
pub(super) fn today_of(law: &Law, code: &ProcedureCode, now: Timestamp) -> Option<Date> {
    let mut versions = law.procedures().filter(|procedure| procedure.code == *code);
    let agency = versions.find_map(|procedure| {
        law.agencies().find(|agency| procedure.agency.covers(&agency.code))
    })?;
    Some(law.calendar_of(&agency.code)?.date_of(now))
}
