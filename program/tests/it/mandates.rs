//! Mandates: granted, accepted, invoked, revoked and expired.

use dossier::contract::{Envelope, Role};
use events::{Filter, Position};
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Office, energy_label, in_register};

/// The tax code of the intermediary.
pub(crate) const FIRM: &str = "0101234565";

/// Somebody who acts for somebody else: a token, and the headers that say on what ground.
#[derive(Clone)]
pub(crate) struct Acting {
    pub(crate) token: String,
    mandate: Option<String>,
    credential: Option<String>,
}

impl Acting {
    pub(crate) fn by(token: String) -> Self {
        Self { token, mandate: None, credential: None }
    }

    pub(crate) fn under(self, mandate: &str) -> Self {
        Self { mandate: Some(mandate.to_owned()), ..self }
    }

    pub(crate) fn with(self, credential: &str) -> Self {
        Self { credential: Some(credential.to_owned()), ..self }
    }

    pub(crate) async fn send(
        &self,
        office: &Office,
        (method, path): (Method, &str),
        (key, etag): (&str, &str),
        body: &Value,
    ) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let mut headers = vec![
            ("authorization", &*authorization),
            ("accept-language", "en"),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        headers.extend(self.mandate.iter().map(|id| ("mandate", &**id)));
        headers.extend(self.credential.iter().map(|id| ("credential", &**id)));
        if !etag.is_empty() {
            headers.push(("if-match", etag));
        }
        let body = if method == Method::GET { Vec::new() } else { body.to_string().into_bytes() };
        office.browser.send(method, path, &headers, body).await.unwrap()
    }

    pub(crate) async fn get(&self, office: &Office, path: &str) -> Answer {
        self.send(office, (Method::GET, path), ("none", ""), &Value::Null).await
    }

    pub(crate) async fn post(&self, office: &Office, path: &str, body: Value) -> Answer {
        let key = office.browser.key();
        self.send(office, (Method::POST, path), (&key, ""), &body).await
    }

    /// Reads a resource, and takes a step on it at the version that was read.
    pub(crate) async fn take(
        &self,
        office: &Office,
        resource: &str,
        step: &str,
        body: Value,
    ) -> Answer {
        let etag = self.get(office, resource).await.etag();
        let (key, path) = (office.browser.key(), format!("{resource}/{step}"));
        self.send(office, (Method::POST, &path), (&key, &etag), &body).await
    }
}

pub(crate) fn person(office: &Office) -> Acting {
    Acting::by(office.token_for(&[Role::Applicant], "person-1", "", Some(FIRM)))
}

pub(crate) fn client(office: &Office, subject: &str) -> Acting {
    Acting::by(office.applicant(subject))
}

/// Grants a mandate to the firm; returns its id.
pub(crate) async fn granted(office: &Office, by: &Acting, procedures: Value) -> String {
    let body = json!({ "representative": FIRM, "procedures": procedures });
    let mandate = by.post(office, "/v1/mandates", body).await.granted();
    mandate["mandate"].as_str().unwrap().to_owned()
}

pub(crate) async fn answered(office: &Office, by: &Acting, mandate: &str, answer: &str) -> Answer {
    by.post(office, &format!("/v1/mandates/{mandate}/{answer}"), json!({})).await
}

/// A mandate of `subject` that a person of the firm has accepted.
pub(crate) async fn accepted(office: &Office, subject: &str, procedures: Value) -> String {
    let mandate = granted(office, &client(office, subject), procedures).await;
    answered(office, &person(office), &mandate, "acceptance").await.granted();
    mandate
}

/// Submits a notice; returns its address.
pub(crate) async fn submit(office: &Office, by: &Acting) -> String {
    let body = energy_label(&office.browser, &by.token).await;
    let dossier = by.post(office, "/v1/dossiers", body).await.granted();
    format!("/v1/dossiers/{}", dossier["id"].as_str().unwrap())
}

