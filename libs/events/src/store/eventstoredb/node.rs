//! The connection to one node, and its calls.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use prost::Message;
use tokio::time::{Instant, timeout_at};
use tonic::client::Grpc;
use tonic::codec::ProstCodec;
use tonic::codegen::http::Uri;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};

use super::batch::Batch;
use super::dial::Dialer;
use super::failure::{Failure, Host};
use super::wire::append::{BatchAppendReq, BatchAppendResp};
use super::wire::read::{ReadOptions, ReadReq, ReadResp};
use super::wire::{ClusterInfo, SupportedMethods, method};
use crate::limits::{ALIVE_EVERY, ALIVE_IN};

/// Flow-control window in bytes of one call (four times as much for all): more than a page.
const WINDOW: u32 = 2 * 1024 * 1024;
/// Bytes of one message: more than the server's largest record (16 MiB, whatever
/// `--max-append-size` is), because records of other programs are read too.
const MESSAGE_BYTES_MAX: usize = 20 * 1024 * 1024;

#[derive(Clone)]
pub(super) struct Node {
    /// Number of the connection, from 1: a failure of an earlier connection does not close a later
    /// one.
    pub(super) serial: u64,
    pub(super) host: Host,
    channel: Channel,
    metadata: MetadataMap,
    batch: Arc<Batch>,
}

impl Node {
    /// Connects, and reads the server's release, which shows that it speaks the protocol.
    pub(super) async fn open(
        dialer: &Dialer,
        metadata: &MetadataMap,
        (serial, host): (u64, &Host),
        (addresses, until): (&[SocketAddr], Instant),
    ) -> Result<(Self, String), Failure> {
        let said = |cause: &str| Failure::Unreachable(format!("{host}: {cause}"));
        let wire = dialer.dial(host, addresses, until).await.map_err(|cause| said(&cause))?;
        let channel = channel(dialer, host, wire);
        let channel = timeout_at(until, channel).await.map_err(|_| said(SILENT))?;
        let channel = channel.map_err(|cause| said(&cause))?;
        let batch = Arc::new(Batch::default());
        let metadata = metadata.clone();
        let node = Self { serial, host: host.clone(), channel, metadata, batch };
        match timeout_at(until, node.unary::<SupportedMethods>(method::FEATURES)).await {
            Ok(Ok(methods)) => Ok((node, methods.event_store_server_version)),
            Ok(Err(status)) => match Failure::from(status) {
                Failure::Denied(why) => Err(Failure::Denied(format!("{host}: {why}"))),
                failure if dialer.scheme() == "http" && Dialer::speaks_tls(host, until).await => {
                    tracing::debug!(%failure, "plain text refused");
                    Err(said("speaks TLS: leave out `tls=false`"))
                }
                failure => Err(said(&format!("is no EventStoreDB, or not ready: {failure}"))),
            },
            Err(_) => Err(said(SILENT)),
        }
    }

    /// The members of its cluster, as it knows them.
    pub(super) async fn gossip(&self) -> Result<ClusterInfo, Status> {
        self.unary(method::GOSSIP).await
    }

    async fn unary<Out: Message + Default + 'static>(
        &self,
        path: &'static str,
    ) -> Result<Out, Status> {
        let mut grpc = self.grpc().await?;
        let codec = ProstCodec::<(), Out>::default();
        let answer = grpc.unary(self.request(()), PathAndQuery::from_static(path), codec).await?;
        Ok(answer.into_inner())
    }

    /// A read or a subscription; `limit` is the server's timeout.
    pub(super) async fn read(
        &self,
        options: ReadOptions,
        limit: Option<Duration>,
    ) -> Result<Streaming<ReadResp>, Status> {
        let mut grpc = self.grpc().await?;
        let mut request = self.request(ReadReq { options: Some(options) });
        if let Some(limit) = limit {
            request.set_timeout(limit);
        }
        let codec = ProstCodec::<ReadReq, ReadResp>::default();
        let path = PathAndQuery::from_static(method::READ);
        Ok(grpc.server_streaming(request, path, codec).await?.into_inner())
    }

    /// The responses to appends. This returns only after the first append, because the server sends
    /// no headers before.
    pub(super) async fn append_batches(
        &self,
        requests: impl futures_util::Stream<Item = BatchAppendReq> + Send + 'static,
    ) -> Result<Streaming<BatchAppendResp>, Status> {
        let mut grpc = self.grpc().await?;
        let codec = ProstCodec::<BatchAppendReq, BatchAppendResp>::default();
        let path = PathAndQuery::from_static(method::BATCH_APPEND);
        Ok(grpc.streaming(self.request(requests), path, codec).await?.into_inner())
    }

    /// The same connection without its batch call, for a task that must not keep that alive.
    pub(super) fn without_batch(&self) -> Self {
        Self { batch: Arc::default(), ..self.clone() }
    }

    /// Its batch call.
    pub(super) fn batch(&self) -> &Batch {
        &self.batch
    }

    async fn grpc(&self) -> Result<Grpc<Channel>, Status> {
        let mut grpc = Grpc::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        grpc.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
        Ok(grpc)
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        *request.metadata_mut() = self.metadata.clone();
        request
    }
}

const SILENT: &str = "accepts connections, and says nothing";

/// HTTP/2 over an open connection. It does not reconnect by itself, because the leader may have
/// changed.
async fn channel(
    dialer: &Dialer,
    host: &Host,
    wire: Box<dyn super::dial::Io>,
) -> Result<Channel, String> {
    let uri = |scheme: &str| format!("{scheme}://{host}").parse::<Uri>();
    let odd = |error: &dyn std::fmt::Display| format!("no address: {error}");
    let origin = uri(dialer.scheme()).map_err(|error| odd(&error))?;
    let endpoint = Endpoint::from(uri("http").map_err(|error| odd(&error))?)
        .origin(origin)
        .http2_keep_alive_interval(ALIVE_EVERY)
        .keep_alive_timeout(ALIVE_IN)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW * 4);
    let mut wire = Some(TokioIo::new(wire));
    let once = tower::service_fn(move |_: Uri| {
        let wire = wire.take();
        async move { wire.ok_or_else(|| std::io::Error::other("the connection has ended")) }
    });
    endpoint.connect_with_connector(once).await.map_err(|error| {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(behind) = cause.source() {
            cause = behind;
        }
        cause.to_string()
    })
}
