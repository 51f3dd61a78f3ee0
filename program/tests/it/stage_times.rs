//! Where the agency's time passed, compared with times that are computed by hand.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::cashier_day::started;
use crate::life::{Certificate, notice, pay, submitted, take};
use crate::statistics::figures;
use crate::support::Office;

/// Two dossiers, in hours. The first: 1 until its acceptance, 2 in process, 69 for a supplement, 1
/// in process, 2 for an approval that is refused, 0.5 in process, 1.5 for the approval. The second
/// is refused after 2.
#[tokio::test]
async fn the_mean_time_of_the_agency_is_divided_by_stage() {
    let mut office = Office::open().await;
    let (clerk, reviewer) = (office.clerk(), office.token(Role::Reviewer, "r1", "G02.001"));
    let approver = office.token(Role::Approver, "ap1", "G02.001");
    let one = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &one).await;
    examined(&mut office, &one, (&clerk, &reviewer)).await;
    let review = one.at("reviews");
    let proposed = propose(&mut office, &review, &reviewer).await;
    office.wait_until("2026-11-23T12:00").await;
    let rejected = json!({ "proposal": proposed, "reason": "Nêu rõ tiêu chí" });
    take(&mut office, &review, "proposal-rejections", &approver, rejected).await.granted();
    let two = submitted(&mut office, "a2", "download").await;
    let reference = started(&mut office, &two).await;
    notice(&mut office, &reference, "e2", "captured", 30_000).await;
    office.wait_until("2026-11-23T12:30").await;
    let proposed = propose(&mut office, &review, &reviewer).await;
    office.wait_until("2026-11-23T14:00").await;
    let approved = json!({ "proposal": proposed });
    take(&mut office, &review, "decision", &approver, approved).await.granted();
    let refusal = json!({ "reason": "không thuộc thẩm quyền" });
    take(&mut office, &two.at("dossiers"), "refusal", &clerk, refusal).await.granted();

    let all = figures(&office, "group_by=channel").await;
    for figures in [&all, &all["groups"][0]] {
        assert_eq!(figures["handled"], 2, "{figures}");
        let stages = json!({
            "reception_mean_s": 5_400, "processing_mean_s": 6_300, "approval_mean_s": 6_300,
        });
        assert_eq!(figures["stages"], stages);
        for (name, hours) in [
            ("elapsed_mean_s", 39.5),
            ("with_applicant_mean_s", 34.5),
            ("with_agency_mean_s", 5.0),
            ("duration_median_s", 2.0),
        ] {
            assert_eq!(figures[name].as_f64(), Some(hours * 3_600.0), "{name}");
        }
    }
}

/// Proposes an approval, and returns the id of the proposal.
async fn propose(office: &mut Office, review: &str, reviewer: &str) -> Value {
    let proposal = json!({ "outcome": "approved", "reason": "đủ điều kiện" });
    let proposed = take(office, review, "decision-proposals", reviewer, proposal).await.granted();
    proposed["proposal"]["proposal"].clone()
}

/// Accepts a dossier an hour after its submission and examines it; a supplement was awaited
/// meanwhile.
async fn examined(office: &mut Office, one: &Certificate, (clerk, reviewer): (&str, &str)) {
    let (dossier, review) = (one.at("dossiers"), one.at("reviews"));
    office.wait_until("2026-11-20T10:00").await;
    take(office, &dossier, "acceptance", clerk, json!({})).await.granted();
    take(office, &review, "claim", reviewer, json!({})).await.granted();
    office.wait_until("2026-11-20T12:00").await;
    let needs = json!({ "components": ["invoice"], "reason": "hóa đơn đã mờ" });
    take(office, &review, "supplement-needs", reviewer, needs).await.granted();
    office.wait_until("2026-11-23T09:00").await;
    let document = office.browser.upload(&one.applicant, "invoice").await;
    let supplement = json!({ "documents":
        [{ "component": "invoice", "document": document, "file_name": "c.pdf" }] });
    take(office, &dossier, "supplements", &one.applicant, supplement).await.granted();
    office.wait_until("2026-11-23T10:00").await;
    let activity = json!({ "activity": "appraisal" });
    take(office, &review, "activities", reviewer, activity).await.granted();
}
