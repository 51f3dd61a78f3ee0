//! `BatchAppend`: appends and their answers over one long-lived call. A failed append is answered
//! and the call continues; an append that only another server may make ends the call.

use std::collections::HashMap;
use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, Stream};
use futures_util::{FutureExt, StreamExt};
use prost::Message;
use tonic::server::StreamingService;
use tonic::{Code, Request, Response, Status, Streaming};
use uuid::Uuid;

use super::Reply;
use super::append::success;
use super::message::{self, APPEND_BYTES_MAX, Odd};
use crate::cluster::{self, COMMIT_TIMEOUT, Node, Outcome};
use crate::log::NewRecord;
use crate::users::Caller;
use crate::wire::append::Expected;
use crate::wire::batch_append::{
    BadRequest, BatchAppendReq, BatchAppendResp, BatchOptions, BatchResult, CurrentRevision,
    Deadline, Detail, ExpectedPosition, MaximumAppendSize, RpcStatus, WantedPosition, WrongVersion,
};
use crate::wire::{Empty, StreamIdentifier};

/// Appends of one call that are unanswered or incomplete.
const PENDING_MAX: usize = 4_096;

#[derive(Debug)]
pub(super) struct BatchAppend {
    pub(super) node: Arc<Node>,
    pub(super) caller: Caller,
}

impl StreamingService<BatchAppendReq> for BatchAppend {
    type Response = BatchAppendResp;
    type ResponseStream = BoxStream<'static, Result<BatchAppendResp, Status>>;
    type Future = Reply<Self::ResponseStream>;

    fn call(&mut self, request: Request<Streaming<BatchAppendReq>>) -> Self::Future {
        let leader = request.metadata().get("requires-leader");
        let leader_alone = leader.is_some_and(|value| value == "true");
        let (node, caller) = (Arc::clone(&self.node), self.caller.clone());
        let batch = Batch { node, caller, leader_alone, pending: HashMap::new() };
        let answers = answers(batch, request.into_inner()).boxed();
        Box::pin(async { Ok(Response::new(answers)) })
    }
}

fn answers(
    mut batch: Batch,
    requests: Streaming<BatchAppendReq>,
) -> impl Stream<Item = Result<BatchAppendResp, Status>> {
    // Appends are made in the order of their arrival; answers are sent as they become known.
    let taken = requests.map(move |request| match request {
        Ok(request) => batch.take(request),
        Err(error) => ready(Some(Err(error))).boxed(),
    });
    taken.buffer_unordered(PENDING_MAX).filter_map(ready)
}

type Answer = BoxFuture<'static, Option<Result<BatchAppendResp, Status>>>;

struct Batch {
    node: Arc<Node>,
    caller: Caller,
    leader_alone: bool,
    /// Appends whose last part has not arrived.
    pending: HashMap<Uuid, Pending>,
}

struct Pending {
    stream: String,
    expected: Expected,
    patience: Duration,
    proposed: Vec<NewRecord>,
    bytes: usize,
}

impl Batch {
    /// Adds a part of an append; makes the append if it is the last part.
    fn take(&mut self, request: BatchAppendReq) -> Answer {
        let BatchAppendReq { correlation_id, options, proposed_messages, is_final } = request;
        let Some(id) = correlation_id.as_ref().and_then(message::uuid) else {
            return ready(Some(Err(message::thrown()))).boxed();
        };
        let stream_identifier = options.as_ref().and_then(|said| said.stream_identifier.clone());
        let (correlation_id, of) = (correlation_id.clone(), stream_identifier.clone());
        let refused = move |error: RpcStatus| {
            let result = Some(BatchResult::Error(error));
            let answer = BatchAppendResp { correlation_id, result, stream_identifier: of };
            ready(Some(Ok(answer))).boxed()
        };
        if let Some(options) = options {
            let allowed = message::name(options.stream_identifier.as_ref()).is_none_or(|stream| {
                self.caller.may_append(&self.node.cluster.log(), &stream).is_ok()
            });
            match begun(&options) {
                _ if !allowed => return refused(access_denied()),
                Ok(_) if self.pending.len() >= PENDING_MAX => {
                    return refused(bad_request("too many appends have begun"));
                }
                Ok(pending) => drop(self.pending.entry(id).or_insert(pending)),
                Err(error) => return refused(error),
            }
        }
        let Some(pending) = self.pending.get_mut(&id) else { return ready(None).boxed() };
        for event in proposed_messages {
            pending.bytes += event.data.len() + event.custom_metadata.len();
            match message::proposed(event) {
                Ok(proposed) => pending.proposed.push(proposed),
                Err(Odd::Nil) => {
                    return refused(bad_request(
                        "Non-empty Guid was expected (Parameter 'eventId')",
                    ));
                }
                Err(Odd::Missing(name)) => {
                    return refused(bad_request(&format!(
                        "The given key '{name}' was not present in the dictionary."
                    )));
                }
            }
        }
        if pending.bytes > APPEND_BYTES_MAX {
            self.pending.remove(&id);
            return refused(too_large());
        }
        if !is_final {
            return ready(None).boxed();
        }
        let Some(pending) = self.pending.remove(&id) else { return ready(None).boxed() };
        self.make(id, pending)
    }

