//! Issues the result. The law: `libs/dossier/src/delivery/issue_result.rs`.

use std::sync::Arc;

use dossier::contract::{DocumentName, DossierId, NamedDocument};
use dossier::delivery::issue_result::{Refusal, STEP, decide};
use serde::Deserialize;
use service_kit::documents::Stored;
use service_kit::http::{
    Access, Line, Problem, Reply, Request, Route, Target, endpoint1, try_step,
};
use utoipa::ToSchema;

use super::reply::{DeliveryReply, take};
use crate::App;
use crate::numbers::{self, register_of};

/// A signed result.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueResultRequest {
    /// Its number, if it has one of another order; without it, it gets the next one of the register of the agency, the result's
    /// code and the year.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    number: Option<Line<100>>,
    /// The name of the uploaded document.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    document: Option<Line<100>>,
}

/// Issues the result.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{dossier}/result",
    operation_id = "issue_result",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = IssueResultRequest,
    responses((status = 200, body = DeliveryReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let kit = app.results.kit();
    let who = (request.caller()?, STEP.may);
    let body: IssueResultRequest = request.json()?;
    let named = |name: Line<100>| ("/document".to_owned(), DocumentName::from(&*name.0));
    let named = body.document.map(named).into_iter().collect();
    let stored = kit.documents.to_be_named(kit, who, named).await?.pop();
    let document = stored.map(|Stored { name, sha256, .. }| {
        let sha256 = Some(sha256);
        NamedDocument { name, sha256 }
    });
    let given = body.number.map(|number| number.0);
    let number = number(&app, dossier, &request, given.as_deref(), document.clone()).await?;
    take(&app, STEP, dossier, &request, |_: &IssueResultRequest, state, facts| {
        let issued = decide(state, number.clone().unwrap_or_default(), document.clone(), facts)?;
        // Without a number this request was found to have issued it before, and nothing is decided here.
        if number.is_none() { Err(Refusal::NotPrepared) } else { Ok(issued) }
    })
    .await
}

/// The number under which the result is issued, taken from its register; none if this request issued it before.
async fn number(
    app: &App,
    dossier: DossierId,
    request: &Request,
    given: Option<&str>,
    document: Option<NamedDocument>,
) -> Result<Option<String>, Problem> {
    let (kit, id) = (app.results.kit(), dossier.to_string());
    let seen = request.if_match()?;
    request.catch_up(kit, app.results.reactions()).await?;
    let target = Target {
        id: &id,
        dossier: Some(dossier),
        step: &STEP,
        mays: STEP.may,
        seen: Some(&seen),
        under: None,
    };
    let mut register = None;
    // No number is taken for what is then refused.
    let tried = try_step(&app.results, request, request.caller()?, target, |state, facts| {
        let prepared = state.prepared.as_ref();
        register = prepared.and_then(|prepared| {
            register_of(&prepared.brief.agency, &prepared.result, facts.law, facts.at)
        });
        decide(state, String::new(), document.clone(), facts)
    });
    if tried.await?.is_none() {
        return Ok(None);
    }
    let no_register = || Problem::unavailable("no calendar says which year's register it is");
    let register = register.ok_or_else(no_register)?;
    if given.is_some_and(|given| register.gives(given)) {
        return Err(Problem::refused(&Refusal::NumberOfTheRegister));
    }
    let taken = numbers::take((&app.results, &app.numbers), &register, dossier, given).await?;
    taken.map(Some).ok_or_else(|| Problem::refused(&Refusal::NumberTaken))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "deliveries" / DossierId / "result"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
