//! The closing: the providers' books against payments, receipts and lists.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::agency::is_forgotten;
use crate::office::{AGENCY, cashier};
use crate::trade::{Case, Month, Size};

/// Sums of a closed month, in đồng, and counts.
#[derive(Default)]
pub(crate) struct Closed {
    pub(crate) orders: usize,
    pub(crate) payments: usize,
    /// Parts of payments for several dossiers.
    pub(crate) parts: usize,
    pub(crate) notices: BTreeMap<&'static str, usize>,
    /// What the providers captured less what they returned.
    pub(crate) at_providers: i64,
    pub(crate) cash: i64,
    /// What went back from the till.
    pub(crate) cash_back: i64,
    pub(crate) receipted: i64,
    pub(crate) receipts: u64,
    pub(crate) owed_back: i64,
    /// The part of it of which the receipt is valid until the money has gone back.
    pub(crate) still_receipted: i64,
    pub(crate) refunded: i64,
    /// Refunds by how they ended at providers.
    pub(crate) sent_back: BTreeMap<&'static str, usize>,
    /// Counted money that is in doubt.
    pub(crate) in_doubt: i64,
    /// What attempts in doubt have brought, less what is counted for them.
    pub(crate) not_counted: i64,
    pub(crate) unmatched: i64,
    /// What providers took back.
    pub(crate) reversed: i64,
    /// What has gone twice: refunded by hand, and taken back.
    pub(crate) overdrawn: i64,
    pub(crate) debts: i64,
    pub(crate) taken_back: BTreeMap<&'static str, usize>,
    pub(crate) refused: BTreeMap<String, usize>,
    pub(crate) requests: usize,
    /// Differences at which somebody looked, and which are still open.
    pub(crate) stuck: usize,
    numbers: BTreeSet<(String, u64)>,
    /// What the lists must show: owed back and whether there is a discrepancy, by dossier.
    open: BTreeMap<String, (i64, bool)>,
}

/// Compares everything.
pub(crate) async fn close(month: &mut Month) -> Closed {
    let mut closed = Closed {
        payments: month.books.all().len(),
        notices: month.reports.clone(),
        refused: month.refused.clone(),
        cash_back: month.cash_back,
        sent_back: month.sent_back.clone(),
        taken_back: month.taken_back.clone(),
        ..Closed::default()
    };
    let on_list = unmatched(month, &mut closed).await;
    for (place, case) in month.cases.clone().into_iter().enumerate() {
        let path = format!("/v1/payments/{}", case.dossier);
        let shown = month.office.get(&path, cashier("k1")).await.body;
        close_case(month, (place, &case), &shown, &on_list, &mut closed);
    }
    lists(month, &closed).await;
    till(month, &closed).await;
    closed.receipts = closed.numbers.len() as u64;
    let expected: Vec<u64> = (1..=closed.receipts).collect();
    let numbers: Vec<u64> = closed.numbers.iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, expected, "receipts have neither doubles nor holes");
    let report = program::check(&month.office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    closed.requests = month.office.requests;
    for one in month.books.all() {
        assert!(one.refunded >= 0 && one.reversed >= 0 && one.left() >= 0, "{one:?}");
        closed.at_providers += one.left();
    }
    closed.balances();
    closed
}

/// The payments whose notices match nothing: exactly those that nobody claimed.
async fn unmatched(month: &mut Month, closed: &mut Closed) -> BTreeSet<String> {
    let path = "/v1/payment-notices/unmatched?limit=100";
    let rows = month.office.list(path, &cashier("k1")).await;
    let written: BTreeSet<&str> =
        rows.iter().map(|row| row["reference"].as_str().unwrap()).collect();
    let mut orders = BTreeSet::new();
    for one in month.books.all() {
        let is_other_sum = month.other_sums.contains(&one.order);
        let is_unclaimed = month.claims.get(&one.order) != Some(&true);
        let is_lost = is_other_sum || one.written != one.order && is_unclaimed;
        assert_eq!(written.contains(&*one.written), is_lost, "{one:?}");
        if is_lost {
            closed.unmatched += one.amount;
            orders.insert(one.order.clone());
        }
    }
    orders
}

