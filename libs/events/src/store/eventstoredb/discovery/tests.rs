use eventstoredb_double::{EventStoreDbDouble, Settings};

use super::super::wire::EndPoint;
use super::*;

fn host(name: &str) -> Host {
    Host::new(name, 2113)
}

/// The members in the view of one node, which takes `leader` for the leader.
fn cluster(members: &[&str], leader: &str) -> ClusterInfo {
    let member = |name: &&str| Member {
        state: if *name == leader { LEADER } else { 0 },
        is_alive: true,
        http_end_point: Some(EndPoint { address: (*name).to_owned(), port: 2113 }),
    };
    ClusterInfo { members: members.iter().map(member).collect() }
}

fn answers(each: &[(&str, &[&str], &str)]) -> Answers {
    let mut answers = Answers::default();
    for (name, members, leader) in each {
        answers.take(&host(name), Ok(cluster(members, leader)));
    }
    answers
}

const ALL: &[&str] = &["a", "b", "c"];

#[test]
fn the_leader_that_names_itself_and_is_named_by_most_is_taken() {
    let agreed = answers(&[("a", ALL, "b"), ("b", ALL, "b")]);
    assert!(agreed.agree(3), "a third answer changes nothing");
    assert_eq!(agreed.leader(), Ok(host("b")));
    // The others have not noticed the election.
    let elected = answers(&[("b", ALL, "b"), ("c", ALL, "a")]);
    assert!(!elected.agree(3));
    assert_eq!(elected.leader(), Ok(host("b")));
    // The old leader is isolated and has not noticed; the order of the answers does not matter.
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let rest = &["b", "c"][..];
        let each = [("a", &["a"][..], "a"), ("b", rest, "b"), ("c", rest, "b")];
        let apart = answers(&order.map(|at: usize| each[at]));
        assert_eq!(apart.leader(), Ok(host("b")), "{order:?}");
    }
    // It is named by another name than its own.
    assert_eq!(answers(&[("x", ALL, "c")]).leader(), Ok(host("c")));
}

#[test]
fn members_are_what_all_answers_name_and_without_a_leader_each_host_has_a_cause() {
    let mut none = answers(&[("a", &["a"], ""), ("b", &["b", "c"], "")]);
    assert_eq!(none.members, ALL.iter().map(|name| host(name)).collect());
    none.take(&host("c"), Err(Failure::Unreachable("c:2113: gone".to_owned())));
    let causes = "a:2113: knows no leader; b:2113: knows no leader; c:2113: gone";
    assert_eq!(none.leader(), Err(Failure::Unreachable(causes.to_owned())));
}

#[test]
fn releases_before_the_oldest_are_refused_by_name() {
    assert!(supported("23.10.1").unwrap_err().contains("23.10.1"));
    assert!(supported("22.10.0.0").is_err() && supported("24.1.9").is_err());
    for release in ["24.2.0", "24.10.14", "24.2.0-prerelease", "25.0.1", "", "next"] {
        assert_eq!(supported(release), Ok(()), "{release}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_nodes_of_one_name_the_one_that_answers_is_heard() {
    let leader = EventStoreDbDouble::start_with(Settings::default()).unwrap();
    let (frozen, other) = (leader.follower().unwrap(), leader.follower().unwrap());
    frozen.freeze();
    let dialer = Dialer::new(&"esdb://db.example?tls=false".parse().unwrap()).unwrap();
    let addresses = [frozen.address(), other.address()];
    let until = Instant::now() + GOSSIP_IN * 4;
    let (metadata, name) = (MetadataMap::new(), host("db.example"));
    let asked = gossip_of(&dialer, &metadata, &name, (&addresses, until));
    let members = asked.await.unwrap().members;
    let ports = members.iter().filter(|member| member.state == LEADER);
    let ports: Vec<_> = ports.map(|member| member.http_end_point.as_ref().unwrap().port).collect();
    assert_eq!(ports, [u32::from(leader.address().port())]);
}
