//! Dossiers that are carried through the API: one from submission to rating by post, one that is
//! handed over at the counter, one withdrawn and one refused, and a complaint about the first.

use std::collections::BTreeMap;

use dossier::contract::Role;
use events::{Filter, Position};
use http::Method;
use serde_json::{Value, json};

use super::{AGENCY, CONSULTED};
use crate::life::{Certificate, notice, take};
use crate::support::Office;

/// Everything is read many times at the same instant.
const QUOTAS: &str = "
applicant: { reads: { count: 1000000, seconds: 60 }, steps: { count: 10000, seconds: 60 } }
address:
  look_ups: { count: 1000000, seconds: 60 }
  look_ups_of_a_day: { count: 1000000, seconds: 86400 }
";

/// The dossiers so far, and every text that was told.
pub(super) struct Story {
    pub(super) office: Office,
    told: Vec<String>,
    /// The unique text within a document, by the name of the document.
    pub(super) contents: BTreeMap<String, String>,
    /// The names of the documents of each dossier, and of the complaint.
    pub(super) documents: BTreeMap<String, Vec<String>>,
    pub(super) certificates: Vec<Certificate>,
    pub(super) complaint: Value,
    pub(super) parcel: Option<String>,
}

impl Story {
    pub(super) async fn open() -> Self {
        Self {
            office: Office::open_limited(QUOTAS).await,
            told: Vec::new(),
            contents: BTreeMap::new(),
            documents: BTreeMap::new(),
            certificates: Vec::new(),
            complaint: Value::Null,
            parcel: None,
        }
    }

    /// All unique texts but those within documents.
    pub(super) fn markers(&self) -> impl Iterator<Item = &str> {
        self.told.iter().map(String::as_str)
    }

    /// The recorded reads of personal data, in commit order.
    pub(super) async fn reads(&self) -> Vec<Value> {
        let store = &self.office.engine.store;
        let page = store.read_all(Position::START, &Filter::default(), 10_000).await.unwrap();
        let reads = page.events.iter().filter(|event| event.kind.starts_with("reads."));
        let reads = reads.map(|event| serde_json::from_str::<Value>(&event.data).unwrap());
        reads.flat_map(|event| event["reads"].as_array().unwrap().clone()).collect()
    }

    /// A new unique text.
    fn text(&mut self) -> String {
        let text = format!("marker-{:03}-end", self.told.len());
        self.told.push(text.clone());
        text
    }

    /// A telephone number; returns it as it is typed. It is recorded in its normal form.
    fn phone(&mut self) -> String {
        let number = 901_000_000 + self.told.len();
        self.told.push(format!("+84{number}"));
        format!("0{number}")
    }

    /// Uploads a document with unique content.
    async fn upload(&mut self, of: &str, token: &str) -> String {
        let content = format!("content-{:03}-end", self.contents.len());
        let document = self.office.browser.upload(token, &content).await;
        self.contents.insert(document.clone(), content);
        self.documents.entry(of.to_owned()).or_default().push(document.clone());
        document
    }

    /// A document with a unique file name, as a step takes it.
    async fn document(&mut self, of: &str, token: &str) -> Value {
        let document = self.upload(of, token).await;
        json!({ "document": document, "file_name": format!("{}.pdf", self.text()) })
    }

    async fn component(&mut self, of: &str, token: &str, component: &str) -> Value {
        let mut document = self.document(of, token).await;
        document["component"] = json!(component);
        document
    }

    fn form(&mut self) -> Value {
        json!({
            "exporter": { "name": self.text(), "tax_code": "0101234565", "address": self.text() },
            "consignee": self.text(), "destination": "TH", "invoice": self.text(),
            "goods": [{
                "description": self.text(), "hs": "520811", "origin_criterion": "WO",
                "quantity": self.text(),
            }],
        })
    }

    /// Submits a certificate of origin; returns its place in `certificates`.
    async fn submit(&mut self, channel: &str) -> usize {
        let applicant = self.office.applicant("a1");
        let own = format!("own-{}", self.certificates.len());
        let mut documents = Vec::new();
        for component in ["application", "export_declaration", "invoice"] {
            documents.push(self.component(&own, &applicant, component).await);
        }
        let mut delivery = json!({ "channel": channel });
        if channel == "post" {
            let (name, line, phone) = (self.text(), self.text(), self.phone());
            delivery["address"] = json!({ "name": name, "lines": [line], "phone": phone });
        }
        let body = json!({
            "procedure": "CO.D", "agency": AGENCY, "channel": "online", "documents": documents,
            "delivery": delivery, "form": self.form(),
        });
        let answer = self.office.browser.post("/v1/dossiers", &applicant, "", body).await.granted();
        self.office.settle().await;
        let id = answer["id"].as_str().unwrap().to_owned();
        let named = self.documents.remove(&own).unwrap();
        self.documents.insert(id.clone(), named);
        self.certificates.push(Certificate { id, applicant });
        self.certificates.len() - 1
    }

