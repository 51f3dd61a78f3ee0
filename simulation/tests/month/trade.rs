//! The month: what happens when.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::books::Books;
use crate::chance::Chance;
use crate::office::{AGENCY, Office, clerk, etag, firm, granted, provider};
use crate::payers::{ONCE, Order, PARTS, Report, after, fate, fate_of_several};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) dossiers: usize,
    pub(crate) seed: u64,
}

/// Monday.
const BEGINS: &str = "2026-10-05T08:00:00+07:00";
/// Days on which dossiers are filed.
const FILING_DAYS: i64 = 30;
/// Days after which nothing new happens, and cashiers have had the time that they have.
const DAYS: i64 = 72;
/// After so many days nobody begins to pay any more.
const PAYING_DAYS: i64 = 48;
/// What happens within the same minutes happens together.
const TICK_MINUTES: i64 = 30;
const FIRMS: usize = 12;
/// Dossiers that a firm pays at once.
const AT_ONCE: usize = 3;

/// A dossier as its payer has it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) dossier: String,
    pub(crate) firm: String,
    pub(crate) orders: Vec<Order>,
    /// What the payer has paid at the counter.
    pub(crate) cash: i64,
    tries: usize,
}

#[derive(Debug)]
enum Item {
    File,
    Begin(usize),
    /// The payer pays several dossiers at once.
    BeginSeveral(Vec<usize>),
    Report(Report),
    Cash(usize),
    Withdraw(usize),
    Accept(usize),
    /// The providers send the file of the day before.
    Settlement,
    /// The cashiers go through their lists.
    Round,
}

pub(crate) struct Month {
    pub(crate) office: Office,
    pub(crate) books: Books,
    pub(crate) cases: Vec<Case>,
    pub(crate) chance: Chance,
    /// Reports by how they were taken.
    pub(crate) reports: BTreeMap<&'static str, usize>,
    /// What cashiers could not do: step and problem.
    pub(crate) refused: BTreeMap<String, usize>,
    agenda: BTreeMap<Timestamp, Vec<Item>>,
    documents: BTreeMap<String, Value>,
    /// Dossiers that a firm will pay at once with others.
    gathered: BTreeMap<String, Vec<usize>>,
    /// Payment orders for which another amount than the sum came.
    pub(crate) other_sums: BTreeSet<String>,
    pub(crate) now: Timestamp,
    began: Timestamp,
    /// Places of payments that were in a file.
    filed: BTreeSet<usize>,
    /// Orders whose payer comes with a statement, and those whose payer does not.
    pub(crate) claims: BTreeMap<String, bool>,
    /// Money that went back in cash.
    pub(crate) cash_back: i64,
    /// Refunds that providers were asked for, by how they ended there.
    pub(crate) sent_back: BTreeMap<&'static str, usize>,
    /// Refunds on which a provider has decided.
    pub(crate) asked: BTreeSet<String>,
    /// The numbers of disputed payments, by the numbers of their disputes.
    pub(crate) disputed: BTreeMap<String, String>,
    /// What became of disputes, reversals and debts.
    pub(crate) taken_back: BTreeMap<&'static str, usize>,
}

impl Month {
    pub(crate) async fn open(size: Size) -> Self {
        let now: Timestamp = BEGINS.parse().unwrap();
        let mut month = Self {
            office: Office::open(now).await,
            books: Books::default(),
            cases: Vec::new(),
            chance: Chance::new(size.seed),
            reports: BTreeMap::new(),
            refused: BTreeMap::new(),
            agenda: BTreeMap::new(),
            documents: BTreeMap::new(),
            gathered: BTreeMap::new(),
            other_sums: BTreeSet::new(),
            now,
            began: now,
            filed: BTreeSet::new(),
            claims: BTreeMap::new(),
            cash_back: 0,
            sent_back: BTreeMap::new(),
            asked: BTreeSet::new(),
            disputed: BTreeMap::new(),
            taken_back: BTreeMap::new(),
        };
        for _ in 0..size.dossiers {
            let (day, minute) = (month.chance.from(0, FILING_DAYS), month.chance.from(0, 9 * 60));
            month.at(after(now, day * 1_440 + minute), Item::File);
        }
        for day in 1..DAYS {
            month.at(after(now, day * 1_440 - 60), Item::Settlement);
            month.at(after(now, day * 1_440 + 8 * 60), Item::Round);
        }
        month
    }

