//! `Read`: a stream or the whole log, once or as a subscription.

use std::collections::HashMap;

use prost::bytes::Bytes;
use prost::{Message, Oneof};

use super::{Place, StreamIdentifier, Uuid};

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
    #[prost(oneof = "Filter", tags = "7, 8")]
    pub(crate) filter: Option<Filter>,
    #[prost(message, optional, tag = "9")]
    pub(crate) uuid_option: Option<UuidOption>,
    #[prost(message, optional, tag = "10")]
    pub(crate) control_option: Option<ControlOption>,
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
    Start(()),
    #[prost(message, tag = "4")]
    End(()),
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct AllOptions {
    #[prost(oneof = "From", tags = "1, 2, 3")]
    pub(crate) from: Option<From>,
}

/// A read forwards begins with the event at the place, a read backwards with the one before it, a
/// subscription with the one after it.
#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum From {
    #[prost(message, tag = "1")]
    Place(Place),
    #[prost(message, tag = "2")]
    Start(()),
    #[prost(message, tag = "3")]
    End(()),
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum Count {
    #[prost(uint64, tag = "5")]
    AtMost(u64),
    #[prost(message, tag = "6")]
    Subscription(Subscribed),
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Subscribed {}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum Filter {
    #[prost(message, tag = "7")]
    Streams(FilterOptions),
    #[prost(message, tag = "8")]
    None(()),
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct FilterOptions {
    #[prost(message, optional, tag = "1")]
    pub(crate) stream_identifier: Option<Expression>,
    /// The number of events per scan, which is left to the server.
    #[prost(message, optional, tag = "4")]
    pub(crate) count: Option<()>,
    /// A checkpoint is sent after this many scans.
    #[prost(uint32, tag = "5")]
    pub(crate) checkpoint_interval_multiplier: u32,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Expression {
    #[prost(string, repeated, tag = "2")]
    pub(crate) prefix: Vec<String>,
}

/// Ids as text.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct UuidOption {
    #[prost(message, optional, tag = "2")]
    pub(crate) text: Option<()>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct ControlOption {
    #[prost(uint32, tag = "1")]
    pub(crate) compatibility: u32,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct ReadResp {
    #[prost(oneof = "Content", tags = "1, 3, 4")]
    pub(crate) content: Option<Content>,
}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum Content {
    #[prost(message, tag = "1")]
    Event(ReadEvent),
    /// Place up to which a subscription has scanned.
    #[prost(message, tag = "3")]
    Checkpoint(Place),
    #[prost(message, tag = "4")]
    StreamNotFound(()),
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct ReadEvent {
    #[prost(message, optional, tag = "1")]
    pub(crate) event: Option<RecordedEvent>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct RecordedEvent {
    #[prost(message, optional, tag = "1")]
    pub(crate) id: Option<Uuid>,
    #[prost(message, optional, tag = "2")]
    pub(crate) stream_identifier: Option<StreamIdentifier>,
    #[prost(uint64, tag = "3")]
    pub(crate) stream_revision: u64,
    #[prost(uint64, tag = "5")]
    pub(crate) commit_position: u64,
    /// `type`, `content-type`, and `created` in ticks of 100 ns.
    #[prost(map = "string, string", tag = "6")]
    pub(crate) metadata: HashMap<String, String>,
    #[prost(bytes = "bytes", tag = "7")]
    pub(crate) custom_metadata: Bytes,
    #[prost(bytes = "bytes", tag = "8")]
    pub(crate) data: Bytes,
}
