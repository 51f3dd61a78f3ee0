//! Lists the slips of a dossier. What they say: `libs/dossier/src/papers/slips.rs`.

use std::sync::Arc;

use dossier::contract::{DossierId, IntakeEvent, Meta, Role, Subject};
use dossier::intake::Intake;
use dossier::papers::{Comparison, READ_SLIPS, SlipForm, SlipPaper, slips};
use engine::{Streams, decode_all};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Operation, Problem, Reply, Request, Visible, visible};

use crate::App;

/// A slip that was issued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssuedSlipReply {
    /// Id of the slip: that of the event that issued it.
    slip: Uuid,
    form: SlipForm,
    /// Time of the issue.
    issued_at: Timestamp,
    /// Role of the person who issued it.
    role: Role,
    /// Subject of that person; only for officers.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    /// Name of its template.
    #[schema(example = "slip-01")]
    template: String,
    /// Version of its template, from 1.
    template_version: u32,
    /// SHA-256 of its text in UTF-8.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: String,
    /// Result of the comparison with the record of its issue.
    comparison: Comparison,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/dossiers/{dossier}/slips", "get_slips", "List the slips of a dossier")
        .describe(
            "Forms 01 to 05 of Circular 03/2025/TT-VPCP, oldest first. They are made from the log; \
             `comparison` tells whether a slip still says what it said when it was issued.",
        )
        .roles(READ_SLIPS)
        .list::<IssuedSlipReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let (events, role) = readable_events(&app, dossier, &request).await?;
    let slips = slips(&events, &app.engine.law());
    let of = |issued: SlipPaper| IssuedSlipReply {
        slip: issued.event,
        form: issued.slip.form,
        issued_at: issued.at,
        role: issued.actor.role,
        subject: (role != Role::Applicant).then_some(issued.actor.subject),
        template: issued.paper.template().to_owned(),
        template_version: issued.paper.version(),
        sha256: issued.paper.sha256(),
        comparison: issued.paper.comparison(),
    };
    Ok(Reply::ok(&slips.into_iter().map(of).collect::<Vec<_>>()))
}

/// The events of which the slips of a dossier are made, and the role in which the caller may read
/// them.
pub(super) async fn readable_events(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<(Vec<(IntakeEvent, Meta)>, Role), Problem> {
    request.catch_up(app.dossiers.reactions()).await?;
    let stream = Streams::<Intake>::of(dossier.0);
    let recorded = app.engine.store.read_whole(&stream).await?;
    let Visible { events, role, .. } =
        visible::<Intake>(request, READ_SLIPS, recorded, |resource| resource)?;
    Ok((decode_all::<Intake>(&events)?, role))
}