    fn at(&self, place: usize, resource: &str) -> String {
        self.certificates[place].at(resource)
    }

    fn officer(&self, role: Role) -> String {
        let subject = match role {
            Role::Clerk => "clerk-1",
            Role::Reviewer => "r1",
            Role::Approver => "head",
            Role::Cashier => "k1",
            Role::ComplaintHandler => "h1",
            _ => "x1",
        };
        self.office.token(role, subject, AGENCY)
    }

    /// Takes a step of the dossier at a place as an officer.
    async fn step(
        &mut self,
        place: usize,
        (resource, step): (&str, &str),
        role: Role,
        body: Value,
    ) -> Value {
        let (address, token) = (self.at(place, resource), self.officer(role));
        take(&mut self.office, &address, step, &token, body).await.granted()
    }

    /// Takes a step as the applicant.
    async fn own(&mut self, place: usize, (resource, step): (&str, &str), body: Value) -> Value {
        let (address, token) = (self.at(place, resource), self.office.applicant("a1"));
        take(&mut self.office, &address, step, &token, body).await.granted()
    }

    /// A step whose body is one new text.
    async fn says(&mut self, place: usize, step: (&str, &str), role: Role, field: &str) {
        let body = json!({ field: self.text() });
        self.step(place, step, role, body).await;
    }

    /// Starts a payment and takes its capture.
    async fn pay(&mut self, place: usize) {
        let started = self.own(place, ("payments", "attempts"), json!({ "provider": "sandbox" }));
        let started = started.await;
        let attempts = started["attempts"].as_array().unwrap();
        let open = attempts.iter().find(|attempt| attempt["state"] == "started").unwrap();
        let reference = open["reference"].as_str().unwrap().to_owned();
        notice(&mut self.office, &reference, &format!("e{place}"), "captured", 30_000).await;
    }

    /// A payment that the provider reports as failed, with its words.
    async fn fail_to_pay(&mut self, place: usize) {
        let started = self.own(place, ("payments", "attempts"), json!({ "provider": "sandbox" }));
        let started = started.await;
        let provider = self.office.token(Role::PaymentProvider, "sandbox", "");
        let reason = self.text();
        let body = json!({
            "provider": "sandbox", "event": "f1", "reference": started["attempts"][0]["reference"],
            "kind": "failed", "amount_vnd": 30_000, "reason": reason,
        });
        let notices = "/v1/payment-notices";
        self.office.browser.post(notices, &provider, "", body).await.granted();
        self.office.settle().await;
    }

    /// A dossier by post is supplemented, paid, accepted, verified and in consultation; one waits
    /// for its supplement.
    pub(super) async fn until_the_supplement_and_the_consultation(&mut self) {
        let post = self.submit("post").await;
        self.fail_to_pay(post).await;
        self.pay(post).await;
        let asked = json!({ "components": ["bill_of_lading"], "reason": self.text() });
        self.step(post, ("dossiers", "supplement-requests"), Role::Clerk, asked).await;
        let (id, applicant) = (self.certificates[post].id.clone(), self.office.applicant("a1"));
        let bill = self.component(&id, &applicant, "bill_of_lading").await;
        let supplement = json!({ "documents": [bill], "form": self.form() });
        self.own(post, ("dossiers", "supplements"), supplement).await;
        self.step(post, ("dossiers", "acceptance"), Role::Clerk, json!({})).await;
        self.step(post, ("reviews", "claim"), Role::Reviewer, json!({})).await;
        self.office.wait_until("2026-11-20T09:30").await;
        let verification = json!({
            "from": "2026-11-20T09:05:00+07:00", "to": "2026-11-20T09:25:00+07:00",
            "place": self.text(), "participants": self.text(), "findings": self.text(),
        });
        self.step(post, ("reviews", "verifications"), Role::Reviewer, verification).await;
        let question = json!({ "agency": CONSULTED, "question": self.text() });
        self.step(post, ("reviews", "consultations"), Role::Reviewer, question).await;

        let counter = self.submit("collection").await;
        self.pay(counter).await;
        self.step(counter, ("dossiers", "acceptance"), Role::Clerk, json!({})).await;
        self.step(counter, ("reviews", "claim"), Role::Reviewer, json!({})).await;
        self.says(counter, ("reviews", "return"), Role::Reviewer, "reason").await;
        let assigned = json!({ "to": "r1", "reason": self.text() });
        self.step(counter, ("reviews", "assign"), Role::Approver, assigned).await;
        let needs = json!({ "components": ["bill_of_lading"], "reason": self.text() });
        self.step(counter, ("reviews", "supplement-needs"), Role::Reviewer, needs).await;
        self.complain().await;
    }

