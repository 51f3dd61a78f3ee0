//! A cluster of NATS servers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process::{Process, free_port, get, wait_until};

/// One NATS server, or a cluster.
#[derive(Debug)]
pub struct Nats {
    program: PathBuf,
    folder: PathBuf,
    servers: Vec<Server>,
}

#[derive(Debug)]
struct Server {
    client: u16,
    peer: u16,
    monitor: u16,
    process: Option<Process>,
}

impl Nats {
    /// Starts `count` servers with their data in `folder`.
    pub fn start(program: &Path, folder: &Path, count: usize) -> Result<Self> {
        let mut servers = Vec::new();
        for _ in 0..count {
            let (client, peer, monitor) = (free_port()?, free_port()?, free_port()?);
            servers.push(Server { client, peer, monitor, process: None });
        }
        let mut nats = Self { program: program.to_owned(), folder: folder.to_owned(), servers };
        for index in 0..count {
            nats.revive(index)?;
        }
        nats.wait_until_ready()?;
        Ok(nats)
    }

    /// Number of servers.
    #[must_use]
    pub fn count(&self) -> usize {
        self.servers.len()
    }

    /// Comma-separated addresses.
    #[must_use]
    pub fn urls(&self) -> String {
        let urls = self.servers.iter().map(|server| format!("nats://127.0.0.1:{}", server.client));
        urls.collect::<Vec<_>>().join(",")
    }

    /// Restarts a server on its data.
    pub fn revive(&mut self, index: usize) -> Result<()> {
        let routes = self.servers.iter().map(|server| format!("nats://127.0.0.1:{}", server.peer));
        let routes = routes.collect::<Vec<_>>().join(",");
        let count = self.count();
        let server = self.servers.get_mut(index).context("no such server")?;
        let data = self.folder.join(index.to_string());
        std::fs::create_dir_all(&data)?;
        let mut command = Command::new(&self.program);
        command.args(["-a", "127.0.0.1", "-js", "-n", &format!("nats-{index}")]);
        command.args(["-p", &server.client.to_string(), "-m", &server.monitor.to_string()]);
        command.arg("-sd").arg(&data);
        if count > 1 {
            let peer = format!("nats://127.0.0.1:{}", server.peer);
            command.args(["--cluster_name", "dossier", "--cluster", &peer, "--routes", &routes]);
        }
        server.process =
            Some(Process::start(&mut command, &self.folder.join(format!("{index}.log")))?);
        Ok(())
    }

    /// Waits until all running servers accept messages.
    pub fn wait_until_ready(&self) -> Result<()> {
        for server in self.servers.iter().filter(|server| server.process.is_some()) {
            let address = ([127, 0, 0, 1], server.monitor).into();
            wait_until("a NATS server", || {
                let answer = get(address, "/healthz?js-enabled-only=true");
                Ok(answer.is_some_and(|(status, _)| status == 200) && self.leader().is_some())
            })?;
        }
        Ok(())
    }

    /// Index of the meta leader.
    #[must_use]
    pub fn leader(&self) -> Option<usize> {
        if self.count() == 1 {
            return Some(0);
        }
        let running = self.servers.iter().find(|server| server.process.is_some())?;
        let (_, body) = get(([127, 0, 0, 1], running.monitor).into(), "/jsz")?;
        let told: serde_json::Value = serde_json::from_str(&body).ok()?;
        let name = told.pointer("/meta_cluster/leader")?.as_str()?;
        name.strip_prefix("nats-")?.parse().ok()
    }

    /// Kills a server (SIGKILL).
    pub fn kill(&mut self, index: usize) {
        if let Some(server) = self.servers.get_mut(index) {
            server.process = None;
        }
    }

    /// Sends a signal to all running servers. Stopped ones do not respond, as behind a network that
    /// drops packets.
    pub fn signal(&self, name: &str) -> Result<()> {
        let mut running = self.servers.iter().filter_map(|server| server.process.as_ref());
        running.try_for_each(|process| process.signal(name))
    }

    /// Deletes all that one has, while it does not run.
    pub fn forget(&self, index: usize) -> Result<()> {
        Ok(std::fs::remove_dir_all(self.folder.join(index.to_string()))?)
    }

    /// The CPU time of those that run.
    pub fn cpu(&self) -> Result<Duration> {
        self.servers.iter().filter_map(|server| server.process.as_ref()).map(Process::cpu).sum()
    }
}
