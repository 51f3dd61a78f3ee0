//! Objects that a release needs and does not create: each is named in the notes of `helm install`
//! with the command to create it, and those of production also in docs/operating.md.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cluster::tools::helm;
use serde_json::Value;

use super::{FOREIGN, chart, printed, resources, template};
use crate::generate::root;

/// Fields with the name of another object, and its kind.
const NAMES: [(&str, &str); 8] = [
    ("/secretKeyRef/name", "Secret"),
    ("/secret/secretName", "Secret"),
    ("/configMap/name", "ConfigMap"),
    ("/configMapKeyRef/name", "ConfigMap"),
    ("/persistentVolumeClaim/claimName", "PersistentVolumeClaim"),
    ("/priorityClassName", "PriorityClass"),
    ("/storageClassName", "StorageClass"),
    ("/serviceAccountName", "ServiceAccount"),
];

/// Every object that a release with these values refers to is created by it, or named in the notes.
pub(super) fn check(values: &Path) -> Result<()> {
    let text = template(values, &[])?;
    let made: BTreeSet<(String, String)> = resources(&text)?.iter().map(identity).collect();
    let notes = notes(values)?;
    let handbook = std::fs::read_to_string(root().join("docs/operating.md"))?;
    for (kind, name) in referred_to(&text)? {
        if made.contains(&(kind.clone(), name.clone())) {
            continue;
        }
        let line = notes.lines().find(|line| asks_for(line, &kind, &name));
        let line = line.with_context(|| {
            format!("{}: {kind} {name} is neither made nor in the notes", values.display())
        })?;
        if values.ends_with("profiles/production.yaml") && !handbook.contains(command(line)) {
            bail!("docs/operating.md does not have the command {:?}", command(line));
        }
    }
    for group in FOREIGN.iter().map(|group| group.trim_end_matches('/')) {
        if text.contains(&format!("apiVersion: {group}")) && !notes.contains(group) {
            bail!("{}: the notes do not say that {group} has to be there", values.display());
        }
    }
    Ok(())
}

/// The notes that `helm install` prints.
fn notes(values: &Path) -> Result<String> {
    let mut install = Command::new(helm()?.0);
    install.args(["install", "dossier", "--namespace", "dossier", "--dry-run=client", "--values"]);
    let said = printed(install.arg(values).arg(chart()))?;
    let (_, notes) = said.split_once("\nNOTES:\n").context("helm prints no notes")?;
    Ok(notes.to_owned())
}

fn identity(resource: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&resource["kind"]), text(&resource["metadata"]["name"]))
}

fn referred_to(text: &str) -> Result<BTreeSet<(String, String)>> {
    let mut found = BTreeSet::new();
    let resources = resources(text)?;
    let mut waiting: Vec<&Value> = resources.iter().collect();
    while let Some(value) = waiting.pop() {
        for (pointer, kind) in NAMES {
            if let Some(name) = value.pointer(pointer).and_then(Value::as_str) {
                found.insert((kind.to_owned(), name.to_owned()));
            }
        }
        for name in value.get("imagePullSecrets").and_then(Value::as_array).into_iter().flatten() {
            found.insert(("Secret".to_owned(), identity_of(name)));
        }
        for tls in value.pointer("/spec/tls").and_then(Value::as_array).into_iter().flatten() {
            let name = tls["secretName"].as_str().unwrap_or_default().to_owned();
            found.insert(("Secret".to_owned(), name));
        }
        match value {
            Value::Array(values) => waiting.extend(values),
            Value::Object(fields) => waiting.extend(fields.values()),
            _ => {}
        }
    }
    Ok(found)
}

fn identity_of(reference: &Value) -> String {
    reference["name"].as_str().unwrap_or_default().to_owned()
}

/// Whether a line of the notes is the command that creates an object.
fn asks_for(line: &str, kind: &str, name: &str) -> bool {
    let with = |what: &str| {
        line.contains(&format!("{what} {name} ")) || line.ends_with(&format!("{what} {name}"))
    };
    match kind {
        "Secret" => with("create secret generic"),
        "PriorityClass" => with("create priorityclass"),
        "PersistentVolumeClaim" => with("get pvc"),
        "StorageClass" => with("get storageclass"),
        _ => false,
    }
}

/// The command up to the first value, which depends on the reader.
fn command(line: &str) -> &str {
    let end = line.find('=').unwrap_or(line.len());
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_asks_for_the_name_as_a_whole() {
        let line = "kubectl -n d create secret generic dossier-nats --from-literal=servers=x";
        assert!(asks_for(line, "Secret", "dossier-nats"));
        assert!(!asks_for(line, "Secret", "dossier-nats-authority"));
        assert!(!asks_for(line, "Secret", "dossier"));
        assert!(!asks_for(line, "ConfigMap", "dossier-nats"));
        assert_eq!(command(line), "kubectl -n d create secret generic dossier-nats --from-literal");
    }
}
