//! Payers who dispute their payments, and providers that take money back.

use serde_json::{Value, json};

use crate::agency::is_forgotten;
use crate::books::Transaction;
use crate::office::cashier;
use crate::payers::Report;
use crate::trade::Month;

impl Month {
    /// On some days a payer disputes a payment that is counted, or its provider takes it back at
    /// once.
    pub(crate) async fn dispute(&mut self) {
        if !self.chance.of_100(60) {
            return;
        }
        let Some((cases, paid)) = self.disputable().await else { return };
        if paid.is_shared() {
            *self.taken_back.entry("of_orders").or_default() += 1;
        }
        if self.chance.of_100(50) {
            return self.take_back(&cases, &paid).await;
        }
        let number = format!("D-{}", paid.number);
        let report = Report {
            dispute: Some(number.clone()),
            ..report(&paid, &number, "disputed", paid.left())
        };
        self.disputed.insert(number, paid.number.clone());
        self.deliver(report).await;
    }

    /// A payment that is counted and certain, and of which nothing is on its way; with its cases.
    async fn disputable(&mut self) -> Option<(Vec<usize>, Transaction)> {
        let all: Vec<Transaction> = self.books.all().to_vec();
        let place = self.chance.from(0, i64::try_from(all.len()).unwrap().max(1));
        let paid = all.get(usize::try_from(place).unwrap())?.clone();
        let is_new = paid.reversed == 0 && !self.disputed.values().any(|one| *one == paid.number);
        if !is_new || paid.left() == 0 || paid.written != paid.order {
            return None;
        }
        let of_order = |case: &crate::trade::Case| {
            case.orders.iter().any(|order| order.reference == paid.order)
        };
        let cases: Vec<usize> = if paid.is_shared() {
            paid.cases().collect()
        } else {
            vec![self.cases.iter().position(of_order)?]
        };
        for case in &cases {
            if is_forgotten(*case) || !self.is_disputable(*case, &paid).await {
                return None;
            }
        }
        // What went back by hand is of any payment for the agency, and of this one here. Several
        // payments of an order for several dossiers are counted for nobody.
        let of_order: Vec<&Transaction> = self.books.of(&paid.order).collect();
        let is_whole = of_order.iter().all(|one| one.refunded == 0);
        let is_one = !paid.is_shared() || of_order.len() == 1;
        (is_whole && is_one).then_some((cases, paid))
    }

    /// Whether a payment is counted and certain for a case, and nothing is on its way there.
    async fn is_disputable(&mut self, case: usize, paid: &Transaction) -> bool {
        let shown = self.shown(case).await;
        let attempts = shown["attempts"].as_array().unwrap();
        let attempt = attempts.iter().find(|one| one["reference"] == *paid.order).unwrap();
        let brought: i64 = if paid.is_shared() {
            paid.left_for(case)
        } else {
            self.books.of(&paid.order).map(|one| one.amount).sum()
        };
        let is_certain = attempts.iter().all(|one| one["doubts"].as_array().unwrap().is_empty());
        let proposals = ["proposed_refund", "proposed_resolution", "proposed_entry"];
        let is_free =
            shown["on_its_way_vnd"] == 0 && proposals.iter().all(|name| shown[name].is_null());
        attempt["captured_vnd"] == brought && is_certain && is_free
    }

    async fn shown(&mut self, case: usize) -> Value {
        let path = format!("/v1/payments/{}", self.cases[case].dossier);
        self.office.get(&path, cashier("k1")).await.body
    }

    /// The provider takes back what is left of a payment, and reports it once or twice.
    async fn take_back(&mut self, cases: &[usize], paid: &Transaction) {
        let amount = self.books.reverse(&paid.number);
        *self.taken_back.entry("reversed").or_default() += 1;
        // Some have the id of their capture.
        let event = format!("CB-{}", paid.number);
        for _ in 0..self.chance.from(1, 3) {
            self.deliver(report(paid, &event, "reversed", amount)).await;
        }
        for case in cases {
            self.pay_again(*case);
        }
    }

    /// A cashier answers a dispute, of several dossiers with one answer; the provider decides.
    pub(crate) async fn answer(&mut self, case: usize) {
        self.office.settle().await;
        let (dossier, shown) = (self.cases[case].dossier.clone(), self.shown(case).await);
        for attempt in shown["attempts"].as_array().unwrap() {
            for dispute in attempt["disputes"].as_array().into_iter().flatten() {
                if dispute["answered"] == true || !dispute["outcome"].is_null() {
                    continue;
                }
                let number = dispute["dispute"].as_str().unwrap().to_owned();
                let body = json!({ "dispute": number, "reason": "đã gửi biên lai" });
                let done = self.office.step(&dossier, "dispute-answers", cashier("k1"), &body);
                done.await.unwrap();
                let paid = self.disputed[&number].clone();
                let mut all = self.books.all().iter();
                let paid = all.find(|one| one.number == paid).unwrap().clone();
                let is_kept = self.chance.of_100(50);
                let kind = if is_kept { "dispute_kept" } else { "dispute_lost" };
                *self.taken_back.entry(kind).or_default() += 1;
                let ended = format!("{kind}-{number}");
                let end = Report { dispute: Some(number), ..report(&paid, &ended, kind, 0) };
                self.deliver(end).await;
                // Of a payment for several dossiers the provider takes back the whole.
                let cases: Vec<usize> =
                    if paid.is_shared() { paid.cases().collect() } else { vec![case] };
                let is_whole = !paid.is_shared() || paid.refunded == 0;
                if !is_kept && paid.left() > 0 && is_whole {
                    self.take_back(&cases, &paid).await;
                }
            }
        }
    }

    /// A cashier takes cash for a debt, or proposes to write it off.
    pub(crate) async fn collect(&mut self, case: usize) {
        let (dossier, shown) = (self.cases[case].dossier.clone(), self.shown(case).await);
        for debt in shown["debts"].as_array().into_iter().flatten() {
            let (id, amount) = (&debt["debt"], debt["amount_vnd"].as_i64().unwrap());
            if self.chance.of_100(50) {
                let body = json!({ "debt": id, "amount_vnd": amount });
                let step = self.office.step(&dossier, "settled-debts", cashier("k1"), &body);
                step.await.unwrap();
                self.cases[case].cash += amount;
                *self.taken_back.entry("debt_paid").or_default() += 1;
            } else {
                let body = json!({ "debt": id, "reason": "không thu được" });
                let step = self.office.step(&dossier, "debt-write-offs", cashier("k1"), &body);
                if let Err(problem) = step.await {
                    self.refuse("debt-write-offs", &problem);
                }
            }
        }
    }
}

fn report(paid: &Transaction, event: &str, kind: &'static str, amount: i64) -> Report {
    Report {
        provider: paid.provider,
        event: event.to_owned(),
        transaction: None,
        reference: paid.order.clone(),
        kind,
        amount,
        source: "notice",
        refund: None,
        dispute: None,
    }
}
