//! Issues a file of rules. The law: `libs/dossier/src/rules/issue_rules.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::access::May;
use dossier::contract::{RulesIssued, RulesKind};
use dossier::law::{Draft, Finding, RULES_BYTES_MAX, rules, takes_effect};
use dossier::rules::issue_rules::{IssueRules, Refusal};
use dossier::rules::{Rules, RulesStage, stream_id};
use engine::forms::Forms;
use engine::{Engine, Streams};
use http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Language, On, Operation, Problem, Reply, Request, Text, preview, send};

use super::rules_version::became_law;
use crate::concerned::Counted;
use crate::rules::App;

/// A file of rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueRulesRequest {
    /// `calendar`, `agencies`, `complaints`, `payments`, `codes` or `procedure`.
    kind: RulesKind,
    /// Text of the file, as YAML.
    text: Text<{ RULES_BYTES_MAX }>,
}

/// Options of issuing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueRulesQuery {
    /// Whether to check the file without recording it. The status is then 200, and the reply
    /// describes the outcome.
    #[serde(default)]
    dry_run: bool,
}

/// Rules that were issued, or would be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssueRulesReply {
    /// Kind of the file.
    kind: RulesKind,
    /// Name of the file.
    #[schema(example = "CO.D")]
    name: String,
    /// Number of the version.
    version: u32,
    /// Citation of the law on which the file is based.
    #[schema(example = "31/2018/NĐ-CP")]
    legal_basis: String,
    /// First day in force; if absent, they are in force from the instant at which they are
    /// recorded.
    effective_from: Option<Date>,
    /// Whether they are recorded; false after a dry run, unless they were issued before.
    recorded: bool,
    /// Whether they are law only after a second person has signed them.
    awaiting_signature: bool,
    /// Number of open dossiers with an obligation that the file concerns; only in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_dossiers: Option<usize>,
    /// Number of these dossiers whose promised due instant would move, at once or on the first day
    /// of the file; only in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    dates_moved: Option<usize>,
    /// Whether there were more open dossiers than are examined, so that the two figures are too
    /// low; only in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_all_counted: Option<bool>,
    /// Findings that do not prevent issuing, such as an automatic answer that no dossier can get.
    warnings: Vec<RulesWarning>,
}

/// A finding that does not prevent issuing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RulesWarning {
    /// Place in the file, as a JSON Pointer; empty if it is elsewhere in the law.
    #[schema(example = "/fees/0")]
    pointer: String,
    /// Description of the finding, in the caller's language.
    #[schema(example = "the tariff ends before the procedure")]
    detail: String,
}

impl IssueRulesReply {
    fn new(
        rules: RulesIssued,
        recorded: bool,
        awaiting_signature: bool,
        warnings: Vec<RulesWarning>,
    ) -> Self {
        let effective_from = takes_effect(&rules);
        let RulesIssued { kind, name, version, legal_basis, .. } = rules;
        Self {
            kind,
            name,
            version,
            legal_basis,
            effective_from,
            recorded,
            awaiting_signature,
            open_dossiers: None,
            dates_moved: None,
            not_all_counted: None,
            warnings,
        }
    }

    fn counted(self, counted: Counted) -> Self {
        Self {
            open_dossiers: Some(counted.concerned),
            dates_moved: Some(counted.moved),
            not_all_counted: Some(counted.cut_off),
            ..self
        }
    }
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/rules", "issue_rules", "Issue a file of rules")
        .describe(
            "It belongs to the law as soon as it is recorded. Where two persons issue rules, it is a proposal until another operator \
             signs it. All findings come at once, each with its place in the file. With `dry_run=true` nothing is recorded, and the \
             open dossiers are counted that the file concerns.",
        )
        .step(&IssueRules::STEP)
        .query::<IssueRulesQuery>()
        .body::<IssueRulesRequest>()
        .created::<IssueRulesReply>()
        .also(StatusCode::OK, "A dry run: nothing is recorded.")
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let IssueRulesQuery { dry_run } = request.query()?;
    let IssueRulesRequest { kind, text: Text(text) } = request.json()?;
    // The name determines the stream; a file without a name is invalid.
    let Ok(issued) = rules(kind, kind.as_str(), &text) else {
        return Err(unnamed(&app.engine, kind, &text));
    };
    let language = request.language();
    let warnings = app.engine.law().warnings_of(&issued, app.engine.clock.now());
    let warnings = warnings.into_iter().map(|Finding { pointer, vi, en, .. }| RulesWarning {
        pointer,
        detail: if language == Language::English { en } else { vi },
    });
    let warnings = warnings.collect();
    let form = form_of(kind, &text);
    let signers = app.signers;
    let command = IssueRules { kind, text, form, signers };
    let id = stream_id(kind, &issued.name);
    let on = On::stream(&id, None).beginning_without_law();
    if dry_run {
        let would_be = preview(&app.rules, &request, on, &command).await?;
        let recorded = would_be.is_none_or(|events| events.is_empty());
        let waits = if recorded { awaits(&app, &id, issued.version).await? } else { signers > 1 };
        let counted = if recorded { Counted::default() } else { app.open.count(&issued).await? };
        let reply = IssueRulesReply::new(issued, recorded, waits, warnings);
        return Ok(Reply::ok(&reply.counted(counted)));
    }
    let taken = send(&app.rules, &request, on, &command).await?;
    became_law(&app, &taken.state, issued.version).await?;
    let version = taken.state.version(issued.version);
    let waits = version.is_some_and(|known| known.stage == RulesStage::AwaitingSignature);
    let at = format!("/v1/rules/{}/{}/{}", kind.as_str(), issued.name, issued.version);
    let reply = IssueRulesReply::new(issued, true, waits, warnings);
    Ok(Reply::created(&at, &reply).version(taken.version).position(taken.position))
}

/// Findings of the check of a procedure's form as a JSON Schema.
fn form_of(kind: RulesKind, text: &str) -> Vec<Finding> {
    if kind == RulesKind::Procedure { Forms::findings(text) } else { Vec::new() }
}

/// The file as issuing would record it, and whether it is recorded already. Nothing is recorded.
///
/// # Errors
///
/// All that issuing would refuse.
pub(crate) async fn tried(
    (engine, streams): (&Engine, &Streams<Rules>),
    request: &Request,
    (kind, text, signers): (RulesKind, String, u8),
    mays: &[May],
) -> Result<(RulesIssued, bool), Problem> {
    let Ok(issued) = rules(kind, kind.as_str(), &text) else {
        return Err(unnamed(engine, kind, &text));
    };
    let form = form_of(kind, &text);
    let command = IssueRules { kind, text, form, signers };
    let id = stream_id(kind, &issued.name);
    let on = On::stream(&id, None).beginning_without_law().by(mays);
    let would_be = preview(streams, request, on, &command).await?;
    Ok((issued, would_be.is_none_or(|events| events.is_empty())))
}

/// Whether a recorded version waits for a second signature.
async fn awaits(app: &App, id: &str, version: u32) -> Result<bool, Problem> {
    let stream = Streams::<Rules>::name(id).map_err(|_| Problem::not_found())?;
    let known = app.rules.load(&stream).await?;
    let known = known.state.version(version);
    Ok(known.is_some_and(|known| known.stage == RulesStage::AwaitingSignature))
}

/// The findings in a file that does not contain its name.
fn unnamed(engine: &Engine, kind: RulesKind, text: &str) -> Problem {
    let draft = Draft { kind, text, version: None };
    let found = draft.check(&engine.law(), engine.clock.now()).err().unwrap_or_default();
    Problem::refused(&Refusal::Invalid(found))
}
