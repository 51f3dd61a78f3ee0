//! The catalogue of procedures: what can be applied for, with what, at what price, and in what time.

use std::sync::Arc;

use dossier::access::{May, any};
use dossier::contract::Role;
use dossier::law::Procedure;
use serde::Serialize;
use serde_json::Value;
use service_kit::http::{Problem, Reply, Request, Route, endpoint0};
use utoipa::ToSchema;

use crate::App;

/// Everybody who is known may read the catalogue.
const READ_CATALOGUE: &[May] = &[
    any(Role::Applicant),
    any(Role::Clerk),
    any(Role::Reviewer),
    any(Role::Approver),
    any(Role::Cashier),
    any(Role::ComplaintHandler),
    any(Role::Auditor),
    any(Role::Operator),
];

/// A procedure in the version in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProcedureReply {
    /// Its code.
    code: String,
    /// Its version.
    version: u32,
    /// Its name in Vietnamese.
    name_vi: String,
    /// Its name in English.
    name_en: String,
    /// On what it rests.
    legal_basis: String,
    /// The agency it belongs to.
    agency: String,
    /// Ways in which a dossier may come.
    #[schema(value_type = Vec<String>)]
    channels: Vec<dossier::contract::Channel>,
    /// JSON Schema of the form.
    #[schema(value_type = Object)]
    form: Value,
    /// The components of a dossier, and whether each is required.
    #[schema(value_type = Vec<Object>)]
    documents: Vec<dossier::law::Component>,
    /// The period by way of filing.
    #[schema(value_type = Object)]
    periods: Value,
}

/// The procedures in force today.
#[utoipa::path(
    get,
    path = "/v1/procedures",
    operation_id = "get_procedures",
    responses((status = 200, body = Vec<ProcedureReply>)),
)]
async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    request.permitted(&app.kit, READ_CATALOGUE)?;
    let now = app.kit.clock.now();
    let mut codes: Vec<_> = app.kit.law.procedures().map(|procedure| &procedure.code).collect();
    codes.dedup();
    let in_force = codes.into_iter().filter_map(|code| {
        let agency = app.kit.law.agencies().find(|agency| {
            app.kit.law.procedures().any(|p| p.code == *code && p.agency.covers(&agency.code))
        })?;
        let today = app.kit.law.calendar_of(&agency.code)?.date_of(now);
        app.kit.law.in_force(code, today).map(reply)
    });
    Ok(Reply::ok(&in_force.collect::<Vec<_>>()))
}

fn reply(procedure: &Procedure) -> ProcedureReply {
    ProcedureReply {
        code: procedure.code.to_string(),
        version: procedure.version,
        name_vi: procedure.name.vi.clone(),
        name_en: procedure.name.en.clone(),
        legal_basis: procedure.legal_basis.clone(),
        agency: procedure.agency.to_string(),
        channels: procedure.channels.clone(),
        form: procedure.form.clone(),
        documents: procedure.documents.clone(),
        periods: serde_json::to_value(&procedure.clock.budget).unwrap_or_default(),
    }
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint0(app, warp::get(), warp::path!("v1" / "procedures"), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
