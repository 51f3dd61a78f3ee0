//! Lists the provider notices that match no payment.

use std::sync::Arc;

use dossier::books::Transfer;
use dossier::contract::{PaymentOrderId, Vnd};
use dossier::payment::READ_UNMATCHED;
use engine::view::Question;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request};

use crate::App;
use crate::books::twins;

const ADDRESS: &str = "/v1/payment-notices/unmatched";

/// Page of the notices.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnmatchedQuery {
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(minimum = 0)]
    after: Option<u64>,
    /// Only notices that name a payment order, whose money is counted for none of its dossiers.
    of_orders: Option<bool>,
}

/// What a notice reports that matches no payment.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnmatchedFact {
    /// The money was captured.
    Captured,
    /// The payment failed.
    Failed,
    /// The outcome is not known yet.
    Pending,
    /// The money went back to the payer.
    Refunded,
    /// The provider reversed a payment.
    Reversed,
    /// The payer disputes a payment.
    Disputed,
    /// It is signed by the provider, and its content cannot be understood.
    Impossible,
}

/// A provider notice that matches no payment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnmatchedPaymentNoticeReply {
    /// Id of the notice, for `match_notice`.
    notice: Uuid,
    /// Position in the log.
    position: u64,
    /// Code of the provider.
    #[schema(example = "sandbox")]
    provider: String,
    /// The provider's id of the notice.
    #[schema(example = "ipn-4711")]
    event: String,
    /// Reference in the notice.
    #[schema(example = "ORDER-4711")]
    reference: String,
    /// Payment order that the reference names: its money is counted for none of its dossiers.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<PaymentOrderId>,
    /// Reported outcome; null for notices recorded before this field existed.
    #[schema(value_type = Option<UnmatchedFact>)]
    kind: Option<String>,
    /// The provider's transaction number.
    #[schema(example = "T1")]
    transaction: Option<String>,
    /// Reported amount in VND.
    amount_vnd: Vnd,
    /// When the money moved, by the provider's clock.
    paid_at: Option<Timestamp>,
    /// What cannot be understood, with the place in the message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["/amount: is not a whole number"]))]
    findings: Vec<String>,
    /// Time at which it was received.
    at: Option<Timestamp>,
    /// Names of money that may be the same transfer: lines of statements for a report, and counted
    /// money of reports for a line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["FT26324001"]))]
    may_be_same: Vec<String>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        ADDRESS,
        "get_unmatched_payment_notices",
        "List payment notices that match no payment",
    )
    .describe("The oldest first, until they are matched (`match_notice`).")
    .roles(READ_UNMATCHED)
    .query::<UnmatchedQuery>()
    .list::<UnmatchedPaymentNoticeReply>()
    .pages()
    .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: UnmatchedQuery = request.query()?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let only = query.of_orders.unwrap_or(false);
    let after = i64::try_from(query.after.unwrap_or(0)).map_err(|_| Cursors::invalid())?;
    request.catch_up(Some(&app.shown)).await?;
    let rows = app.open.query(Question::List, move |rows| {
        rows.prepare(
            "SELECT position, provider, event, reference, said, number, amount, at, id, paid_at, findings,
                    payment_order FROM unmatched
             WHERE matched = 0 AND position > ?1 AND (NOT ?3 OR payment_order IS NOT NULL)
             ORDER BY position LIMIT ?2",
        )?
        .query_map((after, limit, only), |row| {
            Ok(UnmatchedPaymentNoticeReply {
                position: row.get::<_, i64>(0)?.cast_unsigned(),
                provider: row.get(1)?,
                event: row.get(2)?,
                reference: row.get(3)?,
                order: row.get::<_, Option<String>>(11)?.and_then(|order| order.parse().ok()),
                kind: row.get(4)?,
                transaction: row.get(5)?,
                amount_vnd: Vnd(row.get(6)?),
                at: Timestamp::from_millisecond(row.get(7)?).ok(),
                notice: row.get::<_, String>(8)?.parse().unwrap_or_default(),
                paid_at: row
                    .get::<_, Option<i64>>(9)?
                    .and_then(|at| Timestamp::from_millisecond(at).ok()),
                findings: serde_json::from_str(&row.get::<_, String>(10)?).unwrap_or_default(),
                may_be_same: Vec::new(),
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()
    });
    let rows = with_twins(&app, rows.await?).await?;
    let next = request.page_after(ADDRESS, (&rows, limit), |last| last.position.to_string());
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}

/// Adds the names of money that may be the same.
async fn with_twins(
    app: &App,
    mut rows: Vec<UnmatchedPaymentNoticeReply>,
) -> Result<Vec<UnmatchedPaymentNoticeReply>, Problem> {
    let rows = app.books.query(Question::List, move |tables| {
        for row in &mut rows {
            let is_money = row.kind.as_deref().unwrap_or("captured") == "captured";
            if let Some(at) = row.paid_at.or(row.at).filter(|_| is_money) {
                let number = row.transaction.as_deref();
                let transfer = Transfer { event: &row.event, number, amount: row.amount_vnd, at };
                row.may_be_same = twins::names(tables, &transfer)?;
            }
        }
        Ok(rows)
    });
    Ok(rows.await?)
}
