//! The bus on NATS JetStream (2.11 or newer): one stream per source, one durable pull consumer per
//! source and follower, CloudEvents 1.0 in binary mode.
//!
//! JetStream acknowledges before it syncs to disk and can lose messages. So each message carries
//! the position of the previous event from the same source: a follower detects a gap and reads the
//! missing events in the store. Relays announce on core NATS the position up to which they have
//! scanned the log, so that followers know that nothing is in flight.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, PullConsumer};
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Info, RetentionPolicy, StorageType, Stream,
};
use async_nats::jetstream::{self, Context};
use futures_util::StreamExt;
use tokio::sync::watch;

use super::BusError;
use crate::limits::{
    ACK_TIMEOUT, ANSWER_TIMEOUT, BUS_AGE_MAX, BUS_REDELIVERY, BUS_UNACKED_MAX, CONNECT_TIMEOUT,
    SAID_IN,
};
use crate::rest::rest;
use crate::{Cause, EventStore, Filter, Position, Recorded, reach};

mod connection;
mod feed;
mod lease;
mod message;
mod relay;
mod seal;

use connection::Connection;
pub use connection::servers_of;
pub use feed::Feed;
pub(super) use lease::Seeker;
pub use relay::{Relay, Relayed};
use seal::Kind;
pub use seal::Seal;

/// Further CloudEvents attributes of an event (without the `ce-` prefix).
pub type Describe = fn(&Recorded) -> Vec<(&'static str, String)>;

/// Connection and configuration of the bus.
#[derive(Debug, Clone)]
pub struct Options {
    /// Comma-separated: `nats://user:password@host:4222` or `tls://…`.
    pub servers: String,
    /// Prefix of stream and subject names.
    pub prefix: String,
    /// Replicas of each stream.
    pub replicas: usize,
    /// Maximum bytes per stream; servers reserve them when the stream is created.
    pub stream_bytes: i64,
    /// Authenticates messages between the services.
    pub seal: Seal,
    /// NATS credentials file, if the servers require one.
    pub credentials: Option<std::path::PathBuf>,
    /// CA certificate of the servers (PEM), if it is not a public one.
    pub authority: Option<std::path::PathBuf>,
    /// Sources; each has a stream.
    pub sources: &'static [&'static str],
    /// Followers; an empty stream starts at the lowest of their cursors.
    pub followers: &'static [&'static str],
    /// Adds CloudEvents attributes.
    pub describe: Describe,
}

/// The bus on NATS. Clones share one connection.
#[derive(Debug, Clone)]
pub struct Nats {
    client: Client,
    context: Context,
    store: Arc<EventStore>,
    prefix: Arc<str>,
    replicas: usize,
    stream_bytes: i64,
    seal: Seal,
    /// Number of lost connections.
    lost: watch::Receiver<u64>,
    followers: &'static [&'static str],
    describe: Describe,
    /// Number of events that exceeded the message size and were not published.
    left_out: Arc<AtomicU64>,
    /// Whether the outdated server version was logged.
    told_old: Arc<AtomicBool>,
}

impl Nats {
    /// Connects, retrying in the background while the servers are unreachable.
    ///
    /// # Errors
    ///
    /// An invalid credentials file or address; a stream with another configuration or of another
    /// store.
    pub async fn open(options: Options, store: &Arc<EventStore>) -> Result<Self, BusError> {
        let servers = reach::any(servers_of(&options.servers, options.authority.as_deref())).await;
        let Connection { client, lost, refused } = connection::connect(&options).await?;
        let context = jetstream::ContextBuilder::new()
            .timeout(ANSWER_TIMEOUT)
            .ack_timeout(ACK_TIMEOUT)
            .build(client.clone());
        let nats = Self {
            client,
            context,
            store: Arc::clone(store),
            prefix: options.prefix.into(),
            replicas: options.replicas,
            stream_bytes: options.stream_bytes,
            seal: options.seal,
            lost,
            followers: options.followers,
            describe: options.describe,
            left_out: Arc::default(),
            told_old: Arc::default(),
        };
        let sources = match servers {
            Ok(()) => options.sources,
            // The client keeps reconnecting in the background.
            Err(why) => {
                tracing::warn!(%why, "NATS unreachable; retrying, followers read the store");
                &[]
            }
        };
        for source in sources {
            match tokio::time::timeout(CONNECT_TIMEOUT, nats.stream(source)).await {
                Ok(Ok(_)) => {}
                Ok(Err(BusError::TooOld { .. })) => break,
                Ok(Err(BusError::Unreachable(reason))) => {
                    tracing::warn!(%reason, "NATS unusable; retrying, followers read the store");
                    break;
                }
                Err(_) => {
                    let reason = &*refused.lock().unwrap_or_else(PoisonError::into_inner);
                    tracing::warn!(
                        reason,
                        "NATS does not respond; retrying, followers read the store"
                    );
                    break;
                }
                Ok(Err(refused)) => return Err(refused),
            }
        }
        Ok(nats)
    }

