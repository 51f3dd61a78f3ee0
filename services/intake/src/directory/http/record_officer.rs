//! Records an officer. The law: `libs/dossier/src/directory/record_officer.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{AgencyCode, Subject};
use dossier::directory::record_officer::{Officer, RecordOfficer};
use web::{Operation, Problem, Reply, Request};

use super::get_officers::OfficerReply;
use super::taken::{shown, take};
use crate::directory::App;

pub(super) fn operation() -> Operation<App> {
    let address = "/v1/directory/{agency}/officers";
    Operation::post(address, "record_officer", "Record an officer of an agency")
        .describe(
            "The record replaces earlier ones of the same officer from its first day on. Once an \
             agency has recorded officers, reviews are given to these only. It grants no access: \
             the roles of a caller are those of the token.",
        )
        .parameter("agency", "The code of the agency.")
        .step(&RecordOfficer::STEP)
        .body::<Officer>()
        .unseen()
        .reply::<OfficerReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, agency: String, request: Request) -> Result<Reply, Problem> {
    let (agency, officer) = (AgencyCode::from(&*agency), request.json::<Officer>()?);
    let (subject, from) = (Subject::from(&*officer.officer.0), officer.from);
    let command = RecordOfficer { agency: agency.clone(), officer };
    let loaded = take(&app, (&agency, true), &request, &command).await?;
    let records = loaded.state.officers().get(&subject);
    let recorded = records.and_then(|records| records.get(&from)).ok_or_else(Problem::not_found)?;
    let absence = loaded.state.absence(&subject, from);
    Ok(shown(&loaded, &OfficerReply::new(recorded, absence)))
}
