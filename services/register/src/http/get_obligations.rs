//! All open obligations of a dossier in all services, with the calculation of their due instants.

use std::borrow::Cow;
use std::sync::Arc;

use dossier::access;
use dossier::clock::{Explanation, explain_obligations};
use dossier::contract::{AgencyCode, DossierId};
use dossier::delivery::DossierResult;
use dossier::intake::{Intake, READ, foresee_lateness, miss_deadline};
use dossier::law::Law;
use dossier::payment::Payment;
use dossier::review::Review;
use dossier::step::{LAW_NOT_APPLICABLE, NOT_COMPUTABLE};
use dossier::{LawError, State};
use events::StreamName;
use serde::Serialize;
use service_kit::fold;
use service_kit::http::{Due, Operation, Problem, Reply, Request};
use utoipa::ToSchema;

use crate::App;

/// An open obligation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObligationReply {
    /// Service that enforces it.
    #[schema(example = "intake")]
    service: &'static str,
    /// Kind of obligation, for example `deadline`, `answer`, `supplement-window`.
    #[schema(value_type = String, example = "supplement-window")]
    kind: Cow<'static, str>,
    /// Due instant.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Calculation of the due instant; null if it does not follow from a period of the law.
    explanation: Option<Explanation>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/register/dossiers/{dossier}/obligations",
        "get_obligations",
        "List everything that falls due for a dossier, and why",
    )
    .roles(READ)
    .refusals(&[LAW_NOT_APPLICABLE, NOT_COMPUTABLE])
    .list::<ObligationReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let intake = permitted(&app, dossier, &request).await?;
    let law = app.kit.law();
    let submission = intake.submission.as_ref().ok_or_else(Problem::not_found)?;
    let of = Of { law: &law, agency: &submission.brief.agency };
    let refused = |error: LawError| Problem::refused(&error);
    let mut found = of.open("intake", &intake).map_err(refused)?;
    for obligation in &mut found {
        match &*obligation.kind {
            miss_deadline::KIND => {
                obligation.explanation = intake.explanation(&law).map_err(refused)?;
            }
            foresee_lateness::KIND => {
                obligation.explanation = intake.foresight(&law).map_err(refused)?;
            }
            _ => {}
        }
    }
    let payment: Payment = state(&app, dossier).await?;
    found.extend(of.open("payment", &payment).map_err(refused)?);
    let review: Review = state(&app, dossier).await?;
    found.extend(of.open("review", &review).map_err(refused)?);
    let result: DossierResult = state(&app, dossier).await?;
    found.extend(of.open("result-delivery", &result).map_err(refused)?);
    found.sort_by_key(|obligation| obligation.due.at());
    Ok(Reply::ok(&found))
}

/// The dossier's state in intake, if the caller may read it.
pub(super) async fn permitted(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Intake, Problem> {
    let caller = request.caller()?;
    let intake: Intake = state(app, dossier).await?;
    let resource = intake.resource().ok_or_else(Problem::not_found)?;
    access::decide(caller, READ, Some(&resource))?;
    Ok(intake)
}

async fn state<S: State>(app: &App, dossier: DossierId) -> Result<S, Problem> {
    let stream =
        StreamName::new(&format!("{}-{dossier}", S::CATEGORY)).map_err(|_| Problem::not_found())?;
    let recorded = app.kit.store.read_whole(&stream).await?;
    fold(&recorded).map_err(|error| Problem::unavailable(&error.to_string()))
}

/// The law, and the agency of the dossier.
struct Of<'a> {
    law: &'a Law,
    agency: &'a AgencyCode,
}

impl Of<'_> {
    fn open<S: State>(
        &self,
        service: &'static str,
        state: &S,
    ) -> Result<Vec<ObligationReply>, LawError> {
        let mut explained = explain_obligations(state, self.law)?;
        let reply = state.obligations().into_iter().map(|obligation| {
            let place = explained.iter().position(|(kind, ..)| *kind == obligation.kind);
            let explanation = place.map(|place| explained.swap_remove(place).2);
            let due = Due::of(self.law, self.agency, obligation.due_at);
            ObligationReply { service, kind: obligation.kind, due, explanation }
        });
        Ok(reply.collect())
    }
}
