//! The public look-up without login: the code of a dossier and its progress, nothing else. Circular
//! 01/2018/TT-VPCP, art. 16.2d.

use std::sync::Arc;

use dossier::contract::DossierCode;
use engine::view::Question;
use rusqlite::OptionalExtension;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Counts, Operation, Problem, Reply, Request};

use crate::App;

/// Progress of a dossier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LookupReply {
    /// Code of the dossier.
    #[schema(value_type = DossierCode)]
    code: String,
    /// Progress in percent, from 0 to 100.
    #[schema(maximum = 100, example = 50)]
    completion: u8,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/register/lookup/{code}", "get_lookup", "Look up the status of a dossier")
        .describe("Shows the code and nothing else of the dossier (Circular 01/2018/TT-VPCP, art. 16.2d).")
        .parameter("code", "The code on the dossier's slips.")
        .counted(Counts::LookUp)
        .reply::<LookupReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, code: String, request: Request) -> Result<Reply, Problem> {
    request.catch_up(Some(&app.progress)).await?;
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
