//! The messages of our own channel, with the field numbers of EventStoreDB's `streams.proto`,
//! `shared.proto`, `gossip.proto` and `serverfeatures.proto`, as far as they are used. The client
//! does not export its own. The double has separate definitions on purpose: a wrong number in one
//! of the two breaks every test.

use prost::{Message, Oneof};

pub(crate) mod append;
pub(crate) mod read;

/// Names of the methods.
pub(crate) mod method {
    pub(crate) const BATCH_APPEND: &str = "/event_store.client.streams.Streams/BatchAppend";
    pub(crate) const READ: &str = "/event_store.client.streams.Streams/Read";
    pub(crate) const GOSSIP: &str = "/event_store.client.gossip.Gossip/Read";
    pub(crate) const FEATURES: &str =
        "/event_store.client.server_features.ServerFeatures/GetSupportedMethods";
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct StreamIdentifier {
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) stream_name: Vec<u8>,
}

impl From<&str> for StreamIdentifier {
    fn from(name: &str) -> Self {
        Self { stream_name: name.as_bytes().to_vec() }
    }
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Uuid {
    #[prost(oneof = "UuidValue", tags = "1, 2")]
    pub(crate) value: Option<UuidValue>,
}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum UuidValue {
    #[prost(message, tag = "1")]
    Structured(Structured),
    #[prost(string, tag = "2")]
    Text(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Structured {
    #[prost(int64, tag = "1")]
    pub(crate) most_significant_bits: i64,
    #[prost(int64, tag = "2")]
    pub(crate) least_significant_bits: i64,
}

impl From<uuid::Uuid> for Uuid {
    fn from(id: uuid::Uuid) -> Self {
        let (high, low) = id.as_u64_pair();
        let (most_significant_bits, least_significant_bits) =
            (high.cast_signed(), low.cast_signed());
        let structured = Structured { most_significant_bits, least_significant_bits };
        Self { value: Some(UuidValue::Structured(structured)) }
    }
}

impl Uuid {
    /// The id; `None` if it is invalid.
    pub(crate) fn id(&self) -> Option<uuid::Uuid> {
        match self.value.as_ref()? {
            UuidValue::Structured(Structured { most_significant_bits, least_significant_bits }) => {
                let high = most_significant_bits.cast_unsigned();
                Some(uuid::Uuid::from_u64_pair(high, least_significant_bits.cast_unsigned()))
            }
            UuidValue::Text(text) => text.parse().ok(),
        }
    }
}

/// A position in the server's log.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Place {
    #[prost(uint64, tag = "1")]
    pub(crate) commit: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) prepare: u64,
}

impl Place {
    /// The position of an event, whose record is its own commit.
    pub(crate) const fn of(place: u64) -> Self {
        Self { commit: place, prepare: place }
    }
}

/// `gossip.proto`: the members of the cluster.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct ClusterInfo {
    #[prost(message, repeated, tag = "1")]
    pub(crate) members: Vec<Member>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Member {
    #[prost(int32, tag = "3")]
    pub(crate) state: i32,
    #[prost(bool, tag = "4")]
    pub(crate) is_alive: bool,
    #[prost(message, optional, tag = "5")]
    pub(crate) http_end_point: Option<EndPoint>,
}

/// `VNodeState` of the leader.
pub(crate) const LEADER: i32 = 8;

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct EndPoint {
    #[prost(string, tag = "1")]
    pub(crate) address: String,
    #[prost(uint32, tag = "2")]
    pub(crate) port: u32,
}

/// `serverfeatures.proto`: the server's release.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct SupportedMethods {
    #[prost(string, tag = "2")]
    pub(crate) event_store_server_version: String,
}
