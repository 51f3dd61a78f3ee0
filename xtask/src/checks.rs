//! Every check there is, in one command: what CI runs.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use cluster::{Postgres, free_port, tools};

use crate::charts;
use crate::generate::root;

/// The program as the images have it.
const PROGRAM: &[&str] = &["--package", "standalone", "--features", "standalone/eventstoredb"];

pub(crate) fn run() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    let all = ["--workspace", "--all-targets", "--features", "standalone/eventstoredb"];
    cargo(&[&["clippy"], &all[..], &["--", "-D", "warnings"]].concat())?;
    let nats = tools::NATS_SERVER.path()?;
    let folder = std::env::temp_dir().join(format!("dossier-postgres-{}", std::process::id()));
    let mut postgres = match given_server() {
        Some(_) => None,
        None => Some(Postgres::start_in(&folder, free_port()?)?),
    };
    let mut tests = Command::new(cargo_program());
    tests.args(["test", "--workspace", "--features", "standalone/eventstoredb"]);
    tests.arg("--no-fail-fast");
    if let Some(postgres) = &postgres {
        tests.env("POSTGRES_URL", &postgres.url);
    }
    tests.env("NATS_SERVER", nats);
    tests.env("OLD_NATS_SERVER", tools::old_nats_server()?);
    tests.env("PGBOUNCER", tools::debian("pgbouncer", "/usr/sbin/pgbouncer")?);
    if std::env::var_os("EVENTSTORE_URL").is_none() {
        writeln!(
            std::io::stderr(),
            "EVENTSTORE_URL names no server: EventStoreDB is tested on its double"
        )?;
    }
    let tested = succeed(&root(), &mut tests);
    if postgres.take().is_some() {
        std::fs::remove_dir_all(&folder)?;
    }
    tested?;
    charts()?;
    api_against_its_documents()
}

/// A PostgreSQL server that the tests are given.
#[expect(clippy::disallowed_methods, reason = "what the tests are given, not a setting")]
fn given_server() -> Option<String> {
    std::env::var("POSTGRES_URL").ok().filter(|url| !url.is_empty())
}

/// The chart and the manifests, against a program that is built if need be.
pub(crate) fn charts() -> Result<()> {
    cargo(&[&["build"], PROGRAM].concat())?;
    charts::check(&root().join("target/debug/dossier"))
}

/// The clock against the independent reckoner, in release, on many more cases than the tests have time for.
pub(crate) fn reckon() -> Result<()> {
    let many = ["--release", "-p", "calendar", "--features", "many-cases"];
    cargo(&[&["test"], &many[..], &["--test", "independent"]].concat())
}

fn cargo(arguments: &[&str]) -> Result<()> {
    run_in(&root(), &cargo_program(), arguments)
}

/// The cargo that runs this, or the one on the path.
#[expect(clippy::disallowed_methods, reason = "what cargo tells its own, not a setting")]
pub(crate) fn cargo_program() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

fn run_in(folder: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    succeed(folder, Command::new(program).args(arguments))
}

fn succeed(folder: &Path, command: &mut Command) -> Result<()> {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    let parts: Vec<String> = std::iter::once(command.get_program().to_string_lossy().into_owned())
        .chain(arguments)
        .collect();
    let line = parts.join(" ");
    let status = command.current_dir(folder).status();
    let status = status.with_context(|| format!("{line} cannot be started"))?;
    if status.success() { Ok(()) } else { bail!("{line} failed") }
}

/// The running binary, ended with this value.
pub(crate) struct Server(Child);

impl Server {
    /// Tells it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        // It may have ended by itself.
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every OpenAPI document against the running binary: no answer 5xx, none that contradicts the document.
fn api_against_its_documents() -> Result<()> {
    let schemathesis = tools::SCHEMATHESIS.path()?.display().to_string();
    let data = root().join("target/schemathesis-data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    cargo(&[&["build"], PROGRAM].concat())?;
    let dossier = root().join("target/debug/dossier");
    let (_server, address) = serve(&dossier, &data)?;
    let token = token(&dossier, &data)?;
    for service in ["intake", "payment", "review", "result-delivery", "feedback", "register"] {
        let document = root().join(format!("openapi/{service}.json")).display().to_string();
        let header = format!("Authorization: Bearer {token}");
        let url = format!("http://{address}");
        let arguments = [
            "run",
            &document,
            "--url",
            &url,
            "--header",
            &header,
            "--phases",
            "examples,coverage,fuzzing",
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
            "--max-examples",
            "25",
            "--seed",
            "1",
            "--generation-deterministic",
            "--no-color",
            "--warnings",
            "off",
            // It cannot make a PDF; the service's own tests upload.
            "--exclude-operation-id",
            "upload_document",
        ];
        run_in(&root(), &schemathesis, &arguments)?;
    }
    Ok(())
}

/// A program that serves from a folder, and where.
pub(crate) fn serve(dossier: &Path, data: &Path) -> Result<(Server, String)> {
    let mut child = Command::new(dossier)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stderr(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stderr.take().context("no standard error")?).lines();
    let server = Server(child);
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(&line).ok()?;
        Some(line.pointer("/fields/address")?.as_str()?.to_owned())
    });
    // Somebody must go on reading, or the server blocks on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Ok((server, address.context("the server ended before it served")?))
}

/// Somebody who may do everything, so that every handler is reached.
fn token(dossier: &PathBuf, data: &Path) -> Result<String> {
    let roles = [
        "applicant",
        "clerk",
        "reviewer",
        "approver",
        "cashier",
        "consultee",
        "carrier",
        "payment_provider",
        "complaint_handler",
        "auditor",
        "operator",
    ];
    let mut command = Command::new(dossier);
    command.args(["token", "--agency", "G02", "--data"]).arg(data);
    for role in roles {
        command.args(["--role", role]);
    }
    let minted = command.output()?;
    if !minted.status.success() {
        bail!("no token: {}", String::from_utf8_lossy(&minted.stderr));
    }
    Ok(String::from_utf8(minted.stdout)?.trim().to_owned())
}
