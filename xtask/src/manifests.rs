//! What every rendered manifest must have, whoever wrote it.

use serde_json::Value;

use crate::generate::root;

fn resources() -> Vec<(String, Value)> {
    let mut resources = Vec::new();
    for name in ["small", "production", "platform", "eventstoredb"] {
        let path = root().join(format!("k8s/rendered/{name}.yaml"));
        let text = std::fs::read_to_string(path).unwrap();
        for document in serde_yaml_ng::Deserializer::from_str(&text) {
            let resource: Value = serde::Deserialize::deserialize(document).unwrap();
            if !resource.is_null() {
                resources.push((name.to_owned(), resource));
            }
        }
    }
    resources
}

fn named(profile: &str, resource: &Value) -> String {
    format!("{profile}: {} {}", resource["kind"], resource["metadata"]["name"])
}

/// The pods that workloads make, and those that stand alone.
fn pods() -> Vec<(String, bool, Value)> {
    resources()
        .iter()
        .filter_map(|(profile, resource)| {
            let lasting = match resource["kind"].as_str()? {
                "Deployment" | "StatefulSet" => true,
                "Pod" => false,
                _ => return None,
            };
            let pod =
                if lasting { &resource["spec"]["template"]["spec"] } else { &resource["spec"] };
            Some((named(profile, resource), lasting, pod.clone()))
        })
        .collect()
}

#[test]
fn every_profile_has_a_workload_for_each_service() {
    for profile in ["small", "production"] {
        let pods =
            pods().into_iter().filter(|(name, lasting, _)| *lasting && name.starts_with(profile));
        assert_eq!(pods.count(), 6, "{profile}");
    }
}

#[test]
fn every_pod_is_as_restricted_as_pods_can_be() {
    for (name, _, pod) in pods() {
        let security = &pod["securityContext"];
        assert_eq!(pod["automountServiceAccountToken"], false, "{name}");
        assert_eq!(security["runAsNonRoot"], true, "{name}");
        assert!(security["runAsUser"].as_u64().unwrap() >= 10_000, "{name}");
        assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault", "{name}");
        for container in pod["containers"].as_array().unwrap() {
            let security = &container["securityContext"];
            assert_eq!(security["allowPrivilegeEscalation"], false, "{name}");
            assert_eq!(security["readOnlyRootFilesystem"], true, "{name}");
            assert_eq!(security["capabilities"]["drop"][0], "ALL", "{name}");
        }
    }
}

#[test]
fn every_container_says_what_it_needs_and_takes_no_more_memory() {
    for (name, _, pod) in pods() {
        for container in pod["containers"].as_array().unwrap() {
            let resources = &container["resources"];
            assert!(resources["requests"]["cpu"].is_string(), "{name}");
            let memory = &resources["requests"]["memory"];
            assert!(memory.is_string() && *memory == resources["limits"]["memory"], "{name}");
        }
    }
}

#[test]
fn every_workload_is_probed_in_three_ways_that_differ() {
    for (name, lasting, pod) in pods() {
        for container in pod["containers"].as_array().unwrap().iter().filter(|_| lasting) {
            let ports: Vec<&Value> =
                container["ports"].as_array().unwrap().iter().map(|port| &port["name"]).collect();
            for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                // One who cannot be asked whether it lives is only knocked at.
                let asked = &container[probe]["httpGet"]["port"];
                let port =
                    if asked.is_null() { &container[probe]["tcpSocket"]["port"] } else { asked };
                assert!(ports.contains(&port), "{name}: {probe} asks at {port}");
            }
            if name.contains("dossier") {
                assert_ne!(
                    container["livenessProbe"]["httpGet"],
                    container["readinessProbe"]["httpGet"]
                );
                let drain = container["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().unwrap();
                let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
                let limit = service_kit::limits::DRAIN_MAX + service_kit::limits::TASKS_END_MAX;
                let limit = limit.as_secs();
                assert!(grace > drain + limit, "{name}: {grace} s for {drain} + {limit} s");
            }
        }
    }
}

#[test]
fn every_service_leads_to_a_port_that_somebody_serves() {
    let resources = resources();
    for (profile, service) in resources.iter().filter(|(_, resource)| resource["kind"] == "Service")
    {
        let selector = service["spec"]["selector"].as_object().unwrap();
        let workload = resources.iter().find(|(other, resource)| {
            let labels = &resource["spec"]["template"]["metadata"]["labels"];
            other == profile
                && labels.is_object()
                && selector.iter().all(|(key, of)| labels[key] == *of)
        });
        let name = named(profile, service);
        let (_, workload) = workload.unwrap_or_else(|| panic!("{name} selects nobody"));
        let containers = &workload["spec"]["template"]["spec"]["containers"];
        for port in service["spec"]["ports"].as_array().unwrap() {
            let served = containers[0]["ports"].as_array().unwrap();
            assert!(served.iter().any(|served| served["name"] == port["targetPort"]), "{name}");
        }
    }
}

#[test]
fn nothing_secret_stands_in_a_manifest() {
    for (profile, resource) in resources() {
        assert_ne!(resource["kind"], "Secret", "{profile}");
        let text = resource.to_string();
        assert!(!text.contains("postgres://"), "{}", named(&profile, &resource));
    }
}

#[test]
fn every_alert_has_its_paragraph_in_the_operators_handbook() {
    let handbook = std::fs::read_to_string(root().join("docs/operating.md")).unwrap();
    let mut alerts = 0;
    for (_, resource) in
        resources().iter().filter(|(_, resource)| resource["kind"] == "PrometheusRule")
    {
        for rule in resource["spec"]["groups"][0]["rules"].as_array().unwrap() {
            let heading = format!("### {}\n", rule["alert"].as_str().unwrap());
            assert!(handbook.contains(&heading), "{heading}");
            alerts += 1;
        }
    }
    assert!(alerts > 5);
}

#[test]
fn every_figure_that_an_alert_or_the_dashboard_asks_for_is_one_that_the_program_has() {
    let sources = [
        "libs/service-kit/src/metrics.rs",
        "services/standalone/src/serve/health.rs",
        "services/payment/src/open.rs",
        "services/register/src/figures.rs",
        "libs/service-kit/src/unmatched.rs",
    ];
    let code: String =
        sources.iter().map(|path| std::fs::read_to_string(root().join(path)).unwrap()).collect();
    for file in ["alerts.yaml", "dashboards/dossier.json"] {
        let text = std::fs::read_to_string(root().join("helm/dossier").join(file)).unwrap();
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        for figure in words.filter_map(|word| word.strip_prefix("dossier_")) {
            let plain = figure.trim_end_matches("_total").trim_end_matches("_bucket");
            let known = plain.is_empty() || code.contains(&format!("\"{plain}\""));
            assert!(known, "{file} asks for {figure}");
        }
    }
}
