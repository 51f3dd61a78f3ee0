//! How a server is started.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crate::cluster::Cluster;
use crate::log::{CHUNK_BYTES, Log};
use crate::users::{User, Users};

/// Bytes that a log may hold in memory unless told otherwise, about: what goes beyond is refused.
pub const MEMORY_BYTES_MAX: usize = 1 << 30;

/// How a server is started, and the cluster that it is the first of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// By which host, and port if another one, it says it can be reached; by where it listens otherwise.
    pub advertised: Option<String>,
    /// With which certificate and key (PEM) it encrypts; it speaks in the clear without.
    pub identity: Option<(String, String)>,
    /// Who may ask, of the whole cluster. Nobody is asked who they are if nothing is said.
    pub users: Option<Vec<User>>,
    /// Bytes of a chunk of the log, which no record is split over.
    pub chunk_bytes: u64,
    /// Bytes that the log may hold in memory, about.
    pub memory_bytes_max: usize,
    /// Whether another program writes between what is appended.
    pub neighbours: bool,
    /// How many threads serve it.
    pub threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            advertised: None,
            identity: None,
            users: None,
            chunk_bytes: CHUNK_BYTES,
            memory_bytes_max: MEMORY_BYTES_MAX,
            neighbours: false,
            threads: 1,
        }
    }
}

impl Settings {
    /// One that encrypts with this certificate and key (PEM), and asks for the users that a new server has.
    #[must_use]
    pub fn secured(identity: (String, String)) -> Self {
        Self { identity: Some(identity), users: Some(User::first()), ..Self::default() }
    }

    pub(crate) fn cluster(&self) -> Arc<Cluster> {
        let mut log = Log::new(self.chunk_bytes, self.memory_bytes_max);
        log.neighbours = self.neighbours;
        Arc::new(Cluster::new(log, Users::new(self.users.clone())))
    }

    /// By which host and port a server that listens at an address says it can be reached.
    pub(crate) fn reached_by(&self, address: SocketAddr) -> (String, u16) {
        let listens = (address.ip().to_string(), address.port());
        let Some(said) = &self.advertised else { return listens };
        match said.rsplit_once(':') {
            Some((host, port)) => (host.to_owned(), port.parse().unwrap_or(listens.1)),
            None => (said.clone(), listens.1),
        }
    }
}
