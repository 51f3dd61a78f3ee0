//! Issues the result. The law: `libs/dossier/src/delivery/issue_result.rs`.

use std::sync::Arc;

use dossier::contract::{DocumentName, DossierId, NamedDocument};
use dossier::delivery::issue_result::{STEP, decide};
use serde::Deserialize;
use service_kit::documents::Stored;
use service_kit::http::{Access, Line, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;

use super::reply::{DeliveryReply, take};
use crate::App;

/// A signed result.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueResultRequest {
    /// Its number.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    number: Line<100>,
    /// The name of the uploaded document.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    document: Option<Line<100>>,
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
    let who = (request.caller()?, STEP.may);
    let body: IssueResultRequest = request.json()?;
    let named = |name: Line<100>| ("/document".to_owned(), DocumentName::from(&*name.0));
    let named = body.document.map(named).into_iter().collect();
    let stored = kit.documents.to_be_named(kit, who, named).await?.pop();
    let document = stored.map(|Stored { name, sha256, .. }| {
        let sha256 = Some(sha256);
        NamedDocument { name, sha256 }
    });
    take(&app, STEP, dossier, &request, |body: &IssueResultRequest, state, facts| {
        decide(state, body.number.0.clone(), document.clone(), facts)
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
