//! Intermediaries: programs of firms, batches, and the day of one who files for clients.

use dossier::contract::Role;
use http::Method;
use serde_json::{Value, json};

use crate::mandates::{
    Acting, NOT_IN_FORCE, NOTHING, accepted, answered, assert_sound, client, granted, own, person,
    submit,
};
use crate::support::{Office, energy_label};

const MACHINE: &str = "machine-1";

/// A program that the firm has registered; with the credential, and its id.
async fn machine(office: &Office) -> (Acting, String) {
    let body = json!({ "machine": MACHINE, "name": "Phần mềm khai báo" });
    let registered = person(office).post(office, "/v1/credentials", body).await.granted();
    let credential = registered["credential"].as_str().unwrap().to_owned();
    (Acting::by(office.applicant(MACHINE)).with(&credential), credential)
}

#[tokio::test]
async fn a_program_acts_for_its_firm_and_its_clients_until_its_credential_is_revoked() {
    let mut office = Office::open().await;
    let (machine, credential) = machine(&office).await;
    let mandate = accepted(&office, "client-1", json!([])).await;
    office.settle().await;
    let clients = machine.get(&office, "/v1/mandates").await.granted();
    assert_eq!(clients[0]["principal"], "client-1");
    // Without its credential it is nobody; nor does the credential help another one.
    let alone = Acting::by(office.applicant(MACHINE));
    assert_eq!(
        alone.clone().under(&mandate).get(&office, "/v1/register/dossiers").await.refused(),
        NOT_IN_FORCE
    );
    let other = Acting::by(office.applicant("machine-2")).with(&credential);
    assert_eq!(other.get(&office, "/v1/mandates").await.refused(), NOT_IN_FORCE);
    // It does not decide on mandates and programs.
    let answer = answered(&office, &machine, &mandate, "revocation").await;
    assert_eq!(answer.refused(), (403, "not-a-party-to-the-mandate"));
    let more = json!({ "machine": "machine-3", "name": "x" });
    let more = machine.post(&office, "/v1/credentials", more).await;
    assert_eq!(more.refused(), (403, "credential-not-by-a-person"));

    let acting = machine.clone().under(&mandate);
    let dossier = submit(&office, &acting).await;
    acting.get(&office, &dossier).await.granted();
    let own = format!("/v1/credentials/{credential}");
    assert_eq!(person(&office).get(&office, &own).await.granted()["valid"], true);
    assert_eq!(client(&office, "client-1").get(&office, &own).await.refused(), NOTHING);
    let revocation = format!("/v1/credentials/{credential}/revocation");
    person(&office).post(&office, &revocation, json!({})).await.granted();
    let revoked = (403, "credential-not-valid");
    assert_eq!(acting.get(&office, &dossier).await.refused(), revoked);
    assert_eq!(machine.get(&office, "/v1/mandates").await.refused(), revoked);
    person(&office).under(&mandate).get(&office, &dossier).await.granted();
    office.settle().await;
    let listed = person(&office).get(&office, "/v1/credentials").await.granted();
    assert_eq!((&listed[0]["valid"], &listed[0]["machine"]), (&json!(false), &json!(MACHINE)));
    assert_sound(&office).await;
}