    pub(super) fn is_connected(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
    }

    pub(super) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    pub(super) fn follow(&self, name: &'static str, filter: Filter) -> Feed {
        Feed::open(self, name, filter)
    }

    /// A relay that publishes the events of `source`.
    #[must_use]
    pub fn relay(&self, source: &'static str) -> Relay {
        Relay::new(self.clone(), source)
    }

    pub(super) fn seeker(&self, name: &'static str, holder: &str) -> Seeker {
        Seeker { nats: self.clone(), name, holder: holder.to_owned() }
    }

    pub(super) async fn announce(&self, service: &str, through: Position) {
        let subject = format!("{}_handled.{service}", self.prefix);
        self.say(Kind::Handled, service, subject, [through]).await;
    }

    /// Publishes sealed positions on core NATS. Nothing is sent while disconnected, because the
    /// client would queue it; the next announcement follows within a second.
    async fn say<const COUNT: usize>(
        &self,
        kind: Kind,
        about: &str,
        subject: String,
        positions: [Position; COUNT],
    ) {
        let said = positions.map(|position| position.0.to_string()).join(" ");
        let store = self.store.id();
        let parts = [store.as_bytes(), about.as_bytes(), said.as_bytes()];
        let seal = self.seal.of(kind, &parts);
        if self.is_connected() {
            let saying = self.client.publish(subject, format!("{said} {seal}").into());
            let _ = tokio::time::timeout(SAID_IN, saying).await;
        }
    }

    /// The announced positions, or `None` if the seal is not valid.
    fn heard<const COUNT: usize>(
        &self,
        kind: Kind,
        about: &str,
        message: &async_nats::Message,
    ) -> Option<[Position; COUNT]> {
        let (said, seal) = std::str::from_utf8(&message.payload).ok()?.rsplit_once(' ')?;
        let store = self.store.id();
        let parts = [store.as_bytes(), about.as_bytes(), said.as_bytes()];
        if !self.seal.fits(kind, &parts, seal) {
            tracing::error!(subject = %message.subject, "bus message without a valid seal; skipping it");
            return None;
        }
        let positions = said.split(' ').map(|position| position.parse().ok().map(Position));
        positions.collect::<Option<Vec<_>>>()?.try_into().ok()
    }

    pub(super) fn announcements(&self, service: &str) -> super::Announcements {
        let (nats, service) = (self.clone(), service.to_owned());
        super::Announcements::Nats(Box::new(Announcements { nats, service, said: None }))
    }

    fn stream_name(&self, source: &str) -> String {
        format!("{}_{source}", self.prefix)
    }

    fn subjects(&self, source: &str) -> String {
        format!("{}.{source}.>", self.prefix)
    }

    fn looked(&self, source: &str) -> String {
        format!("{}_looked.{source}", self.prefix)
    }

