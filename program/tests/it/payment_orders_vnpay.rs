//! A payment order through VNPAY, through HTTP: the redirect, signed reports, and parts of it that
//! go back, one after the other.

use dossier::contract::Role;
use events::EventStore;
use http::Method;
use serde_json::{Value, json};

use crate::life::{Certificate, take};
use crate::payment_orders::{certificates, check, ids, ordered, paid, received};
use crate::support::Office;
use crate::support::vnpay::{Back, Vnpay};

const SUM: i64 = 90_000;
const FEE: i64 = 30_000;

struct Trade {
    office: Office,
    vnpay: Vnpay,
    all: Vec<Certificate>,
    order: Value,
    _folder: tempfile::TempDir,
}

impl Trade {
    /// An order for three dossiers; `more` are capabilities in the partner's file.
    async fn begun(more: &str) -> Self {
        let (vnpay, folder) = (Vnpay::open().await, tempfile::tempdir().unwrap());
        let outside = vnpay.outside(folder.path(), more);
        let mut office = Office::open_with_partners(EventStore::memory(), outside).await;
        let all = certificates(&mut office, 3).await;
        let token = all[0].applicant.clone();
        let order = ordered(&mut office, &token, &ids(&all), "vnpay").await.granted();
        office.wait_until("2026-11-20T09:20").await;
        Self { office, vnpay, all, order, _folder: folder }
    }

    /// The same, paid.
    async fn paid(more: &str) -> Self {
        let mut trade = Self::begun(more).await;
        *trade.vnpay.paid.lock().unwrap() = Some((SUM, 14_000_000));
        assert_eq!(trade.report(SUM, ("00", 14_000_000), None).await, "00");
        trade
    }

    fn reference(&self) -> String {
        self.order["short_reference"].as_str().unwrap().to_owned()
    }

    /// Sends a report; gives VNPAY's code of the answer.
    async fn report(&mut self, amount: i64, of: (&str, i64), secret: Option<&str>) -> String {
        let address = Vnpay::report(&self.reference(), amount, of, secret);
        let answer = self.office.browser.send(Method::GET, &address, &[], Vec::new()).await;
        self.office.settle().await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["RspCode"].as_str().unwrap().to_owned()
    }

    fn cashier(&self) -> String {
        self.office.token(Role::Cashier, "k1", "G02.001")
    }

    /// The dossier is withdrawn: its part is owed back.
    async fn withdraw(&mut self, place: usize) {
        let dossier = self.all[place].at("dossiers");
        let token = self.all[place].applicant.clone();
        take(&mut self.office, &dossier, "withdrawal", &token, json!({})).await.granted();
        assert_eq!(paid(&self.office, &self.all[place]).await["owed_back_vnd"], FEE);
    }

    async fn request(&mut self, place: usize, amount: i64) -> crate::support::Answer {
        let (payments, cashier) = (self.all[place].at("payments"), self.cashier());
        let body = json!({
            "payment": self.order["members"][place]["payment"], "amount_vnd": amount,
            "reason": "rút hồ sơ",
        });
        take(&mut self.office, &payments, "refund-requests", &cashier, body).await
    }

    /// The states of all refunds of a dossier.
    async fn refunds(&self, place: usize) -> Vec<String> {
        let shown = paid(&self.office, &self.all[place]).await;
        let sent = shown["sent_refunds"].as_array().cloned().unwrap_or_default();
        sent.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect()
    }

    fn returned(&self) -> Vec<(String, i64)> {
        let refunds = self.vnpay.refunds.lock().unwrap();
        refunds.iter().map(|one| (one.kind.clone(), one.amount)).collect()
    }
}

fn part(amount: i64) -> (String, i64) {
    ("03".to_owned(), amount)
}

