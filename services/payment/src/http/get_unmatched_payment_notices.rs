//! Shows what providers said of none of our payments.

use std::sync::Arc;

use dossier::payment::READ_UNMATCHED;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint0};
use service_kit::view::Question;
use utoipa::ToSchema;

use super::page::{PAGE_DEFAULT, limit};
use crate::App;

/// Which page of the notices.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnmatchedQuery {
    /// How many, at most 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The cursor of the `next` link.
    #[param(minimum = 0)]
    after: Option<u64>,
}

/// What a provider said of none of our payments.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnmatchedPaymentNoticeReply {
    /// Its position in the log.
    position: u64,
    /// Which provider.
    provider: String,
    /// The provider's name of the fact.
    event: String,
    /// What it names.
    reference: String,
    /// `captured`, `failed` or `pending`; nothing for one that was kept before this was.
    kind: Option<String>,
    /// The provider's number of the transaction.
    transaction: Option<String>,
    /// How much.
    amount_vnd: i64,
    /// When it came.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// What providers said of none of our payments, the oldest first.
#[utoipa::path(
    get,
    path = "/v1/payment-notices/unmatched",
    operation_id = "get_unmatched_payment_notices",
    params(UnmatchedQuery),
    responses((status = 200, body = Vec<UnmatchedPaymentNoticeReply>)),
)]
async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: UnmatchedQuery = request.query()?;
    let limit = limit(query.limit.unwrap_or(PAGE_DEFAULT))?;
    let after = i64::try_from(query.after.unwrap_or(0)).map_err(|_| Problem::query("after"))?;
    request.catch_up(app.payments.kit(), Some(&app.shown)).await?;
    let rows = app.open.query(Question::List, move |rows| {
        rows.prepare(
            "SELECT position, provider, event, reference, said, number, amount, at FROM unmatched
             WHERE position > ?1 ORDER BY position LIMIT ?2",
        )?
        .query_map((after, limit), |row| {
            Ok(UnmatchedPaymentNoticeReply {
                position: row.get::<_, i64>(0)?.cast_unsigned(),
                provider: row.get(1)?,
                event: row.get(2)?,
                reference: row.get(3)?,
                kind: row.get(4)?,
                transaction: row.get(5)?,
                amount_vnd: row.get(6)?,
                at: Timestamp::from_millisecond(row.get(7)?).ok(),
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()
    });
    let rows = rows.await?;
    let next = request.page_after("/v1/payment-notices/unmatched", (&rows, limit), |last| {
        last.position.to_string()
    });
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint0(
        app,
        Access::Roles(READ_UNMATCHED),
        warp::path!("v1" / "payment-notices" / "unmatched"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
