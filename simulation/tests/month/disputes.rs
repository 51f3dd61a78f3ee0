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
        let Some((case, paid)) = self.disputable().await else { return };
        if self.chance.of_100(50) {
            return self.take_back(case, &paid).await;
        }
        let number = format!("D-{}", paid.number);
        let report = Report {
            dispute: Some(number.clone()),
            ..report(&paid, &number, "disputed", paid.left())
        };
        self.disputed.insert(number, paid.number.clone());
        self.deliver(report).await;
    }

    /// A payment that is counted and certain, and of which nothing is on its way.
    async fn disputable(&mut self) -> Option<(usize, Transaction)> {
        let all: Vec<Transaction> = self.books.all().to_vec();
        let place = self.chance.from(0, i64::try_from(all.len()).unwrap().max(1));
        let paid = all.get(usize::try_from(place).unwrap())?.clone();
        let is_new = paid.reversed == 0 && !self.disputed.values().any(|one| *one == paid.number);
        if !is_new || paid.left() == 0 || paid.is_shared() || paid.written != paid.order {
            return None;
        }
        let of_order = |case: &crate::trade::Case| {
            case.orders.iter().any(|order| order.reference == paid.order)
        };
        let case = self.cases.iter().position(of_order)?;
        let shown = self.shown(case).await;
        let mut attempts = shown["attempts"].as_array().unwrap().iter();
        let attempt = attempts.find(|one| one["reference"] == *paid.order).unwrap();
        let brought: i64 = self.books.of(&paid.order).map(|one| one.amount).sum();
        let is_counted = attempt["captured_vnd"] == brought;
        let is_certain = shown["attempts"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["doubts"].as_array().unwrap().is_empty());
        let is_free = shown["on_its_way_vnd"] == 0
            && ["proposed_refund", "proposed_resolution", "proposed_entry"]
                .iter()
                .all(|name| shown[name].is_null());
        // What went back by hand is of any payment for the agency, and of this one here.
        let is_whole = self.books.of(&paid.order).all(|one| one.refunded == 0);
        let is_open = !is_forgotten(case) && is_counted && is_certain && is_free && is_whole;
        is_open.then_some((case, paid))
    }

    async fn shown(&mut self, case: usize) -> Value {
        let path = format!("/v1/payments/{}", self.cases[case].dossier);
        self.office.get(&path, cashier("k1")).await.body
    }

    /// The provider takes back what is left of a payment, and reports it once or twice.
    async fn take_back(&mut self, case: usize, paid: &Transaction) {
        let amount = self.books.reverse(&paid.number);
        *self.taken_back.entry("reversed").or_default() += 1;
        // Some have the id of their capture.
        let event = format!("CB-{}", paid.number);
        for _ in 0..self.chance.from(1, 3) {
            self.deliver(report(paid, &event, "reversed", amount)).await;
        }
        self.pay_again(case);
    }

    /// A cashier answers a dispute; the provider decides.
    pub(crate) async fn answer(&mut self, case: usize) {
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
                if !is_kept && paid.left() > 0 {
                    self.take_back(case, &paid).await;
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