#[tokio::test]
async fn an_order_is_redirected_once_with_its_sum_and_its_signed_report_pays_all() {
    let mut trade = Trade::begun("").await;
    let token = trade.all[0].applicant.clone();
    let address = format!("/v1/payment-orders/{}", trade.order["order"].as_str().unwrap());
    let shown = trade.office.browser.get(&address, &token).await.granted();
    let redirect = Vnpay::redirected(shown["next_url"].as_str().unwrap());
    let of = |name: &str| redirect.iter().find(|(one, _)| one == name).unwrap().1.clone();
    assert_eq!((&*of("vnp_Amount"), &*of("vnp_TxnRef")), ("9000000", &*trade.reference()));
    assert_eq!(of("vnp_ReturnUrl"), "https://dossier.example/v1/partners/vnpay/return");

    // Somebody without the secret, and another sum.
    assert_eq!(trade.report(SUM, ("00", 14_000_000), Some("x")).await, "97");
    for _ in 0..2 {
        assert_eq!(trade.report(SUM - 1, ("00", 13_000_000), None).await, "04");
    }
    assert_eq!(received(&trade.office, &trade.all).await, [0; 3]);
    let kept = "/v1/payment-notices/unmatched";
    let kept = trade.office.browser.get(kept, &trade.cashier()).await.granted();
    assert_eq!(kept.as_array().unwrap().len(), 1, "{kept}");

    for code in ["00", "02", "02"] {
        assert_eq!(trade.report(SUM, ("00", 14_000_000), None).await, code);
    }
    // A failure that comes late takes nothing back.
    assert_eq!(trade.report(SUM, ("24", 14_000_001), None).await, "02");
    assert_eq!(received(&trade.office, &trade.all).await, [FEE; 3]);
    for certificate in &trade.all {
        let paid = paid(&trade.office, certificate).await;
        assert_eq!(paid["settled_at"], "2026-11-20T02:05:00Z", "when VNPAY took the money");
        assert_eq!(paid["receipts"].as_array().unwrap().len(), 1);
    }
    let shown = trade.office.browser.get(&address, &token).await.granted();
    assert_eq!(shown["state"], "paid");
    let log = trade.office.log().await;
    assert_eq!(log.iter().filter(|kind| *kind == "PaymentCaptured").count(), 3);
    check(&trade.office).await;
}

#[tokio::test]
async fn an_order_that_the_payer_cancels_at_vnpay_frees_its_dossiers() {
    let mut trade = Trade::begun("").await;
    assert_eq!(trade.report(SUM, ("24", 14_000_000), None).await, "00");
    for certificate in &trade.all {
        assert_eq!(paid(&trade.office, certificate).await["attempts"][0]["state"], "failed");
    }
    let token = trade.all[0].applicant.clone();
    let dossiers = ids(&trade.all);
    ordered(&mut trade.office, &token, &dossiers, "vnpay").await.granted();
    check(&trade.office).await;
}

#[tokio::test]
async fn the_part_of_a_refused_dossier_goes_back_and_the_others_keep_theirs() {
    let mut trade = Trade::paid("").await;
    let dossier = trade.all[1].at("dossiers");
    let clerk = trade.office.clerk();
    let body = json!({ "reason": "không thuộc thẩm quyền" });
    take(&mut trade.office, &dossier, "refusal", &clerk, body).await.granted();
    assert_eq!(paid(&trade.office, &trade.all[1]).await["owed_back_vnd"], FEE);
    let too_much = trade.request(1, FEE + 1).await;
    assert_eq!(too_much.refused(), (409, "refund-exceeds-owed"));
    let not_owed = trade.request(0, FEE).await;
    assert_eq!(not_owed.refused(), (409, "refund-exceeds-owed"));
    let asked = trade.request(1, FEE).await.granted();
    assert_eq!(asked["on_its_way_vnd"], FEE);
    assert_eq!(trade.refunds(1).await, ["refunded"]);
    assert_eq!(trade.returned(), [part(FEE)], "a part of the payment");
    let back = paid(&trade.office, &trade.all[1]).await;
    assert_eq!((&back["refunded_vnd"], &back["owed_back_vnd"]), (&json!(FEE), &json!(0)));
    assert_eq!(back["sent_refunds"][0]["transaction"], "14000001");
    assert_eq!(back["receipts"][0]["became"], "cancelled");
    for place in [0, 2] {
        let kept = paid(&trade.office, &trade.all[place]).await;
        assert_eq!((&kept["outstanding_vnd"], &kept["refunded_vnd"]), (&json!(0), &json!(0)));
    }
    // Nothing is left of it.
    let again = trade.request(1, 1).await;
    assert_eq!(again.refused(), (409, "refund-exceeds-owed"));
    let path = "/v1/payment-parity?account=vnpay&from=2026-11-20";
    let totals = trade.office.browser.get(path, &trade.cashier()).await.granted();
    let totals = totals["totals"].clone();
    assert_eq!(
        (&totals["recorded_in_vnd"], &totals["recorded_out_vnd"]),
        (&json!(SUM), &json!(FEE))
    );
    check(&trade.office).await;
}

