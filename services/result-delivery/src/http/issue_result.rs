//! Issues the result. The law: `libs/dossier/src/delivery/issue_result.rs`.

use std::sync::Arc;

use dossier::contract::{DocumentName, DossierId};
use dossier::delivery::issue_result::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{
    Access, Problem, Reply, Request, Route, Text, UNKNOWN_DOCUMENT, endpoint1,
};
use utoipa::ToSchema;

use super::reply::{DeliveryReply, take};
use crate::App;

/// A signed result.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueResultRequest {
    /// Its number.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    number: Text<100>,
    /// The name of the uploaded document.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    document: Option<Text<100>>,
}

/// Issues the result.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{dossier}/result",
    operation_id = "issue_result",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = IssueResultRequest,
    responses((status = 200, body = DeliveryReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let kit = app.results.kit();
    if let Some(name) = request.json::<IssueResultRequest>()?.document
        && kit.documents.find(&DocumentName::from(&*name.0)).await?.is_none()
    {
        return Err(Problem::new(UNKNOWN_DOCUMENT).about(name.0));
    }
    take(&app, STEP, dossier, &request, |body: &IssueResultRequest, state, facts| {
        let document = body.document.as_ref().map(|name| DocumentName::from(&*name.0));
        decide(state, body.number.0.clone(), document, facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "deliveries" / DossierId / "result"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
