//! `Read`: streams and the log, once or as a subscription.

use std::collections::HashMap;

use prost::bytes::Bytes;
use prost::{Message, Oneof};

use super::{Empty, Position, StreamIdentifier, Uuid};

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct ReadReq {
    #[prost(message, optional, tag = "1")]
    pub(crate) options: Option<ReadOptions>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct ReadOptions {
    #[prost(oneof = "Of", tags = "1, 2")]
    pub(crate) of: Option<Of>,
    /// 0 forwards, 1 backwards.
    #[prost(int32, tag = "3")]
    pub(crate) direction: i32,
    #[prost(oneof = "Count", tags = "5, 6")]
    pub(crate) count: Option<Count>,
    #[prost(message, optional, tag = "7")]
    pub(crate) filter: Option<FilterOptions>,
    #[prost(message, optional, tag = "9")]
    pub(crate) uuid_option: Option<UuidOption>,
}

/// The format of ids.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct UuidOption {
    #[prost(message, optional, tag = "2")]
    pub(crate) string: Option<Empty>,
}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum Of {
    #[prost(message, tag = "1")]
    Stream(StreamOptions),
    #[prost(message, tag = "2")]
    All(AllOptions),
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct StreamOptions {
    #[prost(message, optional, tag = "1")]
    pub(crate) stream_identifier: Option<StreamIdentifier>,
    #[prost(oneof = "Revision", tags = "2, 3, 4")]
    pub(crate) revision: Option<Revision>,
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum Revision {
    #[prost(uint64, tag = "2")]
    At(u64),
    #[prost(message, tag = "3")]
    Start(Empty),
    #[prost(message, tag = "4")]
    End(Empty),
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct AllOptions {
    #[prost(oneof = "From", tags = "1, 2, 3")]
    pub(crate) from: Option<From>,
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum From {
    #[prost(message, tag = "1")]
    Position(Position),
    #[prost(message, tag = "2")]
    Start(Empty),
    #[prost(message, tag = "3")]
    End(Empty),
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum Count {
    #[prost(uint64, tag = "5")]
    AtMost(u64),
    /// A subscription: a read without an end.
    #[prost(message, tag = "6")]
    Subscription(Empty),
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct FilterOptions {
    #[prost(oneof = "Filter", tags = "1, 2")]
    pub(crate) filter: Option<Filter>,
    #[prost(oneof = "Window", tags = "3, 4")]
    pub(crate) window: Option<Window>,
    /// A subscription sends a checkpoint after this many windows of scanned events.
    #[prost(uint32, tag = "5")]
    pub(crate) checkpoint_interval_multiplier: u32,
}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum Filter {
    #[prost(message, tag = "1")]
    Stream(Expression),
    #[prost(message, tag = "2")]
    Type(Expression),
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum Window {
    /// Most events scanned for a page.
    #[prost(uint32, tag = "3")]
    Max(u32),
    #[prost(message, tag = "4")]
    Unlimited(Empty),
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Expression {
    #[prost(string, tag = "1")]
    pub(crate) regex: String,
    #[prost(string, repeated, tag = "2")]
    pub(crate) prefix: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct ReadResp {
    #[prost(oneof = "ReadContent", tags = "1, 2, 3, 4, 8")]
    pub(crate) content: Option<ReadContent>,
}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum ReadContent {
    #[prost(message, tag = "1")]
    Event(ReadEvent),
    #[prost(message, tag = "2")]
    Confirmation(Confirmation),
    #[prost(message, tag = "3")]
    Checkpoint(Position),
    #[prost(message, tag = "4")]
    StreamNotFound(StreamNotFound),
    /// Without time and place, which were added after 24.2.
    #[prost(message, tag = "8")]
    CaughtUp(Empty),
}

/// A subscription has begun.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Confirmation {
    #[prost(string, tag = "1")]
    pub(crate) subscription_id: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct StreamNotFound {
    #[prost(message, optional, tag = "1")]
    pub(crate) stream_identifier: Option<StreamIdentifier>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct ReadEvent {
    #[prost(message, optional, tag = "1")]
    pub(crate) event: Option<RecordedEvent>,
    #[prost(uint64, tag = "3")]
    pub(crate) commit_position: u64,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct RecordedEvent {
    #[prost(message, optional, tag = "1")]
    pub(crate) id: Option<Uuid>,
    #[prost(message, optional, tag = "2")]
    pub(crate) stream_identifier: Option<StreamIdentifier>,
    #[prost(uint64, tag = "3")]
    pub(crate) stream_revision: u64,
    #[prost(uint64, tag = "4")]
    pub(crate) prepare_position: u64,
    #[prost(uint64, tag = "5")]
    pub(crate) commit_position: u64,
    #[prost(map = "string, string", tag = "6")]
    pub(crate) metadata: HashMap<String, String>,
    #[prost(bytes = "bytes", tag = "7")]
    pub(crate) custom_metadata: Bytes,
    #[prost(bytes = "bytes", tag = "8")]
    pub(crate) data: Bytes,
}
