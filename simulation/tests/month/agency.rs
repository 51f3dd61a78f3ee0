//! What cashiers do every day: they ask providers about differences, match what names no payment,
//! return what is owed back, and decide what the other has proposed.

use program::Bearer;
use serde_json::{Value, json};

use crate::office::cashier;
use crate::payers::{Report, after};
use crate::trade::Month;

/// Nobody looks at these: what is open stays on the lists.
pub(crate) const fn is_forgotten(case: usize) -> bool {
    case % 9 == 3
}

impl Month {
    pub(crate) async fn round(&mut self) {
        self.match_notices().await;
        for _ in 0..2 {
            self.dispute().await;
        }
        let (first, second) = (cashier("k1"), cashier("k2"));
        for task in self.office.list("/v1/payment-tasks?limit=100", &first).await {
            // The month's closing looks at those.
            if task["kind"] == "difference" {
                continue;
            }
            let dossier = task["dossier"].as_str().unwrap().to_owned();
            let case = self.cases.iter().position(|case| case.dossier == dossier).unwrap();
            // Some things wait for another day.
            if is_forgotten(case) || !self.chance.of_100(85) {
                continue;
            }
            match task["kind"].as_str().unwrap() {
                "discrepancy" => self.resolve(case).await,
                // Its provider has not told the outcome yet.
                "repayment" if task["state"] == "on_its_way" => {}
                "repayment" if self.chance.of_100(50) => self.send_back(case).await,
                "repayment" => {
                    let body = json!({ "amount_vnd": task["amount_vnd"], "reason": "nộp thừa" });
                    self.give_back(case, "refunds", &first, &body).await;
                }
                "dispute" => self.answer(case).await,
                "debt" => self.collect(case).await,
                "approval" => {
                    let path = format!("/v1/payments/{dossier}");
                    let shown = self.office.get(&path, second.clone()).await.body;
                    self.decide(case, &shown).await;
                }
                other => panic!("no such task: {other}"),
            }
        }
    }

    /// The second person approves a proposal, or rejects it.
    async fn decide(&mut self, case: usize, shown: &Value) {
        let dossier = self.cases[case].dossier.clone();
        let approves = self.chance.of_100(85);
        let second = cashier("k2");
        let proposals = [
            ("refund", "proposed_refund"),
            ("resolution", "proposed_resolution"),
            ("entry", "proposed_entry"),
        ];
        for (what, field) in proposals {
            let Some(id) = shown[field].get(what).filter(|id| id.is_string()) else { continue };
            let (step, body) = if approves {
                (format!("{what}-approvals"), json!({ what: id }))
            } else {
                (format!("{what}-rejections"), json!({ what: id, "reason": "chưa đủ căn cứ" }))
            };
            if what == "refund" {
                self.give_back(case, &step, &second, &body).await;
            } else if let Err(problem) =
                self.office.step(&dossier, &step, second.clone(), &body).await
            {
                self.refuse(&step, &problem);
            }
        }
    }

    /// A cashier asks the provider what an attempt has brought.
    async fn resolve(&mut self, case: usize) {
        let (dossier, first) = (self.cases[case].dossier.clone(), cashier("k1"));
        let path = format!("/v1/payments/{dossier}");
        let shown = self.office.get(&path, first.clone()).await.body;
        for attempt in shown["attempts"].as_array().unwrap() {
            if attempt["doubts"].as_array().unwrap().is_empty() {
                continue;
            }
            let reference = attempt["reference"].as_str().unwrap();
            let captured = self.books.captured(reference, self.now);
            let body = json!({
                "payment": attempt["payment"], "captured_vnd": captured,
                "reason": "theo trả lời của cổng thanh toán",
            });
            if let Err(problem) =
                self.office.step(&dossier, "resolutions", first.clone(), &body).await
            {
                self.refuse("resolutions", &problem);
            }
        }
    }

    /// Takes a step about a refund. What goes back by it is entered into the books of the
    /// providers, or taken from the till.
    async fn give_back(&mut self, case: usize, step: &str, who: &Bearer, body: &Value) {
        let dossier = self.cases[case].dossier.clone();
        let refunded = |shown: &Value| shown["refunded_vnd"].as_i64().unwrap();
        let path = format!("/v1/payments/{dossier}");
        let before = refunded(&self.office.get(&path, who.clone()).await.body);
        let shown = match self.office.step(&dossier, step, who.clone(), body).await {
            Ok(shown) => shown,
            Err(problem) => return self.refuse(step, &problem),
        };
        self.provide(case, &shown);
        let amount = refunded(&shown) - before;
        let orders: Vec<String> = self.cases[case]
            .orders
            .iter()
            .map(|order| order.reference.clone())
            .filter(|order| self.claims.get(order) != Some(&false))
            .collect();
        let left = self.books.refund((case, &orders), amount, self.now);
        assert!(left <= self.cases[case].cash, "{left} went back that never came: {shown}");
        self.cases[case].cash -= left;
        self.cash_back += left;
    }

