//! The client, made anew when it is of no more use: one whose connection could not be made stays without.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use eventstore::{Client, ClientSettings, Error, ReadStream, RecordedEvent, SubscriptionFilter};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::limits::{ANSWER_TIMEOUT, READ_BYTES_MAX};
use crate::store::patience::Patience;

/// Status codes of gRPC (its core specification, "Status codes and their use").
mod code {
    pub(super) const CANCELLED: i32 = 1;
    pub(super) const INVALID_ARGUMENT: i32 = 3;
    pub(super) const RESOURCE_EXHAUSTED: i32 = 8;
    pub(super) const ABORTED: i32 = 10;
}

pub(super) struct Connection {
    settings: ClientSettings,
    client: Mutex<Option<Client>>,
    /// Which client it is, counted from one: whoever had trouble with an earlier one leaves the later one alone.
    serial: AtomicU64,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn new(settings: ClientSettings) -> Self {
        // The client would install the other one, for the whole program. Whoever was first stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { settings, client: Mutex::new(None), serial: AtomicU64::new(0) }
    }

    async fn client(&self) -> Result<(u64, Client), Error> {
        let mut client = self.client.lock().await;
        if let Some(client) = &*client {
            return Ok((self.serial.load(Ordering::Relaxed), client.clone()));
        }
        let new = Client::new(self.settings.clone());
        let new = new.map_err(|error| Error::InitializationError(error.to_string()))?;
        let serial = self.serial.fetch_add(1, Ordering::Relaxed) + 1;
        Ok((serial, client.insert(new).clone()))
    }

    /// The next one to ask gets another client than this.
    async fn forget(&self, serial: u64) {
        let mut client = self.client.lock().await;
        if self.serial.load(Ordering::Relaxed) == serial {
            *client = None;
        }
    }

    /// Asks the server, and again if it does not answer, for as long as a failover takes: what is asked must be the same
    /// if it is done twice.
    pub(super) async fn ask<T, F>(&self, ask: impl Fn(Client) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.ask_for(ANSWER_TIMEOUT, ask).await
    }

    /// The same where one answer may take `limit`.
    pub(super) async fn ask_for<T, F>(
        &self,
        limit: Duration,
        ask: impl Fn(Client) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut patience = Patience::new();
        loop {
            let (serial, client) = self.client().await?;
            let answer = timeout(limit, ask(client)).await;
            let error = match answer.unwrap_or(Err(Error::DeadlineExceeded)) {
                Err(error) if is_passing(&error) => error,
                answer => return answer,
            };
            tracing::warn!(%error, "the event store did not answer");
            // It goes after another leader by itself.
            if !matches!(error, Error::NotLeaderException(_)) {
                self.forget(serial).await;
            }
            if !patience.lasts().await {
                return Err(error);
            }
        }
    }
}

/// Whether the same again may be answered.
fn is_passing(error: &Error) -> bool {
    match error {
        error if is_no_place(error) => false,
        Error::ServerError(_)
        | Error::NotLeaderException(_)
        | Error::ConnectionClosed
        | Error::GrpcConnectionError(_)
        | Error::DeadlineExceeded => true,
        Error::Grpc { code, .. } => {
            matches!(i32::from(*code), code::CANCELLED | code::RESOURCE_EXHAUSTED | code::ABORTED)
        }
        _ => false,
    }
}

/// Whether a read was refused because no record begins where it was to begin. A read with a filter says so as an error that
/// it does not know (`FilteredReadAllResult: InvalidPosition`), others by a code.
pub(super) fn is_no_place(error: &Error) -> bool {
    match error {
        Error::Grpc { code, .. } => i32::from(*code) == code::INVALID_ARGUMENT,
        Error::ServerError(said) => said.contains("InvalidPosition"),
        _ => false,
    }
}

/// All that a read brings; its length was asked for.
pub(super) async fn all_of(read: ReadStream) -> Result<Vec<RecordedEvent>, Error> {
    some_of(read, |_| true).await
}

/// What a read brings until those of its events that count are as large as a read may be; the server is not listened to any
/// longer then.
pub(super) async fn some_of(
    mut read: ReadStream,
    counts: impl Fn(&RecordedEvent) -> bool,
) -> Result<Vec<RecordedEvent>, Error> {
    let (mut events, mut bytes) = (Vec::new(), 0);
    while bytes < READ_BYTES_MAX
        && let Some(event) = read.next().await?
    {
        let Some(event) = event.event else { continue };
        if counts(&event) {
            bytes += event.data.len() + event.custom_metadata.len();
        }
        events.push(event);
    }
    Ok(events)
}

/// Of the whole server, the streams that begin with `prefix`.
pub(super) fn streams(prefix: &str) -> SubscriptionFilter {
    SubscriptionFilter::on_stream_name().add_prefix(prefix)
}
