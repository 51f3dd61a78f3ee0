//! Asks the applicant to complete a dossier: everything at once. The law: `libs/dossier/src/intake/request_supplement.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{ComponentCode, DossierId};
use dossier::intake::request_supplement::RequestSupplement;
use serde::Deserialize;
use service_kit::http::{
    Access, Problem, Reply, Request, Route, Text, endpoint1, execute_as, shown,
};
use utoipa::ToSchema;

use super::reply::DossierReply;
use crate::App;

/// Everything that is missing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestSupplementRequest {
    /// The components, as the procedure names them; none if only the form is to be corrected.
    #[schema(value_type = Vec<String>, max_items = 100)]
    components: Vec<ComponentCode>,
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Text<2000>,
}

/// Asks the applicant to complete a dossier: everything at once.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/supplement-requests",
    operation_id = "request_supplement",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RequestSupplementRequest,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let command = |body: RequestSupplementRequest| RequestSupplement {
        components: body.components,
        reason: body.reason.personal(),
        asked_by: None,
    };
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute_as(&app.dossiers, id, &request, command).await?;
    shown(&loaded, DossierReply::new(&loaded.state, &app.kit.law()))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(RequestSupplement::STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "supplement-requests"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
