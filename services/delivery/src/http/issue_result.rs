//! Issues the result. The law: `libs/dossier/src/delivery/issue_result.rs`.

use std::sync::Arc;

use documents::{NamedError, Stored};
use dossier::Command;
use dossier::contract::{DocumentName, DossierId, NamedDocument};
use dossier::delivery::DossierResult;
use dossier::delivery::issue_result::{IssueResult, Refusal};
use dossier::delivery::numbers::NumberRegister;
use dossier::step::Reasons;
use engine::Streams;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Line, On, Operation, Problem, Reply, Request, UNKNOWN_DOCUMENT, preview, unknown_documents,
};

use super::reply::{DeliveryReply, take_as};
use crate::App;
use crate::numbers::{self, register_of};

/// A signed result.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueResultRequest {
    /// Number of the result, if it has another form than the register's. If absent, the next number
    /// in the register of agency, result code and year is taken.
    number: Option<Line<100>>,
    /// Name of the uploaded document.
    document: Option<Line<100>>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/deliveries/{dossier}/result", "issue_result", "Issue the result")
        .step(&IssueResult::STEP)
        .refusals(&[UNKNOWN_DOCUMENT])
        .body::<IssueResultRequest>()
        .reply::<DeliveryReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let who = (request.caller()?, IssueResult::STEP.may);
    let body: IssueResultRequest = request.json()?;
    let named = |name: Line<100>| ("/document".to_owned(), DocumentName::from(&*name.0));
    let named = body.document.map(named).into_iter().collect();
    let mut found = Reasons::default();
    let stored = match app.documents.to_be_named(who, named).await {
        Ok(mut stored) => stored.pop(),
        Err(NamedError::Unknown(unknown)) => {
            found.found(UNKNOWN_DOCUMENT, unknown_documents(unknown));
            None
        }
        Err(error) => return Err(error.into()),
    };
    let document = stored.map(|Stored { name, sha256, .. }| {
        let sha256 = Some(sha256);
        NamedDocument { name, sha256 }
    });
    let given = body.number.map(|number| number.0);
    let issue = IssueResult { number: Some(String::new()), document, found };
    let number = number(&app, dossier, &request, given.as_deref(), issue.clone()).await?;
    let issue = IssueResult { number, ..issue };
    take_as(&app, dossier, &request, |_: IssueResultRequest| issue).await
}

/// The register that the result of a dossier gets its number from; `None` if no result is prepared.
async fn register(app: &App, id: &str) -> Result<Option<NumberRegister>, Problem> {
    let stream = Streams::<DossierResult>::name(id).map_err(|_| Problem::not_found())?;
    let loaded = app.results.load(&stream).await?;
    let engine = app.results.engine();
    Ok(loaded.state.prepared().and_then(|prepared| {
        register_of(&prepared.brief.agency, &prepared.result, &engine.law(), engine.clock.now())
    }))
}

/// The number under which the result is issued, taken from its register; `None` if the same request
/// has issued it before.
async fn number(
    app: &App,
    dossier: DossierId,
    request: &Request,
    given: Option<&str>,
    mut issue: IssueResult,
) -> Result<Option<String>, Problem> {
    let id = dossier.to_string();
    let seen = request.if_match()?;
    request.catch_up(app.results.reactions()).await?;
    let is_its_own = |register: NumberRegister| given.is_some_and(|given| register.gives(given));
    if register(app, &id).await?.is_some_and(is_its_own) {
        issue.found.add(&Refusal::NumberOfTheRegister);
    }
    // No number is taken for a result that would be refused.
    let on = On::stream(&id, Some(dossier)).seen(&seen);
    if preview(&app.results, request, on, &issue).await?.is_none() {
        return Ok(None);
    }
    let no_register = || Problem::internal("no calendar says which year's register it is");
    let register = register(app, &id).await?.ok_or_else(no_register)?;
    let taken = numbers::take((&app.results, &app.numbers), &register, dossier, given).await?;
    taken.map(Some).ok_or_else(|| Problem::refused(&Refusal::NumberTaken))
}
