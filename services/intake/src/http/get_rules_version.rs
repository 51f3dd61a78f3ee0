//! One version of a file of rules, with its text.

use std::sync::Arc;

use dossier::contract::{LawEvent, RulesIssued, RulesKind};
use dossier::intake::sign_rules::Refusal;
use dossier::intake::{READ_RULES, Rules, stream_id};
use dossier::law::Void;
use dossier::{Facts, Refuse, Step};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use service_kit::Loaded;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint3, read, shown, take};
use service_kit::rulebook::PassedOver;

use super::get_rules::RulesVersionReply;
use super::issue_rules::unavailable;
use crate::App;

/// How an address names a version of a file of rules.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct VersionPath {
    /// What it is about
    #[expect(dead_code, reason = "for the document alone; the address is read by its path")]
    kind: String,
    /// Its name
    #[expect(dead_code, reason = "for the document alone")]
    name: String,
    /// Its number
    #[expect(dead_code, reason = "for the document alone")]
    version: u32,
}

/// Which text.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RulesVersionQuery {
    /// Whether what came with the program under this number and was passed over is meant, and not what stands in the log.
    #[serde(default)]
    #[param(required = false)]
    shipped: bool,
}

/// One version of a file of rules, with its text: what a second person reads before signing it.
#[utoipa::path(
    get,
    path = "/v1/rules/{kind}/{name}/{version}",
    operation_id = "get_rules_version",
    params(VersionPath, RulesVersionQuery),
    responses((status = 200, body = RulesVersionReply)),
)]
async fn handle(
    app: Arc<App>,
    kind: String,
    name: String,
    version: u32,
    request: Request,
) -> Result<Reply, Problem> {
    let RulesVersionQuery { shipped } = request.query()?;
    let id = id(&kind, &name)?;
    if shipped {
        request.catch_up_law(&app.kit).await?;
        let passed_over = app.kit.rulebook.passed_over();
        let meant = passed_over.iter().find(|PassedOver { rules, .. }| {
            (stream_id(rules.kind, &rules.name), rules.version) == (id.clone(), version)
        });
        let meant = meant.ok_or_else(Problem::not_found)?;
        return Ok(Reply::ok(&RulesVersionReply::not_issued(meant, true)));
    }
    let loaded = read(&app.rules, READ_RULES, &id, &request).await?;
    one(&app, &loaded, version)
}

/// Takes a step on a version, and shows it as it is then.
pub(super) async fn stepped<B: DeserializeOwned + Sync, R: Refuse>(
    app: &App,
    step: Step,
    (kind, name, version): (&str, &str, u32),
    request: &Request,
    decide: impl Fn(&B, &Rules, &Facts<'_>) -> Result<Vec<LawEvent>, R>,
) -> Result<Reply, Problem> {
    let id = id(kind, name)?;
    let loaded = take(&app.rules, step, (&id, None), request, decide).await?;
    app.kit.rulebook.catch_up(&app.kit.store).await.map_err(unavailable)?;
    // Only one that was signed can have become no law in the same moment.
    if let Some(void) = void(app, &loaded.state, version) {
        return Err(Problem::refused(&Refusal::VersionVoid(void.reason)));
    }
    one(app, &loaded, version)
}

/// The stream of a file that is named in an address.
fn id(kind: &str, name: &str) -> Result<String, Problem> {
    let kind = serde_json::from_value::<RulesKind>(kind.into());
    Ok(stream_id(kind.map_err(|_| Problem::not_found())?, name))
}

/// The answer that shows a version.
fn one(app: &App, loaded: &Loaded<Rules>, version: u32) -> Result<Reply, Problem> {
    let mut rules = loaded.state.clone();
    if let Some(void) = void(app, &rules, version) {
        rules.mark_void(version, &void.reason);
    }
    let known = rules.version(version);
    shown(loaded, known.map(|known| RulesVersionReply::new(known, true)))
}

/// Why a recorded version is no law, if it is none because of what it contradicts.
pub(super) fn void(app: &App, rules: &Rules, version: u32) -> Option<Void> {
    let RulesIssued { kind, name, .. } = &rules.version(version)?.rules;
    app.kit.law().void(*kind, name, version).cloned()
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "rules" / String / String / u32);
    endpoint3(app, Access::Roles(READ_RULES), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
