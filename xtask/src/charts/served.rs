//! Who serves what, whatever the route is of: each service is served by one workload alone, or two would lead it, and every address
//! leads to a Service that is there.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{resources, template, values_of};

/// The services, in the chart's order.
const SERVICES: [&str; 6] =
    ["feedback", "intake", "payment", "register", "result-delivery", "review"];
/// Matches of a rule in the oldest versions of the Gateway API, and rules of a route.
const MATCHES_MAX: usize = 8;
const RULES_MAX: usize = 16;

pub(super) fn check() -> Result<()> {
    for profile in super::PROFILES {
        for route in [
            "route.enabled=true",
            "route.enabled=true,route.expressions=false",
            "route.enabled=true,route.kind=Ingress",
            "route.enabled=false,route.kind=Ingress",
        ] {
            let rendered = template(&values_of(profile), &["--set", route])?;
            let resources = resources(&rendered)?;
            looked_at(&resources).with_context(|| format!("{profile} with {route}"))?;
        }
    }
    Ok(())
}

fn looked_at(resources: &[Value]) -> Result<()> {
    let mut served: BTreeMap<&str, usize> = BTreeMap::new();
    for resource in resources {
        let containers = resource.pointer("/spec/template/spec/containers");
        for variable in containers.and_then(|all| all[0]["env"].as_array()).into_iter().flatten() {
            if variable["name"] == "DOSSIER_SERVICES" {
                let services = variable["value"].as_str().unwrap_or_default().split(',');
                services.for_each(|service| *served.entry(service).or_default() += 1);
            }
        }
    }
    let once: BTreeMap<&str, usize> = SERVICES.iter().map(|service| (*service, 1)).collect();
    if served != once {
        bail!("workloads of each service: {served:?}");
    }
    let names = |kind: &str| -> Vec<&str> {
        let of_kind = resources.iter().filter(|resource| resource["kind"] == kind);
        of_kind.filter_map(|resource| resource["metadata"]["name"].as_str()).collect()
    };
    let services = names("Service");
    for backend in backends(resources) {
        if !services.contains(&backend.as_str()) {
            bail!("{backend} is routed to, and there are {services:?}");
        }
    }
    for route in resources.iter().filter(|resource| resource["kind"] == "HTTPRoute") {
        let rules = route["spec"]["rules"].as_array().context("no rules")?;
        let matches = rules.iter().filter_map(|rule| rule["matches"].as_array()).map(Vec::len);
        if rules.len() > RULES_MAX || matches.max().unwrap_or(0) > MATCHES_MAX {
            bail!(
                "the route has {} rules, or one with more than {MATCHES_MAX} matches",
                rules.len()
            );
        }
    }
    Ok(())
}

/// The Services that routes and the test name.
fn backends(resources: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting: Vec<&Value> = resources.iter().collect();
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(values) => waiting.extend(values),
            Value::Object(fields) => {
                for (name, field) in fields {
                    match name.as_str() {
                        "backend" => found.extend(name_of(&field["service"])),
                        "backendRefs" => {
                            found
                                .extend(field.as_array().into_iter().flatten().filter_map(name_of));
                        }
                        "args" => found.extend(asked(field)),
                        _ => waiting.push(field),
                    }
                }
            }
            _ => {}
        }
    }
    found
}

fn name_of(reference: &Value) -> Option<String> {
    reference["name"].as_str().map(str::to_owned)
}

/// Whom `dossier visit` asks.
fn asked(args: &Value) -> Vec<String> {
    let args = args.as_array().into_iter().flatten().filter_map(Value::as_str);
    let hosts = args.filter_map(|arg| arg.split_once("=http://")).map(|(_, host)| host.to_owned());
    hosts.collect()
}
