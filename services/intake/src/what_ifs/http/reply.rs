//! Replies that show a what-if, and which process has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use dossier::RefusalEntry;
use dossier::contract::{AgencyCode, Channel, ProcedureCode, RulesKind};
use dossier::law::{Budget, Text};
use engine::what_if::{Effect, Tally};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Problem, Request};

use crate::what_ifs::App;
use crate::what_ifs::jobs::{Job, Stage};

/// Another replica has the job. Repetitions reach it sooner or later.
pub(super) const ELSEWHERE: RefusalEntry = RefusalEntry {
    status: 404,
    code: "what-if-elsewhere",
    vi: "bản sao này của dịch vụ không giữ kết quả này: hãy thử lại, vì bản sao khác có thể đang giữ",
    en: "this replica of the service does not run this trial; retry, because another one may",
};

/// The change of the law.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct AskedReply {
    /// Code of the procedure; absent for a calendar and an outage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) procedure: Option<ProcedureCode>,
    /// The channel whose period changes; all if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<Channel>,
    /// The new period; absent for a file of rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) period: Option<Budget>,
    /// The file of rules; absent for a period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rules: Option<AskedRulesReply>,
    /// The outage that would be declared; absent for another change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outage: Option<AskedOutageReply>,
}

/// An outage that is tried.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AskedOutageReply {
    /// Code of the affected agency.
    pub(super) agency: AgencyCode,
    pub(super) from: Timestamp,
    /// Its end, or the present time if that is not known.
    pub(super) to: Timestamp,
}

/// A file of rules that is tried.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AskedRulesReply {
    pub(super) kind: RulesKind,
    /// Name of the file.
    #[schema(example = "CO.D")]
    pub(super) name: String,
    /// Number of the version.
    pub(super) version: u32,
    /// Whether this version is recorded already.
    pub(super) recorded: bool,
}

/// How far a what-if is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhatIfStage {
    Running,
    Done,
    Failed,
    Cancelled,
}

/// A change of the law that is or was tried, how far it is, and what it moves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WhatIfReply {
    /// Id of the what-if.
    #[schema(example = "5d1f0a2b-018fd2c46a3e5b7a9c412f0c3a1b5d6e")]
    what_if: String,
    asked: AskedReply,
    stage: WhatIfStage,
    started_at: Timestamp,
    /// When it ended; null while it runs.
    ended_at: Option<Timestamp>,
    /// When the result is dropped; null while it runs.
    expires_at: Option<Timestamp>,
    /// The part of the log that was computed.
    #[schema(minimum = 0, maximum = 100)]
    percent: u64,
    /// Dossiers within the caller's reach that were computed so far.
    dossiers: u64,
    /// Why it failed; null if it did not.
    failure: Option<Text>,
    /// Figures by procedure; empty until it is done.
    procedures: Vec<WhatIfProcedureReply>,
    /// Dossiers whose date would move, by effect: those found so far.
    moved: BTreeMap<Effect, u64>,
}

/// The dossiers of one procedure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WhatIfProcedureReply {
    procedure: ProcedureCode,
    /// Its name in both languages; null if the procedure is not known.
    name: Option<Text>,
    figures: Tally,
}

impl WhatIfReply {
    pub(super) fn of(app: &App, job: &Job) -> Self {
        let (stage, law) = (job.stage(), app.engine.law());
        let (ended_at, expires_at) = (stage.ended_at(), stage.expires_at());
        let (through, head) = (job.watch.through().0, job.head.0.max(1));
        let percent = (u128::from(through) * 100 / u128::from(head)).min(100);
        let running = u64::try_from(percent).unwrap_or(100);
        let named = |code: &ProcedureCode| {
            let versions = law.procedures().filter(|procedure| procedure.code == *code);
            versions.last().map(|procedure| procedure.name.clone())
        };
        let (shown, percent, failure, report) = match stage {
            Stage::Running => (WhatIfStage::Running, running.min(99), None, None),
            Stage::Done { report, .. } => (WhatIfStage::Done, 100, None, Some(report)),
            Stage::Failed { why, .. } => (WhatIfStage::Failed, running, Some(why), None),
            Stage::Cancelled { .. } => (WhatIfStage::Cancelled, running, None, None),
        };
        let procedures = report.iter().flat_map(|report| report.procedures());
        let procedures = procedures.map(|(code, figures)| WhatIfProcedureReply {
            procedure: code.clone(),
            name: named(code),
            figures: figures.clone(),
        });
        Self {
            what_if: job.begun.id.clone(),
            asked: job.begun.asked.clone(),
            stage: shown,
            started_at: job.started_at,
            ended_at,
            expires_at,
            percent,
            dossiers: job.watch.dossiers(),
            failure,
            procedures: procedures.collect(),
            moved: job.found().counts,
        }
    }
}

/// The first part of the ids of this process's jobs.
fn prefix(app: &App) -> &str {
    let holder = app.engine.holder();
    holder.get(..8).unwrap_or(holder)
}

/// The id of a job of this process.
pub(super) fn id_of(app: &App, job: Uuid) -> String {
    format!("{}-{}", prefix(app), job.simple())
}

/// The caller's job with this id.
pub(super) fn job(app: &App, id: &str, request: &Request) -> Result<Arc<Job>, Problem> {
    let caller = request.caller()?;
    let found = app.jobs.find(id, &caller.subject, app.engine.clock.now());
    found.ok_or_else(|| match id.rsplit_once('-') {
        Some((of, job)) if of != prefix(app) && job.parse::<Uuid>().is_ok() => {
            Problem::at_once(ELSEWHERE)
        }
        _ => Problem::not_found(),
    })
}
