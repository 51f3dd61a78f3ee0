//! Days of officers and of a portal: everybody finds their work in lists alone, with no id known
//! beforehand.

use dossier::contract::Role;
use platform::secret::Secret;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use web::{Router, Server};

use crate::life::{Certificate, pay, submitted, take};
use crate::support::{Browser, DIGEST_KEY, Office};

/// The rows of a list.
async fn list(office: &Office, address: &str, token: &str) -> Vec<Value> {
    let rows = office.browser.get(address, token).await.granted();
    rows.as_array().unwrap().clone()
}

/// The kinds of the tasks in a work queue.
async fn work(office: &Office, query: &str, token: &str) -> Vec<String> {
    let rows = list(office, &format!("/v1/register/work?{query}"), token).await;
    rows.iter().map(|row| row["task"]["kind"].as_str().unwrap().to_owned()).collect()
}

/// The address of the dossier of the first task in a work queue.
async fn first(office: &Office, query: &str, token: &str, resource: &str) -> String {
    let rows = list(office, &format!("/v1/register/work?{query}"), token).await;
    format!("/v1/{resource}/{}", rows[0]["dossier"]["id"].as_str().unwrap())
}

/// A paid certificate of origin that waits for the clerk.
async fn paid(office: &mut Office, subject: &str, channel: &str) -> Certificate {
    let certificate = submitted(office, subject, channel).await;
    pay(office, &certificate).await;
    certificate
}

#[tokio::test]
async fn a_portal_lists_the_dossiers_of_its_user_and_says_what_comes_next() {
    let mut office = Office::open().await;
    let one = submitted(&mut office, "a1", "download").await;
    submitted(&mut office, "a2", "download").await;
    let mine = list(&office, "/v1/register/dossiers", &one.applicant).await;
    assert_eq!(mine.len(), 1, "nobody sees those of others");
    let row = &mine[0];
    assert_eq!((&row["stage"], &row["status"]), (&json!("submitted"), &json!(6)));
    assert_eq!(row["waiting_on"], "applicant");
    assert_eq!(
        (&row["next"][0]["kind"], &row["next"][0]["title"]["en"]),
        (&json!("pay_fee"), &json!("Pay the fee"))
    );
    assert!(row["next"][0]["basis"].as_str().unwrap().contains("NĐ-CP"));

    pay(&mut office, &one).await;
    let dossier = office.browser.get(&one.at("dossiers"), &one.applicant).await.granted();
    assert_eq!((&dossier["waiting_on"], &dossier["status"]), (&json!("clerk"), &json!(1)));
    assert_eq!(dossier["next"][0]["kind"], "answer_submission");
    assert_eq!(dossier["next"][0]["due_at"], dossier["answer_due_at"]);

    let code = dossier["code"].as_str().unwrap();
    let by_code = format!("/v1/register/dossier-codes/{code}");
    let found = office.browser.get(&by_code, &one.applicant).await.granted();
    assert_eq!((&found["id"], &found["next"]), (&dossier["id"], &dossier["next"]));
    let stranger = office.applicant("a2");
    assert_eq!(office.browser.get(&by_code, &stranger).await.refused(), (404, "not-found"));
    assert_eq!(
        office.browser.get("/v1/register/dossier-codes/G02-1", &stranger).await.refused(),
        (404, "not-found")
    );
    // Whoever acts for the applicant lists the applicant's dossiers, and not their own.
    let colleague = office.token_for(&[Role::Applicant], "a9", "", Some("a1"));
    assert_eq!(list(&office, "/v1/register/dossiers", &colleague).await.len(), 1);
    let former = office.applicant("a9");
    assert!(list(&office, "/v1/register/dossiers", &former).await.is_empty());
}

