//! Finds the conflict of interest of an officer for a complaint. The law:
//! `libs/dossier/src/feedback/impartial.rs`.

use dossier::access::{self, Caller, Denied, May};
use dossier::contract::{ComplaintId, Envelope, IntakeEvent, Role};
use dossier::feedback::Complaint;
use dossier::feedback::impartial::{About, Act, Conflict, conflict};
use dossier::services::{Category, ServiceName};
use dossier::{State, Step};
use engine::{decode, envelope, fold};
use events::StreamName;
use web::{Problem, Request};

use super::reply::{OWN_STEP, answering};
use crate::App;

fn stream(category: Category, id: String) -> Result<StreamName, Problem> {
    StreamName::new(&category.stream(id)).map_err(|_| Problem::not_found())
}

async fn complaint_of(app: &App, complaint: ComplaintId) -> Result<Complaint, Problem> {
    let name = stream(Category::Complaint, complaint.to_string())?;
    Ok(fold(&app.complaints.engine().store.read_whole(&name).await?)?)
}

/// Refuses a caller who would handle or read, as a complaint handler or approver, a complaint about
/// their own dossier or act, or one that was merged into such a complaint. A caller without one of
/// the permissions is refused elsewhere. Complainants act in another role and are not checked here.
pub(super) async fn check(
    app: &App,
    mays: &[May],
    complaint: ComplaintId,
    request: &Request,
) -> Result<(), Problem> {
    let handles = |role| matches!(role, Role::ComplaintHandler | Role::Approver);
    if mays.iter().all(|may| !handles(may.role)) {
        return Ok(());
    }
    let caller = request.caller()?;
    let state = complaint_of(app, complaint).await?;
    let Some(resource) = state.resource() else { return Ok(()) };
    let as_handler =
        access::decide(caller, mays, Some(&resource)).is_ok_and(|actor| handles(actor.role));
    if !as_handler {
        return Ok(());
    }
    refuse(find(app, &state, caller).await?)?;
    // A duplicate shows the answer to the complaint into which it was merged.
    match answering(app, &state).await? {
        Some(other) => refuse(find(app, &other.state, caller).await?),
        None => Ok(()),
    }
}

fn refuse(conflict: Option<Conflict>) -> Result<(), Problem> {
    match conflict {
        None => Ok(()),
        Some(Conflict::Party) => Err(Problem::from(Denied::Party)),
        Some(Conflict::OwnStep) => Err(Problem::new(OWN_STEP)),
    }
}

/// The conflict of interest of an officer, if any; the complainant has one.
pub(super) async fn conflict_of(
    app: &App,
    complaint: ComplaintId,
    officer: &Caller,
) -> Result<Option<Conflict>, Problem> {
    let state = complaint_of(app, complaint).await?;
    let parties = state.resource().map(|resource| [resource.owners, resource.representatives]);
    let mut parties = parties.into_iter().flatten().flatten();
    if parties.any(|party| party.is(&officer.subject)) {
        return Ok(Some(Conflict::Party));
    }
    find(app, &state, officer).await
}

async fn find(
    app: &App,
    complaint: &Complaint,
    officer: &Caller,
) -> Result<Option<Conflict>, Problem> {
    let Some(filed) = &complaint.filed else { return Ok(None) };
    let Some(dossier) = filed.dossier else { return Ok(None) };
    let store = &app.complaints.engine().store;
    let (mut brief, mut acts) = (None, Vec::new());
    for category in Category::HANDLING {
        for event in store.read_whole(&stream(category, dossier.to_string())?).await? {
            if category == Category::Intake
                && let IntakeEvent::DossierSubmitted(submitted) = decode(&event)?
            {
                brief = Some(submitted.brief);
            }
            let envelope = envelope(&event)?;
            acts.push((event.id, event.kind, envelope));
        }
    }
    let acts = acts.iter().map(|(id, kind, envelope)| {
        let Envelope { actor, cause, .. } = envelope;
        Act { id: *id, kind, actor, cause: *cause }
    });
    let acts: Vec<Act<'_>> = acts.collect();
    let modules = ServiceName::ALL.into_iter().flat_map(ServiceName::modules);
    let steps: Vec<&[Step]> = modules.map(|module| module.steps).collect();
    let about = About { brief: brief.as_ref(), acts: &acts, steps: &steps };
    Ok(conflict(filed, about, officer))
}
