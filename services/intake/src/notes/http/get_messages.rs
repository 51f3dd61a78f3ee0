//! Lists the messages about a dossier.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::notes::{Message, READ_MESSAGES};
use web::{Operation, Problem, Reply, Request};

use super::on_dossier::{NotesQuery, OnDossier};
use super::reply::MessageReply;
use crate::notes::App;

const ADDRESS: &str = "/v1/dossiers/{dossier}/messages";

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_messages", "List the messages about a dossier")
        .describe(
            "The oldest first. Listing them does not make them read: \
             `POST /v1/dossiers/{dossier}/messages/readings` does.",
        )
        .roles(READ_MESSAGES)
        .query::<NotesQuery>()
        .list::<MessageReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let query: NotesQuery = request.query()?;
    let (on, notes) = OnDossier::to_read(&app, dossier, &request, READ_MESSAGES).await?;
    let rows = (ADDRESS, notes.state.messages.iter());
    let reply = |message: &&Message| MessageReply::of(message, on.role);
    on.page((&request, &query), rows, |message| message.number, reply)
}