/// The ids of the dossiers that somebody lists as their own.
pub(crate) async fn own(office: &Office, by: &Acting) -> Vec<String> {
    let listed = by.get(office, "/v1/register/dossiers?mine=true").await.granted();
    let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
    listed.as_array().unwrap().iter().map(id).collect()
}

pub(crate) async fn assert_sound(office: &Office) {
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert!(report.notes.is_empty(), "{:?}", report.notes);
}

pub(crate) const NOT_IN_FORCE: (u16, &str) = (403, "mandate-not-in-force");
pub(crate) const NOTHING: (u16, &str) = (404, "not-found");

#[tokio::test]
async fn a_representative_acts_by_an_accepted_mandate_and_each_event_names_it() {
    let mut office = Office::open().await;
    let (owner, person) = (client(&office, "client-1"), person(&office));
    let mandate = granted(&office, &owner, json!(["ENERGY.LABEL"])).await;
    let acting = person.clone().under(&mandate);
    let early = acting.get(&office, "/v1/register/dossiers").await;
    assert_eq!(early.refused(), NOT_IN_FORCE);
    assert!(early.body["detail"].as_str().unwrap().contains("not accepted yet"), "{}", early.body);
    // Neither the principal nor a stranger accepts it.
    let by_owner = answered(&office, &owner, &mandate, "acceptance").await;
    assert_eq!(by_owner.refused(), (403, "not-the-representative"));
    let stranger = client(&office, "stranger");
    assert_eq!(answered(&office, &stranger, &mandate, "acceptance").await.refused(), NOTHING);
    let reply = answered(&office, &person, &mandate, "acceptance").await.granted();
    assert_eq!(
        (&reply["status"], &reply["you_are"]),
        (&json!("accepted"), &json!("representative"))
    );

    let dossier = submit(&office, &acting).await;
    office.settle().await;
    let shown = owner.get(&office, &dossier).await.granted();
    assert_eq!(shown["applicant"], "client-1");
    acting.get(&office, &dossier).await.granted();
    assert_eq!(own(&office, &owner).await, own(&office, &acting).await);
    // Without the header, the firm is nobody's representative; nor is a stranger with it.
    assert_eq!(person.get(&office, &dossier).await.refused(), NOTHING);
    assert_eq!(own(&office, &person).await, [""; 0]);
    let forged = stranger.under(&mandate).get(&office, &dossier).await;
    assert_eq!(forged.refused(), NOT_IN_FORCE);
    assert!(forged.body["detail"].is_null() || !forged.body.to_string().contains("accepted yet"));

    let page = office.engine.store.read_all(Position::START, &Filter::default(), 10_000).await;
    let page = page.unwrap();
    let submitted = page.events.iter().find(|e| &*e.kind == "intake.DossierSubmitted.v1").unwrap();
    let envelope: Envelope = serde_json::from_str(&submitted.meta).unwrap();
    assert_eq!(envelope.actor.mandate.unwrap().to_string(), mandate);
    assert_eq!(envelope.actor.on_behalf_of.unwrap().as_str(), "client-1");
    assert_eq!(envelope.actor.subject.as_str(), "person-1");
    assert_sound(&office).await;
}

#[tokio::test]
async fn from_its_revocation_on_a_mandate_is_no_ground_to_act_or_to_read() {
    let mut office = Office::open().await;
    for revoked_by in ["principal", "representative"] {
        let (owner, person) = (client(&office, revoked_by), person(&office));
        let mandate = accepted(&office, revoked_by, json!([])).await;
        let acting = person.clone().under(&mandate);
        let dossier = submit(&office, &acting).await;
        let by = if revoked_by == "principal" { &owner } else { &person };
        answered(&office, by, &mandate, "revocation").await.granted();
        // Nothing has to catch up first.
        let refused = acting.get(&office, &dossier).await;
        assert_eq!(refused.refused(), NOT_IN_FORCE);
        assert!(refused.body["detail"].as_str().unwrap().contains("revoked"), "{}", refused.body);
        assert_eq!(acting.get(&office, "/v1/register/dossiers").await.refused(), NOT_IN_FORCE);
        let withdrawn = acting.post(&office, &format!("{dossier}/withdrawal"), json!({})).await;
        assert_eq!(withdrawn.refused(), NOT_IN_FORCE);
        assert_eq!(person.get(&office, &dossier).await.refused(), NOTHING);
        // The principal goes on alone.
        let reason = json!({ "reason": "I go on alone" });
        owner.take(&office, &dossier, "withdrawal", reason).await.granted();
        let again = answered(&office, by, &mandate, "revocation").await.granted();
        assert_eq!(again["status"], "revoked");
        let late = answered(&office, &person, &mandate, "acceptance").await;
        assert_eq!(late.refused(), (409, "mandate-not-offered"));
        office.settle().await;
    }
    assert_sound(&office).await;
}

