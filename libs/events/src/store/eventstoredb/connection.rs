//! The connection to the node that leads, found anew when it is of no more use, and what is known of it: others ask that
//! before they wait.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eventstore::{Client, ClientSettings};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout_at};
use tonic::metadata::MetadataMap;

use super::address::Address;
use super::certificate;
use super::dial::Dialer;
use super::discovery::{Cluster, Learned};
use super::failure::{Failure, Host};
use super::node::Node;
use crate::limits::{ANSWERED_IN, CERTIFICATE_SAID_EVERY, RECONNECT_PAUSE};
use crate::store::patience::{longer, rest};

pub(super) struct Connection {
    cluster: Cluster,
    dialer: Dialer,
    metadata: MetadataMap,
    address: Address,
    current: Mutex<Current>,
    /// Whether the server answers, as the last who asked saw it.
    standing: watch::Sender<Standing>,
}

#[derive(Default)]
struct Current {
    node: Option<Node>,
    /// Whether somebody has had trouble with it.
    serial: u64,
    learned: Learned,
    /// What the last search came to, so that those who waited for it meanwhile do not all search again.
    failed: Option<(Instant, Failure)>,
    /// Who led when it was last said.
    said: Option<Host>,
    /// When it was last said that the certificate ends.
    warned: Option<Instant>,
}

