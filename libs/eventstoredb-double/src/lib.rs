//! For tests: a server that speaks as much of EventStoreDB's protocol as the store's adapter uses, through the real client
//! and over real connections. It is no EventStoreDB: it shows that the adapter keeps the contract if the server behaves as
//! its source says; that it does is for `dossier store-suite` to show, on a server.

// The one that goes with the client's; telemetry has another.
extern crate prost013 as prost;

mod log;
mod service;
mod wire;

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};

use log::Log;
use service::{Features, Streams};

/// What servers of one cluster share.
#[derive(Debug)]
struct Shared {
    log: Mutex<Log>,
    /// So many appends are made and not answered.
    unanswered: AtomicUsize,
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server, until it is dropped.
#[derive(Debug)]
pub struct EventStoreDbDouble {
    shared: Arc<Shared>,
    address: SocketAddr,
    /// Who leads, if somebody else does.
    leader: Option<SocketAddr>,
    /// With which certificate and key (PEM) it encrypts, if it does.
    identity: Option<(String, String)>,
    /// Its connections end with it.
    runtime: Option<Runtime>,
}

impl EventStoreDbDouble {
    /// Starts one with an empty log.
    pub fn start() -> std::io::Result<Self> {
        let (log, unanswered) = (Mutex::default(), AtomicUsize::new(0));
        let shared = Arc::new(Shared { log, unanswered });
        Self::start_with(shared, None, None)
    }

    /// Starts one that speaks over TLS alone, with this certificate and key (PEM).
    pub fn start_encrypted(certificate: String, key: String) -> std::io::Result<Self> {
        let plain = Self::start()?;
        Self::start_with(Arc::clone(&plain.shared), None, Some((certificate, key)))
    }

    /// Starts another one of the same cluster, which answers that this one leads.
    pub fn follower(&self) -> std::io::Result<Self> {
        Self::start_with(Arc::clone(&self.shared), Some(self.address), None)
    }

    fn start_with(
        shared: Arc<Shared>,
        leader: Option<SocketAddr>,
        identity: Option<(String, String)>,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let mut server = Self { shared, address, leader, identity, runtime: None };
        server.serve(listener)?;
        Ok(server)
    }

    /// Its address, with which a log of this name is opened.
    #[must_use]
    pub fn url(&self, log: &str) -> String {
        format!("esdb://{}?tls={}&log={log}", self.address, self.identity.is_some())
    }

    /// Ends it with all its connections; what was appended stays.
    pub fn kill(&mut self) {
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

    /// Loses the answers of so many appends, which are made.
    pub fn lose_answers(&self, count: usize) {
        self.shared.unanswered.store(count, Ordering::SeqCst);
    }

    /// How many answers are still to be lost.
    #[must_use]
    pub fn answers_to_lose(&self) -> usize {
        self.shared.unanswered.load(Ordering::SeqCst)
    }

    /// Moves the server's clock ahead of this machine's.
    pub fn set_ahead(&self, ahead: Duration) {
        self.shared.log().ahead = ahead;
    }

    fn serve(&mut self, listener: TcpListener) -> std::io::Result<()> {
        listener.set_nonblocking(true)?;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let streams = Streams { shared: Arc::clone(&self.shared), leader: self.leader };
        let mut server = Server::builder();
        if let Some((certificate, key)) = &self.identity {
            let tls = ServerTlsConfig::new().identity(Identity::from_pem(certificate, key));
            server = server.tls_config(tls).map_err(std::io::Error::other)?;
        }
        let server = server.add_service(streams).add_service(Features);
        drop(runtime.spawn(async move {
            // It ends with its runtime.
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            let _ = server.serve_with_incoming(incoming).await;
        }));
        self.runtime = Some(runtime);
        Ok(())
    }
}

impl Drop for EventStoreDbDouble {
    fn drop(&mut self) {
        self.kill();
    }
}
