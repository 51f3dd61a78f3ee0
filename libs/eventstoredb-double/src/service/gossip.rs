//! `Gossip`: the cluster's members, by the addresses that they advertise.

use std::sync::Arc;

use tonic::server::UnaryService;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Reply, message};
use crate::cluster::Node;
use crate::wire::Empty;
use crate::wire::gossip::{ClusterInfo, EndPoint, MemberInfo, state};

#[derive(Debug)]
pub(super) struct Gossip(pub(super) Arc<Node>);

impl UnaryService<Empty> for Gossip {
    type Response = ClusterInfo;
    type Future = Reply<ClusterInfo>;

    fn call(&mut self, _: Request<Empty>) -> Self::Future {
        let led = self.0.is_ready();
        let members = self.0.cluster.members();
        let each = members.iter().enumerate().map(|(number, member)| MemberInfo {
            instance_id: Some(message::structured(Uuid::from_u128(number as u128 + 1))),
            time_stamp: 0,
            state: match member.leads {
                _ if !led => state::UNKNOWN,
                true => state::LEADER,
                false => state::FOLLOWER,
            },
            is_alive: member.alive,
            http_end_point: Some(EndPoint {
                address: member.host.clone(),
                port: member.port.into(),
            }),
        });
        let info = ClusterInfo { members: each.collect() };
        Box::pin(async { Ok(Response::new(info)) })
    }
}
