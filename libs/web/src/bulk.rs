//! Steps of one kind on several dossiers, in one request. Each is executed as a request of its own:
//! with its own permission, version, key and outcome. There is no transaction over dossiers; what
//! is refused for one does not prevent the others.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use dossier::access::{self, May};
use dossier::contract::DossierId;
use dossier::text::{Line, List};
use events::Position;
use futures_util::{FutureExt, StreamExt, stream};
use http::header::{ETAG, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::limits::BULK_AT_ONCE;
use crate::operation::Called;
use crate::operation::Unbound;
use crate::problem::{BODY_INVALID, INTERNAL, PRECONDITION_REQUIRED};
use crate::reply::CONSISTENCY_TOKEN;
use crate::{Access, Operation, Problem, ProblemBody, Reply, Request};

mod batch;

pub use batch::{BatchOutcome, BatchReply};

/// Steps of one kind on several dossiers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkRequest {
    /// The `operationId` of the step.
    #[schema(example = "claim_review")]
    operation: Line<60>,
    /// The dossiers, each with the body of its step. From 1 to 100.
    #[schema(value_type = Vec<BulkItem>, max_items = 100)]
    items: List<BulkItem, 100>,
}

/// One step of a bulk.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkItem {
    /// Id of the dossier.
    dossier: DossierId,
    /// The `ETag` of the last read, or `*` for any version, for steps that require `If-Match`.
    #[schema(example = "\"3\"")]
    if_match: Option<Line<100>>,
    /// The body of the step, as in a request of its own.
    #[schema(value_type = HashMap<String, Value>, example = json!({ "to": "reviewer-2", "reason": "absence" }))]
    body: Value,
}

/// The outcome of each step of a bulk, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkReply {
    /// The number of steps that were executed, or had been before.
    succeeded: usize,
    /// The number of steps that were refused or failed.
    refused: usize,
    outcomes: Vec<BulkOutcome>,
}

/// The outcome of one step of a bulk.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkOutcome {
    /// Id of the dossier.
    dossier: DossierId,
    /// The HTTP status that a request of its own would have.
    #[schema(example = 200)]
    status: u16,
    /// The new version; absent if the step was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "\"4\"")]
    etag: Option<String>,
    /// Why it was refused or failed; JSON Pointers are relative to the body of this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemBody>,
    #[serde(skip)]
    position: Option<Position>,
}

/// A step that a bulk may consist of.
#[derive(Clone)]
struct Part {
    id: &'static str,
    /// Method and address.
    name: Arc<str>,
    address: &'static str,
    mays: &'static [May],
    called: Called,
}

impl<A: Send + Sync + 'static> Operation<A, Unbound> {
    /// An operation that executes one of `steps` for several dossiers. Each is an operation with a
    /// body, and with the dossier as the only parameter of its address; `description` names them.
    /// `roles` are those of all steps; each step's own roles are checked as well.
    pub fn bulk(
        address: &'static str,
        id: &'static str,
        summary: &'static str,
        description: &'static str,
        roles: &'static [May],
        steps: Vec<Operation<A>>,
    ) -> Operation<A> {
        let operation = Self::post(address, id, summary)
            .describe(description)
            .roles(roles)
            .body::<BulkRequest>()
            .reply::<BulkReply>()
            .positioned();
        let declared = operation.declared();
        operation.called(move |app| {
            let parts: Arc<[Part]> = steps.iter().filter_map(|step| Part::of(step, app)).collect();
            let declared = declared.clone();
            Arc::new(move |request| {
                let (parts, declared) = (Arc::clone(&parts), declared.clone());
                Box::pin(async move {
                    let answered = execute(&parts, &request).await;
                    declared.check(&answered);
                    answered
                })
            })
        })
    }
}

impl Part {
    fn of<A>(step: &Operation<A>, app: &Arc<A>) -> Option<Self> {
        let item = step.item();
        let Access::Roles(mays) = item.access else { return None };
        let name = format!("{} {}", item.method, item.address).into();
        let called = step.bind(app)?;
        Some(Self { id: item.id, name, address: item.address, mays, called })
    }

    /// Calls the handler; a panic in it becomes a 500 of this part alone.
    async fn call(&self, request: Request) -> Result<Reply, Problem> {
        let called = AssertUnwindSafe((self.called)(request)).catch_unwind().await;
        called.unwrap_or_else(|_| {
            tracing::error!(operation = &*self.name, "a handler panicked");
            Err(Problem::new(INTERNAL))
        })
    }
}

async fn execute(parts: &[Part], request: &Request) -> Result<Reply, Problem> {
    request.idempotency_key()?;
    let BulkRequest { operation, items } = request.json()?;
    let Some(part) = parts.iter().find(|part| part.id == operation.0) else {
        let known: Vec<&str> = parts.iter().map(|part| part.id).collect();
        let known = known.join(", ");
        let (vi, en) = (format!("phải là một trong: {known}"), format!("must be one of: {known}"));
        return Err(Problem::field(BODY_INVALID, "/operation", &vi, &en));
    };
    if items.is_empty() {
        let (vi, en) = ("phải có ít nhất một hồ sơ", "must have at least one dossier");
        return Err(Problem::field(BODY_INVALID, "/items", vi, en));
    }
    let executed =
        items.0.into_iter().enumerate().map(|(place, item)| one(part, request, place, item));
    let outcomes: Vec<BulkOutcome> = stream::iter(executed).buffered(BULK_AT_ONCE).collect().await;
    let succeeded = outcomes.iter().filter(|outcome| outcome.problem.is_none()).count();
    let refused = outcomes.len().saturating_sub(succeeded);
    let newest = outcomes.iter().filter_map(|outcome| outcome.position).max();
    let reply = Reply::ok(&BulkReply { succeeded, refused, outcomes });
    Ok(match newest {
        Some(position) => reply.position(position),
        None => reply,
    })
}

async fn one(part: &Part, request: &Request, place: usize, item: BulkItem) -> BulkOutcome {
    let dossier = item.dossier;
    match answered(part, request, place, item).await {
        Ok(reply) => {
            let text = |name| reply.headers().get(name).and_then(|value| value.to_str().ok());
            let token =
                text(CONSISTENCY_TOKEN).and_then(|text| text.trim_matches('"').parse().ok());
            BulkOutcome {
                dossier,
                status: reply.status().as_u16(),
                etag: text(ETAG).map(str::to_owned),
                problem: None,
                position: token.map(Position),
            }
        }
        Err(problem) => BulkOutcome {
            dossier,
            status: problem.status().as_u16(),
            etag: None,
            problem: Some(problem.body(request.language())),
            position: None,
        },
    }
}

async fn answered(
    part: &Part,
    request: &Request,
    place: usize,
    BulkItem { dossier, if_match, body }: BulkItem,
) -> Result<Reply, Problem> {
    access::decide(request.caller()?, part.mays, None)?;
    let version = if_match.map(|tag| HeaderValue::from_str(&tag.0));
    let version = version.transpose().map_err(|_| Problem::new(PRECONDITION_REQUIRED))?;
    let path = part.address.replace("{dossier}", &dossier.to_string());
    let body = Bytes::from(body.to_string());
    let own = request.part((&part.name, path), place, version, body)?;
    part.call(own).await
}