    fn make(&self, id: Uuid, pending: Pending) -> Answer {
        let Pending { stream, expected, patience, proposed, .. } = pending;
        let made = self.node.append(self.leader_alone, &stream, expected, proposed, patience);
        made.map(move |outcome| {
            let result = match result(expected, outcome) {
                Ok(result) => Some(result),
                Err(ended) => return Some(Err(ended)),
            };
            let stream_identifier = Some(StreamIdentifier { stream_name: stream.into_bytes() });
            let correlation_id = Some(message::structured(id));
            Some(Ok(BatchAppendResp { correlation_id, result, stream_identifier }))
        })
        .boxed()
    }
}

fn begun(options: &BatchOptions) -> Result<Pending, RpcStatus> {
    let stream = message::name(options.stream_identifier.as_ref());
    let unset = || bad_request("Required field StreamIdentifier not set.");
    let stream = stream.ok_or_else(unset)?;
    let patience = patience(options.deadline.as_ref());
    if patience.is_zero() {
        return Err(status(
            Code::DeadlineExceeded,
            "Timeout",
            "event_store.client.Timeout",
            &Empty {},
        ));
    }
    let expected = match options.expected {
        Some(ExpectedPosition::Revision(revision)) => Expected::Revision(revision),
        Some(ExpectedPosition::NoStream(Empty {})) => Expected::NoStream(Empty {}),
        Some(ExpectedPosition::Any(Empty {})) => Expected::Any(Empty {}),
        Some(ExpectedPosition::StreamExists(Empty {})) => Expected::StreamExists(Empty {}),
        None => return Err(bad_request("'None' is not a valid ExpectedStreamPositionOneofCase")),
    };
    Ok(Pending { stream, expected, patience, proposed: Vec::new(), bytes: 0 })
}

/// How long an append may wait, limited by the server's own timeout.
#[expect(clippy::disallowed_methods, reason = "a server has a clock of its own")]
fn patience(deadline: Option<&Deadline>) -> Duration {
    let since = |seconds: i64, nanos: i32| {
        let seconds = Duration::from_secs(seconds.try_into().unwrap_or_default());
        seconds + Duration::from_nanos(nanos.try_into().unwrap_or_default())
    };
    let asked = match deadline {
        None => COMMIT_TIMEOUT,
        Some(Deadline::In(said)) => since(said.seconds, said.nanos),
        Some(Deadline::At(said)) => {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            since(said.seconds, said.nanos).saturating_sub(now)
        }
    };
    asked.min(COMMIT_TIMEOUT)
}

/// The answer to an append; an error ends the call.
fn result(expected: Expected, outcome: Outcome) -> Result<BatchResult, Status> {
    let empty = |code, message: &str, of: &str| status(code, message, of, &Empty {});
    Ok(BatchResult::Error(match outcome {
        Outcome::Written(written) => return Ok(BatchResult::Success(success(written))),
        Outcome::WrongVersion { current } => {
            let detail = wrong(expected, current);
            let of = "event_store.client.WrongExpectedVersion";
            status(Code::AlreadyExists, "WrongExpectedVersion", of, &detail)
        }
        Outcome::Timeout(_) => {
            empty(Code::DeadlineExceeded, "Timeout", "event_store.client.Timeout")
        }
        // The server omits the code here.
        Outcome::NotReady => empty(Code::Ok, "Server Is Not Ready", "google.protobuf.Empty"),
        Outcome::NotLeader(host, port) => return Err(cluster::leader_is(&host, port)),
        Outcome::Full => empty(Code::Unknown, "Unknown", "event_store.client.Unknown"),
        Outcome::Unanswered => return Err(Status::unavailable("the answer is lost")),
    }))
}

fn status(code: Code, message: &str, of: &str, detail: &impl Message) -> RpcStatus {
    let type_url = format!("type.googleapis.com/{of}");
    let details = Some(Detail { type_url, value: detail.encode_to_vec() });
    RpcStatus { code: i32::from(code), message: message.to_owned(), details }
}

fn access_denied() -> RpcStatus {
    let of = "event_store.client.AccessDenied";
    status(Code::PermissionDenied, "AccessDenied", of, &Empty {})
}

fn bad_request(message: &str) -> RpcStatus {
    let detail = BadRequest { message: message.to_owned() };
    status(Code::InvalidArgument, "BadRequest", "event_store.client.BadRequest", &detail)
}

fn too_large() -> RpcStatus {
    let detail =
        MaximumAppendSize { max_append_size: u32::try_from(APPEND_BYTES_MAX).unwrap_or(u32::MAX) };
    let of = "event_store.client.MaximumAppendSizeExceeded";
    status(Code::InvalidArgument, "MaximumAppendSizeExceeded", of, &detail)
}

fn wrong(expected: Expected, current: Option<u64>) -> WrongVersion {
    let expected = match expected {
        Expected::Revision(revision) => WantedPosition::Revision(revision),
        Expected::NoStream(Empty {}) => WantedPosition::NoStream(Empty {}),
        Expected::Any(Empty {}) => WantedPosition::Any(Empty {}),
        Expected::StreamExists(Empty {}) => WantedPosition::StreamExists(Empty {}),
    };
    let current = current.map_or(CurrentRevision::NoStream(Empty {}), CurrentRevision::Revision);
    WrongVersion { current: Some(current), expected: Some(expected) }
}