#[tokio::test]
async fn of_one_order_a_refund_is_on_its_way_at_a_time_and_none_that_waits_is_lost() {
    let mut trade = Trade::paid("").await;
    for place in 0..3 {
        trade.withdraw(place).await;
    }
    *trade.vnpay.back.lock().unwrap() = Back::Waits;
    for place in [2, 0, 1] {
        trade.request(place, FEE).await.granted();
    }
    assert_eq!(trade.returned(), [part(FEE)], "the others wait");
    for place in 0..3 {
        assert_eq!(trade.refunds(place).await, ["on_its_way"]);
    }
    let list = "/v1/payment-tasks?kind=repayment&state=on_its_way";
    let list = trade.office.browser.get(list, &trade.cashier()).await.granted();
    assert_eq!(list.as_array().unwrap().len(), 3, "{list}");
    // One that waits is not ended by a cashier: it is not asked for yet.
    trade.office.wait_until("2026-11-21T10:00").await;
    let waiting = paid(&trade.office, &trade.all[0]).await["sent_refunds"][0]["refund"].clone();
    let end = json!({ "refund": waiting, "outcome": "refused", "reason": "theo điện thoại" });
    let (payments, cashier) = (trade.all[0].at("payments"), trade.cashier());
    let early = take(&mut trade.office, &payments, "ended-refunds", &cashier, end).await;
    assert_eq!(early.refused(), (409, "refund-being-sent"));

    // The response to the second one is lost, and VNPAY is asked what became of it.
    *trade.vnpay.back.lock().unwrap() = Back::Loses;
    trade.vnpay.settle();
    trade.office.wait_until("2026-11-21T12:00").await;
    *trade.vnpay.back.lock().unwrap() = Back::Returns;
    trade.office.wait_until("2026-11-21T15:00").await;
    for place in 0..3 {
        assert_eq!(trade.refunds(place).await, ["refunded"], "{place}");
        assert_eq!(paid(&trade.office, &trade.all[place]).await["refunded_vnd"], FEE);
    }
    assert_eq!(trade.returned(), [part(FEE), part(FEE), part(FEE)]);
    let begun = trade.office.log().await;
    assert_eq!(begun.iter().filter(|kind| *kind == "OrderRefundBegun").count(), 3);
    check(&trade.office).await;
}

#[tokio::test]
async fn a_refund_that_waits_is_not_sent_while_its_payment_is_disputed() {
    let mut trade = Trade::paid("").await;
    *trade.vnpay.back.lock().unwrap() = Back::Waits;
    for place in [0, 1] {
        trade.withdraw(place).await;
        trade.request(place, FEE).await.granted();
    }
    let (payments, cashier) = (trade.all[1].at("payments"), trade.cashier());
    let letter = json!({
        "payment": trade.order["members"][1]["payment"], "dispute": "D1", "amount_vnd": FEE,
        "reason": "công văn 7/NH",
    });
    take(&mut trade.office, &payments, "disputes", &cashier, letter).await.granted();
    *trade.vnpay.back.lock().unwrap() = Back::Returns;
    trade.vnpay.settle();
    trade.office.wait_until("2026-11-20T18:00").await;
    assert_eq!(trade.refunds(0).await, ["refunded"]);
    assert_eq!(
        (trade.refunds(1).await, trade.returned().len()),
        (vec!["on_its_way".to_owned()], 1)
    );
    let kept = json!({ "dispute": "D1", "outcome": "kept", "reason": "công văn 9/NH" });
    take(&mut trade.office, &payments, "ended-disputes", &cashier, kept).await.granted();
    assert_eq!(trade.refunds(1).await, ["refunded"]);
    let address = format!("/v1/payment-orders/{}", trade.order["order"].as_str().unwrap());
    let order = trade.office.browser.get(&address, &cashier).await.granted();
    let begun: Vec<_> = order["refunds"].as_array().unwrap().iter().collect();
    let of = |place: usize| json!(trade.all[place].id);
    assert_eq!((&begun[0]["dossier"], &begun[1]["dossier"]), (&of(0), &of(1)));
    check(&trade.office).await;
}

#[tokio::test]
async fn where_a_partner_returns_no_part_the_list_names_the_order_and_the_amount() {
    let mut trade = Trade::paid(", refund_part: 'off'").await;
    trade.withdraw(1).await;
    let list = "/v1/payment-tasks?kind=repayment";
    let list = trade.office.browser.get(list, &trade.cashier()).await.granted();
    let [task] = &list.as_array().unwrap()[..] else { panic!("{list}") };
    assert_eq!(
        (&task["by_hand"], &task["amount_vnd"]),
        (&json!("provider_cannot_refund"), &json!(FEE))
    );
    assert_eq!(
        (&task["order"], &task["dossier"]),
        (&trade.order["order"], &json!(trade.all[1].id))
    );
    let metrics = trade.office.engine.metrics.text();
    assert!(metrics.contains("dossier_payments_not_returnable 1"), "{metrics}");
    // The order has its payer; a list of tasks has no personal data.
    let address = format!("/v1/payment-orders/{}", task["order"].as_str().unwrap());
    let order = trade.office.browser.get(&address, &trade.cashier()).await.granted();
    assert_eq!(order["payer"], "a1");
    let refused = trade.request(1, FEE).await;
    assert_eq!(refused.refused(), (422, "provider-cannot-refund"));
    assert_eq!(refused.body["errors"][0]["pointer"], "/payment");
    let (payments, cashier) = (trade.all[1].at("payments"), trade.cashier());
    let back = json!({ "amount_vnd": FEE, "reason": "trả tiền mặt" });
    take(&mut trade.office, &payments, "refunds", &cashier, back).await.granted();
    assert_eq!(trade.returned(), []);
    check(&trade.office).await;
}
