//! One procedure, in force on a date, as recorded at an instant.

use std::sync::Arc;

use dossier::contract::ProcedureCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use web::{Counts, Operation, Problem, Reply, Request};

use super::CATALOGUE_AGE;
use super::get_procedures::today_of;
use super::procedure_reply::{As, ProcedureReply};
use crate::rules::App;

/// The date and the state of knowledge.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProcedureQuery {
    /// Date on which it has to be in force; today if absent.
    at: Option<Date>,
    /// Only versions recorded up to this instant count; now if absent. A version may take effect
    /// before it is issued.
    known_at: Option<Timestamp>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/procedures/{code}", "get_procedure", "Show a procedure")
        .describe(
            "Without a token. As it was in force on a date, by what was known at a moment. Where no version is in \
         force then, `in_force` is false, and the reply is the next one to take effect, or \
         the last one.",
        )
        .parameter("code", "The code of the procedure.")
        .counted(Counts::Published)
        .query::<ProcedureQuery>()
        .reply::<ProcedureReply>()
        .cacheable()
        .handle(handle)
}

async fn handle(app: Arc<App>, code: String, request: Request) -> Result<Reply, Problem> {
    let query: ProcedureQuery = request.query()?;
    request.catch_up_law().await?;
    let (law, code) = (app.engine.law(), ProcedureCode::from(&*code));
    let now = app.engine.clock.now();
    let on = query.at.or_else(|| today_of(&law, &code, now)).ok_or_else(Problem::not_found)?;
    let known_at = query.known_at.unwrap_or(now);
    let procedure = law.nearest(&code, on, known_at).ok_or_else(Problem::not_found)?;
    let reply = ProcedureReply::new(&law, procedure, As { on, known_at });
    Ok(Reply::cacheable(&request, &reply, CATALOGUE_AGE))
}
