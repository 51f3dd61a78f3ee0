//! Shows a dossier, as its stream stands now.

use std::sync::Arc;

use dossier::State;
use dossier::contract::DossierId;
use dossier::intake::{Intake, READ};
use service_kit::http::{Problem, Reply, Request, Route, endpoint1};
use service_kit::{Loaded, Streams};

use super::reply::{DossierReply, shown};
use crate::App;

/// Shows a dossier to those who may see it.
#[utoipa::path(
    get,
    path = "/v1/dossiers/{dossier}",
    operation_id = "get_dossier",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    shown(&*load(&app, dossier, &request).await?)
}

/// A dossier that the caller may see.
pub(super) async fn load(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Arc<Loaded<Intake>>, Problem> {
    let caller = request.permitted(&app.kit, READ)?;
    let stream = Streams::<Intake>::name(&dossier.to_string()).map_err(|_| Problem::not_found())?;
    let loaded = app.dossiers.load(&stream).await?;
    Request::permitted_over(&caller, READ, loaded.state.resource())?;
    Ok(loaded)
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(app, warp::get(), warp::path!("v1" / "dossiers" / DossierId), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
