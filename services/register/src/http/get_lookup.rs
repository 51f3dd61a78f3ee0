//! The public look-up: who has no login sees a dossier's code and how far it has come, and nothing else.
//! Circular 01/2018/TT-VPCP, art. 16.2d.

use std::sync::Arc;

use rusqlite::OptionalExtension;
use serde::Serialize;
use service_kit::http::{Access, Counts, Problem, Reply, Request, Route, endpoint1};
use service_kit::view::Question;
use utoipa::ToSchema;

use crate::App;

/// How far a dossier has come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LookupReply {
    /// The code.
    code: String,
    /// How far it has come, from 0 to 100.
    completion: u8,
}

/// How far a dossier has come, for everybody.
#[utoipa::path(
    get,
    path = "/v1/lookup/{code}",
    operation_id = "get_lookup",
    tag = "public",
    params(("code" = String, Path, description = "The code on the dossier's slips")),
    responses((status = 200, body = LookupReply)),
)]
async fn handle(app: Arc<App>, code: String, request: Request) -> Result<Reply, Problem> {
    request.catch_up(&app.kit, Some(&app.progress)).await?;
    let asked = code.clone();
    let status: Option<u8> = app
        .view
        .query(Question::LookUp, move |rows| {
            rows.query_row("SELECT status FROM dossiers WHERE code = ?1", [asked], |row| row.get(0))
                .optional()
        })
        .await?;
    let completion = match status.ok_or_else(Problem::not_found)? {
        1 | 6 => 10,
        2 => 30,
        4 | 5 => 50,
        9 => 80,
        _ => 100,
    };
    Ok(Reply::ok(&LookupReply { code, completion }))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(app, Access::Open, warp::path!("v1" / "lookup" / String), handle)
        .counted(Counts::LookUp)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
