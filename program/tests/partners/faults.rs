//! Partners that fail in every way while they are called.

use cluster::needs;
use cluster::tools::node_packages;
use serde_json::{Value, json};

use crate::installation::{FEE, Installation};

/// Faults of the call that begins a payment, three for each partner that is called: a breaker that
/// opens after five would make the test wait.
const FAULTS: &[(&str, [(&str, &str); 4])] = &[
    (
        "momo",
        [
            ("pay", "error_500"),
            ("pay", "lost_reply"),
            ("connection", "half_open"),
            ("pay", "garbage"),
        ],
    ),
    (
        "national-platform",
        [
            ("connection", "wrong_certificate"),
            ("pay", "half_reply"),
            ("pay", "hang_after"),
            ("connection", "closed"),
        ],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_begun_once_whatever_fails_between_us_and_the_partner() {
    needs!(node_packages());
    let mut ours = Installation::start();
    for place in 0..4 {
        for (partner, faults) in FAULTS {
            let (at, kind) = faults[place];
            ours.command(partner, "/faults", &json!({ "at": at, "kind": kind }));
        }
        for (partner, faults) in FAULTS {
            let attempt = ours.begin(partner).await;
            let left = ours.providers[partner].command("DELETE", "/faults", &Value::Null).unwrap();
            assert_eq!(left, json!([]), "{:?} met nothing", faults[place]);
            let paid = ours.pay(&attempt, json!({})).remove(0);
            assert_eq!(paid["answers"][0]["acknowledged"], true, "{paid}");
        }
    }
    for (partner, faults) in FAULTS {
        let books = ours.providers[partner].books().unwrap();
        assert_eq!(books["orders"].as_array().unwrap().len(), faults.len(), "one for each attempt");
        assert_eq!(books["refused"], json!([]), "{partner}");
    }
    let sum = 8 * FEE;
    assert_eq!(ours.compare().await, (sum, sum));
    ours.checked().await;
}