#[tokio::test]
async fn a_mandate_for_some_procedures_covers_no_other() {
    let mut office = Office::open().await;
    let owner = client(&office, "client-1");
    let (label, certificate) = ("ENERGY.LABEL", "CO.D");
    let wide = person(&office).under(&accepted(&office, "client-1", json!([label])).await);
    let narrow = person(&office).under(&accepted(&office, "client-1", json!([certificate])).await);
    let dossier = submit(&office, &wide).await;
    office.settle().await;
    for address in [dossier.clone(), in_register(&dossier) + "/timeline"] {
        wide.get(&office, &address).await.granted();
        assert_eq!(narrow.get(&office, &address).await.refused(), NOTHING, "{address}");
    }
    assert_eq!(own(&office, &wide).await.len(), 1);
    assert_eq!(own(&office, &narrow).await.len(), 0);
    let code = owner.get(&office, &dossier).await.granted()["code"].as_str().unwrap().to_owned();
    let by_code = format!("/v1/register/dossier-codes/{code}");
    wide.get(&office, &by_code).await.granted();
    assert_eq!(narrow.get(&office, &by_code).await.refused(), NOTHING);
    let body = energy_label(&office.browser, &narrow.token).await;
    let refused = narrow.post(&office, "/v1/dossiers", body).await;
    assert_eq!(refused.refused(), (422, "mandate-does-not-cover"));
    assert_eq!(refused.body["errors"][0]["pointer"], "/procedure");
    assert!(refused.body.to_string().contains(certificate), "it says what is covered");
    // A complaint about no dossier belongs to no procedure.
    let complaint = json!({ "agency": "G02.002", "text": "slow", "name": "An", "address": "Hà Nội",
        "phone": "0912345678" });
    let refused = wide.post(&office, "/v1/complaints", complaint.clone()).await;
    assert_eq!(refused.refused(), (422, "mandate-does-not-cover"));
    let mut about = complaint;
    about["dossier"] = json!(dossier.rsplit('/').next().unwrap());
    // By its code: a mandate that does not cover the procedure says so for the client's own
    // dossier, and nothing of a stranger's.
    let stranger = submit(&office, &client(&office, "client-9")).await;
    let theirs = client(&office, "client-9").get(&office, &stranger).await.granted();
    office.settle().await;
    office.views().await.unwrap();
    let by_code = |code: &str| {
        let mut about = about.clone();
        about.as_object_mut().unwrap().remove("dossier");
        about["dossier_code"] = json!(code);
        about
    };
    let refused = narrow.post(&office, "/v1/complaints", by_code(&code)).await;
    assert_eq!(refused.refused(), (422, "mandate-does-not-cover"));
    assert_eq!(refused.body["errors"][0]["pointer"], "/dossier_code");
    for by in [&narrow, &wide] {
        for code in [theirs["code"].as_str().unwrap(), "G02.002-261120-0000000000"] {
            let refused = by.post(&office, "/v1/complaints", by_code(code)).await;
            assert_eq!(refused.refused(), (422, "unknown-dossier-code"), "{code}");
            assert_eq!(refused.body["errors"].as_array().unwrap().len(), 1, "{}", refused.body);
        }
    }
    let filed = wide.post(&office, "/v1/complaints", about).await.granted();
    office.settle().await;
    let complaint = format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap());
    wide.get(&office, &complaint).await.granted();
    assert_eq!(narrow.get(&office, &complaint).await.refused(), NOTHING);
    let listed = async |by: &Acting| {
        let rows = by.get(&office, "/v1/complaints").await.granted();
        rows.as_array().unwrap().len()
    };
    assert_eq!((listed(&wide).await, listed(&narrow).await, listed(&owner).await), (1, 0, 1));
    assert_sound(&office).await;
}

