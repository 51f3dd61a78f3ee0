//! Registries of agencies in parts.

use dossier::law::in_version;
use serde_json::json;

use crate::rules::{second, send};
use crate::support::Office;

/// The registry of a province: so many units, from its department down.
fn province(number: usize, version: u32, units: usize, extra: &str) -> String {
    use std::fmt::Write;
    let mut text = format!(
        "id: h{number:02}\nversion: {version}\nlegal_basis: Nghị quyết 202/2025/QH15\nagencies:\n"
    );
    for unit in 1..=units {
        writeln!(
            text,
            "  - {{ code: H{number:02}.{unit:03}, name: {{ vi: Ủy ban nhân dân xã số {unit}, en: Commune {unit} }}, calendar: vn, system: \"{number:02}\", receipt_symbol: H{number:02}-{unit:03}{} }}",
            if unit == 1 { extra } else { "" }
        )
        .unwrap();
    }
    text
}

#[tokio::test]
async fn the_registry_of_agencies_takes_a_country_in_parts_and_units_end_with_a_successor() {
    let mut office = Office::open().await;
    let begun = std::time::Instant::now();
    for number in 61..95 {
        let text = province(number, 1, 330, "");
        let issued = send(&office, "", "agencies", &text).await;
        assert_eq!(issued.status, 201, "{number}: {}", issued.body);
    }
    eprintln!("34 parts of 330 units issued in {:?}", begun.elapsed());
    assert_eq!(office.engine.law().agencies().count(), 34 * 330 + 8);
    let begun = std::time::Instant::now();
    let read = engine::rulebook::recorded(&office.engine.store).await.unwrap();
    eprintln!("read again from the log in {:?}", begun.elapsed());
    assert_eq!(read.agencies().count(), 34 * 330 + 8);

    // A unit belongs to one part, and a part forgets none of its own.
    let other = in_version(&province(61, 2, 330, ""), 1).replace("id: h61", "id: h99");
    assert_eq!(send(&office, "", "agencies", &other).await.refused(), (422, "rules-invalid"));
    let fewer = province(61, 2, 329, "");
    let refused = send(&office, "", "agencies", &fewer).await;
    assert!(
        refused.body["errors"][0]["detail"].as_str().unwrap().contains("H61.330"),
        "{}",
        refused.body
    );

    // A procedure of that unit; then the unit is merged into its neighbour.
    let own = in_version(&second(), 1)
        .replace("code: CO.D", "code: COMMUNE.PAPER")
        .replace("agency: G02", "agency: H61")
        .replace("from: 2026-12-01", "from: 2026-11-20");
    send(&office, "", "procedure", &own).await.granted();
    let succeeded = ", succeeded: { by: H61.002, on: 2026-12-01 }";
    send(&office, "", "agencies", &province(61, 2, 330, succeeded)).await.granted();
    let law = office.engine.law();
    let (old, new) = ("H61.001".into(), "H61.002".into());
    let at = crate::support::at;
    assert_eq!(law.present(&old, at("2026-11-30T23:59")), &old);
    assert_eq!(law.present(&old, at("2026-12-01T00:00")), &new);
    office.wait_until("2026-12-01T00:00").await;
    let applicant = office.applicant("company-1");
    let mut body = crate::support::energy_label(&office.browser, &applicant).await;
    body["procedure"] = json!("COMMUNE.PAPER");
    body["agency"] = json!("H61.001");
    body["form"] = json!({
        "exporter": { "name": "A", "tax_code": "0100109106", "address": "Hà Nội" },
        "consignee": "B", "destination": "TH", "invoice": "1",
        "goods": [{ "description": "x", "hs": "090111", "origin_criterion": "WO", "quantity": "1" }],
    });
    let refused = office.browser.post("/v1/dossiers", &applicant, "", body).await;
    assert_eq!(refused.refused(), (422, "agency-succeeded"));
    let found = refused.body["errors"].to_string();
    assert!(found.contains("H61.002"), "{found}");
    // What is over is not undone.
    let undone = send(&office, "", "agencies", &province(61, 3, 330, "")).await;
    assert_eq!(undone.body["errors"][0]["pointer"], "/agencies/0/succeeded", "{}", undone.body);
}