    /// Everything until nothing is left to happen.
    pub(crate) async fn trade(&mut self) {
        while let Some((at, items)) = self.agenda.pop_first() {
            self.office.wait_until(at).await;
            self.now = at;
            for item in items {
                self.happen(item).await;
            }
            self.office.settle().await;
        }
        // The files of the last days.
        self.settlement(Timestamp::MAX).await;
        self.office.settle().await;
    }

    fn at(&mut self, at: Timestamp, item: Item) {
        let tick = TICK_MINUTES * 60;
        let second = (at.as_second() + tick - 1) / tick * tick;
        let at = Timestamp::from_second(second).unwrap();
        self.agenda.entry(at.max(self.now)).or_default().push(item);
    }

    async fn happen(&mut self, item: Item) {
        match item {
            Item::File => self.file().await,
            Item::Begin(case) => self.begin(case).await,
            Item::BeginSeveral(cases) => self.begin_several(&cases).await,
            Item::Report(report) => self.deliver(report).await,
            Item::Cash(case) => self.cash(case).await,
            Item::Withdraw(case) => self.on_dossier(case, "withdrawal").await,
            Item::Accept(case) => self.on_dossier(case, "acceptance").await,
            Item::Settlement => {
                let before = self.now.checked_sub(SignedDuration::from_hours(7)).unwrap();
                self.settlement(before).await;
            }
            Item::Round => self.round().await,
        }
    }

    async fn upload(&mut self, name: &str) {
        let mut documents = Vec::new();
        for component in ["application", "export_declaration", "invoice"] {
            let document = self.office.upload(firm(name), &format!("{component} {name}")).await;
            documents.push(
                json!({ "component": component, "document": document, "file_name": "a.pdf" }),
            );
        }
        self.documents.insert(name.to_owned(), json!(documents));
    }

    async fn file(&mut self) {
        let name = format!("firm-{}", self.cases.len() % FIRMS);
        // Documents that nothing names are removed after a day.
        if !self.documents.contains_key(&name) {
            self.upload(&name).await;
        }
        let body = json!({
            "procedure": "CO.D", "agency": AGENCY, "channel": "online",
            "documents": self.documents[&name], "delivery": { "channel": "download" },
            "form": {
                "exporter": { "name": "Công ty Dệt", "tax_code": "0101234565", "address": "Nam Định" },
                "consignee": "Siam Textile", "destination": "TH",
                "invoice": format!("INV-{}", self.cases.len()),
                "goods": [{
                    "description": "cotton", "hs": "520811", "origin_criterion": "WO", "quantity": "10 t",
                }],
            },
        });
        let filed = granted(self.office.post("/v1/dossiers", firm(&name), &body).await).unwrap();
        let dossier = filed["id"].as_str().unwrap().to_owned();
        let case = self.cases.len();
        let (firm, orders) = (name.clone(), Vec::new());
        self.cases.push(Case { dossier, firm, orders, cash: 0, tries: 0 });
        let mut wait = self.chance.from(TICK_MINUTES, 600);
        let first = match self.chance.weighed(&[5, 65, 30]) {
            0 => Item::Cash(case),
            1 => Item::Begin(case),
            _ => self.gather(name, case),
        };
        // Whoever gathers dossiers pays this one alone if there are not enough of them.
        if matches!(first, Item::Begin(_))
            && self.gathered.values().flatten().any(|one| *one == case)
        {
            wait += 6_000;
        }
        let at = after(self.now, wait);
        self.at(at, first);
        for (percent, item) in [(8, Item::Withdraw(case)), (60, Item::Accept(case))] {
            if self.chance.of_100(percent) {
                let at = after(self.now, self.chance.from(60, 14_000));
                self.at(at, item);
            }
        }
    }

