//! Records a date that somebody outside fixed, where the law gives no period. The law: `libs/dossier/src/intake/fix_appointment.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::intake::fix_appointment::FixAppointment;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{DossierReply, take};
use crate::App;

/// Records a date that somebody outside fixed, where the law gives no period.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/fixed-appointment",
    operation_id = "fix_appointment",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = FixAppointment,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<FixAppointment>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(FixAppointment::STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "fixed-appointment"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
