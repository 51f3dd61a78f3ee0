//! The connection to the leader, which is searched for again when a call fails.

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eventstore::{Client, ClientSettings};
use tokio::time::Instant;
use tonic::metadata::MetadataMap;

use super::address::Address;
use super::dial::Dialer;
use super::discovery::{Cluster, Members};
use super::failure::{Failure, Host};
use super::health::Health;
use super::node::Node;

mod calls;

pub(super) struct Connection {
    cluster: Cluster,
    dialer: Dialer,
    metadata: MetadataMap,
    address: Address,
    current: Mutex<Current>,
    search: tokio::sync::Mutex<Search>,
    pub(super) health: Health,
}

#[derive(Default)]
struct Current {
    node: Option<Node>,
    /// The leader that a node named when it refused a call.
    redirect: Option<Host>,
}

/// What one search for the leader leaves for the next; one task searches at a time.
#[derive(Default)]
struct Search {
    serial: u64,
    members: Members,
    /// The last result: the tasks that waited for it do not all search again.
    failed: Option<(Instant, Failure)>,
    /// The leader that was logged last.
    logged: Option<Host>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn new(address: Address) -> Result<Self, String> {
        // The client would install its own provider for the whole process. The first one installed
        // is kept.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let seeds = address.hosts()?;
        let gossips = address.settings.is_dns_discovery_enabled() || seeds.len() > 1;
        Ok(Self {
            cluster: Cluster { seeds, gossips },
            dialer: Dialer::new(&address.settings)?,
            metadata: metadata(&address)?,
            current: Mutex::default(),
            search: tokio::sync::Mutex::default(),
            health: Health::new(),
            address,
        })
    }

    /// The user of all calls.
    pub(super) fn user(&self) -> &str {
        self.address.user.as_ref().map_or("nobody", |(name, _)| name)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connected(&self) -> Option<Node> {
        self.current().node.clone()
    }

    /// The leader.
    pub(super) async fn node(&self) -> Result<Node, Failure> {
        if let Some(node) = self.connected() {
            return Ok(node);
        }
        let asked = Instant::now();
        let mut search = self.search.lock().await;
        if let Some(node) = self.connected() {
            return Ok(node);
        }
        if let Some((at, failure)) = &search.failed
            && *at >= asked
        {
            return Err(failure.clone());
        }
        let Search { serial, members, failed, logged } = &mut *search;
        *serial += 1;
        let redirect = self.current().redirect.take();
        let found = self.cluster.leader(&self.dialer, &self.metadata, *serial, redirect, members);
        match found.await {
            Ok(node) => {
                if logged.as_ref() != Some(&node.host) {
                    tracing::info!(leader = %node.host, "the event store");
                    *logged = Some(node.host.clone());
                }
                self.current().node = Some(node.clone());
                Ok(node)
            }
            Err(failure) => {
                if let Failure::NotLeader(host) = &failure {
                    self.current().redirect = Some(host.clone());
                }
                self.health.down(&failure);
                *failed = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    /// Drops this connection, so that the next call searches for the leader.
    pub(super) fn forget(&self, node: &Node, failure: &Failure) {
        let mut current = self.current();
        if current.node.as_ref().is_none_or(|connected| connected.serial != node.serial) {
            return;
        }
        let dropped = current.node.take();
        if let Failure::NotLeader(host) = failure {
            current.redirect = Some(host.clone());
        }
        drop(current);
        drop(dropped);
        tracing::debug!(host = %node.host, %failure, "the connection to the event store is dropped");
    }

    /// The client, connected to this node. It searches for no other. It leaves a task and a
    /// connection behind when it is dropped.
    pub(super) fn client(&self, node: &Node) -> Result<Client, Failure> {
        let settings: ClientSettings = self.address.of_host(&node.host).map_err(Failure::Final)?;
        Client::new(settings).map_err(|error| Failure::Final(error.to_string()))
    }
}

/// The headers of every call, as the client sends them: the leader is required, and the user's
/// credentials.
fn metadata(address: &Address) -> Result<MetadataMap, String> {
    let mut metadata = MetadataMap::new();
    let odd = |_| "the user's name or password cannot be sent in a header".to_owned();
    metadata.insert("requires-leader", "true".parse().map_err(odd)?);
    if let Some((name, password)) = &address.user {
        let basic = format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
        metadata.insert("authorization", basic.parse().map_err(odd)?);
    }
    Ok(metadata)
}
