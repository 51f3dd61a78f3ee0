//! `BatchAppend`: appends and their answers over one long-lived call.

use prost::{Message, Oneof};

use super::append::Proposed;
use super::{Empty, StreamIdentifier, Uuid};

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct BatchAppendReq {
    #[prost(message, optional, tag = "1")]
    pub(crate) correlation_id: Option<Uuid>,
    #[prost(message, optional, tag = "2")]
    pub(crate) options: Option<BatchOptions>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) proposed_messages: Vec<Proposed>,
    #[prost(bool, tag = "4")]
    pub(crate) is_final: bool,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct BatchOptions {
    #[prost(message, optional, tag = "1")]
    pub(crate) stream_identifier: Option<StreamIdentifier>,
    #[prost(oneof = "ExpectedPosition", tags = "2, 3, 4, 5")]
    pub(crate) expected: Option<ExpectedPosition>,
    #[prost(oneof = "Deadline", tags = "6, 7")]
    pub(crate) deadline: Option<Deadline>,
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum ExpectedPosition {
    #[prost(uint64, tag = "2")]
    Revision(u64),
    #[prost(message, tag = "3")]
    NoStream(Empty),
    #[prost(message, tag = "4")]
    Any(Empty),
    #[prost(message, tag = "5")]
    StreamExists(Empty),
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum Deadline {
    /// A point in time, as clients of 21.10 send it.
    #[prost(message, tag = "6")]
    At(Seconds),
    /// A duration.
    #[prost(message, tag = "7")]
    In(Seconds),
}

/// `google.protobuf.Timestamp` and `google.protobuf.Duration` have the same field numbers.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Seconds {
    #[prost(int64, tag = "1")]
    pub(crate) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(crate) nanos: i32,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct BatchAppendResp {
    #[prost(message, optional, tag = "1")]
    pub(crate) correlation_id: Option<Uuid>,
    #[prost(oneof = "BatchResult", tags = "2, 3")]
    pub(crate) result: Option<BatchResult>,
    #[prost(message, optional, tag = "4")]
    pub(crate) stream_identifier: Option<StreamIdentifier>,
}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum BatchResult {
    #[prost(message, tag = "2")]
    Error(RpcStatus),
    #[prost(message, tag = "3")]
    Success(super::append::Success),
}

/// `google.rpc.Status`, with one detail.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(message, optional, tag = "3")]
    pub(crate) details: Option<Detail>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Detail {
    #[prost(string, tag = "1")]
    pub(crate) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) value: Vec<u8>,
}

/// Detail of an append at a wrong version. Its field numbers differ from `Append`'s.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct WrongVersion {
    #[prost(oneof = "CurrentRevision", tags = "1, 2")]
    pub(crate) current: Option<CurrentRevision>,
    #[prost(oneof = "WantedPosition", tags = "3, 4, 5, 6")]
    pub(crate) expected: Option<WantedPosition>,
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum CurrentRevision {
    #[prost(uint64, tag = "1")]
    Revision(u64),
    #[prost(message, tag = "2")]
    NoStream(Empty),
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum WantedPosition {
    #[prost(uint64, tag = "3")]
    Revision(u64),
    #[prost(message, tag = "4")]
    Any(Empty),
    #[prost(message, tag = "5")]
    StreamExists(Empty),
    #[prost(message, tag = "6")]
    NoStream(Empty),
}

/// Detail of an append that is too large.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct MaximumAppendSize {
    #[prost(uint32, tag = "1")]
    pub(crate) max_append_size: u32,
}

/// Detail of a request that cannot be decoded.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct BadRequest {
    #[prost(string, tag = "1")]
    pub(crate) message: String,
}
