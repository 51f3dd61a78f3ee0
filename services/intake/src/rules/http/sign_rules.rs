//! A second person signs a proposed file of rules. The law:
//! `libs/dossier/src/rules/sign_rules.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::rules::sign_rules::SignRules;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use super::get_rules::RulesVersionReply;
use super::rules_version::step_on;
use crate::rules::App;

/// An empty object.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignRulesRequest {}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/rules/{kind}/{name}/{version}/signature",
        "sign_rules",
        "Sign a proposed version",
    )
    .describe("The version takes effect. The signer must not be the proposer.")
    .parameter("kind", "The kind of the file.")
    .parameter("name", "The name of the file.")
    .parameter("version", "The number of the version.")
    .step(&SignRules::STEP)
    .body::<SignRulesRequest>()
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
    let sign = |_: SignRulesRequest| SignRules { version };
    step_on(&app, (&kind, &name, version), &request, sign).await
}
