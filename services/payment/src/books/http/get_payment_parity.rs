//! Shows an account in a range of days side by side: what the bank or provider states, what is
//! recorded, and what the dossiers have.

use std::sync::Arc;

use dossier::contract::{AgencyCode, DossierCode, DossierId, Vnd};
use dossier::law::is_account;
use engine::view::{Question, of_uninvolved};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request};

use super::get_payment_books::asked;
use crate::books::App;
use crate::books::parity::{self, Range, Side};

const ADDRESS: &str = "/v1/payment-parity";
/// Maximum length of a range, in days.
const DAYS_MAX: i32 = 31;

/// Account, days and page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParityQuery {
    /// Code of the agency that has the account; the caller's if absent.
    agency: Option<AgencyCode>,
    /// Name of the account.
    #[schema(example = "sandbox")]
    account: String,
    /// First day.
    #[schema(example = "2026-11-20")]
    from: Date,
    /// Last day, at most 31 days in all; the first if absent.
    to: Option<Date>,
    /// Only payments and lines with differences.
    only_differences: Option<bool>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// Sums of one side and the other, in VND.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParitySums {
    /// Came in by the statements.
    stated_in_vnd: Vnd,
    /// Went out by the statements.
    stated_out_vnd: Vnd,
    /// Charges of the bank or provider.
    charged_vnd: Vnd,
    /// Came in by the records of payments.
    recorded_in_vnd: Vnd,
    /// Went out by the records of payments.
    recorded_out_vnd: Vnd,
    /// Valid receipts for what came in by the records.
    receipted_vnd: Vnd,
}

/// What a dossier has at present, whatever the days are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParityDossier {
    /// Id of the dossier.
    #[schema(value_type = DossierId)]
    dossier: String,
    /// Code of the dossier.
    #[schema(value_type = DossierCode)]
    code: String,
    /// Its fee, in VND.
    fee_vnd: Vnd,
    /// When the fee was settled; null while it is not.
    settled_at: Option<Timestamp>,
    /// Received on all accounts.
    received_vnd: Vnd,
    /// Went back to the payer, on all accounts.
    refunded_vnd: Vnd,
    /// Sum of its valid receipts.
    receipted_vnd: Vnd,
    /// Owed back to the payer.
    owed_back_vnd: Vnd,
}

/// A payment, or a line that is about none of ours.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParityRow {
    /// Id of the attempt, the payment order or the cash payment, or `line:` and the name of a line.
    #[schema(example = "line:FT26324001")]
    key: String,
    /// Time of the first line or movement.
    at: Option<Timestamp>,
    /// Sums in the range.
    #[serde(flatten)]
    #[schema(inline)]
    sums: ParitySums,
    /// Its open differences.
    #[schema(example = json!(["missing_there"]))]
    differences: Vec<String>,
    /// What its dossier has; null if none is known.
    dossier: Option<ParityDossier>,
}

/// An account in a range of days.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParityReply {
    /// Code of the agency.
    agency: AgencyCode,
    /// Name of the account.
    #[schema(example = "sandbox")]
    account: String,
    /// First day.
    from: Date,
    /// Last day.
    to: Date,
    /// Sums of the whole range, with all rows.
    totals: ParitySums,
    /// Open differences in the range.
    open_differences: u64,
    /// A page of the payments and lines, the oldest first, without those of matters to which the
    /// caller is a party.
    rows: Vec<ParityRow>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_payment_parity", "Compare an account with payments and dossiers")
        .describe(
            "What the bank or provider states, what is recorded, and what the dossiers have, for \
             each payment and each line that is about none. Lines and records may be of different \
             days: a difference at the edge of a range may be none in a longer one.",
        )
        .impersonal("codes, amounts and dates")
        .roles(dossier::books::READ)
        .query::<ParityQuery>()
        .reply::<ParityReply>()
        .pages()
        .handle(handle)
}

