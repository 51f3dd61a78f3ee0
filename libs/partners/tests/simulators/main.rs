//! Schemes against simulated partners: separate processes that sign, verify and keep books by
//! themselves (`simulation/providers`). Requests go over TLS; reports come to a merchant that knows
//! the schemes only.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use cluster::tools::node_packages;
use cluster::{Provider, needs};
use partners::{Notice, Order, OtherRefund, Outcome, Partner, Question, Refund, Start, Vnd};
use serde_json::{Value, json};

mod merchant;

use merchant::Merchant;

/// The example of a partner, switched on, with the addresses of a simulator.
fn partner(name: &str, address: &str) -> Partner {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/partners");
    let text = std::fs::read_to_string(file.join(format!("{name}.yaml"))).unwrap();
    let text = text.replace("enabled: false", "enabled: true");
    let real = ["sandbox.vnpayment.vn", "test-payment.momo.vn", "payment.example"];
    let text = real.iter().fold(text, |text, one| text.replace(&format!("https://{one}"), address));
    Partner::parse(&format!("{text}\nprivate_networks: [127.0.0.0/8, \"::1/128\"]\n")).unwrap()
}

/// A simulated partner, and a merchant that has its file.
struct Trade {
    provider: Provider,
    merchant: Merchant,
    _folder: tempfile::TempDir,
}

impl Trade {
    fn open(name: &str, mut configuration: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = Merchant::listen();
        configuration["secret"] = json!("KHOAMOI");
        configuration["notify"] = json!(listener.notify());
        let provider = Provider::start(folder.path(), &configuration).unwrap();
        let merchant = listener.with(partner(name, &provider.address), &provider.ca);
        Self { provider, merchant, _folder: folder }
    }

    fn command(&self, path: &str, body: &Value) -> Value {
        self.provider.command("POST", path, body).unwrap()
    }

    /// Begins a payment, as far as the payer's browser goes.
    fn begin(&self, order: &Order<'_>) {
        let Merchant { partner, secrets, .. } = &self.merchant;
        match partner.scheme().pay(partner, secrets, order).unwrap() {
            Start::Redirect(url) => {
                let opened = self.command("/open", &json!({ "url": url }));
                assert_eq!(opened["status"], 200, "{opened}");
            }
            Start::Call(call) => {
                let response = self.merchant.send(&call).unwrap();
                let url = partner.scheme().opened(partner, secrets, order, response.borrow());
                assert!(url.unwrap().ends_with(order.reference));
            }
            Start::Qr { .. } => panic!("a bank has no order"),
        }
    }

    fn query(&self, question: Question<'_>) -> Notice {
        let Merchant { partner, secrets, .. } = &self.merchant;
        let call = partner.scheme().query(partner, secrets, question).unwrap();
        let response = self.merchant.send(&call).unwrap();
        partner.scheme().queried(partner, secrets, question, response.borrow()).unwrap()
    }

    fn refund(&self, refund: &Refund<'_>) -> Option<Notice> {
        let Merchant { partner, secrets, .. } = &self.merchant;
        let call = partner.scheme().refund(partner, secrets, refund).unwrap();
        let response = self.merchant.send(&call)?;
        Some(partner.scheme().refunded(partner, secrets, refund, response.borrow()).unwrap())
    }

    /// What became of a refund; `None` if the partner has not got it.
    fn query_refund(&self, refund: &Refund<'_>, request: &str) -> Option<Notice> {
        let Merchant { partner, secrets, .. } = &self.merchant;
        let refund = Refund { question: Question { request, ..refund.question }, ..*refund };
        let call = partner.scheme().query_refund(partner, secrets, &refund).unwrap();
        let response = self.merchant.send(&call).unwrap();
        partner.scheme().refund_queried(partner, secrets, &refund, response.borrow()).unwrap()
    }
}

fn order<'a>(reference: &'a str, notify_url: &'a str) -> Order<'a> {
    let now = merchant::now();
    Order {
        reference,
        request: reference,
        amount: Vnd(30_000),
        text: "Lệ phí hồ sơ G02.002-26",
        created_at: now,
        expires_at: now.checked_add(jiff::SignedDuration::from_mins(15)).ok(),
        return_url: "https://dossier.example/return",
        notify_url,
        payer_ip: "203.113.1.1",
        english: false,
        receipt: [("MaHoSo".to_owned(), Value::from("G02.002-26"))].into_iter().collect(),
        agency: "G02.002",
    }
}