#[tokio::test]
async fn a_clerk_answers_submissions_and_hands_results_over() {
    let mut office = Office::open().await;
    paid(&mut office, "a1", "post").await;
    let clerk = office.token(Role::Clerk, "clerk-1", "G02.001");
    let rows = list(&office, "/v1/register/work", &clerk).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["task"]["kind"], "answer_submission");
    assert_eq!(rows[0]["task"]["due_at"], "2026-11-23T02:00:00Z", "eight working hours");
    assert_eq!(rows[0]["dossier"]["applicant"], "a1");
    // The answer is missed, and the task stays.
    office.wait_until("2026-11-23T09:30").await;
    assert_eq!(work(&office, "missed=true", &clerk).await, ["answer_submission"]);
    let late = "/v1/register/dossiers?intake_answer_missed=true";
    assert_eq!(list(&office, late, &clerk).await.len(), 1);
    let dossier = first(&office, "kind=answer_submission", &clerk, "dossiers").await;
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    assert!(work(&office, "", &clerk).await.is_empty());
    assert_eq!(list(&office, late, &clerk).await.len(), 1, "it was answered too late");

    decide(&mut office).await;
    let result =
        json!({ "number": "VN-TH-1", "document": office.browser.upload(&clerk, "signed").await });
    let delivery = first(&office, "kind=issue_result", &clerk, "deliveries").await;
    take(&mut office, &delivery, "result", &clerk, result).await.granted();
    assert_eq!(work(&office, "", &clerk).await, ["hand_to_carrier"]);
    let parcel = json!({ "carrier": "vnpost", "waybill": "EA1VN" });
    take(&mut office, &delivery, "parcels", &clerk, parcel).await.granted();
    assert!(work(&office, "", &clerk).await.is_empty());
    let waiting = list(&office, "/v1/register/dossiers?waiting_on=carrier", &clerk).await;
    assert_eq!((waiting.len(), &waiting[0]["status"]), (1, &json!(9)));
}

/// Reviews and decides all dossiers, which are found in the work queues.
async fn decide(office: &mut Office) {
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    let approver = office.token(Role::Approver, "head", "G02");
    let review = first(office, "kind=claim_review", &reviewer, "reviews").await;
    take(office, &review, "claim", &reviewer, json!({})).await.granted();
    let appraisal = json!({ "activity": "appraisal" });
    take(office, &review, "activities", &reviewer, appraisal).await.granted();
    let proposal = json!({ "outcome": "approved", "reason": "origin proven" });
    take(office, &review, "decision-proposals", &reviewer, proposal).await.granted();
    approve(office, &approver).await;
}

/// Approves the first proposal in the work queue.
async fn approve(office: &mut Office, approver: &str) {
    let rows = list(office, "/v1/register/work?kind=approve_decision", approver).await;
    let review = format!("/v1/reviews/{}", rows[0]["dossier"]["id"].as_str().unwrap());
    let proposal = json!({ "proposal": rows[0]["task"]["subject"] });
    take(office, &review, "decision", approver, proposal).await.granted();
}

