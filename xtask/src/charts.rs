//! The chart and the manifests against the real programs that read them: helm, kustomize, the schemas of Kubernetes.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cluster::tools::{HADOLINT, KUBERNETES_VALIDATE, helm};

use crate::generate::root;

const PROFILES: [&str; 2] = ["small", "production"];
/// What the services stand on: the files and what they are made of.
const PLATFORM: [(&str, &str); 2] =
    [("platform.yaml", "k8s/platform"), ("eventstoredb.yaml", "k8s/platform/eventstoredb")];
/// The newest versions whose schemas the validator has.
const KUBERNETES: [&str; 3] = ["1.35", "1.36", "1.37"];
/// Resources of operators, of which Kubernetes itself has no schema.
const FOREIGN: [&str; 2] = ["monitoring.coreos.com/", "gateway.networking.k8s.io/"];

/// What the chart and the platform render to: file names under `k8s/rendered` and their text.
pub(crate) fn rendered() -> Result<Vec<(String, String)>> {
    let (helm, kubectl) = helm()?;
    let chart = root().join("helm/dossier");
    let mut files = Vec::new();
    for profile in PROFILES {
        let values = chart.join(format!("profiles/{profile}.yaml"));
        let mut command = Command::new(&helm);
        command.args(["template", "dossier", "--namespace", "dossier", "--values"]);
        files.push((format!("{profile}.yaml"), printed(command.arg(values).arg(&chart))?));
    }
    for (name, folder) in PLATFORM {
        let text = printed(Command::new(&kubectl).arg("kustomize").arg(root().join(folder)))?;
        files.push((name.to_owned(), text));
    }
    Ok(files)
}

/// Renders, lints and validates everything, and compares it with what is checked in.
pub(crate) fn check(dossier: &Path) -> Result<()> {
    let (helm, _) = helm()?;
    let chart = root().join("helm/dossier");
    for profile in PROFILES {
        let values = chart.join(format!("profiles/{profile}.yaml"));
        printed(
            Command::new(&helm).args(["lint", "--strict", "--values"]).arg(values).arg(&chart),
        )?;
    }
    for wrong in [
        "replicas=2",
        "services.intake.replicas=0",
        "bus.enabled=false",
        "identity.jwks=",
        "identity.issuer=",
        "identity.audience=",
        "route.trustedProxies=null",
    ] {
        let values = chart.join("profiles/production.yaml");
        let mut command = Command::new(&helm);
        command.args(["template", "x", "--set", wrong, "--values"]).arg(values);
        let refused = command.arg(&chart).output()?;
        if refused.status.success() {
            bail!("the chart takes {wrong}");
        }
    }
    let known = known_to(dossier)?;
    for (name, text) in rendered()? {
        let path = root().join("k8s/rendered").join(&name);
        if std::fs::read_to_string(&path).unwrap_or_default() != text {
            bail!("{} is not what is rendered: cargo xtask generate", path.display());
        }
        validate(&name, &text)?;
        for variable in variables(&text) {
            if !known.contains(&variable) {
                bail!("{name} sets {variable}, which the program does not read");
            }
        }
    }
    let containerfile = root().join("Containerfile");
    printed(Command::new(HADOLINT.path()?).arg(containerfile))?;
    Ok(())
}

/// Against the schemas of the newest versions of Kubernetes, unknown fields refused.
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

/// The environment variables that the program reads, as its help lists them.
fn known_to(dossier: &Path) -> Result<BTreeSet<String>> {
    let help = printed(Command::new(dossier).args(["serve", "--help"]))?;
    let known: BTreeSet<String> = help
        .split("[env: ")
        .skip(1)
        .filter_map(|rest| Some(rest.split(['=', ']']).next()?.to_owned()))
        .collect();
    if known.len() < 10 {
        bail!("the help names only {known:?}")
    }
    Ok(known)
}

/// The environment variables that are set for the program.
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
    // The validator says what it found on standard error.
    Ok(if output.stdout.is_empty() { text(&output.stderr) } else { text(&output.stdout) })
}