/// The range that is asked for.
fn range(request: &Request, query: &ParityQuery) -> Result<(Range, Date), Problem> {
    let agency = asked(request, query.agency.as_ref())?;
    let agency = agency.ok_or_else(|| {
        let (vi, en) = ("phải nêu mã cơ quan", "is required: the agency that has the account");
        Problem::parameter("agency", vi, en)
    })?;
    if !is_account(&query.account) {
        let (vi, en) = ("không phải tên tài khoản", "is not the name of an account");
        return Err(Problem::parameter("account", vi, en));
    }
    let to = query.to.unwrap_or(query.from);
    let days = query.from.until(to).map_or(i32::MAX, |span| span.get_days());
    if !(0..DAYS_MAX).contains(&days) {
        return Err(Problem::parameter(
            "to",
            "phải từ `from` trở đi, cả thảy không quá 31 ngày",
            "must not be before `from`; a range has at most 31 days",
        ));
    }
    let account = query.account.clone();
    let (from, until) = (query.from.to_string(), to.to_string());
    Ok((Range { agency, account, from, to: until }, to))
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: ParityQuery = request.query()?;
    let (range, to) = range(&request, &query)?;
    request.catch_up(Some(&app.shown)).await?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let only = query.only_differences.unwrap_or(false);
    let Range { agency, account, from, .. } = &range;
    let only_asked = if only { "1" } else { "" };
    let cursors =
        Cursors::of(&request, &[ADDRESS, agency.as_str(), account, from, &range.to, only_asked]);
    let after = query.after.as_deref().map(|after| {
        let (at, key) = cursors.read(after)?.split_once('_').ok_or_else(Cursors::invalid)?;
        Ok::<_, Problem>((at.parse::<i64>().map_err(|_| Cursors::invalid())?, key.to_owned()))
    });
    let after = after.transpose()?;
    let mut values = Vec::new();
    let uninvolved = of_uninvolved(request.caller()?, &mut values);
    let of = range.clone();
    let found = app.view.query(Question::List, move |tables| {
        let page = parity::Page { uninvolved: (uninvolved, values), only, after, limit };
        let open = parity::open(tables, &of)?;
        Ok((parity::totals(tables, &of)?, open, parity::page(tables, &of, page)?))
    });
    let (totals, open_differences, sides) = found.await?;
    let next = request.page_after(ADDRESS, (&sides, limit), |last| {
        cursors.write(&format!("{}_{}", last.at, last.key))
    });
    let reply = ParityReply {
        agency: range.agency,
        account: range.account,
        from: query.from,
        to,
        totals: sums(totals),
        open_differences,
        rows: sides.into_iter().map(row).collect(),
    };
    Ok(Reply::ok(&reply).next_page(next.as_deref()))
}

fn sums(
    [stated_in, stated_out, charged, recorded_in, recorded_out, receipted]: [i64; 6],
) -> ParitySums {
    ParitySums {
        stated_in_vnd: Vnd(stated_in),
        stated_out_vnd: Vnd(stated_out),
        charged_vnd: Vnd(charged),
        recorded_in_vnd: Vnd(recorded_in),
        recorded_out_vnd: Vnd(recorded_out),
        receipted_vnd: Vnd(receipted),
    }
}

fn row(side: Side) -> ParityRow {
    let dossier = side.dossier.map(|of| ParityDossier {
        dossier: of.dossier,
        code: of.code,
        fee_vnd: Vnd(of.total),
        settled_at: of.settled_at.and_then(|at| Timestamp::from_millisecond(at).ok()),
        received_vnd: Vnd(of.received),
        refunded_vnd: Vnd(of.refunded),
        receipted_vnd: Vnd(of.receipted),
        owed_back_vnd: Vnd(of.owed_back),
    });
    ParityRow {
        key: side.key,
        at: Timestamp::from_millisecond(side.at).ok(),
        sums: sums(side.sums),
        differences: side.differences,
        dossier,
    }
}
