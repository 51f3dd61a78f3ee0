//! Several new resources of one kind, in one request. Each is filed as by a request of its own:
//! with its own key, quota and outcome. What is refused does not prevent the others.

use std::sync::Arc;

use bytes::Bytes;
use dossier::access;
use dossier::contract::{DossierCode, DossierId, MandateId};
use dossier::text::List;
use events::Position;
use futures_util::{StreamExt, stream};
use http::HeaderMap;
use http::header::{ETAG, LOCATION};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Part;
use crate::limits::BULK_AT_ONCE;
use crate::mandate::Invoked;
use crate::operation::Unbound;
use crate::problem::BODY_INVALID;
use crate::quotas::Uses;
use crate::reply::CONSISTENCY_TOKEN;
use crate::{Counts, Operation, Problem, ProblemBody, Reply, Request};

/// The bodies of the single requests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    items: List<Map<String, Value>, 100>,
}

/// The outcome of each item of a batch, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchReply {
    /// The number of items that were filed, or had been before.
    succeeded: usize,
    /// The number of items that were refused or failed.
    refused: usize,
    outcomes: Vec<BatchOutcome>,
}

/// The outcome of one item of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchOutcome {
    /// Its place in the request, from 0.
    index: usize,
    /// The HTTP status that a request of its own would have.
    #[schema(example = 201)]
    status: u16,
    /// Id of the new dossier; absent if it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    dossier: Option<DossierId>,
    /// Code of the new dossier.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<DossierCode>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/v1/dossiers/018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e")]
    location: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "\"1\"")]
    etag: Option<String>,
    /// Why it was refused or failed; JSON Pointers are relative to this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemBody>,
    #[serde(skip)]
    position: Option<Position>,
}

/// What the reply to a new dossier names it by.
#[derive(Deserialize)]
struct Filed {
    id: DossierId,
    code: DossierCode,
}

impl<A: Send + Sync + 'static> Operation<A, Unbound> {
    /// An operation that files up to 100 dossiers by the step `single`. `B` describes the request:
    /// an object with `items`, the bodies of the single requests.
    pub fn batch<B: ToSchema>(
        address: &'static str,
        id: &'static str,
        (summary, description): (&'static str, &'static str),
        single: Operation<A>,
    ) -> Operation<A> {
        let operation = Self::post(address, id, summary)
            .describe(description)
            .accessed(single.item().access)
            .body::<B>()
            .reply::<BatchReply>()
            .counted(Counts::Filing)
            .positioned();
        let declared = operation.declared();
        operation.called(move |app| {
            let (part, declared) = (Part::of(&single, app).map(Arc::new), declared.clone());
            Arc::new(move |request| {
                let (part, declared) = (part.clone(), declared.clone());
                Box::pin(async move {
                    let part = part.ok_or_else(Problem::not_found)?;
                    let answered = execute(&part, &request).await;
                    declared.check(&answered);
                    answered
                })
            })
        })
    }
}

async fn execute(part: &Part, request: &Request) -> Result<Reply, Problem> {
    request.idempotency_key()?;
    let Batch { items } = request.json()?;
    if items.is_empty() {
        let (vi, en) = ("phải có ít nhất một hồ sơ", "must have at least one dossier");
        return Err(Problem::field(BODY_INVALID, "/items", vi, en));
    }
    let filed =
        items.0.into_iter().enumerate().map(|(place, item)| one(part, request, place, item));
    let outcomes: Vec<BatchOutcome> = stream::iter(filed).buffered(BULK_AT_ONCE).collect().await;
    let succeeded = outcomes.iter().filter(|outcome| outcome.problem.is_none()).count();
    let refused = outcomes.len().saturating_sub(succeeded);
    let newest = outcomes.iter().filter_map(|outcome| outcome.position).max();
    let reply = Reply::ok(&BatchReply { succeeded, refused, outcomes });
    Ok(match newest {
        Some(position) => reply.position(position),
        None => reply,
    })
}

async fn one(
    part: &Part,
    request: &Request,
    index: usize,
    body: Map<String, Value>,
) -> BatchOutcome {
    match filed(part, request, index, body).await {
        Ok(reply) => {
            let text = |name| reply.headers().get(name).and_then(|value| value.to_str().ok());
            let token =
                text(CONSISTENCY_TOKEN).and_then(|text| text.trim_matches('"').parse().ok());
            let body = reply.json_body().and_then(|body| serde_json::from_slice(body).ok());
            let (dossier, code) = body.map(|Filed { id, code }| (id, code)).unzip();
            BatchOutcome {
                index,
                status: reply.status().as_u16(),
                dossier,
                code,
                location: text(LOCATION).map(str::to_owned),
                etag: text(ETAG).map(str::to_owned),
                problem: None,
                position: token.map(Position),
            }
        }
        Err(problem) => BatchOutcome {
            index,
            status: problem.status().as_u16(),
            dossier: None,
            code: None,
            location: None,
            etag: None,
            problem: Some(problem.body(request.language())),
            position: None,
        },
    }
}

async fn filed(
    part: &Part,
    request: &Request,
    place: usize,
    mut body: Map<String, Value>,
) -> Result<Reply, Problem> {
    let (mut request, context) = (request.clone(), request.context());
    // A mandate may be revoked while earlier items are being filed.
    context.representation.still(request.caller()?).await?;
    if let Some(mandate) = body.remove(MANDATE) {
        request = under(&request, &mandate).await?;
    }
    let caller = request.caller()?;
    access::decide(caller, part.mays, None)?;
    // The first item was counted with the request.
    let admitted = (place > 0)
        .then(|| context.quotas.admit(Some(caller), request.client, Uses::Submission))
        .transpose()
        .map_err(|exceeded| Problem::quota(&exceeded))?;
    let body = Bytes::from(Value::from(body).to_string());
    let own = request.part((&part.name, part.address.to_owned()), place, None, body)?;
    let answered = part.call(own).await;
    if let Some(admitted) = admitted {
        admitted.answered(answered.is_ok(), &mut HeaderMap::new());
    }
    answered
}

/// The property of an item that names the mandate by which it is filed.
const MANDATE: &str = "mandate";

/// The request as one under the mandate that an item names.
async fn under(request: &Request, mandate: &Value) -> Result<Request, Problem> {
    let caller = request.caller()?;
    if caller.mandate.is_some() {
        let vi = "yêu cầu đã nêu ủy quyền trong tiêu đề `Mandate`: hãy bỏ tiêu đề đó, hoặc bỏ trường này";
        let en = "the request invokes a mandate by its `Mandate` header: omit the header, or this property";
        return Err(Problem::field(BODY_INVALID, "/mandate", vi, en));
    }
    let Some(mandate) = mandate.as_str().and_then(|text| text.parse::<MandateId>().ok()) else {
        let (vi, en) = ("phải là mã của một ủy quyền", "must be the id of a mandate");
        return Err(Problem::field(BODY_INVALID, "/mandate", vi, en));
    };
    let invoked = Invoked::by(mandate);
    let acting = request.context().representation.acting(caller.clone(), invoked).await?;
    Ok(request.acting_as(acting))
}