#[tokio::test]
async fn a_batch_files_each_item_once_and_says_for_each_what_is_wrong() {
    let office = Office::open().await;
    let acting = person(&office).under(&accepted(&office, "client-1", json!([])).await);
    let good = energy_label(&office.browser, &acting.token).await;
    let mut bad = good.clone();
    bad["procedure"] = json!("NOTHING");
    let body = json!({ "items": [good, bad, { "x": 1 }] });
    let post = async |key: &str, body: &Value| {
        acting.send(&office, (Method::POST, "/v1/dossiers/batches"), (key, ""), body).await
    };
    let first = post("batch-1", &body).await.granted();
    assert_eq!((&first["succeeded"], &first["refused"]), (&json!(1), &json!(2)));
    let outcomes = first["outcomes"].as_array().unwrap();
    let statuses: Vec<_> =
        outcomes.iter().map(|outcome| outcome["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 422, 422]);
    assert_eq!(outcomes[1]["problem"]["errors"][0]["pointer"], "/procedure");
    let address = outcomes[0]["location"].as_str().unwrap();
    assert_eq!(address.rsplit('/').next().unwrap(), outcomes[0]["dossier"].as_str().unwrap());
    acting.get(&office, address).await.granted();
    // Sent again, nothing is filed twice.
    let again = post("batch-1", &body).await.granted();
    assert_eq!(again["outcomes"][0], outcomes[0]);
    let filed = office.log().await.iter().filter(|kind| **kind == "DossierSubmitted").count();
    assert_eq!(filed, 1);
    // Another body with the same key is another request.
    let mut other = body.clone();
    other["items"][0]["form"]["stars"] = json!(4);
    let other = post("batch-1", &other).await.granted();
    assert_eq!(
        other["outcomes"][0]["problem"]["type"],
        "urn:dossier:problem:idempotency-key-reused"
    );
    assert_eq!(post("batch-2", &json!({ "items": [] })).await.refused(), (422, "body-invalid"));
    let many = json!({ "items": vec![json!({}); 101] });
    assert_eq!(post("batch-3", &many).await.refused(), (422, "body-invalid"));
}

#[tokio::test]
async fn a_batch_has_the_dossiers_of_several_clients_each_under_its_mandate() {
    let mut office = Office::open().await;
    let one = accepted(&office, "client-1", json!([])).await;
    let other = accepted(&office, "client-2", json!([])).await;
    let offered = granted(&office, &client(&office, "client-3"), json!([])).await;
    let limited = accepted(&office, "client-4", json!(["CO.D"])).await;
    let body = energy_label(&office.browser, &person(&office).token).await;
    let under = |mandate: &str| {
        let mut body = body.clone();
        body["mandate"] = json!(mandate);
        body
    };
    let ids = [&*one, &*other, &*offered, &*limited, "nothing"];
    let batch = json!({ "items": ids.map(under) });
    let filed =
        person(&office).post(&office, "/v1/dossiers/batches", batch.clone()).await.granted();
    let outcomes = filed["outcomes"].as_array().unwrap();
    let statuses: Vec<_> = outcomes.iter().map(|one| one["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 201, 403, 422, 422], "{filed}");
    assert_eq!(outcomes[2]["problem"]["type"], "urn:dossier:problem:mandate-not-in-force");
    assert_eq!(outcomes[3]["problem"]["type"], "urn:dossier:problem:mandate-does-not-cover");
    assert_eq!(outcomes[4]["problem"]["errors"][0]["pointer"], "/mandate");
    office.settle().await;
    for (place, subject) in [(0, "client-1"), (1, "client-2")] {
        let own = own(&office, &client(&office, subject)).await;
        assert_eq!(own, [outcomes[place]["dossier"].as_str().unwrap()]);
    }
    // A request that invokes a mandate files under no other.
    let acting = person(&office).under(&one);
    let twice = acting.post(&office, "/v1/dossiers/batches", batch).await.granted();
    assert_eq!((&twice["succeeded"], &twice["refused"]), (&json!(0), &json!(5)));
    assert_eq!(twice["outcomes"][1]["problem"]["errors"][0]["pointer"], "/mandate");
    assert_sound(&office).await;
}

#[tokio::test]
async fn every_item_of_a_batch_counts_as_a_submission() {
    let quotas = "{ applicant: { submissions: { count: 2 } }, representative_times: 1 }";
    let office = Office::open_limited(quotas).await;
    let acting = client(&office, "a1");
    let body = energy_label(&office.browser, &acting.token).await;
    let items = json!({ "items": [body, body, body] });
    let answer = acting.post(&office, "/v1/dossiers/batches", items).await.granted();
    let status = |outcome: &Value| outcome["status"].as_u64().unwrap();
    let mut statuses: Vec<_> = answer["outcomes"].as_array().unwrap().iter().map(status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 429], "{answer}");
}

#[tokio::test]
async fn the_same_key_for_another_client_is_another_request() {
    let office = Office::open().await;
    let one = person(&office).under(&accepted(&office, "client-1", json!([])).await);
    let other = person(&office).under(&accepted(&office, "client-2", json!([])).await);
    let body = energy_label(&office.browser, &one.token).await;
    let file = async |by: &Acting| {
        by.send(&office, (Method::POST, "/v1/dossiers"), ("same", ""), &body).await
    };
    file(&one).await.granted();
    file(&one).await.granted();
    assert_eq!(file(&other).await.refused(), (422, "idempotency-key-reused"));
    // Nor for another firm of the same program.
    let mut firms = Vec::new();
    for firm in ["0101234565", "0100109106"] {
        let person = Acting::by(office.token_for(&[Role::Applicant], "person-2", "", Some(firm)));
        let body = json!({ "machine": "vendor", "name": "x" });
        let registered = person.post(&office, "/v1/credentials", body).await.granted();
        let credential = registered["credential"].as_str().unwrap();
        firms.push(Acting::by(office.applicant("vendor")).with(credential));
    }
    let body = energy_label(&office.browser, &firms[0].token).await;
    let file = async |by: &Acting| {
        by.send(&office, (Method::POST, "/v1/dossiers"), ("same", ""), &body).await
    };
    file(&firms[0]).await.granted();
    assert_eq!(file(&firms[1]).await.refused(), (422, "idempotency-key-reused"));
}

/// An intermediary takes over a client's filing, and the client takes it back.
#[tokio::test]
async fn the_day_of_an_intermediary() {
    let mut office = Office::open().await;
    let (machine, _) = machine(&office).await;
    // In the morning, a client has granted a mandate. A person of the firm accepts it.
    let owner = client(&office, "client-1");
    let mandate = granted(&office, &owner, json!(["ENERGY.LABEL"])).await;
    office.settle().await;
    let waiting = person(&office).get(&office, "/v1/mandates?status=offered").await.granted();
    assert_eq!(waiting[0]["mandate"], mandate.as_str());
    answered(&office, &person(&office), &mandate, "acceptance").await.granted();

    // The firm's program files three dossiers. One is refused, and it says why.
    let filing = machine.clone().under(&mandate);
    let first = energy_label(&office.browser, &machine.token).await;
    let second = energy_label(&office.browser, &machine.token).await;
    let mut faulty = energy_label(&office.browser, &machine.token).await;
    faulty["form"]["stars"] = json!("five");
    let batch = json!({ "items": [first, faulty, second] });
    let filed = filing.post(&office, "/v1/dossiers/batches", batch).await.granted();
    assert_eq!((&filed["succeeded"], &filed["refused"]), (&json!(2), &json!(1)));
    let refused = &filed["outcomes"][1]["problem"];
    assert_eq!(refused["type"], "urn:dossier:problem:form-invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/form/stars");

    // It follows them in a list.
    office.settle().await;
    assert_eq!(own(&office, &filing).await.len(), 2);
    let dossier = filed["outcomes"][0]["location"].as_str().unwrap();

    // The clerk asks for a supplement to one of them; the program finds it in the list and answers.
    let clerk = Acting::by(office.clerk());
    let ask = json!({ "components": ["declaration"], "reason": "no signature" });
    clerk.take(&office, dossier, "supplement-requests", ask).await.granted();
    office.settle().await;
    let waiting = "/v1/register/dossiers?mine=true&waiting_on=applicant";
    let waiting = filing.get(&office, waiting).await.granted();
    assert_eq!(waiting[0]["id"], filed["outcomes"][0]["dossier"]);
    let document = office.browser.upload(&machine.token, "signed").await;
    let signed = json!({ "documents": [
        { "component": "declaration", "document": document, "file_name": "signed.pdf" }] });
    filing.take(&office, dossier, "supplements", signed).await.granted();

    // In the evening, the client takes over, and sees all that was done.
    answered(&office, &owner, &mandate, "revocation").await.granted();
    office.settle().await;
    assert_eq!(own(&office, &owner).await.len(), 2);
    owner.get(&office, dossier).await.granted();
    for by in [filing, person(&office).under(&mandate)] {
        assert_eq!(by.get(&office, dossier).await.refused(), NOT_IN_FORCE);
        assert_eq!(by.get(&office, "/v1/register/dossiers").await.refused(), NOT_IN_FORCE);
    }
    assert_eq!(machine.get(&office, dossier).await.refused(), NOTHING);
    let ended = machine.get(&office, "/v1/mandates?status=revoked").await.granted();
    assert_eq!(ended.as_array().unwrap().len(), 1);
    assert_sound(&office).await;
}

#[tokio::test]
async fn an_intermediary_lists_the_dossiers_and_the_work_of_all_clients_at_once() {
    let mut office = Office::open().await;
    let mut expected = Vec::new();
    for (client, procedures) in
        [("client-1", json!([])), ("client-2", json!(["ENERGY.LABEL"])), ("client-3", json!([]))]
    {
        let mandate = accepted(&office, client, procedures).await;
        let acting = person(&office).under(&mandate);
        let dossier = submit(&office, &acting).await;
        expected.push((client, mandate, dossier.rsplit('/').next().unwrap().to_owned()));
    }
    // Not of those who are no clients, nor beyond the procedures of a mandate.
    submit(&office, &client(&office, "client-4")).await;
    let narrow = accepted(&office, "client-5", json!(["CO.D"])).await;
    submit(&office, &client(&office, "client-5")).await;
    office.settle().await;
    office.views().await.unwrap();
    let list = "/v1/register/dossiers?clients=true";
    let (by_person, (program, _)) = (person(&office), machine(&office).await);
    for by in [&by_person, &program] {
        let mut path = format!("{list}&limit=2");
        let mut rows = Vec::new();
        loop {
            let page = by.get(&office, &path).await;
            let link = page.header("link");
            rows.extend(page.granted().as_array().unwrap().clone());
            let next = link.strip_prefix('<').and_then(|rest| rest.split('>').next());
            let Some(next) = next else { break };
            path = next.to_owned();
        }
        let mut seen: Vec<_> = rows
            .iter()
            .map(|row| {
                let text = |name: &str| row[name].as_str().unwrap().to_owned();
                (text("applicant"), text("mandate"), text("id"))
            })
            .collect();
        seen.sort();
        let all = expected.iter().map(|(c, m, d)| ((*c).to_owned(), m.clone(), d.clone()));
        assert_eq!(seen, all.collect::<Vec<_>>());
    }
    let work = format!("{list}&waiting_on=clerk&sort=due");
    let work = by_person.get(&office, &work).await.granted();
    assert_eq!(work.as_array().unwrap().len(), 3, "{work}");
    // What was revoked is gone at once, whatever the views know.
    answered(&office, &client(&office, "client-2"), &expected[1].1, "revocation").await.granted();
    let rest = by_person.get(&office, list).await.granted();
    assert_eq!(rest.as_array().unwrap().len(), 2);
    let nobody = client(&office, "client-1").get(&office, list).await.granted();
    assert_eq!(nobody, json!([]));
    let under = by_person.clone().under(&narrow).get(&office, list).await;
    assert_eq!(under.refused().0, 400);
    let words = by_person.get(&office, &format!("{list}&q=det")).await;
    assert_eq!(words.refused().0, 400);
}
