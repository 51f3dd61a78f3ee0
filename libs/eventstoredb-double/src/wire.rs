//! The messages, as far as they are used, by the numbers of EventStoreDB's `streams.proto`, `shared.proto` and
//! `serverfeatures.proto` (protocol of version 20.6 and later). What is not listed is skipped when it is read.

use std::collections::HashMap;

use prost::{Message, Oneof};

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Empty {}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct StreamIdentifier {
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) stream_name: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Uuid {
    #[prost(oneof = "UuidValue", tags = "1, 2")]
    pub(crate) value: Option<UuidValue>,
}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum UuidValue {
    #[prost(message, tag = "1")]
    Structured(StructuredUuid),
    #[prost(string, tag = "2")]
    String(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct StructuredUuid {
    #[prost(int64, tag = "1")]
    pub(crate) most_significant_bits: i64,
    #[prost(int64, tag = "2")]
    pub(crate) least_significant_bits: i64,
}

/// A place in the log.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Position {
    #[prost(uint64, tag = "1")]
    pub(crate) commit: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) prepare: u64,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct AppendReq {
    #[prost(oneof = "AppendContent", tags = "1, 2")]
    pub(crate) content: Option<AppendContent>,
}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum AppendContent {
    #[prost(message, tag = "1")]
    Options(AppendOptions),
    #[prost(message, tag = "2")]
    Proposed(Proposed),
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct AppendOptions {
    #[prost(message, optional, tag = "1")]
    pub(crate) stream_identifier: Option<StreamIdentifier>,
    #[prost(oneof = "Expected", tags = "2, 3, 4, 5")]
    pub(crate) expected: Option<Expected>,
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum Expected {
    #[prost(uint64, tag = "2")]
    Revision(u64),
    #[prost(message, tag = "3")]
    NoStream(Empty),
    #[prost(message, tag = "4")]
    Any(Empty),
    #[prost(message, tag = "5")]
    StreamExists(Empty),
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Proposed {
    #[prost(message, optional, tag = "1")]
    pub(crate) id: Option<Uuid>,
    #[prost(map = "string, string", tag = "2")]
    pub(crate) metadata: HashMap<String, String>,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) custom_metadata: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) data: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct AppendResp {
    #[prost(oneof = "AppendResult", tags = "1, 2")]
    pub(crate) result: Option<AppendResult>,
}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum AppendResult {
    #[prost(message, tag = "1")]
    Success(Success),
    #[prost(message, tag = "2")]
    Wrong(WrongExpectedVersion),
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Success {
    #[prost(oneof = "Newest", tags = "1, 2")]
    pub(crate) newest: Option<Newest>,
    #[prost(oneof = "Written", tags = "3, 4")]
    pub(crate) position: Option<Written>,
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum Newest {
    #[prost(uint64, tag = "1")]
    Revision(u64),
    #[prost(message, tag = "2")]
    NoStream(Empty),
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum Written {
    #[prost(message, tag = "3")]
    Position(Position),
    #[prost(message, tag = "4")]
    NoPosition(Empty),
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct WrongExpectedVersion {
    #[prost(oneof = "Current", tags = "6, 7")]
    pub(crate) current: Option<Current>,
    #[prost(oneof = "Wanted", tags = "8, 9, 10, 11")]
    pub(crate) expected: Option<Wanted>,
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum Current {
    #[prost(uint64, tag = "6")]
    Revision(u64),
    #[prost(message, tag = "7")]
    NoStream(Empty),
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum Wanted {
    #[prost(uint64, tag = "8")]
    Revision(u64),
    #[prost(message, tag = "9")]
    Any(Empty),
    #[prost(message, tag = "10")]
    StreamExists(Empty),
    #[prost(message, tag = "11")]
    NoStream(Empty),
}

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
    #[prost(oneof = "Count", tags = "5")]
    pub(crate) count: Option<Count>,
    #[prost(message, optional, tag = "7")]
    pub(crate) filter: Option<FilterOptions>,
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
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct FilterOptions {
    /// The one kind of filter that is understood.
    #[prost(message, optional, tag = "1")]
    pub(crate) stream_identifier: Option<Expression>,
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
    #[prost(oneof = "ReadContent", tags = "1, 4")]
    pub(crate) content: Option<ReadContent>,
}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum ReadContent {
    #[prost(message, tag = "1")]
    Event(ReadEvent),
    #[prost(message, tag = "4")]
    StreamNotFound(StreamNotFound),
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
    #[prost(bytes = "vec", tag = "7")]
    pub(crate) custom_metadata: Vec<u8>,
    #[prost(bytes = "vec", tag = "8")]
    pub(crate) data: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct SupportedMethods {
    #[prost(string, tag = "2")]
    pub(crate) event_store_server_version: String,
}
