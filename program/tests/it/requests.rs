//! What is asked for shows: by route in the figures, and as one line each in the log. Whoever only watches does not.

use dossier::contract::Role;
use http::Method;
use web::auth::DevelopmentKey;

use crate::private::Said;
use crate::support::{Office, submitted, token};

#[tokio::test]
async fn requests_are_counted_by_service_method_route_and_status_and_probes_are_not() {
    let office = Office::open().await;
    let applicant = office.applicant("company-1");
    let (path, _) = submitted(&office.browser, &applicant).await;
    office.browser.get(&path, &applicant).await.granted();
    assert_eq!(office.browser.get(&path, "").await.refused().0, 401);
    for made_up in ["/nowhere", "/v1/dossiers/a/b/c/d"] {
        assert_eq!(office.browser.get(made_up, &applicant).await.refused().0, 404);
    }
    let brew = Method::from_bytes(b"BREW").unwrap();
    office.browser.send(brew, &path, &[], Vec::new()).await.unwrap();
    for probe in ["/health/ready", "/metrics", "/health/ready"] {
        office.browser.get(probe, "").await;
    }
    let figures = office.engine.metrics.text();
    let dossier = "service=\"intake\",method=\"GET\",route=\"/v1/dossiers/{dossier}\"";
    for line in [
        &format!("dossier_requests_total{{{dossier},status=\"200\"}} 1"),
        &format!("dossier_requests_total{{{dossier},status=\"401\"}} 1"),
        &format!("dossier_request_duration_seconds_count{{{dossier}}} 2"),
        "method=\"POST\",route=\"/v1/dossiers\",status=\"201\"} 1",
        "service=\"common\",method=\"GET\",route=\"none\",status=\"404\"} 2",
        "method=\"other\",route=\"/v1/dossiers/{dossier}\",status=\"405\"} 1",
    ] {
        assert!(figures.contains(line), "{line} is missing in\n{figures}");
    }
    assert!(!figures.contains("BREW") && !figures.contains("/metrics"), "{figures}");
    assert!(!figures.contains("route=\"/health"), "{figures}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_is_a_line_in_the_log_with_its_reason_and_without_personal_data() {
    let folder = tempfile::tempdir().unwrap();
    let mut said = Said::start(folder.path(), &[]);
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let applicant = token(&key, Role::Applicant, "079123456789", "");
    let (path, _) = submitted(&said.browser, &applicant).await;
    let answer = said.browser.get(&path, &applicant).await;
    let id = answer.header("x-request-id");
    let line = loop {
        let line = said.until("answered");
        if line["fields"]["request"] == *id {
            break line;
        }
    };
    let fields = &line["fields"];
    assert_eq!(line["target"], "request");
    assert_eq!((&fields["method"], &fields["status"]), (&"GET".into(), &200.into()));
    assert_eq!(fields["route"], "/v1/dossiers/{dossier}");
    assert_eq!(fields["roles"], "[\"applicant\"]");
    assert_eq!(fields["who"].as_str().unwrap().len(), 11);
    assert!(fields["ms"].as_f64().unwrap() > 0.0);
    let whole = line.to_string();
    for personal in ["079123456789", path.rsplit('/').next().unwrap()] {
        assert!(!whole.contains(personal), "{whole}");
    }

    said.browser.get(&format!("{path}?who=Lan"), &applicant).await;
    let line = said.until("answered");
    assert_eq!(
        (&line["fields"]["status"], &line["fields"]["problem"]),
        (&400.into(), &"query-invalid".into())
    );
    assert!(!line.to_string().contains("Lan"), "{line}");

    // Why somebody was not let in stands in the same line.
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [("traceparent", parent), ("authorization", "Bearer x")];
    said.browser.send(Method::GET, &path, &headers, Vec::new()).await.unwrap();
    let line = said.until("answered");
    assert_eq!(line["fields"]["problem"], "token-invalid");
    assert_eq!(line["fields"]["reason"], "malformed");
    assert_eq!(line["fields"]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    said.browser.get("/v1/dead-letters", &applicant).await;
    let line = said.until("answered");
    assert_eq!(line["fields"]["reason"], "role");
    assert_eq!(line["fields"]["roles"], "[\"applicant\"]");
    let stranger = token(&key, Role::Applicant, "another", "");
    assert_eq!(said.browser.get(&path, &stranger).await.refused().0, 404);
    assert_eq!(said.until("answered")["fields"]["reason"], "scope");
}
