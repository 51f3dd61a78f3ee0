//! What the operations on rules have in common: how an address names a version, how it is shown,
//! and what is told of one that turned out to be no law.

use dossier::Command;
use dossier::contract::{RulesIssued, RulesKind};
use dossier::intake::sign_rules::Refusal;
use dossier::intake::{Rules, stream_id};
use dossier::law::Void;
use serde::de::DeserializeOwned;
use service_kit::Loaded;
use service_kit::http::{Problem, Reply, Request, execute_as, shown};

use super::get_rules::RulesVersionReply;
use crate::App;

/// Executes a command on a version, and shows the version as it is then.
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

/// Reads the law on behind a step that was recorded. What was recorded by another replica in the
/// same moment may contradict a file that is issued by it: whoever issued or signed that one is
/// told.
pub(super) async fn became_law(app: &App, rules: &Rules, version: u32) -> Result<(), Problem> {
    read_law(app).await?;
    match void(app, rules, version) {
        None => Ok(()),
        Some(void) => Err(Problem::refused(&Refusal::VersionVoid(void.reason))),
    }
}

/// Reads the law to its end, which may have been recorded by another replica.
pub(super) async fn read_law(app: &App) -> Result<(), Problem> {
    let caught_up = app.kit.rulebook.catch_up(&app.kit.store).await;
    caught_up.map_err(|error| Problem::unavailable(&error.to_string()))
}

/// The stream of a file that is named in an address.
pub(super) fn id(kind: &str, name: &str) -> Result<String, Problem> {
    let kind = serde_json::from_value::<RulesKind>(kind.into());
    Ok(stream_id(kind.map_err(|_| Problem::not_found())?, name))
}

/// The answer that shows a version, with its text.
pub(super) fn show(app: &App, loaded: &Loaded<Rules>, version: u32) -> Result<Reply, Problem> {
    let mut rules = loaded.state.clone();
    if let Some(void) = void(app, &rules, version) {
        rules.mark_void(version, &void.reason);
    }
    let known = rules.version(version);
    shown(loaded, known.map(|known| RulesVersionReply::new(known, true)))
}

/// Why a recorded version is no law, if it is none because of what it contradicts.
fn void(app: &App, rules: &Rules, version: u32) -> Option<Void> {
    let RulesIssued { kind, name, .. } = &rules.version(version)?.rules;
    app.kit.law().void(*kind, name, version).cloned()
}
