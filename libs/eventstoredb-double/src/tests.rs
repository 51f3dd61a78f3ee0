//! Tests of the double against the observed behaviour of the server, over real connections. The
//! name of each test states the server's rule; the client here speaks the plain protocol.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use prost::Message;
use prost::bytes::Bytes;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::codec::ProstCodec;
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::wire::append::{
    AppendContent, AppendOptions, AppendReq, AppendResp, AppendResult, Expected, Newest, Proposed,
    Success, Written,
};
use crate::wire::read::{
    AllOptions, Count, Expression, Filter, FilterOptions, From, Of, ReadContent, ReadEvent,
    ReadOptions, ReadReq, ReadResp, Revision, StreamOptions, Window,
};
use crate::wire::{Empty, Position, StreamIdentifier, UuidValue};
use crate::{EventStoreDbDouble, Settings};

mod appending;
mod batches;
mod clusters;
mod connecting;
mod reading;
mod subscribing;
mod unwell;

const LIMIT: Duration = Duration::from_secs(20);
const STREAMS: &str = "/event_store.client.streams.Streams";

fn start() -> EventStoreDbDouble {
    EventStoreDbDouble::start_with(Settings::default()).unwrap()
}

/// A client of a server.
#[derive(Debug, Clone)]
struct Asker {
    channel: Channel,
    said: MetadataMap,
}

impl Asker {
    async fn of(double: &EventStoreDbDouble) -> Self {
        let address = format!("http://{}", double.address());
        let channel = Channel::from_shared(address).unwrap().connect_timeout(LIMIT);
        Self { channel: channel.connect().await.unwrap(), said: MetadataMap::new() }
    }

    fn says(mut self, name: &'static str, value: &str) -> Self {
        self.said.insert(name, value.parse().unwrap());
        self
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        *request.metadata_mut() = self.said.clone();
        request
    }

    async fn grpc(&self) -> Grpc<Channel> {
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.unwrap();
        grpc
    }

    async fn unary<In: Message + 'static, Out: Message + Default + 'static>(
        &self,
        path: &'static str,
        message: In,
    ) -> Result<Out, Status> {
        let (request, path) = (self.request(message), http::uri::PathAndQuery::from_static(path));
        let codec = ProstCodec::<In, Out>::default();
        let asked = self.grpc().await.unary(request, path, codec).await;
        asked.map(Response::into_inner)
    }

    async fn append(
        &self,
        stream: &str,
        expected: Expected,
        events: Vec<Proposed>,
    ) -> Result<AppendResult, Status> {
        let options =
            AppendOptions { stream_identifier: Some(identifier(stream)), expected: Some(expected) };
        let first = AppendContent::Options(options);
        let parts = std::iter::once(first).chain(events.into_iter().map(AppendContent::Proposed));
        let parts = parts.map(|content| AppendReq { content: Some(content) });
        let request = self.request(stream::iter(parts.collect::<Vec<_>>()));
        let path = format!("{STREAMS}/Append").parse().unwrap();
        let codec = ProstCodec::<AppendReq, AppendResp>::default();
        let mut grpc = self.grpc().await;
        let asked = grpc.client_streaming(request, path, codec);
        Ok(timeout(LIMIT, asked).await.expect("no answer")?.into_inner().result.unwrap())
    }

    /// Appends to a stream at any version; returns revision and place.
    async fn written(&self, stream: &str, events: Vec<Proposed>) -> (u64, u64) {
        let written = self.append(stream, Expected::Any(Empty {}), events).await.unwrap();
        place(&written).expect("not written")
    }

    async fn open(&self, options: ReadOptions) -> Result<Streaming<ReadResp>, Status> {
        let request = self.request(ReadReq { options: Some(options) });
        let path = format!("{STREAMS}/Read").parse().unwrap();
        let codec = ProstCodec::<ReadReq, ReadResp>::default();
        let mut grpc = self.grpc().await;
        let asked = grpc.server_streaming(request, path, codec);
        timeout(LIMIT, asked).await.expect("no answer").map(Response::into_inner)
    }

    /// All content of a read.
    async fn read(&self, options: ReadOptions) -> Result<Vec<ReadContent>, Status> {
        let mut answers = self.open(options).await?;
        let mut read = Vec::new();
        while let Some(answer) = timeout(LIMIT, answers.next()).await.expect("no end") {
            read.push(answer?.content.unwrap());
        }
        Ok(read)
    }

    /// Streams and revisions of the events of a read.
    async fn names(&self, options: ReadOptions) -> Result<Vec<(String, u64)>, Status> {
        Ok(self.read(options).await?.iter().filter_map(named).collect())
    }
}

fn identifier(stream: &str) -> StreamIdentifier {
    StreamIdentifier { stream_name: stream.as_bytes().to_vec() }
}

fn event(id: u128) -> Proposed {
    event_of(id, 2)
}

/// An event with this many bytes of data.
fn event_of(id: u128, bytes: usize) -> Proposed {
    let said = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Proposed {
        id: Some(crate::wire::Uuid {
            value: Some(UuidValue::String(Uuid::from_u128(id).to_string())),
        }),
        metadata: [said("type", "test"), said("content-type", "application/octet-stream")].into(),
        custom_metadata: Bytes::new(),
        data: Bytes::from(vec![b'x'; bytes]),
    }
}

/// Revision and place in the answer to an append.
fn place(result: &AppendResult) -> Option<(u64, u64)> {
    let AppendResult::Success(Success { newest, position }) = result else { return None };
    match (newest, position) {
        (Some(Newest::Revision(revision)), Some(Written::Position(position))) => {
            Some((*revision, position.commit))
        }
        _ => None,
    }
}

fn read_event(content: &ReadContent) -> Option<&ReadEvent> {
    match content {
        ReadContent::Event(event) => Some(event),
        _ => None,
    }
}

fn named(content: &ReadContent) -> Option<(String, u64)> {
    let event = read_event(content)?.event.as_ref()?;
    let name = event.stream_identifier.as_ref()?.stream_name.clone();
    Some((String::from_utf8(name).ok()?, event.stream_revision))
}

fn at(place: u64) -> From {
    From::Position(Position { commit: place, prepare: place })
}

const START: From = From::Start(Empty {});
const END: From = From::End(Empty {});
const FORWARDS: i32 = 0;
const BACKWARDS: i32 = 1;

/// A read of the log.
fn log(from: From, direction: i32, count: u64) -> ReadOptions {
    ReadOptions {
        of: Some(Of::All(AllOptions { from: Some(from) })),
        direction,
        count: Some(Count::AtMost(count)),
        ..ReadOptions::default()
    }
}

/// The read with a filter by prefix.
fn of_prefix(prefix: &str, options: ReadOptions) -> ReadOptions {
    let said = Expression { regex: String::new(), prefix: vec![prefix.to_owned()] };
    let filter = FilterOptions {
        filter: Some(Filter::Stream(said)),
        window: Some(Window::Max(32)),
        checkpoint_interval_multiplier: 1,
    };
    ReadOptions { filter: Some(filter), ..options }
}

/// A read of a stream.
fn of_stream(name: &str, revision: Revision, direction: i32, count: u64) -> ReadOptions {
    let stream_identifier = Some(identifier(name));
    ReadOptions {
        of: Some(Of::Stream(StreamOptions { stream_identifier, revision: Some(revision) })),
        direction,
        count: Some(Count::AtMost(count)),
        ..ReadOptions::default()
    }
}

/// Waits until a condition holds.
async fn until(holds: impl Fn() -> bool) {
    let holds = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, holds).await.expect("it never holds");
}
