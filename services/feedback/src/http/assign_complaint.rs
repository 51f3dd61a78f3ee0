//! Assigns a complaint to an officer. The law: `libs/dossier/src/feedback/assign_complaint.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::access::Caller;
use dossier::contract::{ComplaintId, Subject};
use dossier::feedback::assign_complaint::AssignComplaint;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Line, Operation, Problem, Reply, Request, Text};

use super::impartial;
use super::reply::{ComplaintReply, OWN_STEP, take_as};
use crate::App;

/// The officer who is to handle a complaint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignComplaintRequest {
    /// Subject of the officer; absent or null to return the complaint to nobody.
    #[schema(example = "officer-7")]
    officer: Option<Line<200>>,
    /// Remark for the officer; it becomes an internal note.
    note: Option<Text<4000>>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/complaints/{complaint}/assignment",
        "assign_complaint",
        "Assign a complaint to an officer",
    )
    .step(&AssignComplaint::STEP)
    .describe(
        "Assigns it for the first time, hands it over, or returns it. Colleagues can still handle \
         it.",
    )
    .refusals(&[OWN_STEP])
    .body::<AssignComplaintRequest>()
    .reply::<ComplaintReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let body: AssignComplaintRequest = request.json()?;
    let officer = body.officer.map(|line| Subject::from(&*line.0));
    let conflicted = match &officer {
        Some(officer) => {
            let officer = Caller { subject: officer.clone(), on_behalf_of: None, ..caller.clone() };
            impartial::conflict_of(&app, complaint, &officer).await?.is_some()
        }
        None => false,
    };
    let note = body.note.map(|note| note.0);
    let command = |_: AssignComplaintRequest| AssignComplaint { officer, note, conflicted };
    take_as(&app, complaint, &request, command).await
}
