//! One version of a file of rules, with its text.

use std::sync::Arc;

use dossier::intake::{READ_RULES, stream_id};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint3, read};
use service_kit::rulebook::PassedOver;

use super::get_rules::RulesVersionReply;
use super::rules_version::{VersionPath, id, read_law, show};
use crate::App;

/// Which text.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RulesVersionQuery {
    /// Whether what came with the program under this number and was passed over is meant, and not
    /// what stands in the log.
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
    read_law(&app).await?;
    if shipped {
        let passed_over = app.kit.rulebook.passed_over();
        let meant = passed_over.iter().find(|PassedOver { rules, .. }| {
            (stream_id(rules.kind, &rules.name), rules.version) == (id.clone(), version)
        });
        let meant = meant.ok_or_else(Problem::not_found)?;
        return Ok(Reply::ok(&RulesVersionReply::not_issued(meant, true)));
    }
    let loaded = read(&app.rules, READ_RULES, &id, &request).await?;
    show(&app, &loaded, version)
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "rules" / String / String / u32);
    endpoint3(app, Access::Roles(READ_RULES), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
