//! A second person does not sign a proposed file of rules. The law: `libs/dossier/src/intake/reject_rules.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::intake::reject_rules::RejectRules;
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint3};
use utoipa::ToSchema;

use super::get_rules::RulesVersionReply;
use super::rules_version::{VersionPath, step_on};
use crate::App;

/// Why it is not signed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectRulesRequest {
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 1000)]
    reason: Text<1000>,
}

/// Rejects a proposed file of rules.
#[utoipa::path(
    post,
    path = "/v1/rules/{kind}/{name}/{version}/rejection",
    operation_id = "reject_rules",
    params(VersionPath),
    request_body = RejectRulesRequest,
    responses((status = 200, body = RulesVersionReply)),
)]
async fn handle(
    app: Arc<App>,
    kind: String,
    name: String,
    version: u32,
    request: Request,
) -> Result<Reply, Problem> {
    let reject = |body: RejectRulesRequest| RejectRules { version, reason: body.reason.0 };
    step_on(&app, (&kind, &name, version), &request, reject).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "rules" / String / String / u32 / "rejection");
    endpoint3(app, Access::Roles(RejectRules::STEP.may), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
