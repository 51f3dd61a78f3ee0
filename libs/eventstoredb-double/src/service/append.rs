//! `Append`: one append per call.

use std::sync::Arc;

use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::server::ClientStreamingService;
use tonic::{Code, Request, Response, Status, Streaming};

use super::Reply;
use super::message::{self, APPEND_BYTES_MAX, Odd};
use crate::cluster::{self, COMMIT_TIMEOUT, Node, Outcome};
use crate::log::Written;
use crate::users::Caller;
use crate::wire::append::{
    AppendContent, AppendReq, AppendResp, AppendResult, Current, Expected, Newest, Success, Wanted,
    Written as Place, WrongExpectedVersion,
};
use crate::wire::{Empty, Position};

#[derive(Debug)]
pub(super) struct Append {
    pub(super) node: Arc<Node>,
    pub(super) caller: Caller,
}

impl ClientStreamingService<AppendReq> for Append {
    type Response = AppendResp;
    type Future = Reply<AppendResp>;

    fn call(&mut self, request: Request<Streaming<AppendReq>>) -> Self::Future {
        let (node, caller) = (Arc::clone(&self.node), self.caller.clone());
        Box::pin(async move {
            node.leads_for(request.metadata())?;
            let result = append(&node, &caller, request.into_inner()).await?;
            Ok(Response::new(AppendResp { result: Some(result) }))
        })
    }
}

async fn append(
    node: &Node,
    caller: &Caller,
    mut parts: Streaming<AppendReq>,
) -> Result<AppendResult, Status> {
    let mut next = async || Ok::<_, Status>(parts.message().await?.and_then(|part| part.content));
    let Some(AppendContent::Options(options)) = next().await? else {
        return Err(message::thrown());
    };
    let stream = message::name(options.stream_identifier.as_ref()).ok_or_else(message::thrown)?;
    let expected = options.expected.ok_or_else(message::thrown)?;
    caller.may_append(&node.cluster.log(), &stream)?;
    let (mut proposed, mut bytes) = (Vec::new(), 0);
    while let Some(AppendContent::Proposed(event)) = next().await? {
        bytes += event.data.len() + event.custom_metadata.len();
        if bytes > APPEND_BYTES_MAX {
            return Err(too_large());
        }
        proposed.push(message::proposed(event).map_err(odd)?);
    }
    let appended = node.append(false, &stream, expected, proposed, COMMIT_TIMEOUT).await;
    match appended {
        Outcome::Written(written) => Ok(AppendResult::Success(success(written))),
        Outcome::WrongVersion { current } => Ok(AppendResult::Wrong(wrong(expected, current))),
        Outcome::Timeout(why) => Err(Status::aborted(why)),
        Outcome::NotReady => Err(cluster::not_ready()),
        Outcome::NotLeader(host, port) => Err(cluster::leader_is(&host, port)),
        Outcome::Full => Err(Status::resource_exhausted("the double holds as much as it may")),
        Outcome::Unanswered => Err(Status::unavailable("the answer is lost")),
    }
}

fn too_large() -> Status {
    let mut said = MetadataMap::new();
    said.insert("exception", MetadataValue::from_static("maximum-append-size-exceeded"));
    said.insert("maximum-append-size", MetadataValue::from(APPEND_BYTES_MAX));
    let message = format!("Maximum Append Size of {APPEND_BYTES_MAX} Exceeded.");
    Status::with_metadata(Code::InvalidArgument, message, said)
}

fn odd(odd: Odd) -> Status {
    match odd {
        Odd::Nil => message::thrown(),
        Odd::Missing(name) => {
            let mut said = MetadataMap::new();
            let missing = MetadataValue::from_static("missing-required-metadata-property");
            said.insert("exception", missing);
            let message = format!("Required Metadata Property '{name}' is missing");
            Status::with_metadata(Code::InvalidArgument, message, said)
        }
    }
}

pub(super) fn success(written: Written) -> Success {
    Success {
        newest: Some(written.revision.map_or(Newest::NoStream(Empty {}), Newest::Revision)),
        position: Some(match written.place {
            Some(place) => Place::Position(Position { commit: place, prepare: place }),
            None => Place::NoPosition(Empty {}),
        }),
    }
}

fn wrong(expected: Expected, current: Option<u64>) -> WrongExpectedVersion {
    let expected = match expected {
        Expected::Revision(revision) => Wanted::Revision(revision),
        Expected::NoStream(Empty {}) => Wanted::NoStream(Empty {}),
        Expected::Any(Empty {}) => Wanted::Any(Empty {}),
        Expected::StreamExists(Empty {}) => Wanted::StreamExists(Empty {}),
    };
    let current = current.map_or(Current::NoStream(Empty {}), Current::Revision);
    WrongExpectedVersion { current: Some(current), expected: Some(expected) }
}
