//! Confirms that messages were read. The law: `libs/dossier/src/notes/read_messages.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::notes::read_messages::ReadMessages;
use dossier::notes::{Notes, Side};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request, shown};

use super::on_dossier::OnDossier;
use crate::notes::App;

/// The messages that are still unread.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnreadReply {
    /// Messages of the applicant that no officer has read.
    #[schema(example = 0)]
    from_applicant: usize,
    /// Messages of the agency that the applicant has not read.
    #[schema(example = 1)]
    from_agency: usize,
}

impl UnreadReply {
    fn of(notes: &Notes) -> Self {
        let count = |from| notes.unread(from).count();
        Self { from_applicant: count(Side::Applicant), from_agency: count(Side::Agency) }
    }
}

pub(super) fn operation() -> Operation<App> {
    let address = "/v1/dossiers/{dossier}/messages/readings";
    Operation::post(address, "read_messages", "Confirm having read messages")
        .describe(
            "The unread messages of the other side up to the given number become read, by the caller \
             and now. The first reading of each is recorded.",
        )
        .command::<ReadMessages>()
        .unseen()
        .reply::<UnreadReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let command: ReadMessages = request.json()?;
    let on = OnDossier::to_change(&app, dossier, &request, ReadMessages::STEP.may).await?;
    let notes = on.take(&app, &request, &command).await?;
    shown(&notes, Some(UnreadReply::of(&notes.state)))
}
