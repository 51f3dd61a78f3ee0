//! `Gossip`: members of the cluster, and its leader.

use prost::Message;

use super::Uuid;

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct ClusterInfo {
    #[prost(message, repeated, tag = "1")]
    pub(crate) members: Vec<MemberInfo>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct MemberInfo {
    #[prost(message, optional, tag = "1")]
    pub(crate) instance_id: Option<Uuid>,
    /// Ticks of 100 ns since the beginning of the year 1.
    #[prost(int64, tag = "2")]
    pub(crate) time_stamp: i64,
    #[prost(int32, tag = "3")]
    pub(crate) state: i32,
    #[prost(bool, tag = "4")]
    pub(crate) is_alive: bool,
    #[prost(message, optional, tag = "5")]
    pub(crate) http_end_point: Option<EndPoint>,
}

/// States of a member, as far as the double has them.
pub(crate) mod state {
    pub(crate) const UNKNOWN: i32 = 2;
    pub(crate) const FOLLOWER: i32 = 6;
    pub(crate) const LEADER: i32 = 8;
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct EndPoint {
    #[prost(string, tag = "1")]
    pub(crate) address: String,
    #[prost(uint32, tag = "2")]
    pub(crate) port: u32,
}
