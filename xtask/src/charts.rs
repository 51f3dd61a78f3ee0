//! Checks the chart and the manifests with helm, kustomize, promtool and the schemas of Kubernetes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use cluster::tools::{HADOLINT, KUBERNETES_VALIDATE, helm};

use crate::generate::root;

mod advice;
mod commands;
mod flags;
mod live;
mod platform;
mod refused;
mod served;
mod wants;

const PROFILES: [&str; 2] = ["small", "production"];
/// Manifests of the platform: the rendered file and its source.
const PLATFORM: [(&str, &str); 2] =
    [("platform.yaml", "k8s/platform"), ("eventstoredb.yaml", "k8s/platform/eventstoredb")];
/// The newest versions of Kubernetes whose schemas the validator has.
const KUBERNETES: [&str; 3] = ["1.35", "1.36", "1.37"];
/// API groups of operators, whose resources are not in Kubernetes' own schemas.
const FOREIGN: [&str; 2] = ["monitoring.coreos.com/", "gateway.networking.k8s.io/"];
/// Renders the chart and the platform: names of files under `k8s/rendered`, and their text.
pub(crate) fn rendered() -> Result<Vec<(String, String)>> {
    let (_, kubectl) = helm()?;
    let mut files = Vec::new();
    for profile in PROFILES {
        files.push((format!("{profile}.yaml"), template(&values_of(profile), &[])?));
    }
    for (name, folder) in PLATFORM {
        let text = printed(Command::new(&kubectl).arg("kustomize").arg(root().join(folder)))?;
        files.push((name.to_owned(), text));
    }
    Ok(files)
}

fn chart() -> PathBuf {
    root().join("helm/dossier")
}

fn values_of(profile: &str) -> PathBuf {
    chart().join(format!("profiles/{profile}.yaml"))
}

/// Renders the chart with these values and further arguments of helm.
fn template(values: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(helm()?.0);
    command.args(["template", "dossier", "--namespace", "dossier", "--values"]);
    printed(command.arg(values).args(arguments).arg(chart()))
}

/// Renders, lints and validates everything, and compares it with the files in the repository.
pub(crate) fn check(dossier: &Path) -> Result<()> {
    for profile in PROFILES {
        let mut lint = Command::new(helm()?.0);
        lint.args(["lint", "--strict", "--values"]).arg(values_of(profile)).arg(chart());
        printed(&mut lint)?;
        wants::check(&values_of(profile))?;
    }
    refused::check()?;
    long_names()?;
    digests()?;
    crate::digests::check()?;
    commands::check()?;
    served::check()?;
    for (name, text) in rendered()? {
        let path = root().join("k8s/rendered").join(&name);
        if std::fs::read_to_string(&path).unwrap_or_default() != text {
            bail!("{} is not what is rendered: cargo xtask generate", path.display());
        }
        validate(&name, &text)?;
        flags::known(dossier, &name, &text)?;
    }
    advice::check(&root().join("k8s/rendered"))?;
    let full = root().join("helm/tests/full.yaml");
    wants::check(&full)?;
    let full = template(&full, &[])?;
    validate("full.yaml", &full)?;
    flags::known(dossier, "full.yaml", &full)?;
    flags::all_can_be_set(dossier, &full)?;
    crate::alerts::check(&full)?;
    live::check()?;
    platform::check(dossier)?;
    let containerfile = root().join("Containerfile");
    printed(Command::new(HADOLINT.path()?).arg(containerfile))?;
    Ok(())
}

/// The longest release name: a label of result-delivery's pods has at most 63 characters.
fn long_names() -> Result<()> {
    for (letters, taken) in [(36, true), (37, false)] {
        let name = "a".repeat(letters);
        let mut command = Command::new(helm()?.0);
        command.args(["template", &name, "--values"]).arg(values_of("production")).arg(chart());
        if printed(&mut command).is_ok() != taken {
            bail!("a release's name of {letters} letters: taken should be {taken}");
        }
    }
    Ok(())
}

/// If both tag and digest of an image are set, the digest is used: unlike a tag, it always names
/// the same image.
fn digests() -> Result<()> {
    let digest = format!("sha256:{}", "1".repeat(64));
    let values = format!("image.repository=r.example/d,image.tag=v1,image.digest={digest}");
    let rendered = template(&values_of("production"), &["--set", &values])?;
    let images: BTreeSet<&str> =
        rendered.lines().filter_map(|line| line.trim().strip_prefix("image: ")).collect();
    let wanted = format!("\"r.example/d@{digest}\"");
    if images != BTreeSet::from([&*wanted]) {
        bail!("with tag and digest the pods run {images:?}");
    }
    let values = "image.repository=r.example/d,image.tag=v1,image.digest=";
    let rendered = template(&values_of("production"), &["--set", values])?;
    if !rendered.contains("image: \"r.example/d:v1\"") {
        bail!("a tag alone is not what the pods run");
    }
    Ok(())
}

/// Validates a manifest with the schemas of the newest versions of Kubernetes; unknown fields are
/// errors.
fn validate(name: &str, text: &str) -> Result<()> {
    let own = |document: &&str| {
        !FOREIGN.iter().any(|group| document.contains(&format!("apiVersion: {group}")))
    };
    let documents = text
        .split("\n---\n")
        .filter(|document| document.contains("\nkind: ") || document.starts_with("kind: "));
    let documents: Vec<&str> = documents.filter(own).collect();
    let folder = root().join("target/manifests");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(name);
    std::fs::write(&file, documents.join("\n---\n"))?;
    for version in KUBERNETES {
        let mut command = Command::new(KUBERNETES_VALIDATE.path()?);
        command.args(["--strict", "--kubernetes-version", version]).arg(&file);
        let said = printed(&mut command)?;
        let passed = said.matches(" passed for ").count();
        if passed != documents.len() {
            bail!(
                "{passed} of {} resources of {name} are valid in {version}: {said}",
                documents.len()
            );
        }
    }
    Ok(())
}

/// The resources in a YAML text.
fn resources(text: &str) -> Result<Vec<serde_json::Value>> {
    let documents = serde_yaml_ng::Deserializer::from_str(text);
    let read: Result<Vec<serde_json::Value>, _> =
        documents.map(serde::Deserialize::deserialize).collect();
    Ok(read?.into_iter().filter(|resource| !resource.is_null()).collect())
}

/// Names in a text with the prefixes of our environment variables.
fn variables(text: &str) -> BTreeSet<String> {
    let ours = |name: &&str| name.starts_with("DOSSIER_") || name.starts_with("OTEL_");
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(ours).map(str::to_owned).collect()
}

fn printed(command: &mut Command) -> Result<String> {
    let line = format!("{command:?}");
    let output = command.output().with_context(|| format!("{line} cannot be started"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if !output.status.success() {
        bail!("{line} failed: {} {}", text(&output.stdout), text(&output.stderr));
    }
    // The validator writes its findings to standard error.
    Ok(if output.stdout.is_empty() { text(&output.stderr) } else { text(&output.stdout) })
}