/// One dossier: each attempt against the provider's books, and each đồng at its place.
fn close_case(
    month: &Month,
    (place, case): (usize, &Case),
    shown: &Value,
    on_list: &BTreeSet<String>,
    closed: &mut Closed,
) {
    let amount = |value: &Value| value.as_i64().unwrap();
    let sum = |rows: &Value, field: &str| -> i64 {
        rows.as_array().unwrap().iter().map(|row| row[field].as_i64().unwrap()).sum()
    };
    let orders: BTreeSet<&str> = case.orders.iter().map(|order| &*order.reference).collect();
    let attempts = shown["attempts"].as_array().unwrap();
    let ours: BTreeSet<&str> =
        attempts.iter().map(|one| one["reference"].as_str().unwrap()).collect();
    assert_eq!(orders, ours, "an attempt for each order, and no other");
    closed.orders += orders.len();
    let mut in_doubt = false;
    for attempt in attempts {
        let reference = attempt["reference"].as_str().unwrap();
        let captured = amount(&attempt["captured_vnd"]);
        let is_matched = !on_list.contains(reference);
        let paid: i64 = month.books.of(reference).map(|one| one.amount).sum();
        let paid = if is_matched { paid } else { 0 };
        let order = case.orders.iter().find(|order| order.reference == reference).unwrap();
        // Of an order for several dossiers each has its part.
        let paid = order.part.map_or(paid, |part| if paid > 0 { part } else { 0 });
        closed.parts += usize::from(order.part.is_some() && paid > 0);
        let reversed: i64 = month.books.of(reference).map(|one| one.reversed_for(place)).sum();
        assert_eq!(amount(&attempt["reversed_vnd"]), reversed, "{attempt}");
        if attempt["doubts"].as_array().unwrap().is_empty() {
            let known: Vec<_> = month.books.of(reference).collect();
            assert_eq!(captured, paid, "{attempt}\n{known:?}");
        } else {
            in_doubt = true;
            closed.not_counted += paid - captured;
            closed.stuck += usize::from(!is_forgotten(place));
        }
    }
    let (received, refunded) = (amount(&shown["received_vnd"]), amount(&shown["refunded_vnd"]));
    let reversed = sum(&shown["attempts"], "reversed_vnd");
    let cash_before = received + reversed - sum(&shown["attempts"], "captured_vnd");
    let overdrawn = (refunded - received).max(0);
    let (receipted, owed) =
        (sum(&shown["receipts"], "stands_for_vnd"), amount(&shown["owed_back_vnd"]));
    // The receipt of a fee that is owed back since the dossier or the window to pay the rest has ended
    // is valid until the money has gone back.
    assert_eq!(shown["on_its_way_vnd"], 0, "no outcome: {shown}");
    let ends = ["dossier_ended", "after_window"];
    let ended = ends.iter().any(|end| shown["repayment"]["why"] == *end);
    let uncovered = received - refunded + overdrawn - receipted - owed;
    let still = if ended { (-uncovered).clamp(0, owed) } else { 0 };
    let rest = uncovered + still;
    let is_plain = if in_doubt { rest >= 0 } else { rest == 0 };
    assert!(is_plain && cash_before >= 0, "{rest} đồng are nowhere: {shown}");
    assert!(owed == 0 || shown["repayment"]["due_at"].is_string(), "owed without a day: {shown}");
    assert!(
        !in_doubt || shown["discrepancy_due_at"].is_string(),
        "in doubt without a day: {shown}"
    );
    closed.cash += cash_before;
    closed.receipted += receipted;
    closed.owed_back += owed;
    closed.refunded += refunded;
    closed.reversed += reversed;
    closed.overdrawn += overdrawn;
    closed.debts += debts(shown);
    closed.in_doubt += rest;
    closed.still_receipted += still;
    for receipt in shown["receipts"].as_array().unwrap() {
        let number = receipt["number"].as_u64().unwrap();
        let symbol = receipt["symbol"].as_str().unwrap().to_owned();
        assert!(closed.numbers.insert((symbol, number)), "number {number} is given twice");
    }
    if owed > 0 || in_doubt {
        closed.open.insert(case.dossier.clone(), (owed, in_doubt));
    }
}

/// What the payer of a dossier owes after money was taken back.
fn debts(shown: &Value) -> i64 {
    let debts = shown["debts"].as_array().into_iter().flatten();
    let amount = |debt: &Value| {
        assert!(debt["due_at"].is_string(), "a debt without a day: {shown}");
        debt["amount_vnd"].as_i64().unwrap()
    };
    debts.map(amount).sum()
}

/// What is owed back or in doubt is on the cashiers' list, and nothing else is.
async fn lists(month: &mut Month, closed: &Closed) {
    let mut listed: BTreeMap<String, (i64, bool)> = BTreeMap::new();
    let mut debts = 0;
    for row in month.office.list("/v1/payment-tasks?limit=100", &cashier("k1")).await {
        assert!(row["due_at"].is_string(), "{row}");
        if row["kind"] == "debt" {
            debts += row["amount_vnd"].as_i64().unwrap();
            continue;
        } else if row["kind"] == "dispute" {
            continue;
        }
        let one = listed.entry(row["dossier"].as_str().unwrap().to_owned()).or_default();
        match row["kind"].as_str().unwrap() {
            "repayment" => one.0 += row["amount_vnd"].as_i64().unwrap(),
            "discrepancy" => one.1 = true,
            _ => {}
        }
    }
    assert_eq!(listed, closed.open);
    assert_eq!(debts, closed.debts);
}

