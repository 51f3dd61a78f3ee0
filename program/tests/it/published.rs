//! Targets, ratings, exports and published figures through HTTP, of the small world in `statistics`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dossier::contract::Role;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::statistics::{STORIES, world};
use crate::support::{Answer, Office};

const RULES: &str = "id: figures
version: 1
legal_basis: Quyết định 279/QĐ-UBND ngày 18/02/2022
targets:
  - { agency: G02.002, figure: in_time, percent: 55, effective: { from: 2026-01-01 }, basis: QĐ 279 }
  - { agency: G02, figure: in_time, percent: 90, effective: { from: 2026-01-01 }, basis: QĐ 279 }
  - { agency: G02.003, figure: in_time, percent: 10, effective: { from: 2026-01-01 }, basis: QĐ 279 }
  - { agency: G02.003, figure: services_used, percent: 1, effective: { from: 2026-01-01 }, basis: QĐ 279 }
  - { agency: G02.002, figure: settled_online, percent: 90, effective: { from: 2027-01-01 }, basis: QĐ 1 }
";

async fn issue(office: &mut Office, text: &str) -> Answer {
    let operator = office.token(Role::Operator, "operator-1", "G02");
    let body = json!({ "kind": "figures", "text": text });
    let answer = office.browser.post("/v1/rules", &operator, "", body).await;
    office.settle().await;
    answer
}

/// The body as it was sent, which need not be JSON.
async fn raw(office: &Office, path: &str, headers: &[(&str, &str)]) -> Answer {
    office.browser.send(Method::GET, path, headers, Vec::new()).await.unwrap()
}

async fn export(office: &Office, query: &str) -> (Answer, String) {
    let auditor = format!("Bearer {}", office.token(Role::Auditor, "au", "G02"));
    let path = format!("/v1/register/statistics/export?{query}");
    let answer = raw(office, &path, &[("authorization", &auditor)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    // A single line of JSON was read as such.
    let text = answer.body.as_str().map_or_else(|| answer.body.to_string(), str::to_owned);
    (answer, text)
}

#[tokio::test]
async fn targets_are_compared_with_what_every_unit_reached() {
    let mut office = world().await;
    issue(&mut office, RULES).await.granted();
    let auditor = office.token(Role::Auditor, "au", "G02");
    let targets = office.browser.get("/v1/register/targets", &auditor).await.granted();
    let shown: Vec<_> = targets
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let number = |name: &str| one["actual"][name].as_u64().unwrap();
            let (agency, figure) =
                (one["agency"].as_str().unwrap(), one["figure"].as_str().unwrap());
            (figure, agency, number("numerator"), number("denominator"), one["reached"].as_bool())
        })
        .collect();
    // Three of the four settled dossiers were early or on time; G02.003 has settled none.
    assert_eq!(
        shown[1..],
        [
            ("in_time", "G02.002", 3, 4, Some(true)),
            ("in_time", "G02", 3, 4, Some(false)),
            ("in_time", "G02.003", 0, 0, None),
        ]
    );
    let (figure, agency, used, services, reached) = shown[0];
    assert_eq!((figure, agency, used, reached), ("services_used", "G02.003", 1, Some(true)));
    assert!(services > 5, "{services}");
    assert_eq!((&targets[1]["rank"], &targets[3]["rank"]), (&json!(1), &Value::Null));
    let later = "/v1/register/targets?to=2027-01-01&figure=settled_online";
    let later = office.browser.get(later, &auditor).await.granted();
    assert_eq!(later[0]["target_percent"], 90, "{later}");
    let wrong = RULES.replace("version: 1", "version: 2").replace("percent: 55", "percent: 155");
    let refused = issue(&mut office, &wrong).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 1, "{}", refused.body);
}

#[tokio::test]
async fn units_and_officers_are_rated_by_the_indicators_with_data() {
    let office = world().await;
    let auditor = office.token(Role::Auditor, "au", "G02");
    let get = async |query: &str| {
        office.browser.get(&format!("/v1/register/ratings?{query}"), &auditor).await.granted()
    };
    let units = get("term=2026-Q4").await;
    assert_eq!(units.as_array().unwrap().len(), 1, "only one has settled dossiers: {units}");
    let unit = &units[0];
    assert_eq!((&unit["key"], &unit["is_final"]), (&json!("G02.002"), &json!(false)));
    let points = |rating: &Value| {
        let all = rating["indicators"].as_array().unwrap().iter();
        all.map(|one| (one["number"].as_u64().unwrap(), one["points"].as_f64())).collect::<Vec<_>>()
    };
    // Two early, one on the day, one late: 5 points of 4 dossiers. Every activity was completed on
    // the day of the claim. Nobody had to complete a dossier.
    let expected = [
        (1, Some(1.3)),
        (2, Some(2.0)),
        (3, Some(2.0)),
        (4, None),
        (5, None),
        (6, None),
        (7, None),
        (8, None),
    ];
    assert_eq!(points(unit)[..8], expected);
    assert_eq!(unit["indicators"][3]["skipped"], "not_recorded");
    assert_eq!(unit["indicators"][7]["skipped"], "no_case");
    let officers = get("term=2026&of=officer").await;
    assert_eq!(officers[0]["key"], "r1");
    let expected = [(1, Some(1.0)), (2, Some(2.0)), (3, Some(2.0)), (4, None), (7, None)];
    assert_eq!(points(&officers[0]), expected);
    assert_eq!(officers[0]["points"], 5.0);
    assert_eq!(
        (&officers[0]["reachable"], &officers[0]["grade"]),
        (&json!(6.0), &json!("complete"))
    );
    assert_eq!(get("term=2026-Q3").await, json!([]));
    let wrong = office.browser.get("/v1/register/ratings?term=2026-Q5", &auditor).await;
    assert_eq!(wrong.refused(), (400, "query-invalid"));
}

