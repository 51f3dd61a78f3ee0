//! A second person signs a proposed file of rules. The law: `libs/dossier/src/intake/sign_rules.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::intake::sign_rules::SignRules;
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint3};
use utoipa::ToSchema;

use super::get_rules::RulesVersionReply;
use super::rules_version::{VersionPath, step_on};
use crate::App;

/// Nothing has to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignRulesRequest {}

/// Signs a proposed file of rules: it is law from now on. Who signs is somebody else than who proposed it.
#[utoipa::path(
    post,
    path = "/v1/rules/{kind}/{name}/{version}/signature",
    operation_id = "sign_rules",
    params(VersionPath),
    request_body = SignRulesRequest,
    responses((status = 200, body = RulesVersionReply)),
)]
async fn handle(
    app: Arc<App>,
    kind: String,
    name: String,
    version: u32,
    request: Request,
) -> Result<Reply, Problem> {
    let sign = |_: SignRulesRequest| SignRules { version };
    step_on(&app, (&kind, &name, version), &request, sign).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "rules" / String / String / u32 / "signature");
    endpoint3(app, Access::Roles(SignRules::STEP.may), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
