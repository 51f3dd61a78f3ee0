//! `BatchAppend`: many appends and their answers over one long-lived call. Each append is atomic;
//! they are processed in the order in which they were sent, and answered in the order in which they
//! are completed.

use std::collections::HashMap;

use prost::bytes::Bytes;
use prost::{Message, Oneof};

use super::{Place, StreamIdentifier, Uuid};

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct BatchAppendReq {
    /// Returned with the answer.
    #[prost(message, optional, tag = "1")]
    pub(crate) correlation_id: Option<Uuid>,
    #[prost(message, optional, tag = "2")]
    pub(crate) options: Option<Options>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) proposed: Vec<Proposed>,
    #[prost(bool, tag = "4")]
    pub(crate) is_final: bool,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Options {
    #[prost(message, optional, tag = "1")]
    pub(crate) stream_identifier: Option<StreamIdentifier>,
    #[prost(oneof = "ExpectedRevision", tags = "2, 3, 4, 5")]
    pub(crate) expected: Option<ExpectedRevision>,
    /// How long the server may try; limited by its own setting.
    #[prost(message, optional, tag = "7")]
    pub(crate) deadline: Option<Seconds>,
}

/// The expected state of the stream. Revisions begin at 0.
#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum ExpectedRevision {
    #[prost(uint64, tag = "2")]
    At(u64),
    #[prost(message, tag = "3")]
    NoStream(()),
    #[prost(message, tag = "4")]
    Any(()),
    #[prost(message, tag = "5")]
    StreamExists(()),
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Seconds {
    #[prost(int64, tag = "1")]
    pub(crate) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(crate) nanos: i32,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Proposed {
    #[prost(message, optional, tag = "1")]
    pub(crate) id: Option<Uuid>,
    /// `type` and `content-type`.
    #[prost(map = "string, string", tag = "2")]
    pub(crate) metadata: HashMap<String, String>,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) custom_metadata: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub(crate) data: Bytes,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct BatchAppendResp {
    #[prost(message, optional, tag = "1")]
    pub(crate) correlation_id: Option<Uuid>,
    #[prost(oneof = "Outcome", tags = "2, 3")]
    pub(crate) outcome: Option<Outcome>,
}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum Outcome {
    #[prost(message, tag = "2")]
    Error(Refusal),
    #[prost(message, tag = "3")]
    Success(Success),
}

/// `google.rpc.Status`. The code is not always set: "Server Is Not Ready" has 0.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Refusal {
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

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Success {
    /// Place of the last event; absent for some repeated appends.
    #[prost(message, optional, tag = "3")]
    pub(crate) position: Option<Place>,
}
