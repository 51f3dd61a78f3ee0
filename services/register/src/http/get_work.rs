//! The work queue of an officer: open tasks of the officer's roles in the agency and below it.

use std::sync::Arc;

use dossier::access::Caller;
use dossier::contract::{AgencyCode, ProcedureCode, Role, Subject, UnitCode};
use dossier::law::Law;
use dossier::overview::{READ_WORK, Task, TaskKind};
use engine::view::Question;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, NextStep, Operation, PageRows, Problem, Reply, Request};

use super::listed::{ListedDossierReply, TaskStepReply, Whose, merged, officers_of};
use crate::App;
use crate::lists::{Asked, Listed, ListedRow, Place, Range, Scope};
use crate::names::Applicants;

const ADDRESS: &str = "/v1/register/work";

/// Text of `officer` for tasks that nobody has.
const NOBODY: &str = "none";

/// The roles that have work queues.
const WORKING: [Role; 5] =
    [Role::Clerk, Role::Reviewer, Role::Approver, Role::Cashier, Role::Consultee];

/// Filter and page of a work queue. All filters must hold.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkQuery {
    /// Code of the agency that has to act; those below it are included. The caller's if absent.
    agency: Option<AgencyCode>,
    /// The role whose work is listed: `clerk`, `reviewer`, `approver`, `cashier` or `consultee`. If
    /// absent, the work of all roles of the caller; for auditors and operators, that of all roles.
    role: Option<Role>,
    /// Kind of task.
    kind: Option<TaskKind>,
    /// Subject of the officer who has the task, or `none` for tasks that nobody has. `me`: the
    /// caller, and absent officers whose deputy the caller is.
    #[schema(example = "me")]
    officer: Option<Subject>,
    /// Code of the unit whose officers have the task, by the directory on this day.
    unit: Option<UnitCode>,
    /// Code of the procedure.
    procedure: Option<ProcedureCode>,
    /// The task is due before this instant.
    due_before: Option<Timestamp>,
    /// Whether the task's period was recorded as missed.
    missed: Option<bool>,
    /// Rows per page, at most 100; 50 if absent.
    #[serde(skip_serializing)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[serde(skip_serializing)]
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// An open task of an officer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkReply {
    /// What has to be done, in which agency, and by when.
    task: NextStep,
    /// The step that does it, and the version of its resource that this row is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<TaskStepReply>,
    /// Time until the task is due, in seconds; negative if it is overdue, null if it has no period.
    #[schema(example = 14400)]
    remaining_s: Option<i64>,
    /// The dossier in which it has to be done.
    dossier: ListedDossierReply,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_work", "List open tasks of officers")
        .describe(
            "The soonest due first; tasks without a period come last. Not shown are tasks in matters \
             to which the caller is a party, and those that another person than the caller must do. \
             A page may have fewer rows than `limit`, even none, and still a `next` link: each page \
             looks at a limited number of tasks.",
        )
        .roles(READ_WORK)
        .query::<WorkQuery>()
        .list::<WorkReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let mut query: WorkQuery = request.query()?;
    let caller = request.caller()?;
    let whose = Whose::agency(&app, &request, (READ_WORK, query.agency.as_ref())).await?;
    let kinds = query.kinds(&caller.roles)?;
    if query.officer.as_ref().is_some_and(|officer| officer.as_str() == "me") {
        query.officer = Some(caller.subject.clone());
    }
    request.catch_up(Some(&app.listed)).await?;
    request.catch_up_law().await?;
    let filters = serde_json::to_string(&query).unwrap_or_default();
    let cursors = Cursors::of(&request, &[ADDRESS, &whose.of, &filters]);
    let after = query
        .after
        .as_deref()
        .map(|after| Place::parse(cursors.read(after)?).ok_or_else(Cursors::invalid));
    let PageRows(limit) = query.limit.unwrap_or_default();
    let officers = query.officers_and_unit(&app, caller)?;
    if query.unit.is_some() && officers.is_empty() {
        return Ok(Reply::ok(&Vec::<WorkReply>::new()));
    }
    let scopes = if officers.is_empty() {
        whose.scopes.clone()
    } else {
        officers.iter().map(|officer| Scope::officer(officer.as_str())).collect()
    };
    let of =
        |scope: &Scope| kinds.iter().map(|kind| Range::work(*scope, *kind)).collect::<Vec<_>>();
    let asked = Asked {
        ranges: merged(scopes.iter().flat_map(of).collect(), "unit")?,
        after: after.transpose()?,
        rows: usize::try_from(limit).unwrap_or(usize::MAX),
        before: query.due_before.map(|end| end.as_millisecond().saturating_sub(1)),
    };
    let (now, me, whose) = (app.engine.clock.now(), caller.subject.clone(), Arc::new(whose));
    let is_consultee = caller.roles.contains(&Role::Consultee);
    let shown = Arc::clone(&whose);
    let listed = app.lists.query(Question::List, move |tables| {
        Listed::read(tables, &asked, |row, task| {
            let Some(task) = task else { return false };
            let is_own = task.not_by.as_ref() == Some(&me);
            // A consulted agency has tasks in dossiers of others. Consultees see those, and no
            // tasks of other roles, also not in dossiers of their own agency.
            let of_agency = shown.role != Role::Consultee && shown.has(row, None);
            let is_consulted = is_consultee && task.kind.roles().contains(&Role::Consultee);
            // A fee whose payment has begun stays with the agency that transferred the dossier.
            let is_kept =
                shown.role != Role::Consultee && !task.kind.roles().contains(&Role::Consultee);
            let is_readable = of_agency || is_consulted || is_kept;
            !is_own
                && is_readable
                && shown.has(row, Some(task))
                && shown.includes(row)
                && query.shows(task, &row.procedure.code, &officers)
        })
    });
    let Listed { rows, next } = listed.await?;
    let law = app.engine.law();
    let role_in = |row: &ListedRow| if whose.has(row, None) { whose.role } else { Role::Consultee };
    let names = Applicants::of(&app, rows.iter().map(|(row, _)| (row, role_in(row)))).await?;
    let replies = rows.iter().filter_map(|(row, place)| {
        let task = row.tasks.get(*place)?;
        let remaining_s = task.due_at.map(|due_at| due_at.duration_since(now).as_secs());
        let step = TaskStepReply::of(task, row);
        let task = NextStep::of(task, &law, true);
        let dossier = ListedDossierReply::of((row, role_in(row)), &names, (&law, now));
        Some(WorkReply { task, step, remaining_s, dossier })
    });
    let replies: Vec<WorkReply> = replies.collect();
    let next = next.map(|next| request.next_page(ADDRESS, &cursors.write(&next.text())));
    Ok(Reply::ok(&replies).next_page(next.as_deref()))
}

