//! One replica of a service: a process with read models of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{Process, free_port, get, wait_until};

/// Names of all services.
pub const SERVICES: [&str; 7] =
    ["intake", "payment", "review", "result-delivery", "feedback", "exchange", "register"];

/// Lines of the log that are shown for a replica that does not become ready.
const LOG_LINES_SHOWN: usize = 20;

/// Environment variables.
pub type Environment = Vec<(&'static str, String)>;

/// A replica of a service.
#[derive(Debug)]
pub struct Replica {
    pub service: &'static str,
    /// Number within the service, from 1.
    pub number: usize,
    /// Its address, the same after restarts.
    pub address: SocketAddr,
    pub process: Process,
    program: PathBuf,
    arguments: Vec<String>,
    environment: Environment,
    log: PathBuf,
}

impl Replica {
    /// Starts a replica in `folder` with these options and environment variables.
    pub fn start(
        program: &Path,
        folder: &Path,
        (service, number): (&'static str, usize),
        (flags, environment): (&[(&str, String)], Environment),
    ) -> Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let path = |name: &str| folder.join(name).display().to_string();
        let mut arguments = vec!["serve".to_owned()];
        let own = [
            ("--services", service.to_owned()),
            ("--listen", address.to_string()),
            ("--data", path("data")),
            ("--views", path(&format!("views-{service}-{number}"))),
            ("--nats-replicas", crate::NATS_SERVERS.to_string()),
            ("--nats-stream-mib", "64".to_owned()),
        ];
        for (flag, value) in own.iter().chain(flags) {
            arguments.extend([(*flag).to_owned(), value.clone()]);
        }
        let log = folder.join(format!("{service}-{number}.log"));
        let mut command = Command::new(program);
        command.args(&arguments).envs(environment.iter().cloned());
        let (process, program) = (Process::start(&mut command, &log)?, program.to_owned());
        Ok(Self { service, number, address, process, program, arguments, environment, log })
    }

    /// Restarts it at the same address.
    pub fn revive(&mut self) -> Result<()> {
        self.revive_with(&[])
    }

    /// The same with environment variables.
    pub fn revive_with(&mut self, environment: &[(&str, String)]) -> Result<()> {
        self.process.kill();
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).envs(self.environment.iter().cloned());
        command.envs(environment.iter().cloned());
        self.process = Process::start(&mut command, &self.log)?;
        Ok(())
    }

    /// Its log since the first start.
    pub fn logged(&self) -> Result<String> {
        Ok(std::fs::read_to_string(&self.log)?)
    }

    /// The folder of its read models.
    #[must_use]
    pub fn views(&self) -> PathBuf {
        self.log.with_file_name(format!("views-{}-{}", self.service, self.number))
    }

    /// Whether it reports that it is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        get(self.address, "/health/ready").is_some_and(|(status, _)| status == 200)
    }

    /// Waits until it is ready. Fails with the last response and the end of its log after a
    /// timeout, or if it has ended.
    pub fn wait_until_ready(&mut self) -> Result<()> {
        let name = format!("{} {}", self.service, self.number);
        let mut answer = None;
        wait_until(&name, || {
            if self.process.has_ended()? {
                bail!("{name} has ended");
            }
            answer = get(self.address, "/health/ready");
            Ok(answer.as_ref().is_some_and(|(status, _)| *status == 200))
        })
        .with_context(|| {
            let log = self.logged().unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines.get(lines.len().saturating_sub(LOG_LINES_SHOWN)..).unwrap_or_default();
            format!("/health/ready of {name}: {answer:?}; its log:\n{}", last.join("\n"))
        })
    }

    /// The value of a metric.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<f64> {
        let (_, text) = get(self.address, "/metrics")?;
        let line = text.lines().find(|line| line.starts_with(name) && !line.starts_with('#'))?;
        line.rsplit_once(' ')?.1.parse().ok()
    }
}
