//! Who has a dossier and what must happen next, as pure functions of its states in all services.
//! Lists, work queues and replies show what these functions return; nothing else decides it.
//!
//! [`DossierStates`] folds the events of the streams of a dossier. [`Overview::of`] derives
//! its stage, its status by the national portal's numbers, and its open [`Task`]s: whatever an
//! officer, the applicant or a partner has to do. [`Overview::waiting_on`] follows from the tasks.

use jiff::Timestamp;

use crate::access::{May, agency, any, consulted, informed, own};
use crate::contract::{AgencyCode, Role};
use crate::law::Law;

mod after;
mod kinds;
mod messages;
mod money;
mod open;
mod states;
mod status;
mod task;

pub use kinds::TaskKind;
pub use states::{DossierEvent, DossierStates};
pub use status::{DossierFlags, DossierStage};
pub use task::{Task, WaitingOn};

/// Permissions to list dossiers: applicants their own, officers those of their agency.
pub const LIST: &[May] = &[
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Cashier),
    agency(Role::Auditor),
    any(Role::Operator),
    own(Role::Applicant),
    informed(Role::Clerk),
    informed(Role::Cashier),
];

/// Permissions to find a dossier by its code: of those who list dossiers, and of complaint
/// handlers, to whom a caller names it.
pub const FIND: &[May] = &[
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Cashier),
    agency(Role::ComplaintHandler),
    agency(Role::Auditor),
    any(Role::Operator),
    own(Role::Applicant),
    informed(Role::Clerk),
    informed(Role::Cashier),
];

/// Permissions to list the open tasks of the officers of an agency.
pub const READ_WORK: &[May] = &[
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Cashier),
    agency(Role::Auditor),
    consulted(Role::Consultee),
    any(Role::Operator),
];

/// Who has a dossier, and what must happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    pub stage: DossierStage,
    /// The status as the national portal numbers it, from 1 to 10.
    pub status: u8,
    /// The open tasks: those without which the dossier does not go on first, then the soonest due.
    pub tasks: Vec<Task>,
    pub flags: DossierFlags,
    /// The appointment: when the decision is due; absent until it is promised.
    pub due_at: Option<Timestamp>,
    /// Whether the dossier still has to be decided, delivered or closed.
    pub is_open: bool,
}

impl Overview {
    /// The overview by the law at `at`; `None` if nothing was submitted.
    #[must_use]
    pub fn of(states: &DossierStates, law: &Law, at: Timestamp) -> Option<Self> {
        let brief = &states.intake.submission.as_ref()?.brief;
        let stage = DossierStage::of(&states.intake)?;
        let rule = law.rule(&brief.procedure, &brief.agency, at);
        let mut tasks = open::tasks(states, brief, rule);
        tasks.sort_by_key(Task::order);
        Some(Self {
            stage,
            status: status::national(states),
            tasks,
            flags: DossierFlags::of(states),
            due_at: states.intake.promised.as_ref().map(|promised| promised.promise.due_at),
            is_open: stage.is_open(),
        })
    }

    /// The task on which the dossier waits.
    #[must_use]
    pub fn awaited(&self) -> Option<&Task> {
        self.tasks.first().filter(|task| task.blocks || !self.is_open && !task.kind.is_optional())
    }

    /// Who has to act for the dossier to go on.
    #[must_use]
    pub fn waiting_on(&self) -> WaitingOn {
        match self.awaited() {
            Some(task) => task.kind.who(),
            None if self.is_open => WaitingOn::System,
            None => WaitingOn::Nobody,
        }
    }

    /// The agency that it waits on, if that is a consulted one.
    #[must_use]
    pub fn waiting_on_agency(&self) -> Option<&AgencyCode> {
        let task = self.awaited().filter(|task| task.kind.who() == WaitingOn::Agency);
        task.map(|task| &task.agency)
    }

    /// When the next task is due: the first that the dossier waits on and that has a due instant;
    /// otherwise the first of the others.
    #[must_use]
    pub fn next_due_at(&self) -> Option<Timestamp> {
        self.tasks.iter().find_map(|task| task.due_at)
    }
}

#[cfg(test)]
mod tests;
