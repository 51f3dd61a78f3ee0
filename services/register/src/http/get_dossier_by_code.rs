//! Finds a dossier by the code on its slips.

use std::sync::Arc;

use dossier::access::Resource;
use dossier::overview::FIND;
use engine::view::Question;
use web::{Operation, Problem, Reply, Request};

use super::listed::ListedDossierReply;
use crate::App;
use crate::lists::find_by_code;
use crate::names::Applicants;

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/register/dossier-codes/{code}",
        "get_dossier_by_code",
        "Show a dossier by its code",
    )
    .parameter("code", "The code on the dossier's slips.")
    .roles(FIND)
    .reply::<ListedDossierReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, code: String, request: Request) -> Result<Reply, Problem> {
    request.catch_up(Some(&app.listed)).await?;
    let found = app.lists.query(Question::LookUp, move |tables| find_by_code(tables, &code));
    let row = found.await?.ok_or_else(Problem::not_found)?;
    let resource = Resource {
        owners: vec![row.applicant.as_str().into()],
        representatives: row.acted.iter().map(|party| party.as_str().into()).collect(),
        procedure: Some(row.procedure.code.clone()),
        agencies: vec![row.agency.clone()],
        informed: row.receiver.iter().cloned().collect(),
        ..Resource::default()
    };
    let role = request.read_as(FIND, &resource)?.role;
    let (law, now) = (app.engine.law(), app.engine.clock.now());
    let names = Applicants::of(&app, std::iter::once((&row, role))).await?;
    Ok(Reply::ok(&ListedDossierReply::of((&row, role), &names, (&law, now))))
}
