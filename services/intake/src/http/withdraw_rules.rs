//! Takes a file of rules back that is not in force yet. The law: `libs/dossier/src/intake/withdraw_rules.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::intake::withdraw_rules::WithdrawRules;
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint3};
use utoipa::ToSchema;

use super::get_rules::RulesVersionReply;
use super::rules_version::{VersionPath, step_on};
use crate::App;

/// Why it is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawRulesRequest {
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 1000)]
    reason: Text<1000>,
}

/// Withdraws a file of rules before it is in force; its number stays used. Where two persons issue rules, one that was issued stays
/// law until a second person withdraws it too: `withdrawal_by` then says who did so first.
#[utoipa::path(
    post,
    path = "/v1/rules/{kind}/{name}/{version}/withdrawal",
    operation_id = "withdraw_rules",
    params(VersionPath),
    request_body = WithdrawRulesRequest,
    responses((status = 200, body = RulesVersionReply)),
)]
async fn handle(
    app: Arc<App>,
    kind: String,
    name: String,
    version: u32,
    request: Request,
) -> Result<Reply, Problem> {
    let signers = app.kit.rule_signers;
    let withdraw = |body: WithdrawRulesRequest| {
        let Text(reason) = body.reason;
        WithdrawRules { version, reason, signers }
    };
    step_on(&app, (&kind, &name, version), &request, withdraw).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "rules" / String / String / u32 / "withdrawal");
    endpoint3(app, Access::Roles(WithdrawRules::STEP.may), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
