//! Subscriptions.

use super::*;

/// An open subscription.
struct Subscribed(Streaming<ReadResp>);

impl Subscribed {
    async fn to(asker: &Asker, options: ReadOptions) -> Result<Self, Status> {
        let count = Some(Count::Subscription(Empty {}));
        asker.open(ReadOptions { count, ..options }).await.map(Self)
    }

    async fn next(&mut self) -> Result<ReadContent, Status> {
        let answer = timeout(LIMIT, self.0.next()).await.expect("nothing comes").expect("ended");
        answer.map(|answer| answer.content.unwrap())
    }

    /// The next `count` messages, in short form.
    async fn says(&mut self, count: usize) -> Vec<String> {
        let mut said = Vec::new();
        for _ in 0..count {
            said.push(match self.next().await.unwrap() {
                ReadContent::Event(event) => {
                    let (name, revision) = named(&ReadContent::Event(event)).unwrap();
                    format!("{name}@{revision}")
                }
                ReadContent::Confirmation(_) => "confirmed".to_owned(),
                ReadContent::Checkpoint(_) => "checkpoint".to_owned(),
                ReadContent::StreamNotFound(_) => "not found".to_owned(),
                ReadContent::CaughtUp(_) => "caught up".to_owned(),
            });
        }
        said
    }
}

fn all(from: From) -> ReadOptions {
    of_prefix("a.", log(from, FORWARDS, 0))
}

#[tokio::test]
async fn a_subscription_is_confirmed_brings_what_there_is_has_caught_up_and_brings_what_comes() {
    let double = start();
    let asker = Asker::of(&double).await;
    for id in 1..=2 {
        asker.written("a.1", vec![event(id)]).await;
        asker.written("b.1", vec![event(id)]).await;
    }
    let mut subscribed = Subscribed::to(&asker, all(START)).await.unwrap();
    assert_eq!(subscribed.says(4).await, ["confirmed", "a.1@0", "a.1@1", "caught up"]);
    let mut late = Subscribed::to(&asker, all(END)).await.unwrap();
    assert_eq!(late.says(2).await, ["confirmed", "caught up"]);
    asker.written("b.2", vec![event(3)]).await;
    asker.written("a.2", vec![event(4), event(5)]).await;
    assert_eq!(subscribed.says(2).await, ["a.2@0", "a.2@1"]);
    assert_eq!(late.says(2).await, ["a.2@0", "a.2@1"]);
}

#[tokio::test]
async fn a_subscription_begins_behind_its_place_and_not_where_no_record_begins() {
    let double = start();
    let asker = Asker::of(&double).await;
    let (_, first) = asker.written("a.1", vec![event(1)]).await;
    asker.written("a.1", vec![event(2)]).await;
    let mut behind = Subscribed::to(&asker, all(at(first))).await.unwrap();
    assert_eq!(behind.says(3).await, ["confirmed", "a.1@1", "caught up"]);
    // After the end of the log, it waits for the next event, whatever its place.
    let mut beyond = Subscribed::to(&asker, all(at(1 << 40))).await.unwrap();
    assert_eq!(beyond.says(2).await, ["confirmed", "caught up"]);
    asker.written("a.1", vec![event(3)]).await;
    assert_eq!(beyond.says(1).await, ["a.1@2"]);
    let refused = Subscribed::to(&asker, all(at(first + 1))).await.err().unwrap();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
}

