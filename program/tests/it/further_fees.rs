//! Further fees during processing, through HTTP: the clock of a procedure that counts from its fee
//! stops while the further one is awaited.

use dossier::contract::Role;
use dossier::law::{SHIPPED, next_version};
use serde_json::{Value, json};

use crate::life::take;
use crate::payment::multi_level;
use crate::support::Office;

const FILE: &str = "multi_level_marketing_3.yaml";
const FURTHER: &str = "  lines:
    - rule: mlm-on-site
      kind: phi
      name: { vi: Phí thẩm định tại cơ sở, en: On-site appraisal fee }
      amount: 1500000
      effective: { from: 2026-07-01 }
      further: true
      basis: Nghị định 137/2026/NĐ-CP
";

/// Issues the next version of the procedure with a further fee.
pub(crate) async fn issue(office: &Office) {
    let shipped = SHIPPED.iter().find(|(name, ..)| name.ends_with(FILE));
    let text = shipped.map(|(_, text)| *text).unwrap();
    let text = next_version(text)
        .replace("effective: { from: 2026-10-01 }", "effective: { from: 2026-11-20 }")
        .replacen("  lines:\n", FURTHER, 1);
    let operator = office.token(Role::Operator, "operator-1", "G02");
    let body = json!({ "kind": "procedure", "text": text });
    office.browser.post("/v1/rules", &operator, "", body).await.granted();
}

#[tokio::test]
async fn a_further_fee_during_processing_suspends_the_clock_until_it_is_paid() {
    let mut office = Office::open().await;
    issue(&office).await;
    let certificate = multi_level(&mut office).await;
    let (payments, dossier) = (certificate.at("payments"), certificate.at("dossiers"));
    let cashier = office.token(Role::Cashier, "cashier-1", "G02.003");
    let clerk = office.clerk();
    let shown = office.browser.get(&payments, &cashier).await.granted();
    assert_eq!(shown["total_vnd"], 5_200_000, "the further fee is not charged for every dossier");
    let further = json!({ "rule": "mlm-on-site", "reason": "thẩm định tại trụ sở" });
    let early = take(&mut office, &payments, "further-fees", &clerk, further.clone()).await;
    assert_eq!(early.refused(), (409, "fee-not-settled"));
    let cash = json!({ "amount_vnd": 5_200_000 });
    take(&mut office, &payments, "cash", &cashier, cash).await.granted();
    let started = office.browser.get(&dossier, &clerk).await.granted();
    let due = started["due_on"].clone();
    assert_eq!((&started["suspended"], due.is_string()), (&json!(false), true));

    office.wait_until("2026-11-25T09:00").await;
    let unknown = json!({ "rule": "mlm-appraisal", "reason": "x" });
    let unknown = take(&mut office, &payments, "further-fees", &clerk, unknown).await;
    assert_eq!(unknown.refused(), (409, "already-charged"));
    let unknown = json!({ "rule": "no-such", "reason": "x" });
    let unknown = take(&mut office, &payments, "further-fees", &clerk, unknown).await;
    assert_eq!(unknown.refused(), (422, "unknown-fee"));
    let own = take(&mut office, &payments, "further-fees", &certificate.applicant, further.clone());
    assert_eq!(own.await.status.as_u16(), 403);
    let charged = take(&mut office, &payments, "further-fees", &clerk, further).await.granted();
    assert_eq!(charged["outstanding_vnd"], 1_500_000);
    assert_eq!(charged["lines"].as_array().unwrap().len(), 3);
    // The applicant reads why, and an operator does not.
    let operator = office.token(Role::Operator, "operator-1", "G02");
    for (reader, reason) in
        [(&certificate.applicant, json!("thẩm định tại trụ sở")), (&operator, Value::Null)]
    {
        let lines = office.browser.get(&payments, reader).await.granted()["lines"].clone();
        let lines = lines.as_array().unwrap();
        assert_eq!((&lines[2]["reason"], &lines[0]["reason"]), (&reason, &Value::Null));
    }
    let waiting = office.browser.get(&dossier, &clerk).await.granted();
    assert_eq!(waiting["suspended"], true);

    office.wait_until("2026-12-02T09:00").await;
    let cash = json!({ "amount_vnd": 1_500_000 });
    take(&mut office, &payments, "cash", &cashier, cash).await.granted();
    let paid = office.browser.get(&payments, &cashier).await.granted();
    assert_eq!(
        (&paid["outstanding_vnd"], paid["receipts"].as_array().unwrap().len()),
        (&json!(0), 2)
    );
    let resumed = office.browser.get(&dossier, &clerk).await.granted();
    assert_eq!(resumed["suspended"], false);
    let day = |value: &Value| value.as_str().unwrap().to_owned();
    assert!(day(&resumed["due_on"]) > day(&due), "{due} {}", resumed["due_on"]);
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}
