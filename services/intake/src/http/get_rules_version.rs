//! One version of a file of rules, with its text.

use std::sync::Arc;

use dossier::contract::RulesKind;
use dossier::intake::{READ_RULES, Rules, stream_id};
use service_kit::Loaded;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint3, read, shown};

use super::get_rules::RulesVersionReply;
use crate::App;

/// One version of a file of rules, with its text: what a second person reads before signing it.
#[utoipa::path(
    get,
    path = "/v1/rules/{kind}/{name}/{version}",
    operation_id = "get_rules_version",
    params(
        ("kind" = String, Path, description = "What it is about"),
        ("name" = String, Path, description = "Its name"),
        ("version" = u32, Path, description = "Its number"),
    ),
    responses((status = 200, body = RulesVersionReply)),
)]
async fn handle(
    app: Arc<App>,
    kind: String,
    name: String,
    version: u32,
    request: Request,
) -> Result<Reply, Problem> {
    let id = id(&kind, &name)?;
    let loaded = read(&app.rules, READ_RULES, &id, &request).await?;
    one(&loaded, version)
}

/// The stream of a file that is named in an address.
pub(super) fn id(kind: &str, name: &str) -> Result<String, Problem> {
    let kind = serde_json::from_value::<RulesKind>(kind.into());
    Ok(stream_id(kind.map_err(|_| Problem::not_found())?, name))
}

/// The answer that shows a version.
pub(super) fn one(loaded: &Loaded<Rules>, version: u32) -> Result<Reply, Problem> {
    let known = loaded.state.version(version);
    shown(loaded, known.map(|known| RulesVersionReply::new(known, true)))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "rules" / String / String / u32);
    endpoint3(app, Access::Roles(READ_RULES), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