/// Whether the server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    Answers,
    Silent(String),
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn new(address: Address) -> Result<Self, String> {
        // The client would install the other one, for the whole program. Whoever was first stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = &address.settings;
        let host = |host: &eventstore::Endpoint| {
            let port = u16::try_from(host.port).map_err(|_| format!("no port: {}", host.port))?;
            Ok(Host { name: host.host.clone(), port })
        };
        let seeds = settings.hosts().iter().map(host).collect::<Result<Vec<_>, String>>()?;
        let gossips = settings.is_dns_discovery_enabled() || seeds.len() > 1;
        Ok(Self {
            cluster: Cluster { seeds, gossips },
            dialer: Dialer::new(settings)?,
            metadata: metadata(&address)?,
            current: Mutex::default(),
            standing: watch::Sender::new(Standing::Answers),
            address,
        })
    }

    /// Who the server is asked as.
    pub(super) fn user(&self) -> &str {
        self.address.user.as_ref().map_or("nobody", |(name, _)| name)
    }

    /// The node that leads.
    pub(super) async fn node(&self) -> Result<Node, Failure> {
        let asked = Instant::now();
        let mut current = self.current.lock().await;
        if let Some(node) = &current.node {
            return Ok(node.clone());
        }
        if let Some((at, failure)) = &current.failed
            && *at >= asked
        {
            return Err(failure.clone());
        }
        let current = &mut *current;
        current.serial += 1;
        let search = (current.serial, &mut current.learned);
        match self.cluster.leader(&self.dialer, &self.metadata, search).await {
            Ok(node) => {
                if current.said.as_ref() != Some(&node.host) {
                    tracing::info!(leader = %node.host, "the event store");
                    current.said = Some(node.host.clone());
                }
                Self::warn_of_certificate(&node, &mut current.warned);
                Ok(current.node.insert(node).clone())
            }
            Err(failure) => {
                if let Failure::NotLeader(host) = &failure {
                    current.learned.sent_on = Some(host.clone());
                }
                self.is_silent(&failure);
                current.failed = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    fn warn_of_certificate(node: &Node, warned: &mut Option<Instant>) {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let days = node.valid_until.and_then(|until| certificate::ends_soon(until, now));
        if let Some(days) = days
            && warned.is_none_or(|at| at.elapsed() >= CERTIFICATE_SAID_EVERY)
        {
            tracing::warn!(host = %node.host, days, "the event store's certificate ends soon");
            *warned = Some(Instant::now());
        }
    }

    /// Says once a day that the certificate ends, for as long as a connection stays.
    pub(super) async fn look_at_certificate(&self) {
        let mut current = self.current.lock().await;
        let current = &mut *current;
        if let Some(node) = &current.node {
            Self::warn_of_certificate(node, &mut current.warned);
        }
    }

    /// The next one to ask gets another node than this, or another connection to it.
    pub(super) async fn forget(&self, node: &Node, failure: &Failure) {
        let mut current = self.current.lock().await;
        if current.node.as_ref().is_some_and(|stands| stands.serial == node.serial) {
            tracing::debug!(host = %node.host, %failure, "the event store is asked anew");
            current.node = None;
            if let Failure::NotLeader(host) = failure {
                current.learned.sent_on = Some(host.clone());
            }
        }
    }

    /// Asks the server, and again until then if it does not answer; one answer may take `limit`. What is asked must be the
    /// same if it is done twice.
    pub(super) async fn ask<T, F>(
        &self,
        (until, limit): (Instant, Duration),
        ask: impl Fn(Node) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut pause = RECONNECT_PAUSE;
        let mut last = None;
        loop {
            let failure = match timeout_at(until.max(Instant::now()), self.node()).await {
                Ok(Ok(node)) => match timeout_at(ends(until, limit), ask(node.clone())).await {
                    Ok(Err(failure)) if failure.may_pass() => {
                        self.forget(&node, &failure).await;
                        failure
                    }
                    Ok(answer) => {
                        self.answers();
                        return answer;
                    }
                    Err(_) => {
                        let failure = Failure::Silent(limit);
                        self.forget(&node, &failure).await;
                        failure
                    }
                },
                Ok(Err(failure)) if !failure.may_pass() => return Err(failure),
                Ok(Err(failure)) => failure,
                // What was wrong before says more than that it took too long.
                Err(_) => last.take().unwrap_or_else(|| {
                    Failure::Passing("no node that leads was found in time".to_owned())
                }),
            };
            let sent_on = matches!(failure, Failure::NotLeader(_));
            if Instant::now() + pause > until {
                return Err(failure);
            }
            if !sent_on || pause > RECONNECT_PAUSE {
                rest(pause).await;
            }
            pause = longer(pause);
            last = Some(failure);
        }
    }

    /// The client, for the node that leads. It finds nobody by itself.
    pub(super) fn client(&self, node: &Node) -> Result<Client, Failure> {
        let settings: ClientSettings = self.address.of_host(&node.host).map_err(Failure::Final)?;
        Client::new(settings).map_err(|error| Failure::Final(error.to_string()))
    }

    /// The server has answered.
    pub(super) fn answers(&self) {
        let changed = self.standing.send_if_modified(|standing| {
            let silent = *standing != Standing::Answers;
            *standing = Standing::Answers;
            silent
        });
        if changed {
            tracing::info!("the event store answers again");
        }
    }

    /// The server does not answer.
    pub(super) fn is_silent(&self, why: &Failure) {
        let changed = self.standing.send_if_modified(|standing| {
            let answered = *standing == Standing::Answers;
            *standing = Standing::Silent(why.to_string());
            answered
        });
        if changed {
            tracing::warn!(%why, "the event store does not answer");
        }
    }

    /// An error at once if the server is known not to answer.
    pub(super) fn stands(&self) -> Result<(), Failure> {
        match &*self.standing.borrow() {
            Standing::Answers => Ok(()),
            Standing::Silent(why) => Err(Failure::Passing(why.clone())),
        }
    }
}

/// When a try is over. Whoever looks for events among those of others may take longer than a failover is waited for.
fn ends(until: Instant, limit: Duration) -> Instant {
    let ends = Instant::now() + limit;
    if limit > ANSWERED_IN { ends } else { ends.min(until) }
}

/// What is said with each call, as the client says it: that the leader is asked, by whom, and for which program.
fn metadata(address: &Address) -> Result<MetadataMap, String> {
    let mut metadata = MetadataMap::new();
    let odd = |_| "the user's name or password cannot be sent".to_owned();
    metadata.insert("requires-leader", "true".parse().map_err(odd)?);
    if let Some((name, password)) = &address.user {
        let basic = format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
        metadata.insert("authorization", basic.parse().map_err(odd)?);
    }
    Ok(metadata)
}
