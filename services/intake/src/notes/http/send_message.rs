//! Sends a message to the applicant or to the agency. The law:
//! `libs/dossier/src/notes/send_message.rs`.

use std::sync::Arc;

use documents::NamedError;
use dossier::Command;
use dossier::access::{Caller, May};
use dossier::contract::{DocumentName, DossierId, MessageDocument, Personal};
use dossier::notes::limits::MESSAGE_DOCUMENTS_MAX;
use dossier::notes::send_message::SendMessage;
use dossier::overview::DossierStage;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    FileName, Line, List, Operation, Problem, Reply, Request, Text, UNKNOWN_DOCUMENT, shown,
    unknown_documents,
};

use super::on_dossier::OnDossier;
use super::reply::MessageReply;
use crate::notes::App;

/// A message to the other side.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendMessageRequest {
    /// Text for the other side.
    #[schema(example = "Bao giờ có kết quả?")]
    text: Text<4000>,
    /// Uploaded documents to attach.
    #[serde(default)]
    #[schema(value_type = Vec<MessageDocumentRequest>, max_items = 10)]
    documents: List<MessageDocumentRequest, MESSAGE_DOCUMENTS_MAX>,
}

/// An uploaded document to attach.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageDocumentRequest {
    /// Name returned by the upload.
    document: Line<100>,
    /// File name on the computer of its uploader.
    file_name: FileName,
}

pub(super) fn operation() -> Operation<App> {
    let address = "/v1/dossiers/{dossier}/messages";
    Operation::post(address, "send_message", "Send a message about a dossier")
        .describe(
            "Applicants write to the agency, officers to the applicant. A message starts and stops no \
             clock, and is neither a supplement nor a request for one. Possible until 90 days after \
             the dossier has ended; at most 20 messages a day from one sender.",
        )
        .step(&SendMessage::STEP)
        .refusals(&[UNKNOWN_DOCUMENT])
        .body::<SendMessageRequest>()
        .unseen()
        .reply::<MessageReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let body: SendMessageRequest = request.json()?;
    let on = OnDossier::to_change(&app, dossier, &request, SendMessage::STEP.may).await?;
    let who = (request.caller()?, SendMessage::STEP.may);
    let documents = attached(&app, who, &body.documents).await?;
    let intake = &on.intake.state;
    let submission = intake.submission.as_ref().ok_or_else(Problem::not_found)?;
    let is_open = DossierStage::of(intake).is_some_and(DossierStage::is_open);
    let command = SendMessage {
        agency: submission.brief.agency.clone(),
        ended_at: intake.ended_at().filter(|_| !is_open),
        text: body.text,
        documents,
    };
    let notes = on.take(&app, &request, &command).await?;
    app.documents.named(command.documents.iter().map(|attached| &attached.document));
    let message = notes.state.messages.last();
    shown(&notes, message.map(|message| MessageReply::of(message, on.role)))
}

/// The documents as stored, if the caller may name all of them.
async fn attached(
    app: &App,
    who: (&Caller, &[May]),
    requested: &[MessageDocumentRequest],
) -> Result<Vec<MessageDocument>, Problem> {
    let names = requested.iter().enumerate().map(|(place, request)| {
        let name = DocumentName::from(&*request.document.0);
        (format!("/documents/{place}/document"), name)
    });
    let stored = match app.documents.to_be_named(who, names.collect()).await {
        Ok(stored) => stored,
        Err(NamedError::Unknown(unknown)) => {
            return Err(Problem::fields(UNKNOWN_DOCUMENT, unknown_documents(unknown)));
        }
        Err(error) => return Err(error.into()),
    };
    let document = |(stored, request): (documents::Stored, &MessageDocumentRequest)| {
        let documents::Stored { name, media_type, bytes, sha256 } = stored;
        let file_name = Personal::from(request.file_name.0.clone());
        MessageDocument { document: name, media_type, bytes, sha256, file_name }
    };
    Ok(stored.into_iter().zip(requested).map(document).collect())
}
