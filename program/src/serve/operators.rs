//! What operators see of the process besides health: dead letters, which they retry, and quotas.

use std::sync::Arc;

use dossier::access::{May, any};
use dossier::contract::Role;
use engine::tasks::{DeadLetter, ReactionsHealth, Retry};
use events::Position;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::quotas::Rules;
use web::{Operation, Problem, Reply, Request};

use super::health::Watch;

/// Who may use these operations.
const OPERATORS: &[May] = &[any(Role::Operator)];

pub(super) fn operations() -> Vec<Operation<Watch>> {
    vec![dead_letters(), dead_letters_of(), retry_dead_letter(), quotas()]
}

fn dead_letters() -> Operation<Watch> {
    Operation::get("/v1/dead-letters", "get_dead_letters", "List events that could not be handled")
        .describe(
            "Events that reactions of this process gave up on; they are retried when an operator \
             asks for it.",
        )
        .roles(OPERATORS)
        .list::<DeadLetter>()
        .handle(list_dead_letters)
}

async fn list_dead_letters(watch: Arc<Watch>, _: Request) -> Result<Reply, Problem> {
    let mut letters: Vec<DeadLetter> = Vec::new();
    for service in watch.reactions() {
        letters.extend(service.dead_letters().await?);
    }
    Ok(Reply::ok(&letters))
}

fn dead_letters_of() -> Operation<Watch> {
    let address = "/v1/dead-letters/{service}";
    Operation::get(address, "get_service_dead_letters", "List the dead letters of a service")
        .describe(
            "As `get_dead_letters`, of one service. Its address leads to a process of this service \
             where the services have processes of their own.",
        )
        .parameter("service", "The service whose reactions gave up.")
        .roles(OPERATORS)
        .list::<DeadLetter>()
        .handle(list_dead_letters_of)
}

async fn list_dead_letters_of(
    watch: Arc<Watch>,
    service: String,
    _: Request,
) -> Result<Reply, Problem> {
    let reactions = reactions_of(&watch, &service)?;
    Ok(Reply::ok(&reactions.dead_letters().await?))
}

/// The reactions of a service, if this process has them.
fn reactions_of<'w>(watch: &'w Watch, service: &str) -> Result<&'w ReactionsHealth, Problem> {
    let named = watch.reactions().iter().find(|one| one.service() == service);
    named.ok_or_else(Problem::not_found)
}

/// Nothing: an empty object.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryDeadLetterRequest {}

/// The dead letter that is retried.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RetryReply {
    /// The service whose reaction gave up.
    #[schema(example = "review")]
    service: String,
    /// Commit position of the event.
    position: u64,
}

fn retry_dead_letter() -> Operation<Watch> {
    let address = "/v1/dead-letters/{service}/{position}/retry";
    Operation::post(address, "retry_dead_letter", "Retry a dead letter")
        .describe(
            "Records who asked for it. The reaction handles the event within a moment; if it cannot, \
             it retries for a day before it gives up once more.",
        )
        .parameter("service", "The service whose reaction gave up.")
        .parameter("position", "The commit position of the event.")
        .roles(OPERATORS)
        .body::<RetryDeadLetterRequest>()
        .unseen()
        .reply::<RetryReply>()
        .handle(retry)
}

async fn retry(
    watch: Arc<Watch>,
    service: String,
    position: u64,
    request: Request,
) -> Result<Reply, Problem> {
    let RetryDeadLetterRequest {} = request.json()?;
    let caller = request.caller()?;
    let reactions = reactions_of(&watch, &service)?;
    let retry = Retry {
        id: request.derived_id(caller, &format!("retry/{service}/{position}"))?,
        by: Some(caller.subject.to_string()),
        at: watch.now(),
    };
    if !reactions.try_again(Position(position), &retry).await? {
        return Err(Problem::not_found());
    }
    Ok(Reply::ok(&RetryReply { service, position }))
}

fn quotas() -> Operation<Watch> {
    Operation::get("/v1/quotas", "get_quotas", "Show the quotas of callers")
        .describe(
            "How much one caller may use in a time, as this process counts it. They are set by the \
             file of `--quotas`.",
        )
        .roles(OPERATORS)
        .impersonal("The same for all callers.")
        .reply::<Rules>()
        .handle(show_quotas)
}

async fn show_quotas(watch: Arc<Watch>, _: Request) -> Result<Reply, Problem> {
    Ok(Reply::ok(watch.quotas()))
}