    /// Matches notices with the orders of payers who show a statement.
    async fn match_notices(&mut self) {
        let first = cashier("k1");
        for row in self.office.list("/v1/payment-notices/unmatched?limit=100", &first).await {
            let written = row["reference"].as_str().unwrap();
            let mut all = self.books.all().iter();
            let order = all.find(|one| one.written == written).unwrap().order.clone();
            let shows = self.chance.of_100(75);
            if !*self.claims.entry(order.clone()).or_insert(shows) {
                continue;
            }
            let of_order =
                |case: &crate::trade::Case| case.orders.iter().any(|one| one.reference == order);
            let dossier = self.cases.iter().find(|case| of_order(case)).unwrap().dossier.clone();
            let path = format!("/v1/payments/{dossier}");
            let shown = self.office.get(&path, first.clone()).await.body;
            let mut attempts = shown["attempts"].as_array().unwrap().iter();
            let attempt = attempts.find(|one| one["reference"] == *order).unwrap();
            let body = json!({
                "notice": row["notice"], "payment": attempt["payment"], "reason": "sao kê",
            });
            // It is compared with all money that is counted.
            self.office.settle().await;
            let done = self.office.step(&dossier, "matched-notices", first.clone(), &body).await;
            done.unwrap();
        }
    }
}

impl Month {
    /// A cashier has a provider return what is owed back, as far as one attempt has brought it.
    async fn send_back(&mut self, case: usize) {
        let (dossier, first) = (self.cases[case].dossier.clone(), cashier("k1"));
        let path = format!("/v1/payments/{dossier}");
        let shown = self.office.get(&path, first.clone()).await.body;
        let owed = shown["owed_back_vnd"].as_i64().unwrap();
        // Another task of the same round has returned it.
        if owed == 0 {
            return;
        }
        let attempts = shown["attempts"].as_array().unwrap().iter();
        let of = |one: &Value| one["captured_vnd"].as_i64().unwrap();
        // Without such an attempt, the money came at the counter.
        let Some(attempt) = attempts.max_by_key(|one| of(one)).filter(|one| of(one) > 0) else {
            return;
        };
        let body = json!({
            "payment": attempt["payment"], "amount_vnd": owed.min(of(attempt)), "reason": "nộp thừa",
        });
        match self.office.step(&dossier, "refund-requests", first, &body).await {
            Ok(shown) => self.provide(case, &shown),
            Err(problem) => self.refuse("refund-requests", &problem),
        }
    }

    /// The providers decide on refunds that they were asked for, and report days later, some twice.
    fn provide(&mut self, case: usize, shown: &Value) {
        for sent in shown["sent_refunds"].as_array().into_iter().flatten() {
            let id = sent["refund"].as_str().unwrap().to_owned();
            if sent["state"] != "on_its_way" || !self.asked.insert(id.clone()) {
                continue;
            }
            let mut attempts = shown["attempts"].as_array().unwrap().iter();
            let attempt = attempts.find(|one| one["payment"] == sent["payment"]).unwrap();
            let reference = attempt["reference"].as_str().unwrap().to_owned();
            let amount = sent["amount_vnd"].as_i64().unwrap();
            let now = self.now;
            let there: i64 = self.books.of(&reference).map(|one| one.left_for(case)).sum();
            let returns = there >= amount && self.chance.of_100(80);
            if !attempt["order"].is_null() {
                *self.sent_back.entry("of_orders").or_default() += 1;
            }
            if returns {
                let of = (case, std::slice::from_ref(&reference));
                assert_eq!(self.books.refund(of, amount, now), 0);
            }
            let kind = if returns { "refunded" } else { "refund_refused" };
            *self.sent_back.entry(kind).or_default() += 1;
            let orders = &self.cases[case].orders;
            let provider = orders.iter().find(|one| one.reference == reference).unwrap().provider;
            for _ in 0..self.chance.from(1, 3) {
                let at = after(now, self.chance.from(5, 4_000));
                let report = Report {
                    provider,
                    event: format!("{kind}-{id}"),
                    transaction: Some(format!("R-{id}")),
                    reference: reference.clone(),
                    kind,
                    amount,
                    source: "notice",
                    refund: Some(id.clone()),
                    dispute: None,
                };
                self.reported_at(at, report);
            }
        }
    }
}