fn question<'a>(order: &Order<'a>, request: &'a str) -> Question<'a> {
    Question {
        reference: order.reference,
        request,
        ordered_at: order.created_at,
        asked_at: order.created_at,
        transaction: None,
        our_ip: "203.113.1.2",
    }
}

/// A payment, its reports in all ways, and the faults of queries.
fn paid(trade: &Trade) -> (String, Order<'static>) {
    let notify: &'static str = trade.merchant.notify.clone().leak();
    let order = order("DSR4Z7K0M2C9WXQ5", notify);
    trade.begin(&order);
    let before = trade.query(question(&order, "q1"));
    assert_eq!(before.outcome, Outcome::Pending);
    let pay = json!({ "reference": order.reference, "reports": 2 });
    let paid = trade.command("/pay", &pay)[0].clone();
    let number = paid["transaction"].as_str().unwrap().to_owned();
    assert!(paid["answers"].as_array().unwrap().iter().all(|one| one["acknowledged"] == true));
    for wrong in [json!({ "wrong_secret": true }), json!({ "changed_amount": 1_000 })] {
        let mut report = wrong;
        report["transaction"] = json!(number);
        trade.command("/report", &report);
    }
    let seen = trade.merchant.seen();
    let known: Vec<_> =
        seen.notices.iter().map(|one| (one.amount.unwrap().0, one.transaction.clone())).collect();
    assert_eq!(known.len(), 3, "{seen:?}");
    assert_eq!(known[..2], [(30_000, Some(number.clone())), (30_000, Some(number.clone()))]);
    assert_eq!((known[2].0, seen.wrong_signatures), (1_000, 1));
    assert_eq!(seen.notices[0].event, seen.notices[1].event);
    let asked = trade.query(question(&order, "q2"));
    assert_eq!((asked.outcome, &asked.event), (Outcome::Captured, &seen.notices[0].event));
    for (at, kind) in [
        ("query", "error_500"),
        ("query", "hang"),
        ("query", "lost_reply"),
        ("query", "half_reply"),
        ("connection", "half_open"),
        ("connection", "wrong_certificate"),
        ("connection", "closed"),
    ] {
        trade.command("/faults", &json!({ "at": at, "kind": kind }));
        let Merchant { partner, secrets, .. } = &trade.merchant;
        let call = partner.scheme().query(partner, secrets, question(&order, "q3")).unwrap();
        let answer = trade.merchant.send(&call);
        assert!(answer.is_none_or(|answer| answer.status == 500), "{kind}");
        let again = trade.query(question(&order, "q3"));
        assert_eq!(again.outcome, Outcome::Captured, "after {kind}");
    }
    assert_eq!(trade.provider.command("DELETE", "/faults", &Value::Null).unwrap(), json!([]));
    (number, order)
}

