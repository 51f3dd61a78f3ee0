//! Withdraws a file of rules that is not in force yet. The law:
//! `libs/dossier/src/rules/withdraw_rules.rs`.

use std::sync::Arc;

use dossier::rules::sign_rules;
use dossier::rules::withdraw_rules::WithdrawRules;
use dossier::{Command, Refuse};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request, Text};

use super::get_rules::RulesVersionReply;
use super::rules_version::step_on;
use crate::rules::App;

/// The withdrawal of a version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawRulesRequest {
    /// Written reason.
    reason: Text<1000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/rules/{kind}/{name}/{version}/withdrawal", "withdraw_rules", "Withdraw a version that is not in force")
        .describe("Its number is not reused. Where two persons issue rules, an issued version remains in force until a second person withdraws it, too; `withdrawal_by` names the first one.")
        .parameter("kind", "The kind of the file.")
        .parameter("name", "The name of the file.")
        .parameter("version", "The number of the version.")
        .step(&WithdrawRules::STEP)
        // Another replica may meanwhile have recorded a file that the version contradicts.
        .refusals(&[sign_rules::Refusal::VersionVoid(String::new()).entry()])
        .body::<WithdrawRulesRequest>()
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
    let signers = app.signers;
    let withdraw = |body: WithdrawRulesRequest| {
        let Text(reason) = body.reason;
        WithdrawRules { version, reason, signers }
    };
    step_on(&app, (&kind, &name, version), &request, withdraw).await
}