    /// The stream of a source; created if it is missing.
    async fn stream(&self, source: &str) -> Result<Stream<Info>, BusError> {
        // Empty before the first connection.
        let found = self.client.server_info().version;
        if connection::is_too_old(&found) {
            let error = BusError::TooOld { found, needed: connection::NEEDED };
            if !self.told_old.swap(true, Ordering::Relaxed) {
                tracing::error!("{error}");
            }
            return Err(error);
        }
        let wanted = Config {
            name: self.stream_name(source),
            subjects: vec![self.subjects(source)],
            description: Some(format!("events of {source}, from the event store")),
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            storage: StorageType::File,
            num_replicas: self.replicas,
            max_age: BUS_AGE_MAX,
            max_bytes: self.stream_bytes,
            // Messages that are published again after a loss must not be dropped as duplicates.
            duplicate_window: Duration::from_secs(1),
            allow_direct: true,
            ..Config::default()
        };
        let stream =
            self.context.get_or_create_stream(wanted.clone()).await.map_err(unreachable)?;
        let found = &stream.cached_info().config;
        if found.max_bytes != wanted.max_bytes {
            // The operator may change the retention limits.
            let changed = Config { max_bytes: wanted.max_bytes, ..found.clone() };
            self.context.update_stream(changed).await.map_err(unreachable)?;
        }
        let differs = Differences::default()
            .see("subjects", &found.subjects, &wanted.subjects)
            .see("retention", &found.retention, &wanted.retention)
            .see("discard", &found.discard, &wanted.discard)
            .see("storage", &found.storage, &wanted.storage)
            .see("num_replicas", &found.num_replicas, &wanted.num_replicas)
            .see("max_age", &found.max_age, &wanted.max_age)
            // -1: no limit but that of the servers.
            .see("max_msg_size", &found.max_message_size.max(0), &wanted.max_message_size)
            .see("duplicate_window", &found.duplicate_window, &wanted.duplicate_window);
        differs.none(&format!("the stream {}", wanted.name))?;
        Ok(stream)
    }

    /// The durable consumer of a follower on a source's stream; created if it is missing.
    async fn consumer(&self, source: &str, name: &str) -> Result<PullConsumer, BusError> {
        let stream = self.stream(source).await?;
        let wanted = pull::Config {
            durable_name: Some(name.to_owned()),
            description: Some(format!("{name} reacts to {source}")),
            ack_policy: AckPolicy::Explicit,
            ack_wait: BUS_REDELIVERY[0],
            backoff: BUS_REDELIVERY.to_vec(),
            max_deliver: -1,
            max_ack_pending: BUS_UNACKED_MAX,
            ..pull::Config::default()
        };
        let consumer: Consumer<pull::Config> =
            stream.get_or_create_consumer(name, wanted.clone()).await.map_err(unreachable)?;
        let found = &consumer.cached_info().config;
        let differs = Differences::default()
            .see("ack_policy", &found.ack_policy, &wanted.ack_policy)
            .see("backoff", &found.backoff, &wanted.backoff)
            .see("max_deliver", &found.max_deliver, &wanted.max_deliver)
            .see("max_ack_pending", &found.max_ack_pending, &wanted.max_ack_pending)
            .see("filter_subject", &found.filter_subject, &wanted.filter_subject);
        differs.none(&format!("the consumer {name} of {}", self.stream_name(source)))?;
        Ok(consumer)
    }
}

/// Subscription to the leader's announcements.
#[derive(Debug)]
pub struct Announcements {
    nats: Nats,
    service: String,
    said: Option<async_nats::Subscriber>,
}

impl Announcements {
    pub(super) async fn next(&mut self) -> Position {
        if self.said.is_none() {
            let subject = format!("{}_handled.{}", self.nats.prefix, self.service);
            // It waits for a connection and fails only if the client was closed.
            self.said = self.nats.client.subscribe(subject).await.ok();
        }
        if let Some(subscription) = &mut self.said {
            while let Some(said) = subscription.next().await {
                if let Some([position]) = self.nats.heard(Kind::Handled, &self.service, &said) {
                    return position;
                }
            }
        }
        std::future::pending().await
    }
}

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn see<T: PartialEq + Debug>(mut self, setting: &str, found: &T, wanted: &T) -> Self {
        if found != wanted {
            self.0.push(format!("{setting} is {found:?}, should be {wanted:?}"));
        }
        self
    }

    fn none(self, what: &str) -> Result<(), BusError> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(BusError::Differs { what: what.to_owned(), difference: self.0.join("; ") })
    }
}

fn unreachable(error: impl std::error::Error + Send + Sync + 'static) -> BusError {
    BusError::Unreachable(Cause::new(error))
}
