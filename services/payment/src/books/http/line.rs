//! A line of a statement in a request.

use dossier::RefusalEntry;
use dossier::books::limits::AMOUNT_MAX;
use dossier::contract::{LineKind, StatementLine, Vnd};
use jiff::Timestamp;
use partners::Reference;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Line, Text};

pub(super) const AMOUNT_IMPOSSIBLE: RefusalEntry = RefusalEntry {
    status: 422,
    code: "amount-impossible",
    vi: "số tiền phải từ 0 đến 1.000.000.000.000 đồng",
    en: "the amount must be from 0 to 1,000,000,000,000 đồng",
};
pub(super) const PAYOUT_MISSING: RefusalEntry = RefusalEntry {
    status: 422,
    code: "payout-missing",
    vi: "dòng chuyển tiền của cổng thanh toán phải có số lần chuyển (`payout`)",
    en: "a line about a payout must have the number of the payout (`payout`)",
};

/// A line of a statement or settlement file.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatementLineRequest {
    /// The bank's or provider's name of the line, the same in every file.
    #[schema(example = "FT26324001")]
    event: Line<200>,
    /// What the line reports.
    kind: LineKind,
    /// Amount in whole đồng, positive: `kind` says in which direction it moved.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64, example = 30_000)]
    amount_vnd: i64,
    /// Charge that was withheld from the amount.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 0)]
    fee_vnd: i64,
    /// Our reference; the one in the text of the transfer if absent.
    #[schema(example = "DSR-0e8400e29b41d4a716446655440000-00000000000000000000000000000001")]
    reference: Option<Line<200>>,
    /// The provider's number of the transaction.
    #[schema(example = "14312345")]
    transaction: Option<Line<200>>,
    /// The provider's number of the payout that has the line.
    #[schema(example = "P-2026-11-20")]
    payout: Option<Line<100>>,
    /// Time of booking.
    #[schema(example = "2026-11-20T10:00:00+07:00")]
    booked_at: Timestamp,
    /// Text of the transfer.
    #[schema(example = "nop phi ho so")]
    memo: Option<Text<500>>,
}

impl StatementLineRequest {
    /// What is wrong with it at its place in the request, each with the field.
    pub(super) fn wrong(&self, place: usize) -> Vec<(bool, RefusalEntry, String)> {
        let is_payout = matches!(self.kind, LineKind::PaidOut | LineKind::PaidIn);
        let at = |field: &str| format!("/lines/{place}/{field}");
        vec![
            (!(1..=AMOUNT_MAX).contains(&self.amount_vnd), AMOUNT_IMPOSSIBLE, at("amount_vnd")),
            (!(0..=AMOUNT_MAX).contains(&self.fee_vnd), AMOUNT_IMPOSSIBLE, at("fee_vnd")),
            (is_payout && self.payout.is_none(), PAYOUT_MISSING, at("payout")),
        ]
    }

    pub(super) const fn booked_at(&self) -> Timestamp {
        self.booked_at
    }

    /// The line as it is recorded.
    pub(super) fn recorded(self) -> StatementLine {
        let memo = self.memo.as_ref().map_or("", |memo| &*memo.0);
        let mut named = Reference::found_in(memo);
        // A text with two references names none.
        let named = named.pop().filter(|_| named.is_empty()).map(|one| one.to_string());
        let text = |line: Option<Line<200>>| line.map(|line| line.0);
        StatementLine {
            event: self.event.0,
            kind: self.kind,
            amount: Vnd(self.amount_vnd),
            fee: Vnd(self.fee_vnd),
            reference: text(self.reference).or(named),
            transaction: text(self.transaction),
            payout: self.payout.map(|line| line.0),
            booked_at: self.booked_at,
            memo: self.memo.as_ref().map(Text::personal),
        }
    }
}