/// The sums of the days are the sum of the month.
async fn till(month: &mut Month, closed: &Closed) {
    let (mut day, last) = ("2026-10-05".parse::<jiff::civil::Date>().unwrap(), month.now);
    let last = last.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(7))).date();
    let mut sums = [0_i64; 5];
    while day <= last {
        let path = format!("/v1/payment-movements?agency={AGENCY}&on={day}&limit=1");
        let shown = month.office.get(&path, cashier("k1")).await.body;
        let fields = ["cash_vnd", "captured_vnd", "corrected_vnd", "refunded_vnd", "reversed_vnd"];
        for (sum, field) in sums.iter_mut().zip(fields) {
            *sum += shown[field].as_i64().unwrap();
        }
        day = day.tomorrow().unwrap();
    }
    let [cash, captured, corrected, refunded, reversed] = sums;
    assert_eq!(reversed, closed.reversed);
    assert_eq!(cash, closed.cash);
    assert_eq!(refunded, closed.refunded);
    let net = captured + corrected + cash - refunded - reversed;
    assert_eq!(net, closed.at_places() - closed.overdrawn);
}

impl fmt::Debug for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { orders, payments, notices, requests, refused, receipts, stuck, .. } = self;
        writeln!(
            f,
            "{orders} orders, {payments} payments, {} parts, notices {notices:?}, {requests} requests",
            self.parts
        )?;
        writeln!(f, "refused {refused:?}, {stuck} differences that nobody could resolve")?;
        writeln!(f, "at providers {}, cash {}", self.at_providers, self.cash - self.cash_back)?;
        let [lists, back] = [self.in_doubt + self.not_counted, self.owed_back];
        writeln!(f, "{receipts} receipts {}, owed back {back}, in doubt {lists}", self.receipted)?;
        writeln!(f, "unmatched {}, refunded {}", self.unmatched, self.refunded)?;
        writeln!(f, "refunds through providers {:?}", self.sent_back)?;
        let Self { reversed, debts, taken_back, .. } = self;
        write!(f, "taken back {reversed}, debts {debts}, {taken_back:?}")
    }
}

impl Closed {
    /// Every đồng at a provider or in the till is a receipt, owed back, or on a list.
    fn balances(&self) {
        let on_lists = self.not_counted + self.unmatched;
        let there = self.at_providers + self.cash - self.cash_back;
        assert_eq!(there + self.overdrawn, self.at_places() + on_lists, "{self:?}");
    }

    /// Counted money: receipts, what is owed back, and what is in doubt.
    const fn at_places(&self) -> i64 {
        self.receipted + self.owed_back - self.still_receipted + self.in_doubt
    }

    /// Whether all of it happened: a month without some of it would prove nothing.
    pub(crate) fn is_a_whole_month(&self, size: Size) {
        assert!(
            self.orders > size.dossiers * 2 && self.payments * 3 > size.dossiers * 2,
            "{self:?}"
        );
        assert!(self.parts * 25 > size.dossiers, "{self:?}");
        let all = [self.receipted, self.owed_back, self.refunded, self.unmatched, self.cash];
        assert!(all.iter().all(|one| *one > 0), "{self:?}");
        let ends = ["refunded", "refund_refused"];
        assert!(ends.iter().all(|end| self.sent_back.get(end) > Some(&2)), "{self:?}");
        assert!(self.notices.values().all(|count| *count > 0), "{self:?}");
        // Not reported yet, proposed already, or not there any more; and nothing else.
        let may_be = [
            "cash: amount-differs",
            "cash: nothing-owed",
            "refunds: refund-exceeds-received",
            "refunds: refund-already-proposed",
            "refund-requests: refund-already-proposed",
            "refund-requests: refund-exceeds-transaction",
            "refund-approvals: refund-exceeds-owed",
            "refund-approvals: refund-exceeds-transaction",
            "refunds: amount-disputed",
            "refund-requests: payment-disputed",
            "refund-approvals: amount-disputed",
            "refund-approvals: payment-disputed",
            "debt-write-offs: refund-already-proposed",
            "entry-approvals: entry-no-longer-holds",
            "resolutions: amount-not-said",
            "resolutions: resolution-already-proposed",
            "payment-orders: nothing-owed",
            "payment-orders: payment-in-progress",
            "payment-orders: fee-window-closed",
        ];
        assert!(self.refused.keys().all(|one| may_be.contains(&&**one)), "{self:?}");
        assert_eq!(self.stuck, 0, "{self:?}");
    }
}

/// Whether what is rare happened in one of the months at least.
pub(crate) fn have_what_is_rare(months: &[Closed]) {
    assert!(months.iter().any(|month| month.in_doubt > 0), "{months:?}");
    let has = |month: &Closed| month.sent_back.contains_key("of_orders");
    assert!(months.iter().any(has), "no part of an order went back: {months:?}");
    for became in ["reversed", "dispute_kept", "dispute_lost", "debt_paid", "of_orders"] {
        let has = |month: &Closed| month.taken_back.contains_key(became);
        assert!(months.iter().any(has), "{became}: {months:?}");
    }
}
