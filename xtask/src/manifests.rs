//! Tests requirements on all rendered manifests.

use std::time::Duration;

use dossier::services::ServiceName;
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

/// Pods of all workloads and jobs, and single pods; the flag marks those that run permanently.
fn pods() -> Vec<(String, bool, Value)> {
    resources()
        .iter()
        .filter_map(|(profile, resource)| {
            let (lasting, pod) = match resource["kind"].as_str()? {
                "Deployment" | "StatefulSet" => (true, "/spec/template/spec"),
                "CronJob" => (false, "/spec/jobTemplate/spec/template/spec"),
                "Pod" => (false, "/spec"),
                _ => return None,
            };
            let pod = resource.pointer(pod)?;
            Some((named(profile, resource), lasting, pod.clone()))
        })
        .collect()
}

#[test]
fn every_profile_has_a_workload_for_each_service() {
    for profile in ["small", "production"] {
        let pods =
            pods().into_iter().filter(|(name, lasting, _)| *lasting && name.starts_with(profile));
        assert_eq!(pods.count(), ServiceName::ALL.len(), "{profile}");
    }
}

/// Containers and init containers of a pod.
fn containers(pod: &Value) -> Vec<&Value> {
    let of = |key: &str| pod[key].as_array().into_iter().flatten();
    of("initContainers").chain(of("containers")).collect()
}

#[test]
fn every_pod_is_as_restricted_as_pods_can_be() {
    for (name, _, pod) in pods() {
        // Otherwise pods get about 40 unused variables with addresses of other services.
        assert_eq!(pod["enableServiceLinks"], false, "{name}");
        let security = &pod["securityContext"];
        assert_eq!(pod["automountServiceAccountToken"], false, "{name}");
        assert_eq!(security["runAsNonRoot"], true, "{name}");
        assert!(security["runAsUser"].as_u64().unwrap() >= 10_000, "{name}");
        assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault", "{name}");
        for container in containers(&pod) {
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
        for container in containers(&pod) {
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
                // A component without a health endpoint is probed by TCP only.
                let asked = &container[probe]["httpGet"]["port"];
                let port =
                    if asked.is_null() { &container[probe]["tcpSocket"]["port"] } else { asked };
                assert!(ports.contains(&port), "{name}: {probe} asks at {port}");
                if name.contains("dossier") {
                    // Longest duration of a probe's own queries, and the same time again for the
                    // answer.
                    let waits = container[probe]["timeoutSeconds"].as_u64().unwrap();
                    let asks = 2 * program::limits::PROBE_ASKS_MAX;
                    assert!(Duration::from_secs(waits) >= asks, "{name}: {probe} waits {waits} s");
                }
            }
            if name.contains("dossier") {
                assert_ne!(
                    container["livenessProbe"]["httpGet"],
                    container["readinessProbe"]["httpGet"]
                );
                let drain = container["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().unwrap();
                let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
                let limit = web::limits::DRAIN_MAX + program::limits::TASKS_END_MAX;
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
fn nobody_is_let_in_by_a_label_alone() {
    let mut policies = 0;
    for (profile, policy) in resources().iter().filter(|(_, r)| r["kind"] == "NetworkPolicy") {
        policies += 1;
        let name = named(profile, policy);
        for from in policy["spec"]["ingress"].as_array().unwrap() {
            for from in from["from"].as_array().unwrap() {
                let namespaces = &from["namespaceSelector"];
                let named = namespaces["matchLabels"].as_object().is_some_and(|l| !l.is_empty());
                assert!(namespaces.is_null() || named, "{name} lets every namespace in");
            }
        }
    }
    assert!(policies > 4);
}

#[test]
fn the_small_profile_is_installed_on_block_storage_and_without_any_operator() {
    let resources = resources();
    let small: Vec<&Value> =
        resources.iter().filter(|(profile, _)| profile == "small").map(|(_, r)| r).collect();
    for resource in &small {
        let version = resource["apiVersion"].as_str().unwrap();
        assert!(!version.contains("coreos") && !version.contains("gateway"), "{version}");
    }
    let claims: Vec<&&Value> =
        small.iter().filter(|r| r["kind"] == "PersistentVolumeClaim").collect();
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0]["spec"]["accessModes"], serde_json::json!(["ReadWriteOnce"]));
    for (name, _, pod) in
        pods().iter().filter(|(name, lasting, _)| *lasting && name.starts_with("small"))
    {
        let near =
            &pod["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
        assert_eq!(near[0]["topologyKey"], "kubernetes.io/hostname", "{name}");
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