#[tokio::test]
async fn a_reviewer_claims_what_nobody_has_and_finds_it_again_until_it_is_proposed() {
    let mut office = Office::open().await;
    let clerk = office.clerk();
    for applicant in ["a1", "a2"] {
        let one = paid(&mut office, applicant, "download").await;
        take(&mut office, &one.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    }
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    assert_eq!(work(&office, "officer=none", &reviewer).await, ["claim_review", "claim_review"]);
    assert!(work(&office, "officer=me", &reviewer).await.is_empty());
    let review = first(&office, "officer=none", &reviewer, "reviews").await;
    take(&mut office, &review, "claim", &reviewer, json!({})).await.granted();
    assert_eq!(work(&office, "officer=none", &reviewer).await, ["claim_review"]);
    let mine = list(&office, "/v1/register/work?officer=me", &reviewer).await;
    assert_eq!(mine[0]["task"]["kind"], "complete_activity");
    assert_eq!(
        (&mine[0]["task"]["subject"], &mine[0]["task"]["officer"]),
        (&json!("appraisal"), &json!("r1"))
    );
    assert_eq!(
        mine[0]["task"]["due_at"], "2026-11-20T07:00:00Z",
        "four working hours, of six in all"
    );
    let dossiers = "/v1/register/dossiers?officer=me";
    assert_eq!(list(&office, dossiers, &reviewer).await.len(), 1);
    assert_eq!(list(&office, "/v1/register/dossiers?officer=none", &reviewer).await.len(), 1);
    let appraisal = json!({ "activity": "appraisal" });
    take(&mut office, &review, "activities", &reviewer, appraisal).await.granted();
    assert_eq!(work(&office, "officer=me", &reviewer).await, ["propose_decision"]);
    let proposal = json!({ "outcome": "approved", "reason": "origin proven" });
    take(&mut office, &review, "decision-proposals", &reviewer, proposal).await.granted();
    assert!(work(&office, "officer=me", &reviewer).await.is_empty());
    // A reviewer in another agency has none of this.
    let other = office.token(Role::Reviewer, "r2", "G02.002");
    assert!(work(&office, "", &other).await.is_empty());
    assert!(list(&office, dossiers, &other).await.is_empty());
}

#[tokio::test]
async fn a_deputy_finds_the_work_of_an_absent_officer_with_their_own() {
    let mut office = Office::open().await;
    crate::people::staffed(&office, "none").await;
    let (clerk, one) = (office.clerk(), paid(&mut office, "a1", "download").await);
    take(&mut office, &one.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    let reviewer = |subject| office.token(Role::Reviewer, subject, "G02.001");
    let (absent, deputy) = (reviewer("r1"), reviewer("r2"));
    take(&mut office, &one.at("reviews"), "claim", &absent, json!({})).await.granted();
    assert!(work(&office, "officer=me", &deputy).await.is_empty());
    let absence = json!({
        "officer": "r1", "from": "2026-11-20", "to": "2026-11-20", "deputy": "r2",
    });
    let absences = format!("{}/absences", crate::people::DIRECTORY);
    office.browser.post(&absences, &absent, "", absence).await.granted();
    office.settle().await;
    assert_eq!(work(&office, "officer=me", &deputy).await, ["complete_activity"]);
    assert_eq!(work(&office, "officer=r1", &deputy).await, ["complete_activity"]);
    let other = office.token(Role::Reviewer, "r3", "G02.001");
    assert!(work(&office, "officer=me", &other).await.is_empty());
}

#[tokio::test]
async fn an_approver_finds_proposals_of_others_and_results_to_issue() {
    let mut office = Office::open().await;
    let (clerk, one) = (office.clerk(), paid(&mut office, "a1", "download").await);
    take(&mut office, &one.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    let review = first(&office, "kind=claim_review", &reviewer, "reviews").await;
    take(&mut office, &review, "claim", &reviewer, json!({})).await.granted();
    let appraisal = json!({ "activity": "appraisal" });
    take(&mut office, &review, "activities", &reviewer, appraisal).await.granted();
    let proposal = json!({ "outcome": "approved", "reason": "origin proven" });
    take(&mut office, &review, "decision-proposals", &reviewer, proposal).await.granted();

    let approver = office.token(Role::Approver, "head", "G02");
    assert_eq!(work(&office, "", &approver).await, ["approve_decision"]);
    let proposer = office.token_for(&[Role::Reviewer, Role::Approver], "r1", "G02.001", None);
    assert!(work(&office, "", &proposer).await.is_empty(), "nobody approves their own proposal");
    let party = office.token(Role::Approver, "a1", "G02");
    assert!(work(&office, "", &party).await.is_empty(), "nor works on a matter of their own");
    approve(&mut office, &approver).await;
    assert_eq!(work(&office, "", &approver).await, ["issue_result"]);
}

#[tokio::test]
async fn a_consulted_agency_finds_the_question_and_not_the_applicant() {
    let mut office = Office::open().await;
    let (clerk, one) = (office.clerk(), paid(&mut office, "a1", "download").await);
    take(&mut office, &one.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    take(&mut office, &one.at("reviews"), "claim", &reviewer, json!({})).await.granted();
    let question = json!({ "agency": "H26.14", "question": "agreed?" });
    take(&mut office, &one.at("reviews"), "consultations", &reviewer, question).await.granted();
    let consultee = office.token(Role::Consultee, "c1", "H26.14");
    let rows = list(&office, "/v1/register/work", &consultee).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["task"]["kind"], "answer_consultation");
    assert_eq!(rows[0]["task"]["agency"], "H26.14");
    assert_eq!(rows[0]["dossier"]["applicant"], Value::Null);
    let next = rows[0]["dossier"]["next"].as_array().unwrap();
    assert_eq!(next.len(), 1, "{next:?}");
    assert_eq!(next[0]["kind"], "answer_consultation");
    // Nor does a consultee of the receiving agency see the work of its other roles.
    paid(&mut office, "a2", "download").await;
    let clerks = work(&office, "role=clerk", &clerk).await;
    assert!(clerks.iter().any(|kind| kind == "answer_submission"), "{clerks:?}");
    let within = office.token(Role::Consultee, "c3", "G02.001");
    for query in ["", "role=clerk", "role=reviewer"] {
        assert!(work(&office, query, &within).await.is_empty(), "{query}");
    }
    let auditor = office.token(Role::Auditor, "au", "H26.14");
    assert!(work(&office, "", &auditor).await.is_empty(), "not consulted personally");
    let elsewhere = office.token(Role::Consultee, "c2", "H26.15");
    assert!(work(&office, "", &elsewhere).await.is_empty());
}

#[tokio::test]
async fn lists_are_read_in_pages_with_the_filters_of_the_first() {
    let mut office = Office::open().await;
    for n in 0..5 {
        paid(&mut office, &format!("a{n}"), "download").await;
    }
    let clerk = office.clerk();
    for address in [
        "/v1/register/work?kind=answer_submission&limit=2",
        "/v1/register/dossiers?waiting_on=clerk&limit=2",
        "/v1/register/dossiers?sort=newest&limit=2",
    ] {
        let (mut next, mut seen) = (address.to_owned(), Vec::new());
        while !next.is_empty() {
            let answer = office.browser.get(&next, &clerk).await;
            let link = answer.header("link");
            next = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
            let rows = answer.granted();
            let ids = rows.as_array().unwrap().iter().map(|row| {
                row.pointer("/dossier/id").unwrap_or(&row["id"]).as_str().unwrap().to_owned()
            });
            seen.extend(ids);
            if !next.is_empty() {
                let other = next.replace("limit=2", "limit=2&procedure=CO.D");
                let refused = office.browser.get(&other, &clerk).await;
                assert_eq!(refused.refused(), (400, "query-invalid"), "{other}");
            }
        }
        let mut distinct = seen.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!((seen.len(), distinct.len()), (5, 5), "{address}");
    }
}

#[tokio::test]
async fn steps_on_rows_of_a_list_are_conditional_without_a_read_of_each_dossier() {
    let mut office = Office::open().await;
    for n in 0..3 {
        paid(&mut office, &format!("a{n}"), "download").await;
    }
    office.settle().await;
    let clerk = office.clerk();
    let rows = list(&office, "/v1/register/work?kind=answer_submission", &clerk).await;
    let bulk = |rows: &[Value]| {
        let items = rows.iter().map(|row| {
            let version = row["step"]["if_match"].as_str().unwrap();
            json!({ "dossier": row["dossier"]["id"], "if_match": version, "body": {} })
        });
        json!({ "operation": rows[0]["step"]["operation"], "items": items.collect::<Vec<_>>() })
    };
    for row in &rows {
        let (step, etags) = (&row["step"], &row["dossier"]["etags"]);
        assert_eq!(step["operation"], "accept_dossier", "{row}");
        let resource = step["resource"].as_str().unwrap();
        let read = office.browser.get(resource, &clerk).await;
        assert_eq!(step["if_match"], *read.etag());
        assert_eq!(etags["dossier"], *read.etag());
        let payment = resource.replace("dossiers", "payments");
        assert_eq!(etags["payment"], *office.browser.get(&payment, &clerk).await.etag());
        let known = etags.as_object().unwrap().values().filter(|etag| !etag.is_null());
        assert_eq!(known.count(), 2, "there is nothing else yet: {etags}");
    }
    // Somebody else acts on one of them after the list was read.
    let other = rows[0]["step"]["resource"].as_str().unwrap();
    take(&mut office, other, "acceptance", &clerk, json!({})).await.granted();
    let reply = office.browser.post("/v1/dossiers/bulk", &clerk, "", bulk(&rows)).await.granted();
    let statuses: Vec<_> =
        reply["outcomes"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(statuses, [412, 200, 200], "{reply}");

    // The next tasks are in another stream, whose version the new rows have.
    office.settle().await;
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    let rows = list(&office, "/v1/register/work?kind=claim_review", &reviewer).await;
    assert_eq!(rows.len(), 3);
    let resource = rows[0]["step"]["resource"].as_str().unwrap();
    assert!(resource.starts_with("/v1/reviews/"), "{resource}");
    let reply = office.browser.post("/v1/reviews/bulk", &reviewer, "", bulk(&rows)).await.granted();
    assert!(
        reply["outcomes"].as_array().unwrap().iter().all(|one| one["status"] == 200),
        "{reply}"
    );
    // An applicant does not read the review, nor its version.
    let own = list(&office, "/v1/register/dossiers", &office.applicant("a0")).await;
    assert!(own[0]["etags"]["dossier"].is_string() && own[0]["etags"]["review"].is_null());
}

#[tokio::test]
async fn an_unknown_filter_value_is_answered_with_those_that_there_are() {
    let office = Office::open().await;
    let clerk = office.clerk();
    for (query, expected) in [
        ("dossiers?waiting_on=boss", "applicant, clerk, reviewer"),
        ("dossiers?stage=open", "submitted, processing"),
        ("dossiers?status=11", "from 1 to 10"),
        ("dossiers?sort=up", "due, newest"),
        ("dossiers?agency=g02", "is not the code of an agency"),
        ("work?kind=dance", "submit_supplement, pay_fee"),
        ("work?role=carrier", "clerk, reviewer, approver, cashier, consultee"),
        ("work?colour=red", "there is no such parameter"),
    ] {
        let answer = office.browser.get(&format!("/v1/register/{query}"), &clerk).await;
        assert_eq!(answer.refused(), (400, "query-invalid"), "{query}");
        assert!(answer.body.to_string().contains(expected), "{query}: {}", answer.body);
    }
    let applicant = office.applicant("a1");
    let others = office.browser.get("/v1/register/dossiers?mine=false", &applicant).await;
    assert_eq!(others.refused(), (403, "role-forbidden"));
    for officer in ["reviewer-1", "none", "me"] {
        let own = format!("/v1/register/dossiers?officer={officer}");
        let refused = office.browser.get(&own, &applicant).await;
        assert_eq!(refused.refused(), (400, "query-invalid"), "{officer}");
        assert_eq!(refused.body["errors"][0]["parameter"], "officer");
    }
    let officers = office.browser.get("/v1/register/work", &applicant).await;
    assert_eq!(officers.refused(), (403, "role-forbidden"));
    let elsewhere = office.browser.get("/v1/register/dossiers?agency=H26", &clerk).await;
    assert_eq!(elsewhere.refused(), (404, "not-found"));
}

#[tokio::test]
async fn an_accepted_dossier_whose_clock_starts_with_the_fee_waits_on_the_applicant() {
    let mut office = Office::open().await;
    let certificate = crate::payment::multi_level(&mut office).await;
    let clerk = office.token(Role::Clerk, "clerk-1", "G02.003");
    let rows = list(&office, "/v1/register/dossiers?waiting_on=applicant", &clerk).await;
    assert_eq!(rows[0]["id"], certificate.id);
    assert_eq!((&rows[0]["stage"], &rows[0]["status"]), (&json!("processing"), &json!(6)));
    assert_eq!(rows[0]["next"][0]["kind"], "pay_fee");
    assert!(work(&office, "", &clerk).await.is_empty());
    let reviewer = office.token(Role::Reviewer, "r1", "G02.003");
    assert!(work(&office, "", &reviewer).await.is_empty(), "its review has not begun");
}

#[tokio::test]
async fn a_view_that_is_rebuilt_from_the_log_has_the_rows_of_one_that_followed_it() {
    let mut office = Office::open().await;
    let clerk = office.clerk();
    for (n, channel) in ["post", "collection", "download"].into_iter().enumerate() {
        let one = paid(&mut office, &format!("a{n}"), channel).await;
        take(&mut office, &one.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    }
    decide(&mut office).await;
    submitted(&mut office, "a9", "download").await;
    office.wait_until("2026-11-24T09:00").await;

    let secret = Secret::new(DIGEST_KEY.to_vec());
    let rebuilt = register::service(&office.engine, &secret).unwrap();
    let mut tasks = rebuilt.tasks;
    tasks.settle(&office.engine).await.unwrap();
    let router = Router::new(&office.components.context, rebuilt.routes);
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), router).unwrap();
    let browser = Browser::new(server.address().unwrap());
    let (stop, mut running) = (CancellationToken::new(), JoinSet::new());
    running.spawn(server.run(stop.clone()));
    for list in ["work", "dossiers?sort=due", "dossiers?sort=newest", "dossiers?missed=true"] {
        let address = format!("/v1/register/{list}");
        let followed = office.browser.get(&address, &clerk).await.granted();
        assert!(!followed.as_array().unwrap().is_empty(), "{list}");
        assert_eq!(browser.get(&address, &clerk).await.granted(), followed, "{list}");
    }
    stop.cancel();
    while running.join_next().await.is_some() {}
}