#[tokio::test]
async fn a_clerk_records_a_mandate_on_evidence_and_ends_it_when_asked() {
    let mut office = Office::open().await;
    let clerk = Acting::by(office.clerk());
    let copy = office.browser.upload(&clerk.token, "contract").await;
    let mut deed = json!({ "principal": "client-1", "representative": FIRM });
    let refused = clerk.post(&office, "/v1/mandates", deed.clone()).await;
    assert_eq!(refused.refused(), (422, "mandate-evidence-missing"));
    deed["evidence"] = json!("notarised");
    deed["document"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
    deed["ends_at"] = json!("2026-01-01T00:00:00+07:00");
    let refused = clerk.post(&office, "/v1/mandates", deed.clone()).await;
    let errors = refused.body["errors"].as_array().unwrap();
    let pointers: Vec<&str> = errors.iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/document", "/ends_at", "/evidence", "/number"], "{}", refused.body);
    deed["document"] = json!(copy);
    deed["number"] = json!("1234/2026/CC-SCC");
    deed["certified_by"] = json!("Văn phòng công chứng Hà Nội");
    deed.as_object_mut().unwrap().remove("ends_at");
    let mut own_matter = deed.clone();
    own_matter["principal"] = json!("clerk-1");
    let refused = clerk.post(&office, "/v1/mandates", own_matter).await;
    assert_eq!(refused.refused(), (403, "own-matter"));
    let by_applicant =
        client(&office, "client-1").post(&office, "/v1/mandates", deed.clone()).await;
    assert_eq!(by_applicant.refused(), (422, "principal-not-permitted"));

    let mandate = clerk.post(&office, "/v1/mandates", deed).await.granted();
    let address = format!("/v1/mandates/{}", mandate["mandate"].as_str().unwrap());
    let person = person(&office);
    person.post(&office, &format!("{address}/acceptance"), json!({})).await.granted();
    office.settle().await;
    let auditor = |agency: &str| Acting::by(office.token(Role::Auditor, "auditor-1", agency));
    for reader in [&clerk, &person, &client(&office, "client-1"), &auditor("G02")] {
        let shown = reader.get(&office, &address).await.granted();
        assert_eq!(shown["number"], "1234/2026/CC-SCC");
        let document = format!("{address}/documents/{copy}");
        assert_eq!(reader.get(&office, &document).await.granted(), "%PDF-1.7 contract");
    }
    assert_eq!(auditor("H26").get(&office, &address).await.refused(), NOTHING);
    let listed = clerk.get(&office, "/v1/mandates?principal=client-1").await.granted();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let elsewhere = auditor("H26").get(&office, "/v1/mandates").await.granted();
    assert_eq!(elsewhere, json!([]));
    // Officers' reads are recorded, with the mandate.
    let reads = Filter { kinds: ["reads."].map(Into::into).into() };
    let page = office.engine.store.read_all(Position::START, &reads, 100).await.unwrap();
    let id = mandate["mandate"].as_str().unwrap();
    let of_mandate = page.events.iter().filter(|event| event.data.contains(id)).count();
    assert_eq!(of_mandate, 5, "two officers, each the mandate and its evidence, and a list");
    // Both parties see it, and auditors see who it was.
    office.views().await.unwrap();
    let reads = format!("/v1/register/mandates/{id}/reads");
    let auditor = |agency: &str| Acting::by(office.token(Role::Auditor, "auditor-1", agency));
    let parties = [person.clone(), client(&office, "client-1"), auditor("G02")];
    for (reader, names) in parties.into_iter().zip([false, false, true]) {
        let rows = reader.get(&office, &reads).await.granted();
        assert_eq!(
            (rows.as_array().unwrap().len(), &rows[0]["operation"]),
            (5, &json!("get_mandates"))
        );
        assert_eq!(rows[0].get("subject").is_some(), names, "{rows}");
    }
    assert_eq!(auditor("H26").get(&office, &reads).await.refused(), NOTHING);

    let revocation = format!("{address}/revocation");
    let unsaid = clerk.post(&office, &revocation, json!({})).await;
    assert_eq!(unsaid.refused(), (422, "reason-missing"));
    let asked = json!({ "reason": "asked at the counter" });
    let revoked = clerk.post(&office, &revocation, asked).await.granted();
    assert_eq!(revoked["status"], "revoked");
    assert_sound(&office).await;
}

#[tokio::test]
async fn a_mandate_ends_with_its_term_and_the_end_is_recorded() {
    let mut office = Office::open().await;
    let body = json!({ "representative": FIRM, "ends_at": "2026-11-27T00:00:00+07:00" });
    let owner = client(&office, "client-1");
    let granted = owner.post(&office, "/v1/mandates", body).await.granted();
    let mandate = granted["mandate"].as_str().unwrap();
    answered(&office, &person(&office), mandate, "acceptance").await.granted();
    let acting = person(&office).under(mandate);
    office.wait_until("2026-11-26T23:59").await;
    acting.get(&office, "/v1/register/dossiers").await.granted();
    office.wait_until("2026-11-27T00:00").await;
    let expired = acting.get(&office, "/v1/register/dossiers").await;
    assert_eq!(expired.refused(), NOT_IN_FORCE);
    assert!(expired.body["detail"].as_str().unwrap().contains("expired"), "{}", expired.body);
    assert_eq!(office.log().await.last().unwrap(), "MandateExpired");
    let listed = owner.get(&office, "/v1/mandates?status=expired").await.granted();
    assert_eq!(listed[0]["mandate"], mandate);
    let late = answered(&office, &owner, mandate, "revocation").await;
    assert_eq!(late.refused(), (409, "mandate-ended"));
    assert_sound(&office).await;
}

#[tokio::test]
async fn a_mandate_is_not_passed_on_and_nobody_reads_mandates_by_one() {
    let office = Office::open().await;
    let mandate = accepted(&office, "client-1", json!([])).await;
    let acting = person(&office).under(&mandate);
    let refusal = (403, "acts-under-mandate");
    let sub = json!({ "representative": "somebody" });
    assert_eq!(acting.post(&office, "/v1/mandates", sub).await.refused(), refusal);
    for address in ["/v1/mandates".to_owned(), format!("/v1/mandates/{mandate}")] {
        assert_eq!(acting.get(&office, &address).await.refused(), refusal, "{address}");
    }
    assert_eq!(acting.get(&office, "/v1/credentials").await.refused(), refusal);
    let machine = json!({ "machine": "machine-2", "name": "x" });
    assert_eq!(acting.post(&office, "/v1/credentials", machine).await.refused(), refusal);
    let malformed = person(&office).under("none").get(&office, "/v1/register/dossiers").await;
    assert_eq!(malformed.refused(), (400, "header-invalid"));
}

#[tokio::test]
async fn mandates_are_listed_by_capacity_and_filters_page_by_page() {
    let mut office = Office::open().await;
    let person = person(&office);
    for n in 0..5 {
        let procedures = if n % 2 == 0 { json!(["CO.D"]) } else { json!([]) };
        accepted(&office, &format!("client-{n}"), procedures).await;
    }
    let sub = json!({ "representative": "agent-7", "procedures": ["ENERGY.LABEL"] });
    person.post(&office, "/v1/mandates", sub).await.granted();
    office.settle().await;
    let list = async |query: &str| {
        let rows = person.get(&office, &format!("/v1/mandates?{query}")).await.granted();
        let who = |row: &Value| row["principal"].as_str().unwrap().to_owned();
        rows.as_array().unwrap().iter().map(who).collect::<Vec<_>>()
    };
    assert_eq!(list("").await.len(), 6);
    assert_eq!(list("you_are=representative").await.len(), 5);
    assert_eq!(list("you_are=principal").await, [FIRM]);
    assert_eq!(list("status=offered").await, [FIRM]);
    assert_eq!(list("procedure=CO.D&principal=client-2").await, ["client-2"]);
    assert_eq!(list("procedure=CO.D").await.len(), 5, "those for all procedures cover it too");
    assert_eq!(list("procedure=ENERGY.LABEL&you_are=representative").await.len(), 2);
    let (mut seen, mut next) =
        (Vec::new(), "/v1/mandates?limit=2&you_are=representative".to_owned());
    loop {
        let page = person.get(&office, &next).await;
        let link = page.header("link");
        let rows = page.granted();
        let rows = rows.as_array().unwrap();
        seen.extend(rows.iter().map(|row| row["principal"].as_str().unwrap().to_owned()));
        match link.strip_prefix('<').and_then(|link| link.split_once('>')) {
            Some((address, _)) => next = address.to_owned(),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, ["client-0", "client-1", "client-2", "client-3", "client-4"]);
    let strange = person.get(&office, "/v1/mandates?status=strange").await;
    assert_eq!(strange.refused(), (400, "query-invalid"));
}

#[tokio::test]
async fn whoever_acted_for_an_applicant_by_a_mandate_is_no_officer_in_that_matter() {
    let mut office = Office::open().await;
    let owner = client(&office, "client-1");
    let dossier = submit(&office, &owner).await;
    // A clerk who is also an applicant, and has a mandate of the client.
    let roles = [Role::Applicant, Role::Clerk];
    let clerk = Acting::by(office.token_for(&roles, "clerk-7", "G02", None));
    let offer = json!({ "representative": "clerk-7" });
    let mandate = owner.post(&office, "/v1/mandates", offer).await.granted();
    let mandate = mandate["mandate"].as_str().unwrap();
    answered(&office, &clerk, mandate, "acceptance").await.granted();
    let ask = json!({ "components": ["declaration"], "reason": "no signature" });
    let colleague = Acting::by(office.clerk());
    colleague.take(&office, &dossier, "supplement-requests", ask).await.granted();
    office.settle().await;
    clerk.get(&office, &dossier).await.granted();
    let acting = clerk.clone().under(mandate);
    let document = office.browser.upload(&clerk.token, "signed").await;
    let signed = json!({ "documents": [
        { "component": "declaration", "document": document, "file_name": "signed.pdf" }] });
    acting.take(&office, &dossier, "supplements", signed).await.granted();
    office.settle().await;
    assert_eq!(clerk.get(&office, &dossier).await.refused(), (403, "own-matter"));
    let etag = colleague.get(&office, &dossier).await.etag();
    let acceptance = format!("{dossier}/acceptance");
    let accept = |by: Acting, key: &'static str| {
        let (office, etag, acceptance) = (&office, etag.clone(), acceptance.clone());
        async move { by.send(office, (Method::POST, &acceptance), (key, &etag), &json!({})).await }
    };
    assert_eq!(accept(clerk.clone(), "a").await.refused(), (403, "own-matter"));
    accept(colleague, "b").await.granted();
    office.settle().await;
    // The review knows it from the acceptance.
    let review = dossier.replace("dossiers", "reviews");
    let both = [Role::Applicant, Role::Reviewer];
    let reviewer = Acting::by(office.token_for(&both, "clerk-7", "G02", None));
    assert_eq!(reviewer.get(&office, &review).await.refused(), (403, "own-matter"));
    assert_sound(&office).await;
}