/// A part goes back once, though its reply is lost, and never more than was paid.
fn returned(trade: &Trade, (number, order): &(String, Order<'_>)) {
    let refund = Refund {
        question: Question { transaction: Some(number), ..question(order, "r1") },
        refund_reference: "DSRR1",
        amount: Vnd(10_000),
        captured: Vnd(30_000),
        reason: "Nộp thừa",
        by: "Nguyễn An",
        others: &[],
    };
    assert_eq!(trade.query_refund(&refund, "a1"), None, "it was not sent");
    trade.command("/faults", &json!({ "at": "refund", "kind": "lost_reply" }));
    assert_eq!(trade.refund(&refund), None);
    let asked = trade.query_refund(&refund, "a2").unwrap();
    assert_eq!((asked.outcome, asked.amount), (Outcome::Refunded, Some(Vnd(10_000))));
    let others = [OtherRefund { transaction: asked.transaction, is_refunded: true }];
    let repeated = trade.refund(&refund).unwrap();
    assert!(matches!(repeated.outcome, Outcome::Refunded | Outcome::Pending), "{repeated:?}");
    let question = Question { request: "r2", ..refund.question };
    let too_much = Refund { question, refund_reference: "DSRR2", amount: Vnd(20_001), ..refund };
    assert_eq!(trade.refund(&too_much).unwrap().outcome, Outcome::Failed);
    let rest = Refund { amount: Vnd(20_000), ..too_much };
    let rest = Refund { question: Question { request: "r3", ..rest.question }, ..rest };
    let rest = Refund { refund_reference: "DSRR3", others: &others, ..rest };
    // VNPAY answers about another refund, which leaves open what became of this one.
    let asked = trade.query_refund(&rest, "a3");
    assert!(asked.is_none_or(|asked| asked.outcome == Outcome::Pending));
    let rest = trade.refund(&rest).unwrap();
    assert_eq!((rest.outcome, rest.amount), (Outcome::Refunded, Some(Vnd(20_000))));
    let books = trade.provider.books().unwrap();
    let refunds: Vec<_> =
        books["refunds"].as_array().unwrap().iter().map(|one| one["amount"].clone()).collect();
    assert_eq!(refunds, [json!(10_000), json!(20_000)]);
    assert_eq!(books["transactions"][0]["refunded"], 30_000);
}

/// The books of a partner that has refused `refused` requests, each on purpose.
fn closed(trade: Trade, refused: usize) {
    let books = trade.provider.end().unwrap();
    assert_eq!(books["refused"].as_array().unwrap().len(), refused, "{}", books["refused"]);
    assert_eq!(books["defects"], json!([]));
    assert_eq!(books["transactions"].as_array().unwrap().len(), 1);
}

#[test]
fn vnpay_takes_what_we_sign_and_its_reports_answers_and_refunds_are_read() {
    needs!(node_packages());
    let trade = Trade::open("vnpay", json!({ "scheme": "vnpay", "merchant": "DOSSIER1" }));
    returned(&trade, &paid(&trade));
    closed(trade, 1);
}

#[test]
fn momo_takes_what_we_sign_and_its_reports_answers_and_refunds_are_read() {
    needs!(node_packages());
    let codes =
        json!({ "scheme": "momo", "partner_code": "MOMODOSSIER", "access_key": "ACCESSKEY" });
    let trade = Trade::open("momo", codes);
    returned(&trade, &paid(&trade));
    closed(trade, 1);
}

#[test]
fn the_national_platform_takes_what_we_sign_and_its_reports_and_answers_are_read() {
    needs!(node_packages());
    let codes = json!({ "scheme": "national-platform", "partner_code": "DT001" });
    let trade = Trade::open("national-platform", codes);
    paid(&trade);
    closed(trade, 0);
}

#[test]
fn statements_of_a_bank_are_read_in_both_formats() {
    needs!(node_packages());
    let folder = tempfile::tempdir().unwrap();
    let bank = json!({ "scheme": "bank", "account": "0011000000001" });
    let bank = Provider::start(folder.path(), &bank).unwrap();
    let reference = partners::Reference::of(b"1");
    for (amount, memo, reversal) in [
        (30_000, format!("MBVCB.1.{reference}.CT tu 0011, \"An\" & con"), false),
        (1_234_567, "nop phi".to_owned(), false),
        (-15_000, reference.to_string(), false),
        (-30_000, reference.to_string(), true),
    ] {
        let line = json!({ "amount": amount, "memo": memo, "reversal": reversal });
        bank.command("POST", "/transfer", &line).unwrap();
    }
    let read = |format: &str, partner: &Partner| -> Vec<(i64, bool, Outcome)> {
        let text = bank.text("GET", &format!("/statement?format={format}"), "").unwrap();
        let notices = partner.scheme().statement(partner, text.as_bytes()).unwrap();
        let line = |one: &Notice| (one.amount.unwrap().0, one.reference.is_some(), one.outcome);
        notices.iter().map(line).collect()
    };
    let csv = partner("bank-transfer", "");
    let mut camt = csv.clone();
    camt.settings.insert("format".to_owned(), "camt.053".to_owned());
    let mut lines = vec![
        (30_000, true, Outcome::Captured),
        (1_234_567, false, Outcome::Captured),
        (15_000, true, Outcome::Refunded),
        (30_000, true, Outcome::Reversed),
    ];
    assert_eq!(read("camt.053", &camt), lines);
    // In CSV a reversal is a debit like another.
    lines[3].2 = Outcome::Refunded;
    assert_eq!(read("csv", &csv), lines);
}
