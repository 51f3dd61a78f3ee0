//! Rules that two persons issue: a dry run says what became of a version, and two take back what two have signed.

use serde_json::{Value, json};

use crate::rules::{second, send, step};
use crate::support::Office;

#[tokio::test]
async fn a_dry_run_refuses_what_would_be_too_large_to_record_and_says_what_became_of_a_version() {
    let office = Office::open_with_two_signers().await;
    // Few enough characters, and too many bytes.
    let large = format!("{}# {}\n", second(), "đ".repeat(150_000));
    for query in ["?dry_run=true", ""] {
        let refused = send(&office, query, "procedure", &large).await;
        assert_eq!(refused.refused(), (422, "rules-invalid"), "{query}");
        assert!(refused.body.to_string().contains("bytes as it is recorded"), "{}", refused.body);
    }
    let dry = async || send(&office, "?dry_run=true", "procedure", &second()).await.granted();
    let said = |answer: &Value| (answer["recorded"].clone(), answer["awaiting_signature"].clone());
    assert_eq!(said(&dry().await), (json!(false), json!(true)));
    send(&office, "", "procedure", &second()).await.granted();
    assert_eq!(said(&dry().await), (json!(true), json!(true)));
    step(&office, "operator-2", 4, "signature", json!({})).await.granted();
    assert_eq!(said(&dry().await), (json!(true), json!(false)), "it is law");
    // What two have signed, no one takes back alone.
    let why = json!({ "reason": "Sai mức phí" });
    let asked = step(&office, "operator-1", 4, "withdrawal", why.clone()).await.granted();
    assert_eq!(
        (&asked["status"], &asked["withdrawal_by"]),
        (&json!("issued"), &json!("operator-1"))
    );
    let again = step(&office, "operator-1", 4, "withdrawal", why.clone()).await;
    assert_eq!(again.refused(), (409, "rules-same-withdrawer"));
    let taken = step(&office, "operator-3", 4, "withdrawal", why).await.granted();
    assert_eq!(
        (&taken["status"], &taken["signed_by"]),
        (&json!("withdrawn"), &json!("operator-2"))
    );
    assert_eq!(taken["settled_by"], "operator-3");
}
