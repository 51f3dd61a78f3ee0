//! Which node leads: of one host that is named, it is that one, or the one it sends on to; of several, or of a name with
//! `+discover`, it is the one that the others know as leader. All are asked at the same time, and for whoever cannot be
//! spoken to there is a cause.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use tokio::time::Instant;
use tonic::metadata::MetadataMap;

use super::dial::Dialer;
use super::failure::{Failure, Host};
use super::node::Node;
use super::wire::{ClusterInfo, LEADER, Member};
use crate::limits::{FOUND_IN, GOSSIP_IN};

/// The release that is the oldest to serve the log: earlier ones refuse a place where no record begins in another way.
const OLDEST: (u32, u32) = (24, 2);

/// Who is asked.
pub(super) struct Cluster {
    /// As the address names them.
    pub(super) seeds: Vec<Host>,
    /// Whether they know each other: several, or one name for all of them.
    pub(super) gossips: bool,
}

/// What was learned the last time.
#[derive(Debug, Clone, Default)]
pub(super) struct Learned {
    /// To whom a node that does not lead sent on.
    pub(super) sent_on: Option<Host>,
    pub(super) members: BTreeSet<(String, u16)>,
}

impl Cluster {
    /// A connection to the node that leads, within [`FOUND_IN`]; else what is wrong with each.
    pub(super) async fn leader(
        &self,
        dialer: &Dialer,
        metadata: &MetadataMap,
        (serial, learned): (u64, &mut Learned),
    ) -> Result<Node, Failure> {
        let until = Instant::now() + FOUND_IN;
        let sent_on = learned.sent_on.take();
        let host = match (sent_on, self.gossips) {
            (Some(host), _) => host,
            (None, true) => self.ask_around(dialer, metadata, learned).await?,
            (None, false) => match self.seeds.first() {
                Some(host) => host.clone(),
                None => return Err(Failure::Final("no host is named".to_owned())),
            },
        };
        let (node, release) = Node::open(dialer, metadata, (serial, &host), until).await?;
        supported(&release).map_err(|why| Failure::Final(format!("{host}: {why}")))?;
        tracing::debug!(%host, release, "connected");
        Ok(node)
    }

    async fn ask_around(
        &self,
        dialer: &Dialer,
        metadata: &MetadataMap,
        learned: &mut Learned,
    ) -> Result<Host, Failure> {
        let until = Instant::now() + GOSSIP_IN;
        let members = learned.members.iter();
        let members = members.map(|(name, port)| Host { name: name.clone(), port: *port });
        let mut hosts = self.seeds.clone();
        hosts.extend(members.filter(|member| !self.seeds.contains(member)));
        let asked = hosts.iter().map(|host| gossip(dialer, metadata, host, until));
        let (mut causes, mut denied, mut leader) = (Vec::new(), false, None);
        for (host, answer) in hosts.iter().zip(join_all(asked).await) {
            match answer {
                Ok(cluster) => {
                    let alive: Vec<Host> = alive(&cluster).map(|(host, _)| host).collect();
                    let found = self::alive(&cluster).find(|(_, member)| member.state == LEADER);
                    let of_host = |host: Host| (host.name, host.port);
                    learned.members = alive.into_iter().map(of_host).collect();
                    // Who says of itself that it leads is believed before others.
                    match found {
                        Some((found, _)) if found == *host || leader.is_none() => {
                            leader = Some(found);
                        }
                        Some(_) => {}
                        None => causes.push(format!("{host}: knows no leader")),
                    }
                }
                Err(failure) => {
                    denied |= matches!(failure, Failure::Denied(_));
                    causes.push(failure.to_string());
                }
            }
        }
        let causes = causes.join("; ");
        match leader {
            Some(leader) => Ok(leader),
            None if denied => Err(Failure::Denied(causes)),
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
    let (node, _) = Node::open(dialer, metadata, (0, host), until).await?;
    let said = |cause: &str| Failure::Unreachable(format!("{host}: {cause}"));
    match tokio::time::timeout_at(until, node.gossip()).await {
        Ok(Ok(cluster)) => Ok(cluster),
        Ok(Err(status)) => match Failure::from(status) {
            Failure::Denied(why) => Err(Failure::Denied(format!("{host}: {why}"))),
            failure => Err(said(&format!("does not say who belongs to the cluster: {failure}"))),
        },
        Err(_) => Err(said("does not say in time who belongs to the cluster")),
    }
}

fn alive(cluster: &ClusterInfo) -> impl Iterator<Item = (Host, &Member)> {
    cluster.members.iter().filter(|member| member.is_alive).filter_map(|member| {
        let point = member.http_end_point.as_ref()?;
        let port = u16::try_from(point.port).ok()?;
        Some((Host { name: point.address.clone(), port }, member))
    })
}

fn supported(release: &str) -> Result<(), String> {
    let mut parts = release.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) if (major, minor) < OLDEST => {
            let (oldest, of) = OLDEST;
            Err(format!("is release {release}; {oldest}.{of} is the oldest that can be used"))
        }
        // One that counts in another way is newer than this.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_before_the_oldest_are_refused_by_name() {
        assert!(supported("23.10.1").unwrap_err().contains("23.10.1"));
        assert!(supported("22.10.0.0").is_err() && supported("24.1.9").is_err());
        for release in ["24.2.0", "24.10.14", "24.2.0-prerelease", "25.0.1", "", "next"] {
            assert_eq!(supported(release), Ok(()), "{release}");
        }
    }
}