#[tokio::test]
async fn a_subscription_from_a_place_whose_record_is_gone_passes_over_the_next_event() {
    let double = start();
    let asker = Asker::of(&double).await;
    let (_, gone) = asker.written("b.1", vec![event(1)]).await;
    asker.written("a.1", vec![event(2)]).await;
    asker.written("a.1", vec![event(3)]).await;
    let mut newest = event(4);
    newest.data = Bytes::from_static(br#"{"$tb":1}"#);
    asker.written("b.1", vec![event(5)]).await;
    asker.written("$$b.1", vec![newest]).await;
    double.scavenge();
    let mut subscribed = Subscribed::to(&asker, all(at(gone))).await.unwrap();
    assert_eq!(subscribed.says(3).await, ["confirmed", "a.1@1", "caught up"]);
}

#[tokio::test]
async fn a_filtered_subscription_says_how_far_it_has_come() {
    let double = start();
    let asker = Asker::of(&double).await;
    double.write("b.1", "Other", b"", 40);
    let mut subscribed = Subscribed::to(&asker, all(START)).await.unwrap();
    assert_eq!(subscribed.says(3).await, ["confirmed", "checkpoint", "caught up"]);
    let through = double.write("b.1", "Other", b"", 40).unwrap();
    let ReadContent::Checkpoint(checkpoint) = subscribed.next().await.unwrap() else {
        panic!("no checkpoint");
    };
    assert!(checkpoint.commit <= through);
    // A subscription can begin after a checkpoint.
    let mut again = Subscribed::to(&asker, all(From::Position(checkpoint))).await.unwrap();
    assert_eq!(again.says(2).await, ["confirmed", "caught up"]);
    asker.written("a.1", vec![event(1)]).await;
    assert_eq!(again.says(1).await, ["a.1@0"]);
}

#[tokio::test]
async fn a_subscription_of_a_stream_begins_behind_its_revision_or_when_the_stream_does() {
    let double = start();
    let asker = Asker::of(&double).await;
    let of = |name: &str, revision: Revision| of_stream(name, revision, FORWARDS, 0);
    asker.written("a.1", vec![event(1), event(2)]).await;
    let mut first = Subscribed::to(&asker, of("a.1", Revision::At(0))).await.unwrap();
    assert_eq!(first.says(3).await, ["confirmed", "a.1@1", "caught up"]);
    let mut unbegun = Subscribed::to(&asker, of("a.2", Revision::Start(Empty {}))).await.unwrap();
    assert_eq!(unbegun.says(1).await, ["confirmed"]);
    let mut end = Subscribed::to(&asker, of("a.1", Revision::End(Empty {}))).await.unwrap();
    assert_eq!(end.says(2).await, ["confirmed", "caught up"]);
    asker.written("a.2", vec![event(3)]).await;
    asker.written("a.1", vec![event(4)]).await;
    assert_eq!(unbegun.says(2).await, ["a.2@0", "caught up"]);
    assert_eq!(
        (first.says(1).await, end.says(1).await),
        (vec!["a.1@2".into()], vec!["a.1@2".into()])
    );
}

#[tokio::test]
async fn a_subscription_at_a_server_that_lost_its_cluster_stays_and_says_nothing() {
    let leader = start();
    let follower = leader.follower().unwrap();
    let (asker, other) = (Asker::of(&leader).await, Asker::of(&follower).await);
    let mut subscribed = Subscribed::to(&other, all(START)).await.unwrap();
    assert_eq!(subscribed.says(2).await, ["confirmed", "caught up"]);
    follower.cut_off();
    asker.written("a.1", vec![event(1)]).await;
    let refused = Subscribed::to(&other, all(START)).await.err().unwrap();
    assert_eq!(refused.message(), "Server Is Not Ready");
    // Later events follow those that were missed.
    follower.rejoin();
    asker.written("a.1", vec![event(2)]).await;
    assert_eq!(subscribed.says(2).await, ["a.1@0", "a.1@1"]);
}

#[tokio::test]
async fn a_subscription_whose_client_is_too_slow_is_ended() {
    let double = start();
    let asker = Asker::of(&double).await;
    let mut subscribed = Subscribed::to(&asker, all(START)).await.unwrap();
    assert_eq!(subscribed.says(2).await, ["confirmed", "caught up"]);
    double.end_subscriptions();
    let ended = subscribed.next().await.unwrap_err();
    assert_eq!(ended.code(), tonic::Code::Aborted);
    assert!(ended.message().contains("Consumer too slow"), "{ended}");
}
