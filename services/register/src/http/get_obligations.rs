//! All open obligations of a dossier in all services, with the calculation of their due instants.

use std::borrow::Cow;
use std::sync::Arc;

use dossier::access::{self, May, Scope};
use dossier::clock::{self, DeadlineKind, Deadlines, Explanation};
use dossier::contract::{AgencyCode, DossierId};
use dossier::delivery::{DeliveryDeadline, DossierResult};
use dossier::intake::{Intake, IntakeDeadline, READ};
use dossier::law::Law;
use dossier::payment::{Payment, PaymentDeadline};
use dossier::review::{Review, ReviewDeadline};
use dossier::services::ServiceName;
use dossier::step::{LAW_NOT_APPLICABLE, NOT_COMPUTABLE};
use dossier::{LawError, State};
use engine::fold;
use events::StreamName;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Due, Operation, Problem, Reply, Request};

use crate::App;

/// An open obligation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObligationReply {
    /// Service that enforces it.
    #[schema(schema_with = services)]
    service: &'static str,
    /// Kind of obligation.
    kind: ObligationKind,
    /// Due instant.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Calculation of the due instant; null if it does not follow from a period of the law.
    explanation: Option<Explanation>,
}

/// The services that enforce something for a dossier.
fn services() -> utoipa::openapi::Object {
    let named =
        [ServiceName::Intake, ServiceName::Payment, ServiceName::Review, ServiceName::Delivery]
            .map(ServiceName::as_str);
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::Type::String)
        .description(Some("Service that enforces it."))
        .enum_values(Some(named))
        .build()
}

/// The text of a kind of deadline.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct ObligationKind(Cow<'static, str>);

impl utoipa::PartialSchema for ObligationKind {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let of_program = [
            IntakeDeadline::TEXTS,
            PaymentDeadline::TEXTS,
            ReviewDeadline::TEXTS,
            DeliveryDeadline::TEXTS,
        ];
        let text =
            || utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
        let kinds = text().enum_values(Some(of_program.concat()));
        let duties = text()
            .pattern(Some("^duty:"))
            .description(Some("A duty after the result, with its code in the procedure."))
            .examples(["duty:report"]);
        utoipa::openapi::OneOfBuilder::new()
            .description(Some("Kind of obligation."))
            .item(kinds)
            .item(duties)
            .examples(["supplement-window"])
            .into()
    }
}

impl ToSchema for ObligationKind {}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/register/dossiers/{dossier}/obligations",
        "get_obligations",
        "List the obligations of a dossier",
    )
    .impersonal("dates and their calculation")
    .roles(READ)
    .refusals(&[LAW_NOT_APPLICABLE, NOT_COMPUTABLE])
    .list::<ObligationReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let intake = permitted(&app, dossier, &request).await?;
    let law = app.engine.law();
    let submission = intake.submission.as_ref().ok_or_else(Problem::not_found)?;
    let of = Of { law: &law, agency: &submission.brief.agency };
    let refused = |error: LawError| Problem::refused(&error);
    let mut found = of.open(ServiceName::Intake, &intake).map_err(refused)?;
    let payment: Payment = state(&app, dossier).await?;
    found.extend(of.open(ServiceName::Payment, &payment).map_err(refused)?);
    // An agency that only received the dossier reads nothing of its review.
    let deciding: Vec<May> =
        READ.iter().filter(|may| may.scope != Scope::Informed).copied().collect();
    if access::decide(request.caller()?, &deciding, intake.resource().as_ref()).is_ok() {
        let review: Review = state(&app, dossier).await?;
        found.extend(of.open(ServiceName::Review, &review).map_err(refused)?);
    }
    let result: DossierResult = state(&app, dossier).await?;
    found.extend(of.open(ServiceName::Delivery, &result).map_err(refused)?);
    found.sort_by_key(|obligation| obligation.due.at());
    Ok(Reply::ok(&found))
}

/// The dossier's state in intake, if the caller may read it.
pub(super) async fn permitted(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Intake, Problem> {
    let intake: Intake = state(app, dossier).await?;
    let resource = intake.resource().ok_or_else(Problem::not_found)?;
    request.read_as(READ, &resource)?;
    Ok(intake)
}

async fn state<S: State>(app: &App, dossier: DossierId) -> Result<S, Problem> {
    let stream =
        StreamName::new(&format!("{}-{dossier}", S::CATEGORY)).map_err(|_| Problem::not_found())?;
    let recorded = app.engine.store.read_whole(&stream).await?;
    Ok(fold(&recorded)?)
}

/// The law, and the agency of the dossier.
struct Of<'a> {
    law: &'a Law,
    agency: &'a AgencyCode,
}

impl Of<'_> {
    fn open<S: Deadlines>(
        &self,
        service: ServiceName,
        state: &S,
    ) -> Result<Vec<ObligationReply>, LawError> {
        let explained = clock::explain(state, self.law)?.into_iter();
        let replies = explained.map(|(deadline, explanation)| {
            let due = Due::of(self.law, self.agency, deadline.due_at);
            let kind = ObligationKind(deadline.kind.text());
            ObligationReply { service: service.as_str(), kind, due, explanation }
        });
        Ok(replies.collect())
    }
}
