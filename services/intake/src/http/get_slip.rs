//! Returns a slip, as JSON or as PDF. What it says: `libs/dossier/src/papers/slips.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::papers::{READ_SLIPS, Slip, slip_in};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Operation, PDF, PaperReply, Problem, Reply, Request};

use super::get_slips::readable_events;
use crate::App;

/// A slip of the one-stop unit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SlipReply {
    #[serde(flatten)]
    #[schema(inline)]
    paper: PaperReply,
    /// The data that the template prints.
    data: Slip,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/dossiers/{dossier}/slips/{slip}", "get_slip", "Show a slip of a dossier")
        .describe(
            "A PDF with `Accept: application/pdf`. With `Accept-Language: en`, an English translation \
             for information: the Vietnamese text is the one that was issued, and `issued_sha256` and \
             `comparison` are about it.",
        )
        .parameter("slip", "Id of the slip, from `get_slips`.")
        .roles(READ_SLIPS)
        .reply::<SlipReply>()
        .or_bytes(&[PDF])
        .handle(handle)
}

async fn handle(
    app: Arc<App>,
    dossier: DossierId,
    slip: String,
    request: Request,
) -> Result<Reply, Problem> {
    let slip: Uuid = slip.parse().map_err(|_| Problem::not_found())?;
    let (events, _) = readable_events(&app, dossier, &request).await?;
    let law = app.engine.law();
    let made = slip_in(&events, slip, (&law, request.language().of_papers()));
    let slip = made.ok_or_else(Problem::not_found)?;
    let paper = PaperReply::of(&slip.paper);
    let name = format!("{}-{}", slip.slip.code, slip.paper.template());
    Reply::paper(&request, &SlipReply { paper, data: slip.slip }, &slip.paper, &name)
}