    /// A dossier that is to be paid with others of its firm.
    fn gather(&mut self, firm: String, case: usize) -> Item {
        let gathered = self.gathered.entry(firm).or_default();
        gathered.push(case);
        if gathered.len() < AT_ONCE {
            return Item::Begin(case);
        }
        Item::BeginSeveral(std::mem::take(gathered))
    }

    /// The payer begins to pay what several dossiers owe, of those that owe anything; if that is
    /// one only, by itself.
    async fn begin_several(&mut self, gathered: &[usize]) {
        let mut cases = Vec::new();
        for case in gathered {
            let Case { dossier, firm: name, .. } = self.cases[*case].clone();
            let shown = self.office.get(&format!("/v1/payments/{dossier}"), firm(&name)).await.body;
            if shown["outstanding_vnd"].as_i64().unwrap() > 0 {
                cases.push(*case);
            }
        }
        if cases.len() < 2 {
            for case in cases {
                self.at(after(self.now, 60), Item::Begin(case));
            }
            return;
        }
        let dossiers: Vec<&str> = cases.iter().map(|case| &*self.cases[*case].dossier).collect();
        let provider = if self.chance.of_100(60) { ONCE } else { PARTS };
        let body = json!({ "dossiers": dossiers, "provider": provider });
        let name = self.cases[cases[0]].firm.clone();
        let answer = self.office.post("/v1/payment-orders", firm(&name), &body).await;
        let shown = match granted(answer) {
            Ok(shown) => shown,
            Err(problem) => {
                self.refuse("payment-orders", &problem);
                for case in cases {
                    self.at(after(self.now, 60), Item::Begin(case));
                }
                return;
            }
        };
        assert_eq!(shown["state"], "open", "{shown}");
        let reference = shown["reference"].as_str().unwrap().to_owned();
        let amount = shown["total_vnd"].as_i64().unwrap();
        let members = shown["members"].as_array().unwrap().iter();
        let parts = members.map(|member| member["amount_vnd"].as_i64().unwrap());
        let parts: Vec<(usize, i64)> = cases.iter().copied().zip(parts).collect();
        let order = Order { provider, reference: reference.clone(), amount, part: None };
        let of = (&order, &parts[..]);
        let (fate, is_other) = fate_of_several(&mut self.chance, &mut self.books, of, self.now);
        if is_other {
            self.other_sums.insert(reference.clone());
            self.claims.insert(reference, false);
        }
        for (case, part) in &parts {
            self.cases[*case].orders.push(Order { part: Some(*part), ..order.clone() });
            if let Some(at) = fate.again_at {
                self.at(at, Item::Begin(*case));
            }
        }
        for (at, report) in fate.reports {
            self.at(at, Item::Report(report));
        }
    }

