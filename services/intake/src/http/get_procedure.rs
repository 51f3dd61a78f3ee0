//! One procedure, as it was in force at a date by what was known at a moment.

use std::sync::Arc;

use dossier::contract::ProcedureCode;
use dossier::intake::READ_CATALOGUE;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::get_procedures::{As, ProcedureReply, today_of};
use crate::App;

/// Which version.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProcedureQuery {
    /// In force on this day; today if absent.
    #[param(value_type = Option<String>, format = Date)]
    at: Option<Date>,
    /// By what had been recorded up to this instant; up to now if absent. A version may take effect before it is issued.
    #[param(value_type = Option<String>, format = DateTime)]
    known_at: Option<Timestamp>,
}

/// One procedure, as it was in force at a date by what was known at a moment.
///
/// Where no version is in force then, `in_force` is false, and what is shown is the next one to take effect, or the last one.
#[utoipa::path(
    get,
    path = "/v1/procedures/{code}",
    operation_id = "get_procedure",
    params(("code" = String, Path, description = "The procedure"), ProcedureQuery),
    responses((status = 200, body = ProcedureReply)),
)]
async fn handle(app: Arc<App>, code: String, request: Request) -> Result<Reply, Problem> {
    let query: ProcedureQuery = request.query()?;
    request.catch_up_law(&app.kit).await?;
    let (law, code) = (app.kit.law(), ProcedureCode::from(&*code));
    let now = app.kit.clock.now();
    let on = query.at.or_else(|| today_of(&law, &code, now)).ok_or_else(Problem::not_found)?;
    let known_at = query.known_at.unwrap_or(now);
    let procedure = law.nearest(&code, on, known_at).ok_or_else(Problem::not_found)?;
    Ok(Reply::ok(&ProcedureReply::new(&law, procedure, As { on, known_at })))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(app, Access::Roles(READ_CATALOGUE), warp::path!("v1" / "procedures" / String), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