#[tokio::test]
async fn an_export_has_a_row_for_each_dossier_and_the_digest_of_all_of_it() {
    let office = world().await;
    let (answer, csv) = export(&office, "").await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let digest = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(csv.as_bytes())));
    assert_eq!(answer.header("content-digest"), digest);
    assert_eq!(answer.header("content-length"), csv.len().to_string());
    let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), STORIES.len() + 1);
    assert!(lines[0].starts_with("dossier,code,procedure,version,agency,channel,audience,"));
    assert!(lines.iter().all(|line| line.split(',').count() == 24), "{csv}");
    assert!(!csv.contains("0101234565"), "no applicant is named: {csv}");

    let (_, lines) = export(&office, "format=ndjson&from=2026-12-01").await;
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["status"], &rows[0]["handled_on"]), (&json!(3), &json!("2026-12-01")));

    let (_, groups) = export(&office, "format=ndjson&group_by=agency").await;
    let groups: Vec<Value> =
        groups.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let counted: Vec<_> = groups.iter().map(|one| (&one["key"], &one["dossiers"])).collect();
    let expected = [(&json!("G02.002"), &json!(6)), (&json!("G02.003"), &json!(1))];
    assert_eq!(counted, expected);
    let (_, table) = export(&office, "group_by=month").await;
    let head: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let at = head.iter().position(|name| *name == "in_time.percent").unwrap();
    let first: Vec<&str> = table.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(first[at], "75.0", "{table}");

    let clerk = office.clerk();
    let refused = office.browser.get("/v1/register/statistics/export", &clerk).await;
    assert_eq!(refused.refused(), (403, "role-forbidden"));
}

#[tokio::test]
async fn published_figures_are_about_none_or_enough_and_are_cached_by_their_tag() {
    let mut office = world().await;
    // November: six submitted, two handled.
    let small = office.browser.get("/v1/public/figures", "").await;
    let body = small.clone().granted();
    assert_eq!((&body["month"], &body["at_least"]), (&json!("2026-11"), &json!(10)));
    assert_eq!((&body["withheld"], &body["rows"]), (&json!(true), &json!([])));
    assert_eq!(small.header("cache-control"), "public, max-age=600");
    let tag = small.etag();
    let again = raw(&office, "/v1/public/figures", &[("if-none-match", &tag)]).await;
    assert_eq!((again.status.as_u16(), again.body.as_str()), (304, Some("")));
    assert_eq!(again.etag(), tag);
    let other = raw(&office, "/v1/public/figures", &[("if-none-match", "\"x\"")]).await;
    assert_eq!(other.status, 200);

    let now = office.browser.get("/v1/public/figures?month=2026-12", "").await;
    assert_eq!(now.refused(), (400, "query-invalid"), "the month is not over");
    let before = office.browser.get("/v1/public/figures?month=2026-10", "").await.granted();
    assert_eq!((&before["withheld"], &before["rows"]), (&json!(false), &json!([])));

    // In January, December is divided by the rules that were in force at its end.
    let three = "id: figures\nversion: 1\nlegal_basis: x\npublication: { at_least: 3 }\n";
    issue(&mut office, three).await.granted();
    office.wait_until("2027-01-04T09:00").await;
    let december = office.browser.get("/v1/public/figures", "").await.granted();
    assert_eq!((&december["month"], &december["at_least"]), (&json!("2026-12"), &json!(3)));
    // One received and three handled: too few were received.
    assert_eq!(december["withheld"], true, "{december}");
    let november = office.browser.get("/v1/public/figures?month=2026-11", "").await.granted();
    assert_eq!(november["at_least"], 10, "a month is not divided anew");
}

#[tokio::test]
async fn a_month_with_enough_dossiers_is_published_with_small_agencies_merged() {
    let mut office = Office::open().await;
    let three = "id: figures\nversion: 1\nlegal_basis: x\npublication: { at_least: 3 }\n";
    issue(&mut office, three).await.granted();
    for (number, agency) in [(4, "G02.002"), (3, "G02.003"), (1, "G02.005")] {
        for one in 0..number {
            let who = format!("{agency}-{one}");
            crate::statistics::submit(&mut office, &who, agency).await;
        }
    }
    office.wait_until("2026-12-01T09:00").await;
    let rows = office.browser.get("/v1/public/figures?month=2026-11", "").await.granted();
    let shown: Vec<_> = rows["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let agencies = row["agencies"].as_array().unwrap().iter();
            let codes: Vec<_> = agencies.map(|one| one["code"].as_str().unwrap()).collect();
            (codes.join("+"), row["received"].as_u64().unwrap(), row["handled"].as_u64().unwrap())
        })
        .collect();
    let expected = [("G02.002", 4, 0), ("G02.003+G02.005", 4, 0)];
    assert_eq!(shown, expected.map(|(codes, r, h)| (codes.to_owned(), r, h)));
    let first = &rows["rows"][0];
    assert_eq!(
        first["received_online"],
        json!({ "numerator": 4, "denominator": 4, "percent": 100.0 })
    );
    assert_eq!(first["groups"][0]["code"], "ENERGY.LABEL");
    assert_eq!(first["agencies"][0]["name"]["en"], "Chemicals Agency");
}