    /// A complaint about the first dossier that is assigned, classified and extended.
    async fn complain(&mut self) {
        let applicant = self.office.applicant("a1");
        let document = self.document("complaint", &applicant).await;
        let (phone, email) = (self.phone(), format!("{}@example.com", self.text()));
        let body = json!({
            "agency": AGENCY, "dossier": self.certificates[0].id, "text": self.text(),
            "name": self.text(), "address": self.text(), "phone": phone, "email": email,
            "documents": [document],
        });
        let filed = self.office.browser.post("/v1/complaints", &applicant, "", body).await;
        self.complaint = filed.granted();
        self.office.settle().await;
        let more = self.document("complaint", &applicant).await;
        let address = self.complaint_address();
        let documents = json!({ "documents": [more] });
        take(&mut self.office, &address, "documents", &applicant, documents).await.granted();
        let assignment = json!({ "officer": "h1", "note": self.text() });
        self.handle("assignment", assignment).await;
        let note = json!({ "note": self.text() });
        self.handle("notes", note).await;
        self.handle("classification", json!({ "class": "content_of_rules" })).await;
        let extension = json!({ "reason": self.text() });
        self.handle("extension", extension).await;
    }

    pub(super) fn complaint_address(&self) -> String {
        format!("/v1/complaints/{}", self.complaint["complaint"].as_str().unwrap())
    }

    async fn handle(&mut self, step: &str, body: Value) {
        let (address, token) = (self.complaint_address(), self.officer(Role::ComplaintHandler));
        take(&mut self.office, &address, step, &token, body).await.granted();
    }

    /// A proposal was rejected and another one is open; the supplement of the second dossier was
    /// submitted; the complaint is answered.
    pub(super) async fn until_the_proposals(&mut self) {
        let (post, counter) = (0, 1);
        let consultee = self.office.token(Role::Consultee, "c1", CONSULTED);
        let review = self.at(post, "reviews");
        let consulted = self.office.browser.get(&review, &consultee).await.granted();
        let consultation = consulted["consultations"][0]["consultation"].clone();
        let answer = json!({ "consultation": consultation, "agrees": true, "answer": self.text() });
        take(&mut self.office, &review, "consultation-answers", &consultee, answer).await.granted();
        let handed = json!({ "to": "r2", "reason": self.text() });
        self.step(post, ("reviews", "hand-over"), Role::Reviewer, handed).await;
        let assigned = json!({ "to": "r1", "reason": self.text() });
        self.step(post, ("reviews", "assign"), Role::Approver, assigned).await;
        let done = json!({ "activity": "appraisal", "note": self.text() });
        self.step(post, ("reviews", "activities"), Role::Reviewer, done).await;
        let proposal = self.propose(post).await;
        let rejection = json!({ "proposal": proposal, "reason": self.text() });
        self.step(post, ("reviews", "proposal-rejections"), Role::Approver, rejection).await;
        self.propose(post).await;

        let (id, applicant) = (self.certificates[counter].id.clone(), self.office.applicant("a1"));
        let bill = self.component(&id, &applicant, "bill_of_lading").await;
        self.own(counter, ("dossiers", "supplements"), json!({ "documents": [bill] })).await;
        let moved = json!({ "due_at": "2026-11-24T10:00:00+07:00", "reason": self.text() });
        self.step(counter, ("dossiers", "appointment"), Role::Clerk, moved).await;
        self.talk(post).await;
        let handler = self.officer(Role::ComplaintHandler);
        let document = self.document("complaint", &handler).await;
        let answer = json!({ "answer": self.text(), "documents": [document] });
        self.handle("answer", answer).await;
    }

    /// Officers write a label and a note, which is withdrawn; both sides write a message.
    async fn talk(&mut self, place: usize) {
        let (clerk, applicant) = (self.officer(Role::Clerk), self.office.applicant("a1"));
        let (dossier, id) = (self.at(place, "dossiers"), self.certificates[place].id.clone());
        let writes = async |office: &mut Office, path: &str, who: &str, body: Value| {
            let path = format!("{dossier}/{path}");
            office.browser.post(&path, who, "", body).await.granted();
            office.settle().await;
        };
        let label = json!({ "label": self.text() });
        writes(&mut self.office, "labels", &clerk, label).await;
        let note = json!({ "note": self.text() });
        writes(&mut self.office, "notes", &clerk, note).await;
        let reason = json!({ "reason": self.text() });
        writes(&mut self.office, "notes/1/withdrawal", &clerk, reason).await;
        for who in [&clerk, &applicant] {
            let document = self.document(&id, who).await;
            let message = json!({ "text": self.text(), "documents": [document] });
            writes(&mut self.office, "messages", who, message).await;
        }
    }

