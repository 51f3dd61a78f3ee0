//! Shared functions of the operations on rules: addresses of versions, replies, and the refusal of
//! versions that turned out to be void.

use dossier::Command;
use dossier::contract::{RulesIssued, RulesKind};
use dossier::law::Void;
use dossier::rules::sign_rules::Refusal;
use dossier::rules::{Rules, stream_id};
use engine::Loaded;
use serde::de::DeserializeOwned;
use web::{Problem, Reply, Request, execute_as, shown};

use super::get_rules::RulesVersionReply;
use crate::rules::App;

/// Executes a command on a version, and returns the version afterwards.
pub(super) async fn step_on<B: DeserializeOwned, C: Command<State = Rules>>(
    app: &App,
    (kind, name, version): (&str, &str, u32),
    request: &Request,
    command: impl FnOnce(B) -> C,
) -> Result<Reply, Problem> {
    let id = id(kind, name)?;
    let loaded = execute_as(&app.rules, (&id, None), request, command).await?;
    became_law(app, &loaded.state, version).await?;
    show(app, &loaded, version)
}

/// Reads the law up to a recorded step. If another replica recorded a contradicting file at the
/// same time, the version is void, and its issuer or signer gets an error.
pub(super) async fn became_law(app: &App, rules: &Rules, version: u32) -> Result<(), Problem> {
    read_law(app).await?;
    match void(app, rules, version) {
        None => Ok(()),
        Some(void) => Err(Problem::refused(&Refusal::VersionVoid(void.reason))),
    }
}

/// Reads the law up to its head, including the events of other replicas.
pub(super) async fn read_law(app: &App) -> Result<(), Problem> {
    Ok(app.engine.catch_up_law().await?)
}

/// Stream id of the file in an address.
pub(super) fn id(kind: &str, name: &str) -> Result<String, Problem> {
    let kind = serde_json::from_value::<RulesKind>(kind.into());
    Ok(stream_id(kind.map_err(|_| Problem::not_found())?, name))
}

/// The reply with a version and its text.
pub(super) fn show(app: &App, loaded: &Loaded<Rules>, version: u32) -> Result<Reply, Problem> {
    let mut rules = loaded.state.clone();
    if let Some(void) = void(app, &rules, version) {
        rules.mark_void(version, &void.reason);
    }
    let known = rules.version(version);
    shown(loaded, known.map(|known| RulesVersionReply::new(known, true)))
}

/// The reason why a recorded version is void, if it contradicts other law.
fn void(app: &App, rules: &Rules, version: u32) -> Option<Void> {
    let RulesIssued { kind, name, .. } = &rules.version(version)?.rules;
    app.engine.law().void(*kind, name, version).cloned()
}