    /// The payer begins to pay what is owed, if anything is.
    async fn begin(&mut self, case: usize) {
        let Case { dossier, firm: name, .. } = self.cases[case].clone();
        self.cases[case].tries += 1;
        let is_late = self.now > after(self.began, PAYING_DAYS * 1_440);
        if self.cases[case].tries > 8 || is_late {
            return;
        }
        let name = firm(&name);
        let provider = if self.chance.of_100(45) { ONCE } else { PARTS };
        let body = json!({ "provider": provider });
        match self.office.step(&dossier, "attempts", name, &body).await {
            Ok(shown) => {
                let known: BTreeSet<&str> =
                    self.cases[case].orders.iter().map(|order| &*order.reference).collect();
                let attempts = shown["attempts"].as_array().unwrap();
                let reference = |one: &&Value| !known.contains(one["reference"].as_str().unwrap());
                let new: Vec<&Value> = attempts.iter().filter(reference).collect();
                assert_eq!(new.len(), 1, "{shown}");
                let reference = new[0]["reference"].as_str().unwrap().to_owned();
                let amount = new[0]["amount_vnd"].as_i64().unwrap();
                let order = Order { provider, reference, amount, part: None };
                let fate = fate(&mut self.chance, &mut self.books, &order, self.now);
                self.cases[case].orders.push(order);
                for (at, report) in fate.reports {
                    self.at(at, Item::Report(report));
                }
                if let Some(at) = fate.again_at {
                    self.at(at, Item::Begin(case));
                }
            }
            Err(problem) if problem == "payment-in-progress" => {
                self.at(after(self.now, 60), Item::Begin(case));
            }
            Err(problem) => {
                let expected = ["nothing-owed", "fee-window-closed", "received-in-doubt"];
                assert!(expected.contains(&&*problem), "{problem}");
            }
        }
    }

    /// The payer pays at the counter what is owed.
    async fn cash(&mut self, case: usize) {
        let Case { dossier, firm: name, .. } = self.cases[case].clone();
        let shown = self.office.get(&format!("/v1/payments/{dossier}"), firm(&name)).await.body;
        let owed = shown["outstanding_vnd"].as_i64().unwrap();
        let body = json!({ "amount_vnd": owed });
        let cashier = crate::office::cashier("k1");
        match self.office.step(&dossier, "cash", cashier, &body).await {
            Ok(_) => self.cases[case].cash += owed,
            Err(problem) => self.refuse("cash", &problem),
        }
    }

    async fn on_dossier(&mut self, case: usize, step: &str) {
        let Case { dossier, firm: name, .. } = self.cases[case].clone();
        let who = if step == "acceptance" { clerk() } else { firm(&name) };
        let path = format!("/v1/dossiers/{dossier}");
        let seen = etag(&self.office.get(&path, who.clone()).await);
        // Not every dossier can be accepted or withdrawn at that time.
        self.office.post_at(&format!("{path}/{step}"), who, &seen, &json!({})).await;
    }

    /// The payments before `before` that were in no file yet.
    async fn settlement(&mut self, before: Timestamp) {
        let all = self.books.all().iter().enumerate();
        let due = all.filter(|(place, one)| one.at < before && !self.filed.contains(place));
        let due: Vec<_> = due.map(|(place, one)| (place, one.clone())).collect();
        for (place, paid) in due {
            self.filed.insert(place);
            let event = format!("line-{}", paid.number);
            self.deliver(Report::of(&paid, event, "settlement")).await;
        }
    }

    pub(crate) async fn deliver(&mut self, report: Report) {
        let Report { provider: name, event, transaction, reference, kind, .. } = &report;
        let Report { amount, source, refund, dispute, .. } = &report;
        let body = json!({
            "provider": name, "event": event, "transaction": transaction, "reference": reference,
            "kind": kind, "amount_vnd": amount, "source": source, "refund": refund,
            "dispute": dispute,
        });
        let answer = self.office.post("/v1/payment-notices", provider(name), &body).await;
        let taken = granted(answer).unwrap();
        let how = if taken["matched"] == true { "matched" } else { "unmatched" };
        *self.reports.entry(how).or_default() += 1;
    }

    /// A provider's report on its way.
    pub(crate) fn reported_at(&mut self, at: Timestamp, report: Report) {
        self.at(at, Item::Report(report));
    }

    /// The payer of a dossier looks whether something is owed again.
    pub(crate) fn pay_again(&mut self, case: usize) {
        self.at(after(self.now, 60), Item::Begin(case));
    }

    pub(crate) fn refuse(&mut self, step: &str, problem: &str) {
        *self.refused.entry(format!("{step}: {problem}")).or_default() += 1;
    }
}