    async fn propose(&mut self, place: usize) -> Value {
        let proposal = json!({ "outcome": "approved", "reason": self.text() });
        let step = ("reviews", "decision-proposals");
        let proposed = self.step(place, step, Role::Reviewer, proposal).await;
        proposed["proposal"]["proposal"].clone()
    }

    /// Approves the open proposal, and issues the result with a document.
    async fn issue(&mut self, place: usize, proposal: Value) {
        let decision = json!({ "proposal": proposal });
        self.step(place, ("reviews", "decision"), Role::Approver, decision).await;
        let (id, approver) = (self.certificates[place].id.clone(), self.officer(Role::Approver));
        let document = self.upload(&id, &approver).await;
        let result = json!({ "number": format!("VN-{place}"), "document": document });
        self.step(place, ("deliveries", "result"), Role::Approver, result).await;
    }

    /// The first result is on its way, the second one is ready at the counter.
    pub(super) async fn until_the_parcel_is_on_its_way(&mut self) {
        let (post, counter) = (0, 1);
        let review = self.at(post, "reviews");
        let reviewer = self.officer(Role::Reviewer);
        let shown = self.office.browser.get(&review, &reviewer).await.granted();
        self.issue(post, shown["proposal"]["proposal"].clone()).await;
        let parcel = json!({ "carrier": "vnpost", "waybill": "EA1VN" });
        let sent = self.step(post, ("deliveries", "parcels"), Role::Clerk, parcel).await;
        let reference = sent["parcel_reference"].as_str().unwrap().to_owned();
        self.parcel = Some(reference);
        self.carry("1", "tracked").await;

        let done = json!({ "activity": "appraisal" });
        self.step(counter, ("reviews", "activities"), Role::Reviewer, done).await;
        let proposal = self.propose(counter).await;
        self.issue(counter, proposal).await;
    }

    /// A notice of the carrier; its words are kept of a parcel on its way.
    async fn carry(&mut self, event: &str, kind: &str) {
        let carrier = self.office.token(Role::Carrier, "vnpost", "");
        let mut body = json!({
            "carrier": "vnpost", "event": event, "reference": self.parcel, "kind": kind,
        });
        if kind == "tracked" {
            body["text"] = json!(self.text());
        }
        self.office.browser.post("/v1/parcel-notices", &carrier, "", body).await.granted();
        self.office.settle().await;
    }

    /// Everything is over: delivered and rated, collected and revoked, withdrawn and refunded,
    /// refused; the complaint is reopened, answered again, and the answer published.
    pub(super) async fn until_the_end(&mut self) {
        let (post, counter) = (0, 1);
        self.carry("2", "delivered").await;
        let (rating, applicant) = (self.at(post, "ratings"), self.office.applicant("a1"));
        let rated = json!({ "score": 2, "comment": self.text() });
        self.office.browser.post(&rating, &applicant, "", rated).await.granted();
        self.says(counter, ("deliveries", "collection"), Role::Clerk, "received_by").await;
        self.says(counter, ("deliveries", "revocation"), Role::Approver, "reason").await;

        let withdrawn = self.submit("download").await;
        self.pay(withdrawn).await;
        let reason = json!({ "reason": self.text() });
        self.own(withdrawn, ("dossiers", "withdrawal"), reason).await;
        let refund = json!({ "amount_vnd": 30_000, "reason": self.text() });
        self.step(withdrawn, ("payments", "refunds"), Role::Cashier, refund).await;
        let refused = self.submit("download").await;
        self.pay(refused).await;
        self.says(refused, ("dossiers", "refusal"), Role::Clerk, "reason").await;

        let address = self.complaint_address();
        let reopening = json!({ "reason": self.text() });
        take(&mut self.office, &address, "reopening", &applicant, reopening).await.granted();
        let answer = json!({ "answer": self.text() });
        self.handle("answer", answer).await;
        let publication = json!({ "text": self.text() });
        self.handle("publication", publication).await;
        self.office.settle().await;
    }

    /// The state of the complaint as the holder of its number and code reads it.
    pub(super) async fn complaint_status(&self, path: &str) -> crate::support::Answer {
        let (number, code) = (&self.complaint["number"], &self.complaint["status_code"]);
        let headers = [
            ("complaint-number", number.as_str().unwrap()),
            ("status-code", code.as_str().unwrap()),
        ];
        self.office.browser.send(Method::GET, path, &headers, Vec::new()).await.unwrap()
    }
}
