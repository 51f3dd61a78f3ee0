//! The next steps of a dossier in replies.

use calendar::Text;
use dossier::contract::{AgencyCode, Subject};
use dossier::law::Law;
use dossier::overview::{Task, TaskKind, WaitingOn};
use serde::Serialize;
use utoipa::ToSchema;

use super::Due;

/// Next steps of a dossier that are shown.
const NEXT_STEPS_MAX: usize = 20;

/// Something that somebody has to do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NextStep {
    /// Kind of step.
    pub kind: TaskKind,
    /// The step in a few words.
    pub title: Text,
    /// Who has to act.
    pub waiting_on: WaitingOn,
    /// The agency in which it has to be done.
    pub agency: AgencyCode,
    /// The agency that received the dossier for that one, if it may do it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver: Option<AgencyCode>,
    /// Code of the activity or duty, id of the consultation or proposal, or number of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "appraisal")]
    pub subject: Option<String>,
    /// The officer who has it; shown to officers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub officer: Option<Subject>,
    /// Legal basis of the step.
    #[schema(example = "61/2018/NĐ-CP Điều 17.3; Mẫu 01")]
    pub basis: &'static str,
    /// By when it must be done, if the law gives a period.
    #[serde(flatten)]
    #[schema(inline)]
    pub due: Due,
    /// Whether the period was recorded as missed.
    pub missed: bool,
}

impl NextStep {
    /// A task in words; the officer only for officers.
    #[must_use]
    pub fn of(task: &Task, law: &Law, for_officers: bool) -> Self {
        Self {
            kind: task.kind,
            title: task.kind.title(),
            waiting_on: task.kind.who(),
            agency: task.agency.clone(),
            receiver: task.receiver.clone(),
            subject: task.subject.clone(),
            officer: task.officer.clone().filter(|_| for_officers),
            basis: task.kind.step().basis,
            due: Due::of(law, &task.agency, task.due_at),
            missed: task.missed,
        }
    }

    /// The first tasks in words.
    #[must_use]
    pub fn all(tasks: &[Task], law: &Law, for_officers: bool) -> Vec<Self> {
        tasks.iter().take(NEXT_STEPS_MAX).map(|task| Self::of(task, law, for_officers)).collect()
    }
}
