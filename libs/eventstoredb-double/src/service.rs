//! The two services of the protocol that are answered.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use http::{Request as HttpRequest, Response as HttpResponse};
use prost::Message;
use tonic::body::Body;
use tonic::codec::ProstCodec;
use tonic::metadata::MetadataMap;
use tonic::server::{
    ClientStreamingService, Grpc, NamedService, ServerStreamingService, UnaryService,
};
use tonic::{Code, Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::Shared;
use crate::log::{Log, NoPlace, Record};
use crate::wire::{
    AppendContent, AppendReq, AppendResp, AppendResult, Count, Empty, From, Newest, Of, Position,
    ReadContent, ReadEvent, ReadOptions, ReadReq, ReadResp, RecordedEvent, Revision,
    StreamIdentifier, StreamNotFound, StreamOptions, StructuredUuid, Success, SupportedMethods,
    UuidValue, Written,
};

type Reply<T> = BoxFuture<'static, Result<T, Status>>;
type Answers = BoxStream<'static, Result<ReadResp, Status>>;

/// Which version it says it is.
const VERSION: &str = "24.10.0";

/// `event_store.client.streams.Streams`.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    pub(crate) shared: Arc<Shared>,
    pub(crate) leader: Option<SocketAddr>,
}

/// `event_store.client.server_features.ServerFeatures`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Features;

impl NamedService for Streams {
    const NAME: &'static str = "event_store.client.streams.Streams";
}

impl NamedService for Features {
    const NAME: &'static str = "event_store.client.server_features.ServerFeatures";
}

fn codec<Out: Message + 'static, In: Message + Default + 'static>() -> Grpc<ProstCodec<Out, In>> {
    // An append of the size that the contract allows, and its envelope.
    Grpc::new(ProstCodec::default()).apply_max_message_size_config(Some(4 << 20), Some(4 << 20))
}

impl tower::Service<HttpRequest<Body>> for Features {
    type Response = HttpResponse<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Self::Future {
        Box::pin(async move { Ok(codec().unary(Self, request).await) })
    }
}

impl UnaryService<Empty> for Features {
    type Response = SupportedMethods;
    type Future = Reply<Response<SupportedMethods>>;

    fn call(&mut self, _: Request<Empty>) -> Self::Future {
        let event_store_server_version = VERSION.to_owned();
        Box::pin(async { Ok(Response::new(SupportedMethods { event_store_server_version })) })
    }
}

impl tower::Service<HttpRequest<Body>> for Streams {
    type Response = HttpResponse<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            Ok(match request.uri().path().rsplit('/').next() {
                Some("Append") => codec().client_streaming(service, request).await,
                Some("Read") => codec().server_streaming(service, request).await,
                _ => Status::unimplemented("not of this double").into_http(),
            })
        })
    }
}

impl ClientStreamingService<AppendReq> for Streams {
    type Response = AppendResp;
    type Future = Reply<Response<AppendResp>>;

    fn call(&mut self, request: Request<Streaming<AppendReq>>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            service.leads(request.metadata())?;
            let result = service.append(request.into_inner()).await?;
            Ok(Response::new(AppendResp { result: Some(result) }))
        })
    }
}

impl ServerStreamingService<ReadReq> for Streams {
    type Response = ReadResp;
    type ResponseStream = Answers;
    type Future = Reply<Response<Answers>>;

    fn call(&mut self, request: Request<ReadReq>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            service.leads(request.metadata())?;
            let options = request.into_inner().options;
            let options = options.ok_or_else(|| Status::invalid_argument("no options"))?;
            service.read(options).map(Response::new)
        })
    }
}

impl Streams {
    /// Whether whoever asks is answered here; what may be old is asked for by nobody.
    fn leads(&self, metadata: &MetadataMap) -> Result<(), Status> {
        if metadata.get("requires-leader").is_none_or(|value| value != "true") {
            return Err(Status::failed_precondition("asked of any node"));
        }
        let Some(leader) = self.leader else { return Ok(()) };
        let mut said = MetadataMap::new();
        for (name, value) in [
            ("exception", "not-leader".to_owned()),
            ("leader-endpoint-host", leader.ip().to_string()),
            ("leader-endpoint-port", leader.port().to_string()),
        ] {
            let value = value.parse().map_err(|_| Status::internal("not a value"))?;
            said.insert(name, value);
        }
        Err(Status::with_metadata(Code::NotFound, "Leader info available", said))
    }