impl WorkQuery {
    /// The officers whose tasks are listed; empty for all, unless a unit is asked for: then nobody
    /// of that unit has the tasks of `officer`.
    fn officers_and_unit(&self, app: &App, caller: &Caller) -> Result<Vec<Subject>, Problem> {
        let mut officers = self.officers(caller, &app.engine.law(), app.engine.clock.now());
        let Some(unit) = &self.unit else { return Ok(officers) };
        let of_unit = officers_of(app, self.agency.as_ref().or(caller.agency.as_ref()), unit)?;
        if self.officer.is_none() {
            return Ok(of_unit);
        }
        officers.retain(|officer| of_unit.contains(officer));
        Ok(officers)
    }

    /// The kinds of tasks that are listed for a caller with these roles.
    fn kinds(&self, roles: &[Role]) -> Result<Vec<TaskKind>, Problem> {
        if self.role.is_some_and(|role| !WORKING.contains(&role)) {
            return Err(Problem::parameter(
                "role",
                "phải là một trong: clerk, reviewer, approver, cashier, consultee",
                "must be one of: clerk, reviewer, approver, cashier, consultee",
            ));
        }
        let own: Vec<Role> = WORKING.into_iter().filter(|role| roles.contains(role)).collect();
        let reads_all = roles.iter().any(|role| matches!(role, Role::Auditor | Role::Operator));
        let of = |kind: &&TaskKind| {
            let mut has = kind.roles().iter();
            match self.role {
                Some(role) => has.any(|one| *one == role),
                None if reads_all || own.is_empty() => !kind.roles().is_empty(),
                None => has.any(|one| own.contains(one)),
            }
        };
        let kinds = TaskKind::ALL.iter().filter(of).copied();
        Ok(kinds.filter(|kind| self.kind.is_none_or(|only| only == *kind)).collect())
    }

    /// The officers whose tasks are listed; none if those of all are.
    fn officers(&self, caller: &Caller, law: &Law, now: Timestamp) -> Vec<Subject> {
        let Some(officer) = self.officer.as_ref().filter(|officer| officer.as_str() != NOBODY)
        else {
            return Vec::new();
        };
        let mut all = vec![officer.clone()];
        if let Some(agency) = caller.agency.as_ref().filter(|_| *officer == caller.subject) {
            let directories = law.directories_for(agency, now);
            let absences =
                directories.iter().flat_map(|(directory, _)| directory.absences().values());
            let absent = absences.map(|absence| &absence.officer);
            let represented = |absent: &&Subject| law.is_deputy(agency, (officer, absent), now);
            all.extend(absent.filter(represented).cloned());
        }
        all.sort();
        all.dedup();
        all
    }

    fn shows(&self, task: &Task, procedure: &ProcedureCode, officers: &[Subject]) -> bool {
        let is_nobodys = self.officer.as_ref().is_none_or(|officer| officer.as_str() != NOBODY)
            || task.officer.is_none();
        let is_theirs =
            officers.is_empty() || task.officer.as_ref().is_some_and(|one| officers.contains(one));
        let officer = is_nobodys && is_theirs;
        officer
            && self.missed.is_none_or(|missed| missed == task.missed)
            && self.procedure.as_ref().is_none_or(|only| only == procedure)
            && self.due_before.is_none_or(|end| task.due_at.is_some_and(|due| due < end))
    }
}
