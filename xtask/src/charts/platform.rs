//! Runs a NATS server with the configuration of `k8s/platform` and certificates made with the
//! handbook's commands: the program connects with the password over TLS, and is refused with a
//! wrong password, without one, and without TLS.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cluster::tools::NATS_SERVER;
use cluster::{Process, free_port, get, wait_until};

use super::printed;
use crate::generate::root;

const PASSWORD: &str = "p4ssw0rd";

/// Runs one of the three servers; clients do not need the others.
pub(super) fn check(dossier: &Path) -> Result<()> {
    let folder = root().join("target/manifests/nats");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(folder.join("data"))?;
    certificates(&folder)?;
    let (client, monitor) = (free_port()?, free_port()?);
    let conf = configuration(&folder, client, monitor)?;
    let mut server = Command::new(NATS_SERVER.path()?);
    server.arg("--config").arg(&conf);
    server.env("POD_NAME", "nats-0").env("NATS_PASSWORD", PASSWORD);
    let _server = Process::start(&mut server, &folder.join("nats.log"))?;
    let monitor = ([127, 0, 0, 1], monitor).into();
    wait_until("the platform's NATS", || Ok(get(monitor, "/varz").is_some()))?;
    for (address, connected) in [
        (format!("tls://dossier:{PASSWORD}@localhost:{client}"), true),
        (format!("tls://dossier:wrong@localhost:{client}"), false),
        (format!("tls://localhost:{client}"), false),
    ] {
        if reaches(dossier, &folder, &address)? != connected {
            bail!("with {address} the bus is reached: {}; it should be {connected}", !connected);
        }
    }
    let plain = format!("nats://dossier:{PASSWORD}@localhost:{client}");
    let refused = serve(dossier, &folder, &plain)?.stderr(Stdio::piped()).output()?;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    if refused.status.success() || !said.contains("use tls://") || said.contains(PASSWORD) {
        bail!("an authority for an address in plain text is not refused: {said}");
    }
    Ok(())
}

/// A CA and a certificate, made with the handbook's commands.
fn certificates(folder: &Path) -> Result<()> {
    let handbook = std::fs::read_to_string(root().join("docs/operating.md"))?;
    let commands: Vec<&str> =
        handbook.lines().filter(|line| line.starts_with("openssl ")).collect();
    if commands.len() < 3 {
        bail!("docs/operating.md makes no certificate for NATS");
    }
    // Here the server's name is localhost.
    let script = commands.join("\n").replace("DNS:nats.dossier-platform.svc", "DNS:localhost");
    printed(Command::new("bash").args(["-ec", &script]).current_dir(folder).stderr(Stdio::null()))?;
    Ok(())
}

/// The platform's configuration with other folders and ports.
fn configuration(folder: &Path, client: u16, monitor: u16) -> Result<PathBuf> {
    let mut text = std::fs::read_to_string(root().join("k8s/platform/nats.conf"))?;
    let at = folder.display().to_string();
    for (theirs, ours) in [
        ("/etc/nats-tls/tls.crt".to_owned(), format!("{at}/nats.crt")),
        ("/etc/nats-tls/tls.key".to_owned(), format!("{at}/nats.key")),
        ("/etc/nats-tls/ca.crt".to_owned(), format!("{at}/nats-ca.crt")),
        ("store_dir: /data".to_owned(), format!("store_dir: {at}/data")),
        ("/tmp/nats.pid".to_owned(), format!("{at}/nats.pid")),
        ("port: 4222".to_owned(), format!("port: {client}")),
        ("http: 8222".to_owned(), format!("http: {monitor}")),
        ("port: 6222".to_owned(), format!("port: {}", free_port()?)),
        ("max_file_store: 9Gi".to_owned(), "max_file_store: 64Mi".to_owned()),
    ] {
        if !text.contains(&theirs) {
            bail!("k8s/platform/nats.conf has no {theirs}");
        }
        text = text.replace(&theirs, &ours);
    }
    let path = folder.join("nats.conf");
    std::fs::write(&path, text)?;
    Ok(path)
}

fn serve(dossier: &Path, folder: &Path, address: &str) -> Result<Command> {
    let data = folder.join("dossier");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    let mut command = Command::new(dossier);
    command.args(["serve", "--listen", "127.0.0.1:0", "--nats", address, "--data"]).arg(data);
    command.arg("--nats-authority").arg(folder.join("nats-ca.crt"));
    Ok(command)
}

/// Whether a process is connected to the bus when it is ready.
fn reaches(dossier: &Path, folder: &Path, address: &str) -> Result<bool> {
    let port = free_port()?;
    let mut command = serve(dossier, folder, address)?;
    command.args(["--probes", &format!("127.0.0.1:{port}")]);
    let _process = Process::start(&mut command, &folder.join("dossier.log"))?;
    let at = ([127, 0, 0, 1], port).into();
    let mut found = None;
    wait_until("a process with a bus", || {
        let ready = get(at, "/health/ready").filter(|(status, _)| *status == 200);
        found = ready.map(|(_, body)| body.contains("\"bus\":true"));
        Ok(found.is_some())
    })?;
    found.context("it says nothing")
}
