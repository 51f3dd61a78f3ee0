//! Files of rules in every version: the law, what waits to become it, and what never will.

use std::sync::Arc;

use dossier::contract::{RulesIssued, RulesKind, Subject};
use dossier::intake::{READ_RULES, RulesStage, RulesVersion};
use dossier::law::takes_effect;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use service_kit::http::{Cursors, Operation, Problem, Reply, Request};
use service_kit::rulebook::PassedOver;
use utoipa::ToSchema;

use crate::App;

/// Versions shown at once.
const PAGE_MAX: usize = 100;
const ADDRESS: &str = "/v1/rules";

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RulesStatus {
    /// A second person has to sign it before it is law.
    AwaitingSignature,
    /// It is law, in force from the day that it says.
    Issued,
    /// A second person did not sign it.
    Rejected,
    /// It was taken back before it was in force.
    Withdrawn,
    /// It was issued and is no law, because it contradicts a file that was recorded just before it.
    Void,
    /// It came with the program and was not issued: `reason` says why, and `?shipped=true` behind its address shows what it says.
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
    /// What it is about.
    kind: RulesKind,
    /// Its name.
    #[schema(example = "CO.D")]
    name: String,
    /// Its number.
    version: u32,
    /// Where it stands.
    status: RulesStatus,
    /// Since when; absent for what was passed over.
    since: Option<Timestamp>,
    /// The first day on which it is in force; from when it was recorded if absent.
    effective_from: Option<Date>,
    /// Who issued or proposed it.
    by: Option<Subject>,
    /// Who signed it as the second person.
    signed_by: Option<Subject>,
    /// Who wants it withdrawn, where a second person has to agree.
    withdrawal_by: Option<Subject>,
    /// Who signed, rejected or withdrew it, whatever happened last.
    settled_by: Option<Subject>,
    /// Why it was rejected, withdrawn or passed over, or is no law.
    #[schema(example = "Nghị định mới")]
    reason: Option<String>,
    /// On what it rests.
    #[schema(example = "31/2018/NĐ-CP")]
    legal_basis: String,
    /// The file; only where one version is asked for.
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

    /// What the list is sorted by.
    fn key(&self) -> String {
        format!("{}.{}.{:010}.{:?}", self.kind.as_str(), self.name, self.version, self.status)
    }
}

/// Which versions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RulesQuery {
    /// Only those that stand there.
    status: Option<RulesStatus>,
    /// The cursor of the `next` link.
    after: Option<String>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_rules", "List the versions of all files of rules")
        .describe("In the order of kind, name and version, without their texts.")
        .roles(READ_RULES)
        .query::<RulesQuery>()
        .list::<RulesVersionReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let RulesQuery { status, after } = request.query()?;
    request.catch_up_law(&app.kit).await?;
    let rulebook = &app.kit.rulebook;
    let cursors = Cursors::of(&app.kit, &[ADDRESS, &format!("{status:?}")]);
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
