//! Returns the label of a parcel, as JSON or as PDF. What it says:
//! `libs/dossier/src/papers/parcels.rs`.

use std::sync::Arc;

use dossier::contract::{DossierId, Role, partner_name};
use dossier::delivery::DossierResult;
use dossier::papers::{Label, Paper, READ_PARCELS, label};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Operation, PDF, PaperReply, Problem, Reply, Request, read};

use crate::App;

/// The label of a parcel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelReply {
    #[serde(flatten)]
    #[schema(inline)]
    paper: PaperReply,
    /// The data that the template prints.
    data: Label,
}

impl LabelReply {
    pub(super) fn of(data: Label, paper: &Paper) -> Self {
        Self { paper: PaperReply::of(paper), data }
    }
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/deliveries/{dossier}/label", "get_label", "Print the label of a parcel")
        .describe(
            "100 by 150 mm as a PDF with `Accept: application/pdf`. Before the hand-over it has no \
             waybill. 404 `not-found` if the result is not posted, and for carriers unless they \
             have the parcel now.",
        )
        .roles(READ_PARCELS)
        .reply::<LabelReply>()
        .or_bytes(&[PDF])
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.results, READ_PARCELS, &dossier.to_string(), &request).await?;
    let caller = request.caller()?;
    let resource = dossier::State::resource(&loaded.state).ok_or_else(Problem::not_found)?;
    let role = request.read_as(READ_PARCELS, &resource)?.role;
    if role == Role::Carrier && !carries(&loaded.state, caller.subject.as_str()) {
        return Err(Problem::not_found());
    }
    let engine = app.results.engine();
    let made = label(&loaded.state, engine.clock.now(), &engine.law());
    let (data, paper) = made.ok_or_else(Problem::not_found)?;
    let name = format!("{}-{}", data.code, paper.template());
    let body = LabelReply::of(data, &paper);
    Reply::paper(&request, &body, &paper, &name)
}

/// Whether this carrier has the latest parcel and has not reported its end.
fn carries(result: &DossierResult, subject: &str) -> bool {
    let own = partner_name(subject);
    result.parcel().is_some_and(|parcel| parcel.carrier == own && parcel.end.is_none())
}
