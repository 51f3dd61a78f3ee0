//! Shows what a dossier owes and has paid.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::payment::READ;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1, read, shown};

use super::reply::PaymentReply;
use crate::App;

/// Shows what a dossier owes and has paid.
#[utoipa::path(
    get,
    path = "/v1/payments/{dossier}",
    operation_id = "get_payment",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    responses((status = 200, body = PaymentReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.payments, READ, &dossier.to_string(), &request).await?;
    shown(&loaded, PaymentReply::new(&loaded.state, &app.payments.kit().law()))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(app, Access::Roles(READ), warp::path!("v1" / "payments" / DossierId), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
