//! Shows a dossier, as its stream stands now.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::{Intake, READ};
use service_kit::Loaded;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1, read, shown};

use super::reply::DossierReply;
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
    let loaded = load(&app, dossier, &request).await?;
    shown(&loaded, DossierReply::new(&loaded.state))
}

/// A dossier that the caller may see.
pub(super) async fn load(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Arc<Loaded<Intake>>, Problem> {
    read(&app.dossiers, READ, &dossier.to_string(), request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(app, Access::Roles(READ), warp::path!("v1" / "dossiers" / DossierId), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
