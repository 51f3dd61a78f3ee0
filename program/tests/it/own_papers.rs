//! Templates of papers of an agency, issued like other rules: two persons, checked, from a day on.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::life::{Certificate, submitted, take};
use crate::rules::send;
use crate::support::Office;

const EXAMPLE: &str = include_str!("../../../examples/refusal-slip.yaml");

/// The example, in force from the day of these tests.
fn template() -> String {
    EXAMPLE.replace("from: 2026-12-01", "from: 2026-11-20")
}

/// The slip of a dossier that is refused now; its address, and its JSON.
async fn refused(office: &mut Office, applicant: &str) -> (Certificate, String, Value) {
    let certificate = submitted(office, applicant, "download").await;
    let (dossier, clerk) = (certificate.at("dossiers"), office.clerk());
    let reason = json!({ "reason": "Không thuộc thẩm quyền" });
    take(office, &dossier, "refusal", &clerk, reason).await.granted();
    let slips = office.browser.get(&format!("{dossier}/slips"), &clerk).await.granted();
    let path = format!("{dossier}/slips/{}", slips[0]["slip"].as_str().unwrap());
    let slip = office.browser.get_vietnamese(&path, &certificate.applicant).await.granted();
    (certificate, path, slip)
}

#[tokio::test]
async fn an_agency_issues_a_template_and_earlier_slips_stay_as_they_were_issued() {
    let mut office = Office::open_with_two_signers().await;
    let (first, first_path, shipped) = refused(&mut office, "a1").await;
    assert_eq!(
        (&shipped["template"], &shipped["template_version"]),
        (&json!("slip-03"), &json!(1))
    );

    let dry = send(&office, "?dry_run=true", "papers", &template()).await.granted();
    assert_eq!(dry["recorded"], false);
    send(&office, "", "papers", &template()).await.granted();
    let (.., waiting) = refused(&mut office, "a2").await;
    assert_eq!(waiting["template"], "slip-03", "one signature is not enough");
    let second = office.token(Role::Operator, "operator-2", "G02");
    let version = "/v1/rules/papers/slip-03-G02.001/1";
    take(&mut office, version, "signature", &second, json!({})).await.granted();

    let (certificate, path, own) = refused(&mut office, "a3").await;
    assert_eq!(
        (&own["template"], &own["template_version"], &own["comparison"]),
        (&json!("slip-03-G02.001"), &json!(1), &json!("same"))
    );
    let text = own["text"].as_str().unwrap();
    assert!(text.contains("Kính gửi: Công ty Dệt") && text.contains("Không thuộc thẩm quyền"));
    let english = office.browser.get(&path, &certificate.applicant).await.granted();
    assert!(
        english["text"].as_str().unwrap().contains("does not receive the dossier"),
        "{english}"
    );

    // The next version changes what is issued from then on.
    let next = dossier::law::next_version(&template()).replace("Kính gửi", "Thân gửi");
    send(&office, "", "papers", &next).await.granted();
    let version = "/v1/rules/papers/slip-03-G02.001/2";
    take(&mut office, version, "signature", &second, json!({})).await.granted();
    let (.., newest) = refused(&mut office, "a4").await;
    assert!(newest["text"].as_str().unwrap().contains("Thân gửi: Công ty Dệt"), "{newest}");
    for (certificate, path, slip) in [(&first, &first_path, &shipped), (&certificate, &path, &own)]
    {
        let again = office.browser.get_vietnamese(path, &certificate.applicant).await.granted();
        assert_eq!((&again["text"], &again["comparison"]), (&slip["text"], &json!("same")));
    }
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[tokio::test]
async fn all_faults_of_a_template_are_told_with_their_lines_and_nothing_is_recorded() {
    let office = Office::open().await;
    let wrong = template()
        .replace("agency: G02.001", "agency: X01")
        .replace("{{reason}}", "{{why}}")
        .replace("|upper}}", "|loud}}");
    let answer = send(&office, "", "papers", &wrong).await;
    assert_eq!(answer.refused(), (422, "rules-invalid"), "{}", answer.body);
    let errors = answer.body["errors"].as_array().unwrap();
    let places: Vec<&str> = errors.iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    let expected = ["/agency", "/lines/0/columns/0/0", "/lines/5/text", "/english/lines/3/text"];
    assert_eq!(places, expected);
    assert!(errors.iter().all(|error| error["line"].as_u64().is_some()), "{errors:?}");
    let operator = office.token(Role::Operator, "operator-1", "G02");
    let path = "/v1/rules/papers/slip-03-G02.001/1";
    assert_eq!(office.browser.get(path, &operator).await.refused().0, 404);
}
