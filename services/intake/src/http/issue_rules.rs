//! Issues a file of rules. The law: `libs/dossier/src/intake/issue_rules.rs`.

use std::sync::Arc;

use dossier::contract::{ProcedureRef, RulesKind};
use dossier::intake::issue_rules::{Refusal, STEP, decide, stream_id};
use dossier::law::{Law, rules};
use serde::{Deserialize, Serialize};
use service_kit::forms::Forms;
use service_kit::http::{Access, Problem, Reply, Request, Route, Target, Text, endpoint0, step};
use service_kit::rulebook::RulebookError;
use utoipa::ToSchema;

use crate::App;

/// A file of rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueRulesRequest {
    /// What it is about: `calendar`, `agencies`, `complaints`, `payments` or `procedure`.
    #[schema(value_type = String, example = "procedure")]
    kind: RulesKind,
    /// The file, as YAML.
    #[schema(value_type = String, min_length = 1, max_length = 60000)]
    text: Text<60_000>,
}

/// Rules that were issued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssueRulesReply {
    /// What they are about.
    #[schema(value_type = String)]
    kind: RulesKind,
    /// Their name.
    name: String,
    /// Their version.
    version: u32,
    /// On what they rest.
    legal_basis: String,
}

/// Issues a file of rules: from now on it belongs to the law by which everything is computed.
#[utoipa::path(
    post,
    path = "/v1/rules",
    operation_id = "issue_rules",
    request_body = IssueRulesRequest,
    responses((status = 201, body = IssueRulesReply)),
)]
async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let IssueRulesRequest { kind, text: Text(text) } = request.json()?;
    let invalid = |error| Problem::refused(&Refusal::Invalid(error));
    let issued = rules(kind, kind.as_str(), &text).map_err(invalid)?;
    let mut trial: Law = (*app.kit.law()).clone();
    if trial.take(&issued, None).is_ok() {
        // Before it is recorded: a form that is no schema could never be filled in.
        Forms::compile(&trial).map_err(|error| {
            let (file, reason) = (issued.name.clone(), error.to_string());
            invalid(dossier::law::InvalidLaw::Content { file, reason })
        })?;
    }
    // Rules are under no procedure and no agency.
    let (none, nobody) = (ProcedureRef { code: "".into(), version: 0 }, "".into());
    let id = stream_id(kind, &issued.name);
    let target = Target {
        id: &id,
        dossier: None,
        mays: STEP.may,
        seen: None,
        under: Some((&none, &nobody)),
    };
    let taken =
        step(&app.rules, &request, caller, target, |s, f| decide(s, kind, &text, f)).await?;
    app.kit.rulebook.catch_up(&app.kit.store).await.map_err(unavailable)?;
    let reply = IssueRulesReply {
        kind,
        name: issued.name,
        version: issued.version,
        legal_basis: issued.legal_basis,
    };
    Ok(Reply::created("/v1/procedures", &reply).version(taken.version).position(taken.position))
}

#[expect(clippy::needless_pass_by_value, reason = "called by map_err")]
fn unavailable(error: RulebookError) -> Problem {
    Problem::unavailable(&error.to_string())
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint0(app, Access::Roles(STEP.may), warp::path!("v1" / "rules"), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
