//! Finds the leader. A host that is named alone is used itself, and may name the leader when it
//! refuses a call. Several hosts, or one name of all of them with `+discover`, are asked for the
//! cluster's members at the same time; for each that cannot be reached the error has a cause.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;
use tonic::metadata::MetadataMap;

use super::dial::Dialer;
use super::failure::{Failure, Host};
use super::node::Node;
use super::wire::{ClusterInfo, LEADER, Member};
use crate::limits::{FOUND_IN, GOSSIP_IN};

/// The oldest release that can be used: earlier ones refuse a position inside a record in another
/// way.
const OLDEST: (u32, u32) = (24, 2);
/// Members of a cluster that are remembered, beside the hosts of the address. Clusters have three
/// or five.
const MEMBERS_MAX: usize = 16;

/// The hosts that are asked.
pub(super) struct Cluster {
    /// As the address names them.
    pub(super) seeds: Vec<Host>,
    /// Whether they are asked for the cluster's members.
    pub(super) gossips: bool,
}

/// The members that were alive in the last search.
pub(super) type Members = BTreeSet<Host>;

impl Cluster {
    /// A connection to the leader, within [`FOUND_IN`]; otherwise the cause for each host.
    pub(super) async fn leader(
        &self,
        dialer: &Dialer,
        metadata: &MetadataMap,
        serial: u64,
        redirect: Option<Host>,
        members: &mut Members,
    ) -> Result<Node, Failure> {
        let until = Instant::now() + FOUND_IN;
        let host = match (redirect, self.gossips) {
            (Some(host), _) => host,
            (None, true) => self.ask_around(dialer, metadata, members).await?,
            (None, false) => match self.seeds.first() {
                Some(host) => host.clone(),
                None => return Err(Failure::Final("no host is named".to_owned())),
            },
        };
        let addresses = Dialer::resolve(&host, until).await?;
        let at = (&*addresses, until);
        let (node, release) = Node::open(dialer, metadata, (serial, &host), at).await?;
        supported(&release).map_err(|why| Failure::Final(format!("{host}: {why}")))?;
        tracing::debug!(%host, release, "connected");
        Ok(node)
    }

    async fn ask_around(
        &self,
        dialer: &Dialer,
        metadata: &MetadataMap,
        members: &mut Members,
    ) -> Result<Host, Failure> {
        let until = Instant::now() + GOSSIP_IN;
        let mut hosts = self.seeds.clone();
        hosts.extend(members.iter().filter(|member| !self.seeds.contains(member)).cloned());
        let asks = hosts
            .iter()
            .map(|host| async move { (host, gossip(dialer, metadata, host, until).await) });
        let mut asks: FuturesUnordered<_> = asks.collect();
        let mut answers = Answers::default();
        while let Some((host, answer)) = asks.next().await {
            answers.take(host, answer);
            // A node that does not answer is not waited for when the others agree.
            if answers.agree(hosts.len()) {
                break;
            }
        }
        // A node that is cut off knows itself alone.
        if answers.members.len() > 1 {
            *members = answers.members.iter().take(MEMBERS_MAX).cloned().collect();
        }
        answers.leader()
    }
}

/// What the hosts answered so far.
#[derive(Debug, Default)]
struct Answers {
    named: BTreeMap<Host, Named>,
    members: Members,
    causes: Vec<String>,
    denied: bool,
}

/// How a node was named leader. Nodes that name themselves rank before others, which may not have
/// noticed an election yet. Of two such nodes one is isolated from the cluster, and fewer others
/// name it.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    by_itself: bool,
    votes: usize,
}

impl Answers {
    fn take(&mut self, host: &Host, answer: Result<ClusterInfo, Failure>) {
        let cluster = match answer {
            Ok(cluster) => cluster,
            Err(failure) => {
                self.denied |= matches!(failure, Failure::Denied(_));
                return self.causes.push(failure.to_string());
            }
        };
        let mut leader = None;
        for member in cluster.members.iter().filter(|member| member.is_alive) {
            let Some(point) = &member.http_end_point else { continue };
            let Ok(port) = u16::try_from(point.port) else { continue };
            let member_host = Host::new(&point.address, port);
            if member.state == LEADER {
                leader.get_or_insert_with(|| member_host.clone());
            }
            self.members.insert(member_host);
        }
        match leader {
            Some(leader) => {
                let by_itself = leader == *host;
                let named = self.named.entry(leader).or_default();
                named.by_itself |= by_itself;
                named.votes += 1;
            }
            None => self.causes.push(format!("{host}: knows no leader")),
        }
    }

    /// Whether more than half of the hosts, the leader among them, name the same one.
    fn agree(&self, hosts: usize) -> bool {
        self.named.values().any(|named| named.by_itself && named.votes * 2 > hosts)
    }

    fn leader(self) -> Result<Host, Failure> {
        let causes = self.causes.join("; ");
        match self.named.into_iter().max_by(|(_, one), (_, other)| one.cmp(other)) {
            Some((leader, _)) => Ok(leader),
            None if self.denied => Err(Failure::Denied(causes)),
            None => Err(Failure::Unreachable(causes)),
        }
    }
}

async fn gossip(
    dialer: &Dialer,
    metadata: &MetadataMap,
    host: &Host,
    until: Instant,
) -> Result<ClusterInfo, Failure> {
    let addresses = Dialer::resolve(host, until).await?;
    gossip_of(dialer, metadata, host, (&addresses, until)).await
}

/// What the nodes of one name answer. They are asked at the same time, because one that is frozen
/// accepts connections: the first answer that names a leader counts, otherwise the last.
async fn gossip_of(
    dialer: &Dialer,
    metadata: &MetadataMap,
    host: &Host,
    (addresses, until): (&[SocketAddr], Instant),
) -> Result<ClusterInfo, Failure> {
    let asks = addresses.iter().map(std::slice::from_ref);
    let asks = asks.map(|address| gossip_at(dialer, metadata, host, (address, until)));
    let mut asks: FuturesUnordered<_> = asks.collect();
    let mut last = Err(Failure::Unreachable(format!("{host}: host name resolves to no address")));
    while let Some(answer) = asks.next().await {
        let named = |member: &Member| member.is_alive && member.state == LEADER;
        if answer.as_ref().is_ok_and(|cluster| cluster.members.iter().any(named)) {
            return answer;
        }
        if answer.is_ok() || last.is_err() {
            last = answer;
        }
    }
    last
}

async fn gossip_at(
    dialer: &Dialer,
    metadata: &MetadataMap,
    host: &Host,
    (address, until): (&[SocketAddr], Instant),
) -> Result<ClusterInfo, Failure> {
    let (node, _) = Node::open(dialer, metadata, (0, host), (address, until)).await?;
    let failed = |cause: &str| Failure::Unreachable(format!("{host}: {cause}"));
    match tokio::time::timeout_at(until, node.gossip()).await {
        Ok(Ok(cluster)) => Ok(cluster),
        Ok(Err(status)) => match Failure::from(status) {
            Failure::Denied(why) => Err(Failure::Denied(format!("{host}: {why}"))),
            failure => {
                Err(failed(&format!("no answer to the question for its cluster: {failure}")))
            }
        },
        Err(_) => Err(failed("no answer in time to the question for its cluster")),
    }
}

fn supported(release: &str) -> Result<(), String> {
    let mut parts = release.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) if (major, minor) < OLDEST => {
            let (oldest, of) = OLDEST;
            Err(format!("release {release} is too old; {oldest}.{of} is the oldest supported"))
        }
        // One that is numbered in another way is newer than this.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
