//! A test double of EventStoreDB: a server with the part of its protocol that the store's adapter
//! uses, for the real client and over real connections. It shows that the adapter keeps the
//! contract if EventStoreDB behaves as observed in releases 24.2 and 24.10, and otherwise as in its
//! source code.
//!
//! The log is in memory, by default up to [`MEMORY_BYTES_MAX`]; further appends are refused. `cargo
//! run -p eventstoredb-double -- --help` runs the double as a program.
//!
//! The modules: parts of the protocol (`service`), its messages (`wire`), rules of the log (`log`),
//! users and permissions (`users`), shared state of a cluster (`cluster`), connections
//! (`connections`), and faults (`faults`).

// The version that the client uses; telemetry uses another.
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

/// HTTP/2 flow-control windows of a stream and of a connection (bytes), as in Kestrel.
const WINDOWS: (u32, u32) = (768 << 10, 1 << 20);

/// A running server; it ends when dropped.
#[derive(Debug)]
pub struct EventStoreDbDouble {
    node: Arc<Node>,
    address: SocketAddr,
    settings: Settings,
    /// Its connections end with the runtime.
    runtime: Option<Runtime>,
}

impl EventStoreDbDouble {
    /// Starts a server with an empty log, into which another program writes too.
    pub fn start() -> std::io::Result<Self> {
        Self::start_with(Settings { neighbours: true, ..Settings::default() })
    }

    /// Starts a server that accepts TLS only, with this certificate and key (PEM) and the users of
    /// a new server.
    pub fn start_encrypted(certificate: String, key: String) -> std::io::Result<Self> {
        Self::start_with(Settings { neighbours: true, ..Settings::secured((certificate, key)) })
    }

    /// Starts the first server of a cluster, which is its leader.
    pub fn start_with(settings: Settings) -> std::io::Result<Self> {
        let cluster = settings.cluster();
        Self::start_in(cluster, settings)
    }

    /// Starts another server of the same cluster, which is not the leader.
    pub fn follower(&self) -> std::io::Result<Self> {
        let listen = SocketAddr::new(self.settings.listen.ip(), 0);
        self.join(Settings { listen, ..self.settings.clone() })
    }

    /// Like [`Self::follower`], with other settings; log and users are those of the cluster.
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

    /// The URL of a log with this name; with an administrator's credentials if there are users.
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

    /// The URL of a log with this user's credentials.
    #[must_use]
    pub fn url_of(&self, log: &str, user: &str, password: &str) -> String {
        format!("esdb://{user}:{password}@{}?{}", self.address, self.query(log))
    }

    fn query(&self, log: &str) -> String {
        format!("tls={}&log={log}", self.settings.identity.is_some())
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server and closes its connections; the log is kept.
    pub fn kill(&mut self) {
        self.set_alive(false);
        if let Some(runtime) = self.runtime.take() {
            // The listener is closed when this returns. On a thread, because the caller may be in
            // another runtime.
            let ends = std::thread::spawn(move || runtime.shutdown_timeout(Duration::from_secs(5)));
            let _ = ends.join();
        }
    }

    /// Starts the server again at the same address.
    pub fn revive(&mut self) -> std::io::Result<()> {
        self.serve(TcpListener::bind(self.address)?)
    }

    /// Like [`Self::revive`], with another certificate and key (PEM).
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
            // Two providers are compiled in, so none is the default. The first one installed is
            // kept.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let tls = ServerTlsConfig::new().identity(Identity::from_pem(certificate, key));
            server = server.tls_config(tls).map_err(std::io::Error::other)?;
        }
        let (api, gate) = (Api(Arc::clone(&self.node)), Arc::clone(&self.node.gate));
        drop(runtime.spawn(async move {
            // Ends with its runtime.
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
