//! A cluster on this machine: three NATS servers, PostgreSQL, an object store, two replicas of each
//! service and a reverse proxy, all on loopback. Everything stops when the value is dropped. It
//! knows nothing of dossiers.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

mod debian;
mod nats;
pub mod needs;
mod objects;
mod postgres;
mod process;
mod provider;
mod proxy;
mod replica;
mod shared;
pub mod tools;

pub use nats::Nats;
pub use objects::Objects;
pub use postgres::Postgres;
pub use process::{Process, free_port, get, rest, wait_until};
pub use provider::Provider;
pub use proxy::Proxy;
pub use replica::{Environment, Replica, SERVICES};
pub use shared::postgres;

/// Replicas of each service.
pub const REPLICAS: usize = 2;
/// Number of NATS servers.
pub const NATS_SERVERS: usize = 3;

/// Location of documents in the object store.
const DOCUMENTS: &str = "s3://dossier/documents";

/// A cluster. Its fields are public so that each part can be broken.
#[derive(Debug)]
pub struct Cluster {
    /// The proxy that clients connect to.
    pub proxy: Proxy,
    /// Two of each service, in the order of [`SERVICES`].
    pub replicas: Vec<Replica>,
    /// The servers of the bus.
    pub nats: Nats,
    /// The event store.
    pub postgres: Postgres,
    /// Where documents are kept.
    pub objects: Objects,
    folder: PathBuf,
}

impl Cluster {
    /// Installs what a cluster consists of, if it is missing.
    pub fn installed() -> Result<()> {
        tools::postgres()?;
        tools::NATS_SERVER.path()?;
        tools::SEAWEEDFS.path()?;
        proxy::nginx()?;
        Ok(())
    }

    /// Starts everything in `folder`, with the program `dossier` and the OpenAPI documents in
    /// `openapi`; returns once every service is ready.
    pub fn start(dossier: &Path, openapi: &Path, folder: &Path) -> Result<Self> {
        let postgres = Postgres::start_in(&folder.join("postgres"), free_port()?)?;
        Self::start_on(postgres, dossier, openapi, folder)
    }

    /// The same on an existing log.
    pub fn start_on(
        postgres: Postgres,
        dossier: &Path,
        openapi: &Path,
        folder: &Path,
    ) -> Result<Self> {
        let nats = Nats::start(&tools::NATS_SERVER.path()?, &folder.join("nats"), NATS_SERVERS)?;
        let objects = Objects::start(&tools::SEAWEEDFS.path()?, &folder.join("objects"))?;
        let environment = objects.environment()?;
        let mut replicas = Vec::new();
        for service in SERVICES {
            for number in 1..=REPLICAS {
                let documents = ("--documents", DOCUMENTS.to_owned());
                let flags = [("--store", postgres.url.clone()), ("--nats", nats.urls()), documents];
                let given = (&flags[..], environment.clone());
                replicas.push(Replica::start(dossier, folder, (service, number), given)?);
            }
        }
        for replica in &mut replicas {
            replica.wait_until_ready()?;
        }
        let proxy = Proxy::start(openapi, &folder.join("proxy"), &replicas)?;
        Ok(Self { proxy, replicas, nats, postgres, objects, folder: folder.to_owned() })
    }

    /// Address of the proxy.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.proxy.address
    }

    /// The data directory that the replicas share: keys.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Replica `number` of a service, from 1.
    pub fn replica(&mut self, service: &str, number: usize) -> Result<&mut Replica> {
        let found = self.replicas.iter_mut().find(|r| r.service == service && r.number == number);
        found.with_context(|| format!("no replica {number} of {service}"))
    }

    /// Waits until every replica is ready; returns the time that took.
    pub fn wait_until_ready(&mut self) -> Result<Duration> {
        let begun = Instant::now();
        for replica in &mut self.replicas {
            replica.wait_until_ready()?;
        }
        Ok(begun.elapsed())
    }

    /// CPU time used so far, by purpose.
    pub fn cpu(&self) -> Result<Vec<(&'static str, Duration)>> {
        let mut used: Vec<(&'static str, Duration)> = Vec::new();
        for replica in &self.replicas {
            let cpu = replica.process.cpu()?;
            match used.iter_mut().find(|(service, _)| *service == replica.service) {
                Some((_, sum)) => *sum += cpu,
                None => used.push((replica.service, cpu)),
            }
        }
        used.push(("nats", self.nats.cpu()?));
        used.push(("postgres", self.postgres.cpu()?));
        used.push(("objects", self.objects.cpu()?));
        used.push(("proxy", self.proxy.cpu()?));
        Ok(used)
    }
}
