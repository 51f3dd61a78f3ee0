//! A payment partner as a process of its own (`simulation/providers`), and commands to it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::process::{Process, wait_until};
use crate::tools::{node_packages, workspace};

/// Time limit of a command; one that reports waits for the merchant's answers.
const COMMAND_MAX: Duration = Duration::from_secs(120);

/// A running partner; killed on drop.
#[derive(Debug)]
pub struct Provider {
    process: Process,
    /// Where it is called over TLS, as `https://localhost:1234`.
    pub address: String,
    /// The CA of its certificate.
    pub ca: PathBuf,
    control: SocketAddr,
    folder: PathBuf,
}

impl Provider {
    /// Starts a partner in a folder of its own. The configuration names the `scheme`, the `secret`,
    /// the address for reports (`notify`), and what the scheme has besides.
    pub fn start(folder: &Path, configuration: &Value) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut configuration = configuration.clone();
        configuration["folder"] = json!(folder);
        configuration["packages"] = json!(node_packages()?);
        let script = workspace()?.join("simulation/providers/provider.mjs");
        let mut node = Command::new("node");
        node.arg(script).arg(configuration.to_string());
        let mut process = Process::start(&mut node, &folder.join("log"))?;
        let listening = folder.join("provider.json");
        wait_until("a payment partner", || {
            if process.has_ended()? {
                bail!("it ended: {}", std::fs::read_to_string(folder.join("log"))?);
            }
            Ok(listening.exists())
        })?;
        let ready: Value = serde_json::from_slice(&std::fs::read(listening)?)?;
        let port = |name: &str| ready[name].as_u64().and_then(|port| u16::try_from(port).ok());
        let (calls, control) = (port("port").context("port")?, port("control").context("control")?);
        let ca = PathBuf::from(ready["ca"].as_str().context("ca")?);
        let (address, control) =
            (format!("https://localhost:{calls}"), (Ipv4Addr::LOCALHOST, control).into());
        Ok(Self { process, address, ca, control, folder: folder.to_owned() })
    }

    /// Gives a command, for example `POST /pay`; the JSON that it answers.
    pub fn command(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let text = self.text(method, path, &body.to_string())?;
        serde_json::from_str(&text).with_context(|| format!("{method} {path}: {text}"))
    }

    /// The text that a command answers.
    pub fn text(&self, method: &str, path: &str, body: &str) -> Result<String> {
        let mut stream = TcpStream::connect(self.control)?;
        stream.set_read_timeout(Some(COMMAND_MAX))?;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nhost: control\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        if head.split(' ').nth(1) != Some("200") {
            bail!("{method} {path}: {body}");
        }
        Ok(body.to_owned())
    }

    /// Its books: orders, transactions, refunds, calls, and what it refused.
    pub fn books(&self) -> Result<Value> {
        self.command("GET", "/books", &Value::Null)
    }

    /// Ends it; the books that it prints.
    pub fn end(mut self) -> Result<Value> {
        self.process.signal("TERM")?;
        self.process.ended()?;
        let log = std::fs::read_to_string(self.folder.join("log"))?;
        let last = log.lines().last().context("it printed nothing")?;
        Ok(serde_json::from_str(last)?)
    }
}
