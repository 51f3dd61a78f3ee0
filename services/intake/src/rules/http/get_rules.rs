//! All versions of the files of rules: issued, waiting for a signature, rejected, withdrawn, void
//! or passed over.

use std::sync::Arc;

use dossier::contract::{RulesIssued, RulesKind, Subject};
use dossier::law::takes_effect;
use dossier::rules::{READ, RulesStage, RulesVersion};
use engine::rulebook::PassedOver;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, Problem, Reply, Request};

use crate::rules::App;

/// Versions per page.
const PAGE_MAX: usize = 100;
const ADDRESS: &str = "/v1/rules";

/// Status of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RulesStatus {
    /// Waits for the signature of a second person, without which it is not law.
    AwaitingSignature,
    /// Law, in force from the day that the file states.
    Issued,
    /// Rejected by a second person.
    Rejected,
    /// Withdrawn before it was in force.
    Withdrawn,
    /// Issued, but not law: it contradicts a file that was recorded just before it.
    Void,
    /// Shipped with the program, but not issued: `reason` states why. The text is at its address
    /// with `?shipped=true`.
    PassedOver,
}

impl From<RulesStage> for RulesStatus {
    fn from(stage: RulesStage) -> Self {
        match stage {
            RulesStage::AwaitingSignature => Self::AwaitingSignature,
            RulesStage::Issued => Self::Issued,
            RulesStage::Rejected => Self::Rejected,
            RulesStage::Withdrawn => Self::Withdrawn,
            RulesStage::Void => Self::Void,
        }
    }
}

/// A version of a file of rules.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RulesVersionReply {
    /// Kind of the file.
    kind: RulesKind,
    /// Name of the file.
    #[schema(example = "CO.D")]
    name: String,
    /// Number of the version.
    version: u32,
    /// Status of the version.
    status: RulesStatus,
    /// Time at which it reached this status; absent for `passed_over`.
    since: Option<Timestamp>,
    /// First day in force; if absent, it is in force from the instant at which it was recorded.
    effective_from: Option<Date>,
    /// Subject who issued or proposed it.
    by: Option<Subject>,
    /// Subject who signed it as the second person.
    signed_by: Option<Subject>,
    /// Subject who proposed its withdrawal, where that needs a second person.
    withdrawal_by: Option<Subject>,
    /// Subject of the latest signature, rejection or withdrawal.
    settled_by: Option<Subject>,
    /// Reason why it was rejected, withdrawn, passed over, or is void.
    #[schema(example = "Nghị định mới")]
    reason: Option<String>,
    /// Citation of the law on which the file is based.
    #[schema(example = "31/2018/NĐ-CP")]
    legal_basis: String,
    /// Text of the file, as YAML; only if a single version is requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "procedure: CO.D")]
    text: Option<String>,
}

impl RulesVersionReply {
    pub(super) fn new(version: &RulesVersion, with_text: bool) -> Self {
        let RulesVersion { rules, stage, by, since, signed_by, withdrawal_by, settled_by, reason } =
            version;
        Self {
            signed_by: signed_by.clone(),
            withdrawal_by: withdrawal_by.clone(),
            status: (*stage).into(),
            since: Some(*since),
            by: Some(by.clone()),
            settled_by: settled_by.clone(),
            reason: reason.clone(),
            ..Self::head(rules, with_text)
        }
    }

    /// A shipped file that was not issued.
    pub(super) fn not_issued(passed: &PassedOver, with_text: bool) -> Self {
        let reason = Some(passed.why.clone());
        Self { reason, ..Self::head(&passed.rules, with_text) }
    }

    fn head(rules: &RulesIssued, with_text: bool) -> Self {
        Self {
            kind: rules.kind,
            name: rules.name.clone(),
            version: rules.version,
            status: RulesStatus::PassedOver,
            since: None,
            effective_from: takes_effect(rules),
            by: None,
            signed_by: None,
            withdrawal_by: None,
            settled_by: None,
            reason: None,
            legal_basis: rules.legal_basis.clone(),
            text: with_text.then(|| rules.text.clone()),
        }
    }

    /// Sort key of the list.
    fn key(&self) -> String {
        format!("{}.{}.{:010}.{:?}", self.kind.as_str(), self.name, self.version, self.status)
    }
}

/// Filter and page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RulesQuery {
    /// Only versions with this status.
    status: Option<RulesStatus>,
    /// Cursor from the `next` link.
    after: Option<String>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_rules", "List the versions of all files of rules")
        .describe("Ordered by kind, name and version; without the texts.")
        .roles(READ)
        .query::<RulesQuery>()
        .list::<RulesVersionReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let RulesQuery { status, after } = request.query()?;
    request.catch_up_law().await?;
    let rulebook = app.engine.rulebook();
    let cursors = Cursors::of(&request, &[ADDRESS, &format!("{status:?}")]);
    let after = after.as_deref().map(|after| cursors.read(after)).transpose()?;
    let register = rulebook.register();
    let recorded = register.values().flat_map(|rules| &rules.versions);
    let mut shown: Vec<RulesVersionReply> =
        recorded.map(|version| RulesVersionReply::new(version, false)).collect();
    let passed_over = rulebook.passed_over();
    shown.extend(passed_over.iter().map(|passed| RulesVersionReply::not_issued(passed, false)));
    shown.retain(|version| status.is_none_or(|status| version.status == status));
    shown.retain(|version| after.is_none_or(|after| *version.key() > *after));
    shown.sort_by_cached_key(RulesVersionReply::key);
    let more = shown.len() > PAGE_MAX;
    shown.truncate(PAGE_MAX);
    let next = shown.last().filter(|_| more);
    let next = next.map(|last| request.next_page(ADDRESS, &cursors.write(&last.key())));
    Ok(Reply::ok(&shown).next_page(next.as_deref()))
}