    async fn append(&self, mut parts: Streaming<AppendReq>) -> Result<AppendResult, Status> {
        let odd = || Status::invalid_argument("not an append");
        let mut next =
            async || Ok::<_, Status>(parts.message().await?.and_then(|part| part.content));
        let Some(AppendContent::Options(options)) = next().await? else { return Err(odd()) };
        let mut proposed = Vec::new();
        while let Some(AppendContent::Proposed(event)) = next().await? {
            let id = event.id.as_ref().and_then(uuid).ok_or_else(odd)?;
            if !event.metadata.contains_key("type") || !event.metadata.contains_key("content-type")
            {
                return Err(odd());
            }
            proposed.push((id, event));
        }
        let stream = name(options.stream_identifier.as_ref()).ok_or_else(odd)?;
        let expected = options.expected.ok_or_else(odd)?;
        let appended = self.shared.log().append(&stream, expected, proposed);
        let lost = |count: usize| count.checked_sub(1);
        if self.shared.unanswered.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lost).is_ok() {
            return Err(Status::unavailable("the answer is lost"));
        }
        Ok(match appended {
            Err(wrong) => AppendResult::Wrong(wrong),
            Ok(written) => AppendResult::Success(Success {
                newest: Some(Newest::Revision(written.revision)),
                position: Some(match written.place {
                    Some(place) => Written::Position(Position { commit: place, prepare: place }),
                    None => Written::NoPosition(Empty {}),
                }),
            }),
        })
    }

    fn read(&self, options: ReadOptions) -> Result<Answers, Status> {
        let prefixes = match &options.filter {
            None => vec![String::new()],
            Some(filter) => match &filter.stream_identifier {
                Some(expression) if expression.regex.is_empty() => expression.prefix.clone(),
                _ => return Err(Status::unimplemented("not a filter by prefixes of streams")),
            },
        };
        let of = options.of.ok_or_else(|| Status::invalid_argument("of nothing"))?;
        let all = match (of, options.count) {
            (Of::Stream(stream), Some(Count::AtMost(count))) => {
                return read_stream(&self.shared.log(), &stream, options.direction, count);
            }
            (Of::All(all), Some(Count::AtMost(count))) => (all, count),
            _ => return Err(Status::unimplemented("not a read of this double")),
        };
        let (from, count) = (all.0.from.unwrap_or(From::Start(Empty {})), all.1);
        let log = self.shared.log();
        let passes =
            |record: &&Record| prefixes.iter().any(|prefix| record.stream.starts_with(prefix));
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let records: Vec<ReadResp> = match options.direction {
            0 => log
                .forwards(from)
                .map_err(no_place(options.filter.is_some()))?
                .filter(passes)
                .take(count)
                .map(event)
                .collect(),
            _ => log
                .backwards(from)
                .map_err(no_place(options.filter.is_some()))?
                .filter(passes)
                .take(count)
                .map(event)
                .collect(),
        };
        Ok(stream::iter(records.into_iter().map(Ok)).boxed())
    }
}

fn read_stream(
    log: &Log,
    options: &StreamOptions,
    direction: i32,
    count: u64,
) -> Result<Answers, Status> {
    let name = name(options.stream_identifier.as_ref());
    let name = name.ok_or_else(|| Status::invalid_argument("of no stream"))?;
    let Some(records) = log.stream(&name) else {
        let stream_identifier = options.stream_identifier.clone();
        let content = ReadContent::StreamNotFound(StreamNotFound { stream_identifier });
        return Ok(stream::iter([Ok(ReadResp { content: Some(content) })]).boxed());
    };
    let from = match options.revision {
        Some(Revision::At(revision)) => revision,
        Some(Revision::End(Empty {})) => u64::MAX,
        Some(Revision::Start(Empty {})) | None => 0,
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let records = records.into_iter();
    let read: Vec<ReadResp> = match direction {
        0 => records.filter(|record| record.revision >= from).take(count).map(event).collect(),
        _ => {
            records.rev().filter(|record| record.revision <= from).take(count).map(event).collect()
        }
    };
    Ok(stream::iter(read.into_iter().map(Ok)).boxed())
}

/// A read with a filter does not know this refusal, and says so.
fn no_place(filtered: bool) -> impl Fn(NoPlace) -> Status {
    move |NoPlace| {
        if filtered {
            Status::unknown("Unexpected FilteredReadAllResult: InvalidPosition")
        } else {
            Status::invalid_argument("Trying to read from an invalid position.")
        }
    }
}

fn name(identifier: Option<&StreamIdentifier>) -> Option<String> {
    String::from_utf8(identifier?.stream_name.clone()).ok()
}

fn uuid(id: &crate::wire::Uuid) -> Option<Uuid> {
    match id.value.as_ref()? {
        UuidValue::Structured(StructuredUuid { most_significant_bits, least_significant_bits }) => {
            let (high, low) =
                (most_significant_bits.cast_unsigned(), least_significant_bits.cast_unsigned());
            Some(Uuid::from_u64_pair(high, low))
        }
        UuidValue::String(text) => text.parse().ok(),
    }
}

fn event(record: &Record) -> ReadResp {
    let place = record.place;
    let recorded = RecordedEvent {
        id: Some(crate::wire::Uuid { value: Some(UuidValue::String(record.id.to_string())) }),
        stream_identifier: Some(StreamIdentifier {
            stream_name: record.stream.clone().into_bytes(),
        }),
        stream_revision: record.revision,
        prepare_position: place,
        commit_position: place,
        metadata: record.metadata.clone(),
        custom_metadata: record.custom_metadata.clone(),
        data: record.data.clone(),
    };
    let event = ReadEvent { event: Some(recorded), commit_position: place };
    ReadResp { content: Some(ReadContent::Event(event)) }
}
