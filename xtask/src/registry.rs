//! What lists the services and cannot take them from the registry is compared with it here.

use std::collections::BTreeSet;
use std::path::Path;

use dossier::services::{Category, ServiceName};
use serde_json::Value;

use crate::generate::root;
use crate::tidy::sources;

/// Files with a list of their own: the registry, and the package that depends on none of ours.
const LISTS: [&str; 3] = [
    "libs/dossier/src/services.rs",
    "cluster/src/replica.rs",
    // The versions of the resources of a row.
    "services/register/src/http/listed.rs",
];
/// Lines within which names make up a list.
const WINDOW: usize = 3;
/// Names that make up a list.
const NAMES_MIN: usize = 3;

fn names() -> BTreeSet<String> {
    ServiceName::ALL.iter().map(ToString::to_string).collect()
}

fn chart(file: &str) -> String {
    std::fs::read_to_string(root().join("helm/dossier").join(file)).unwrap()
}

/// The keys of an object.
fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_cluster_of_the_tests_has_the_services_of_the_registry() {
    assert_eq!(cluster::SERVICES, ServiceName::ALL.map(ServiceName::as_str));
}

#[test]
fn the_chart_has_values_and_a_schema_for_each_service_and_for_no_other() {
    let values: Value = serde_yaml_ng::from_str(&chart("values.yaml")).unwrap();
    assert_eq!(keys(&values["services"]), names());
    let schema: Value = serde_json::from_str(&chart("values.schema.json")).unwrap();
    let services = &schema["properties"]["services"];
    assert_eq!(keys(&services["properties"]), names());
    let required = services["required"].as_array().unwrap().iter();
    assert_eq!(
        required.map(|name| name.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(),
        names()
    );
    for profile in ["profiles/small.yaml", "profiles/production.yaml"] {
        let values: Value = serde_yaml_ng::from_str(&chart(profile)).unwrap();
        assert!(keys(&values["services"]).is_subset(&names()), "{profile}");
    }
}

#[test]
fn an_alert_is_raised_if_any_service_has_no_leader() {
    let alerts = chart("alerts.yaml");
    let absent = alerts.lines().filter_map(|line| line.split_once("absent(dossier_leads{"));
    let absent = absent.filter_map(|(_, rest)| rest.split('"').nth(1)).map(str::to_owned);
    assert_eq!(absent.collect::<BTreeSet<_>>(), names());
}

#[test]
fn the_test_of_a_release_asks_services_that_there_are() {
    let test = chart("templates/tests/life.yaml");
    let (_, listed) = test.split_once("$service := list ").unwrap();
    let listed = listed.lines().next().unwrap().split('"').skip(1).step_by(2);
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    assert!(listed.is_subset(&names()) && listed.len() > NAMES_MIN, "{listed:?}");
}

#[test]
fn every_service_has_a_package_a_document_and_a_place_in_the_workspace() {
    for service in ServiceName::ALL {
        let package = root().join("services").join(service.package()).join("Cargo.toml");
        let manifest = std::fs::read_to_string(&package).unwrap();
        assert!(manifest.contains(&format!("name = \"{}\"", service.package())), "{service}");
        assert!(root().join(format!("openapi/{service}.json")).exists(), "{service}");
        for module in service.modules() {
            assert!(root().join("libs/dossier/src").join(module.name).is_dir(), "{service}");
        }
    }
    let folders = std::fs::read_dir(root().join("services")).unwrap();
    assert_eq!(folders.count(), ServiceName::ALL.len());
}

/// The names of services, sources and categories that are string literals of a line. The keys of an
/// object are none.
fn named<'a>(line: &'a str, known: &BTreeSet<&str>) -> BTreeSet<&'a str> {
    let parts: Vec<&str> = line.split('"').collect();
    let literals = parts.iter().enumerate().filter(|(at, _)| at % 2 == 1);
    let values = literals.filter(|(at, _)| {
        let after = parts.get(at + 1).map_or("", |after| after.trim_start());
        !after.starts_with(':') || after.starts_with("::")
    });
    let lists = values.map(|(_, literal)| literal.split(',').collect::<Vec<_>>());
    lists.filter(|list| list.iter().all(|name| known.contains(name))).flatten().collect()
}

/// The first line of a list of names, if the text has one.
fn list_in(text: &str, known: &BTreeSet<&str>) -> Option<usize> {
    let lines: Vec<BTreeSet<&str>> = text.lines().map(|line| named(line, known)).collect();
    let count = |window: &[BTreeSet<&str>]| window.iter().flatten().collect::<BTreeSet<_>>().len();
    let found = lines.windows(WINDOW.min(lines.len()).max(1)).position(|w| count(w) >= NAMES_MIN);
    found.map(|line| line + 1)
}

fn known() -> BTreeSet<&'static str> {
    let services = ServiceName::ALL.map(ServiceName::as_str);
    let sources = ServiceName::ALL.into_iter().flat_map(ServiceName::sources).copied();
    services.into_iter().chain(sources).chain(Category::ALL.map(Category::as_str)).collect()
}

#[test]
fn no_code_outside_the_registry_lists_services_or_streams() {
    let known = known();
    let scripts = ["program/src/serve/docs.js"]
        .map(|path| (path.into(), std::fs::read_to_string(root().join(path)).unwrap()));
    let mut files = 0;
    for (path, text) in sources().into_iter().chain(scripts) {
        if LISTS.iter().any(|list| path == Path::new(list)) || path.ends_with("registry.rs") {
            continue;
        }
        let found = list_in(&text, &known);
        assert_eq!(found, None, "{} lists services", path.display());
        files += 1;
    }
    assert!(files > 300, "{files}");
}

#[test]
fn a_list_is_found_on_one_line_on_several_and_in_one_text() {
    let known = known();
    for list in [
        "const A: [&str; 3] = [\"intake\", \"payment\", \"review\"];",
        "vec![\n    (\"intake\", a()),\n    (\"payment\", b()),\n    (\"result-delivery\", c()),\n]",
        "start(\"payment,review,feedback\");",
        "match category {\n    \"law\" => a,\n    \"outage\" => b,\n    \"rating\" => c,\n}",
    ] {
        assert!(list_in(list, &known).is_some(), "{list}");
    }
    for other in [
        "json!({ \"review\": a, \"payment\": b, \"delivery\": c })",
        "start(\"intake\"); start(\"review\");",
        "\"payment.FeeSettled.v1\", \"review.ReviewOpened.v1\", \"intake.DossierClosed.v1\"",
    ] {
        assert_eq!(list_in(other, &known), None, "{other}");
    }
}
