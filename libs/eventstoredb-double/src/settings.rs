//! Settings of a server.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crate::cluster::Cluster;
use crate::log::{CHUNK_BYTES, Log};
use crate::users::{User, Users};

/// Default limit of bytes of a log in memory, approximately; appends beyond are refused.
pub const MEMORY_BYTES_MAX: usize = 1 << 30;

/// Settings of a server, and of the cluster if it is the first one.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Host and optional port that it advertises; by default those that it listens on.
    pub advertised: Option<String>,
    /// Certificate and key (PEM); plain text if absent.
    pub identity: Option<(String, String)>,
    /// Users of the cluster; without users, no credentials are required.
    pub users: Option<Vec<User>>,
    /// Bytes of a chunk of the log; no record crosses its boundary.
    pub chunk_bytes: u64,
    /// Bytes of the log in memory, approximately.
    pub memory_bytes_max: usize,
    /// Whether another program writes between the appended events.
    pub neighbours: bool,
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
    /// Settings with this certificate and key (PEM) and the users of a new server.
    #[must_use]
    pub fn secured(identity: (String, String)) -> Self {
        Self { identity: Some(identity), users: Some(User::first()), ..Self::default() }
    }

    pub(crate) fn cluster(&self) -> Arc<Cluster> {
        let mut log = Log::new(self.chunk_bytes, self.memory_bytes_max);
        log.neighbours = self.neighbours;
        Arc::new(Cluster::new(log, Users::new(self.users.clone())))
    }

    /// Host and port that a server with this address advertises.
    pub(crate) fn reached_by(&self, address: SocketAddr) -> (String, u16) {
        let listens = (address.ip().to_string(), address.port());
        let Some(said) = &self.advertised else { return listens };
        match said.rsplit_once(':') {
            Some((host, port)) => (host.to_owned(), port.parse().unwrap_or(listens.1)),
            None => (said.clone(), listens.1),
        }
    }
}
