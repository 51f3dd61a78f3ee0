//! Clusters of several servers that share a log.

use tonic::Code;

use super::*;
use crate::wire::features::SupportedMethods;
use crate::wire::gossip::{ClusterInfo, state};

const GOSSIP: &str = "/event_store.client.gossip.Gossip/Read";
const FEATURES: &str = "/event_store.client.server_features.ServerFeatures/GetSupportedMethods";

async fn gossip(asker: &Asker) -> Vec<(String, u32, i32, bool)> {
    let info: ClusterInfo = asker.unary(GOSSIP, Empty {}).await.unwrap();
    let members = info.members.into_iter().map(|member| {
        let reached = member.http_end_point.unwrap();
        (reached.address, reached.port, member.state, member.is_alive)
    });
    members.collect()
}

#[tokio::test]
async fn the_eighth_point_gossip_names_members_by_the_addresses_that_they_advertise() {
    let advertised =
        |said: &str| Settings { advertised: Some(said.to_owned()), ..Settings::default() };
    let leader = EventStoreDbDouble::start_with(advertised("one.example")).unwrap();
    let mut follower = leader.join(advertised("two.example:2114")).unwrap();
    let asker = Asker::of(&leader).await;
    let one = ("one.example".to_owned(), u32::from(leader.address().port()));
    let leads = (one.0.clone(), one.1, state::LEADER, true);
    let follows = ("two.example".to_owned(), 2114, state::FOLLOWER, true);
    assert_eq!(gossip(&asker).await, [leads.clone(), follows]);
    assert_eq!(gossip(&Asker::of(&follower).await).await.len(), 2, "whoever is asked");
    follower.kill();
    assert!(!gossip(&asker).await[1].3);
    follower.revive().unwrap();
    follower.lead();
    let states: Vec<_> = gossip(&asker).await.into_iter().map(|member| member.2).collect();
    assert_eq!(states, [state::FOLLOWER, state::LEADER]);
    leader.lose_leader();
    assert!(gossip(&asker).await.iter().all(|member| member.2 == state::UNKNOWN));
}

#[tokio::test]
async fn whoever_asks_for_the_leader_is_sent_to_it_and_others_are_answered_here() {
    let leader = start();
    let follower = leader.follower().unwrap();
    let asker = Asker::of(&follower).await;
    assert_eq!(asker.written("a", vec![event(1)]).await.0, 0);
    assert_eq!(asker.names(of_prefix("a", log(START, FORWARDS, 9))).await.unwrap().len(), 1);
    let choosy = asker.says("requires-leader", "true");
    let read = choosy.names(log(START, FORWARDS, 9)).await.unwrap_err();
    let appended = choosy.append("a", Expected::Any(Empty {}), vec![event(2)]).await.unwrap_err();
    for refused in [read, appended] {
        assert_eq!(refused.code(), Code::NotFound);
        let said = |name: &str| refused.metadata().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(said("exception"), "not-leader");
        assert_eq!(said("leader-endpoint-host"), "127.0.0.1");
        assert_eq!(said("leader-endpoint-port"), leader.address().port().to_string());
    }
    follower.lead();
    assert!(choosy.names(log(START, FORWARDS, 9)).await.is_ok());
}

#[tokio::test]
async fn the_sixth_point_without_a_majority_appends_time_out_and_then_nobody_is_ready() {
    let double = start();
    let asker = Asker::of(&double).await;
    let any = Expected::Any(Empty {});
    double.lose_quorum();
    let timed_out = asker.append("a", any, vec![event(1)]).await.unwrap_err();
    assert_eq!((timed_out.code(), timed_out.message()), (Code::Aborted, "Commit phase timeout"));
    let waiting = asker.append("a", any, vec![event(2)]);
    let noticed = async {
        until(|| double.uncommitted() == 2).await;
        double.lose_leader();
    };
    let (cancelled, ()) = tokio::join!(waiting, noticed);
    let cancelled = cancelled.unwrap_err();
    let said = (cancelled.code(), cancelled.message());
    assert_eq!(said, (Code::Aborted, "Request canceled by server"));
    let read = asker.names(log(START, FORWARDS, 9)).await.unwrap_err();
    let append = asker.append("a", any, vec![event(3)]).await.unwrap_err();
    for refused in [read, append] {
        let said = (refused.code(), refused.message());
        assert_eq!(said, (Code::Unavailable, "Server Is Not Ready"));
    }
    let _: SupportedMethods = asker.unary(FEATURES, Empty {}).await.unwrap();
    double.regain_quorum(true);
    let read = asker.names(of_prefix("a", log(START, FORWARDS, 9))).await.unwrap();
    assert_eq!(read.len(), 2, "what timed out was committed");
}

#[tokio::test]
async fn the_sixth_point_what_timed_out_may_be_cut_off() {
    let double = start();
    let asker = Asker::of(&double).await;
    double.lose_quorum();
    asker.append("a", Expected::Any(Empty {}), vec![event(1)]).await.unwrap_err();
    double.regain_quorum(false);
    assert_eq!(asker.written("a", vec![event(2)]).await.0, 0);
}

#[tokio::test]
async fn a_server_says_its_version_and_that_it_takes_batches() {
    let double = start();
    let asker = Asker::of(&double).await;
    let said: SupportedMethods = asker.unary(FEATURES, Empty {}).await.unwrap();
    assert_eq!(said.event_store_server_version, "24.2.0");
    assert!(said.methods.iter().any(|method| method.method_name == "batchappend"));
}
