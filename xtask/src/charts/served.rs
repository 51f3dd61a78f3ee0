//! Checks routing: each service is served by one workload only, because two would both lead it, and
//! every address of the API leads to pods that serve it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use dossier::services::ServiceName;
use serde_json::Value;

use super::{resources, template, values_of};

/// Most matches of a rule in the oldest versions of the Gateway API.
const MATCHES_MAX: usize = 8;
const RULES_MAX: usize = 16;

pub(super) fn check() -> Result<()> {
    for profile in super::PROFILES {
        for route in [
            "route.enabled=true",
            "route.enabled=true,route.kind=Ingress",
            "route.enabled=false,route.kind=Ingress",
        ] {
            let rendered = template(&values_of(profile), &["--set", route])?;
            let resources = resources(&rendered)?;
            looked_at(&resources)
                .and_then(|()| routed(&resources))
                .with_context(|| format!("{profile} with {route}"))?;
        }
        for kind in ["HTTPRoute", "Ingress"] {
            let route = format!("identity.deskClient=desk,route.enabled=true,route.kind={kind}");
            let rendered = template(&values_of(profile), &["--set", &route])?;
            let resources = resources(&rendered)?;
            looked_at(&resources)
                .and_then(|()| routed(&resources))
                .and_then(|()| desk_routed(&resources))
                .with_context(|| format!("{profile} with {route}"))?;
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
    let once: BTreeMap<&str, usize> =
        ServiceName::ALL.iter().map(|service| (service.as_str(), 1)).collect();
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

/// The files of the desk, and the reference that it leads to, lead to pods that serve the register.
fn desk_routed(resources: &[Value]) -> Result<()> {
    let routes: Vec<(String, String, String)> = resources.iter().flat_map(rules).collect();
    for path in ["/", "/desk/main.js", "/docs", "/docs.js", "/docs/redoc.standalone.js"] {
        let found = routes.iter().find(|(kind, pattern, _)| matches(kind, pattern, path));
        let (_, _, to) = found.with_context(|| format!("{path} is not routed"))?;
        let serves = serves(resources, to)?;
        if !serves.iter().any(|service| service == ServiceName::Register.as_str()) {
            bail!("{path} is routed to {to}, whose pods serve {serves:?}");
        }
    }
    Ok(())
}

/// If there is a route, every address of every service leads to pods that serve it, and only to
/// those.
fn routed(resources: &[Value]) -> Result<()> {
    let routes: Vec<(String, String, String)> = resources.iter().flat_map(rules).collect();
    if routes.is_empty() {
        return Ok(());
    }
    for (service, document) in crate::generate::documents() {
        for path in document.paths.paths.keys() {
            let path = path.replace(['{', '}'], "x");
            let to: BTreeSet<&str> = routes
                .iter()
                .filter(|(kind, pattern, _)| matches(kind, pattern, &path))
                .map(|(_, _, backend)| backend.as_str())
                .collect();
            let [to] = to.iter().collect::<Vec<_>>()[..] else {
                bail!("{path} of {service} is routed to {to:?}");
            };
            let serves = serves(resources, to)?;
            if !serves.iter().any(|serves| serves == service) {
                bail!("{path} of {service} is routed to {to}, whose pods serve {serves:?}");
            }
        }
    }
    Ok(())
}

/// The rules of a route or an Ingress: kind of match, pattern, Service.
fn rules(resource: &Value) -> Vec<(String, String, String)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for rule in list(&resource["spec"]["rules"]) {
        for matched in list(&rule["matches"]) {
            let path = &matched["path"];
            for backend in list(&rule["backendRefs"]) {
                found.push((text(&path["type"]), text(&path["value"]), text(&backend["name"])));
            }
        }
        for path in list(&rule["http"]["paths"]) {
            let backend = text(&path["backend"]["service"]["name"]);
            found.push((format!("Path{}", text(&path["pathType"])), text(&path["path"]), backend));
        }
    }
    found
}

/// Matches as gateways do: exactly, or a prefix by whole segments.
fn matches(kind: &str, pattern: &str, path: &str) -> bool {
    if ["Exact", "PathExact"].contains(&kind) {
        return path == pattern;
    }
    let rest = path.strip_prefix(pattern).filter(|_| kind == "PathPrefix");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The services of the pods behind a Service.
fn serves(resources: &[Value], service: &str) -> Result<Vec<String>> {
    let named = |kind: &str, resource: &Value| resource["kind"] == kind;
    let service = resources
        .iter()
        .find(|resource| named("Service", resource) && resource["metadata"]["name"] == service);
    let selector = service.and_then(|service| service["spec"]["selector"].as_object());
    let selector = selector.context("it is not there")?;
    let workload = resources.iter().find(|resource| {
        let labels = &resource["spec"]["template"]["metadata"]["labels"];
        labels.is_object() && selector.iter().all(|(key, of)| labels[key] == *of)
    });
    let containers = workload.and_then(|it| it.pointer("/spec/template/spec/containers/0/env"));
    let variables = containers.and_then(Value::as_array).context("its pods have no variables")?;
    let serves = variables.iter().find(|variable| variable["name"] == "DOSSIER_SERVICES");
    let serves =
        serves.and_then(|variable| variable["value"].as_str()).context("they serve all")?;
    Ok(serves.split(',').map(str::to_owned).collect())
}

/// Services that routes and the test name.
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

/// Services that `dossier visit` calls.
fn asked(args: &Value) -> Vec<String> {
    let args = args.as_array().into_iter().flatten().filter_map(Value::as_str);
    let hosts = args.filter_map(|arg| arg.split_once("=http://")).map(|(_, host)| host.to_owned());
    hosts.collect()
}
