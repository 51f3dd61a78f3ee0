//! A second person rejects a proposed file of rules. The law:
//! `libs/dossier/src/rules/reject_rules.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::rules::reject_rules::RejectRules;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request, Text};

use super::get_rules::RulesVersionReply;
use super::rules_version::step_on;
use crate::rules::App;

/// The rejection of a proposed version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectRulesRequest {
    /// Written reason.
    reason: Text<1000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/rules/{kind}/{name}/{version}/rejection",
        "reject_rules",
        "Reject a proposed version",
    )
    .describe("The caller must not be the proposer.")
    .parameter("kind", "The kind of the file.")
    .parameter("name", "The name of the file.")
    .parameter("version", "The number of the version.")
    .step(&RejectRules::STEP)
    .body::<RejectRulesRequest>()
    .reply::<RulesVersionReply>()
    .handle(handle)
}

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
