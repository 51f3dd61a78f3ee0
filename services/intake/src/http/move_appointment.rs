//! Asks for pardon and gives a new date, before the old one has passed. The law: `libs/dossier/src/intake/move_appointment.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::intake::move_appointment::MoveAppointment;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{DossierReply, take};
use crate::App;

/// Asks for pardon and gives a new date, before the old one has passed.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/appointment",
    operation_id = "move_appointment",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = MoveAppointment,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<MoveAppointment>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(MoveAppointment::STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "appointment"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
