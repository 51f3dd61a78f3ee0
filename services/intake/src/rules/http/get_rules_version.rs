//! One version of a file of rules, with its text.

use std::sync::Arc;

use dossier::rules::{READ, stream_id};
use engine::rulebook::PassedOver;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request, read};

use super::get_rules::RulesVersionReply;
use super::rules_version::{id, read_law, show};
use crate::rules::App;

/// Recorded or shipped text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RulesVersionQuery {
    /// Whether to return the shipped file with this number that was passed over, instead of the
    /// recorded version.
    #[serde(default)]
    shipped: bool,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/rules/{kind}/{name}/{version}",
        "get_rules_version",
        "Show a version of a file of rules with its text",
    )
    .describe("For example to read it before signing it.")
    .parameter("kind", "The kind of the file.")
    .parameter("name", "The name of the file.")
    .parameter("version", "The number of the version.")
    .roles(READ)
    .query::<RulesVersionQuery>()
    .versioned()
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
    let RulesVersionQuery { shipped } = request.query()?;
    let id = id(&kind, &name)?;
    read_law(&app).await?;
    if shipped {
        let passed_over = app.engine.rulebook().passed_over();
        let meant = passed_over.iter().find(|PassedOver { rules, .. }| {
            (stream_id(rules.kind, &rules.name), rules.version) == (id.clone(), version)
        });
        let meant = meant.ok_or_else(Problem::not_found)?;
        return Ok(Reply::ok(&RulesVersionReply::not_issued(meant, true)));
    }
    let loaded = read(&app.rules, READ, &id, &request).await?;
    show(&app, &loaded, version)
}
