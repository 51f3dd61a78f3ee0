//! An S3 object store: SeaweedFS, all components in one process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process::{Process, free_port, get, wait_until};

/// S3 credentials.
const IDENTITIES: &str = r#"{"identities": [{
  "name": "dossier", "actions": ["Admin", "Read", "Write", "List"],
  "credentials": [{"accessKey": "dossier", "secretKey": "the-secret-of-the-tests"}]
}]}"#;

/// A server; stopped on drop.
#[derive(Debug)]
pub struct Objects {
    program: PathBuf,
    folder: PathBuf,
    /// Component with its HTTP and gRPC port.
    ports: [(&'static str, u16, u16); 4],
    server: Option<Process>,
}

impl Objects {
    /// Starts a server with its data in `folder`. A bucket is created by the first write to it.
    pub fn start(program: &Path, folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("identities.json"), IDENTITIES)?;
        let mut ports = [("master", 0, 0), ("volume", 0, 0), ("filer", 0, 0), ("s3", 0, 0)];
        for (_, port, grpc) in &mut ports {
            (*port, *grpc) = (free_port()?, free_port()?);
        }
        let (program, folder) = (program.to_owned(), folder.to_owned());
        let mut objects = Self { program, folder, ports, server: None };
        objects.revive()?;
        Ok(objects)
    }

    /// Restarts it on its data.
    pub fn revive(&mut self) -> Result<()> {
        let path = |name: &str| self.folder.join(name).display().to_string();
        let mut command = Command::new(&self.program);
        command.args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-volume.max=0"]);
        // No telemetry, and no unused ports.
        command.args(["-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]);
        command.args(["-master.volumeSizeLimitMB=64", "-volume.minFreeSpace=0"]);
        command.arg(format!("-dir={}", self.folder.display()));
        command.arg(format!("-filer.localSocket={}", path("socket")));
        command.arg(format!("-s3.config={}", path("identities.json")));
        for (part, port, grpc) in self.ports {
            command.args([format!("-{part}.port={port}"), format!("-{part}.port.grpc={grpc}")]);
        }
        // It writes to its working directory.
        command.current_dir(&self.folder);
        self.server = Some(Process::start(&mut command, &self.folder.join("log"))?);
        let address = ([127, 0, 0, 1], self.port()?).into();
        wait_until("the object store", || {
            Ok(get(address, "/healthz").is_some_and(|(status, _)| status == 200))
        })
    }

    /// Kills it (SIGKILL).
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Sends a signal. Stopped, it does not respond, as behind a network that drops packets.
    pub fn signal(&self, name: &str) -> Result<()> {
        self.server.as_ref().context("it does not run")?.signal(name)
    }

    /// Environment of a client.
    pub fn environment(&self) -> Result<crate::Environment> {
        Ok(vec![
            ("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port()?)),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "dossier".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "the-secret-of-the-tests".to_owned()),
        ])
    }

    /// CPU time of the running process.
    pub fn cpu(&self) -> Result<Duration> {
        self.server.as_ref().map_or(Ok(Duration::ZERO), Process::cpu)
    }

    /// Address for access to files without S3 and its credentials: `/buckets/BUCKET/KEY`.
    pub fn filer(&self) -> Result<SocketAddr> {
        Ok(([127, 0, 0, 1], self.port_of("filer")?).into())
    }

    fn port(&self) -> Result<u16> {
        self.port_of("s3")
    }

    fn port_of(&self, name: &str) -> Result<u16> {
        let (_, port, _) = self.ports.iter().find(|(part, ..)| *part == name).context("no part")?;
        Ok(*port)
    }
}
