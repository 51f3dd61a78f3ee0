//! For tests: a server that speaks as much of EventStoreDB's protocol as the store's adapter uses, through the real client
//! and over real connections. It is no EventStoreDB: it shows that the adapter keeps the contract if the server behaves as
//! it was seen to behave, in releases 24.2 and 24.10, and otherwise as its source says.
//!
//! It keeps its log in memory, up to [`MEMORY_BYTES_MAX`] unless told otherwise, refuses what goes beyond, and forgets it
//! when it ends. `cargo run -p eventstoredb-double -- --help` runs it as a program.
//!
//! One file for each part of the protocol (`service`), its messages (`wire`), the rules of the log (`log`), who may what
//! (`users`), what the servers of a cluster share (`cluster`), what happens to connections (`connections`), and what a server
//! can be made to do wrong (`faults`).

// The one that goes with the client's; telemetry has another.
extern crate prost013 as prost;

mod certificates;
mod cluster;
mod connections;
mod faults;
mod log;
mod service;
mod settings;
#[cfg(test)]
mod tests;
mod users;
mod wire;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tonic::transport::{Identity, Server, ServerTlsConfig};

pub use certificates::Authority;
pub use settings::{MEMORY_BYTES_MAX, Settings};
pub use users::User;

use cluster::{Cluster, Member, Node};
use service::Api;

/// Windows of HTTP/2 (bytes), as Kestrel opens them: for a stream and for a connection.
const WINDOWS: (u32, u32) = (768 << 10, 1 << 20);

/// A server, until it is dropped.
#[derive(Debug)]
pub struct EventStoreDbDouble {
    node: Arc<Node>,
    address: SocketAddr,
    settings: Settings,
    /// Its connections end with it.
    runtime: Option<Runtime>,
}

impl EventStoreDbDouble {
    /// Starts one with an empty log, into which another program writes as well.
    pub fn start() -> std::io::Result<Self> {
        Self::start_with(Settings { neighbours: true, ..Settings::default() })
    }

    /// Starts one that speaks over TLS alone, with this certificate and key (PEM), and knows the users of a new server.
    pub fn start_encrypted(certificate: String, key: String) -> std::io::Result<Self> {
        Self::start_with(Settings { neighbours: true, ..Settings::secured((certificate, key)) })
    }

    /// Starts the first one of a cluster, which leads it.
    pub fn start_with(settings: Settings) -> std::io::Result<Self> {
        let cluster = settings.cluster();
        Self::start_in(cluster, settings)
    }

    /// Starts another one of the same cluster, which answers that this one leads.
    pub fn follower(&self) -> std::io::Result<Self> {
        let listen = SocketAddr::new(self.settings.listen.ip(), 0);
        self.join(Settings { listen, ..self.settings.clone() })
    }

    /// The same with settings of its own; log and users are those of the cluster.
    pub fn join(&self, settings: Settings) -> std::io::Result<Self> {
        Self::start_in(Arc::clone(&self.node.cluster), settings)
    }

    fn start_in(cluster: Arc<Cluster>, settings: Settings) -> std::io::Result<Self> {
        let listener = TcpListener::bind(settings.listen)?;
        let address = listener.local_addr()?;
        let (host, port) = settings.reached_by(address);
        let number = {
            let mut members = cluster.members();
            let leads = members.is_empty();
            members.push(Member { host, port, alive: true, leads });
            members.len() - 1
        };
        let node = Arc::new(Node::new(cluster, number));
        let mut server = Self { node, address, settings, runtime: None };
        server.serve(listener)?;
        Ok(server)
    }

    /// Its address, with which a log of this name is opened; by an administrator, if users are asked for.
    #[must_use]
    pub fn url(&self, log: &str) -> String {
        let administrator = self.settings.users.as_ref().and_then(|users| {
            users.iter().find(|user| user.groups.iter().any(|group| group == "$admins"))
        });
        match administrator {
            Some(user) => self.url_of(log, &user.name, &user.password),
            None => format!("esdb://{}?{}", self.address, self.query(log)),
        }
    }

    /// The same by this user.
    #[must_use]
    pub fn url_of(&self, log: &str, user: &str, password: &str) -> String {
        format!("esdb://{user}:{password}@{}?{}", self.address, self.query(log))
    }

    fn query(&self, log: &str) -> String {
        format!("tls={}&log={log}", self.settings.identity.is_some())
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it with all its connections; what was appended stays.
    pub fn kill(&mut self) {
        self.set_alive(false);
        if let Some(runtime) = self.runtime.take() {
            // Its listener is closed when this returns; whoever calls may be in a runtime of its own.
            let ends = std::thread::spawn(move || runtime.shutdown_timeout(Duration::from_secs(5)));
            let _ = ends.join();
        }
    }

    /// Starts it again where it was.
    pub fn revive(&mut self) -> std::io::Result<()> {
        self.serve(TcpListener::bind(self.address)?)
    }

    /// The same with another certificate and key (PEM).
    pub fn revive_with(&mut self, identity: (String, String)) -> std::io::Result<()> {
        self.settings.identity = Some(identity);
        self.revive()
    }

    fn set_alive(&self, alive: bool) {
        if let Some(member) = self.node.cluster.members().get_mut(self.node.number) {
            member.alive = alive;
        }
    }

    fn serve(&mut self, listener: TcpListener) -> std::io::Result<()> {
        listener.set_nonblocking(true)?;
        let threads = self.settings.threads.max(1);
        let runtime = Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let mut server = Server::builder()
            .initial_stream_window_size(WINDOWS.0)
            .initial_connection_window_size(WINDOWS.1);
        if let Some((certificate, key)) = &self.settings.identity {
            // The tree has two of them, so that none is taken by itself. Whoever was first stays.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let tls = ServerTlsConfig::new().identity(Identity::from_pem(certificate, key));
            server = server.tls_config(tls).map_err(std::io::Error::other)?;
        }
        let (api, gate) = (Api(Arc::clone(&self.node)), Arc::clone(&self.node.gate));
        drop(runtime.spawn(async move {
            // It ends with its runtime.
            let incoming = Box::pin(connections::incoming(listener, gate));
            let _ = server.serve_with_incoming(api, incoming).await;
        }));
        self.set_alive(true);
        self.runtime = Some(runtime);
        Ok(())
    }
}

impl Drop for EventStoreDbDouble {
    fn drop(&mut self) {
        self.kill();
    }
}
