//! Requests the completion of a dossier from the applicant: everything that is missing, at once.
//! The law: `libs/dossier/src/intake/request_supplement.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{ComponentCode, DossierId};
use dossier::intake::request_supplement::RequestSupplement;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{List, Operation, Problem, Reply, Request, Text, execute_as};

use super::reply::{DossierReply, shown_to};
use crate::App;

/// Everything that the applicant has to supply or correct.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestSupplementRequest {
    /// Codes of the missing components; empty if only the form has to be corrected.
    #[schema(value_type = Vec<ComponentCode>, max_items = 100)]
    components: List<ComponentCode, 100>,
    /// Written reason, for the applicant.
    reason: Text<2000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/dossiers/{dossier}/supplement-requests",
        "request_supplement",
        "Request a supplement from the applicant",
    )
    .describe("The request must name everything that is missing.")
    .step(&RequestSupplement::STEP)
    .body::<RequestSupplementRequest>()
    .reply::<DossierReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let command = |body: RequestSupplementRequest| RequestSupplement {
        components: body.components.0,
        reason: body.reason.personal(),
        asked_by: None,
    };
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute_as(&app.dossiers, id, &request, command).await?;
    shown_to(&app, &loaded, &request)
}
