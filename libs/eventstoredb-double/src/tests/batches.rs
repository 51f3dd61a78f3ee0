//! Appends over a long-lived call.

use tokio::sync::mpsc;
use tonic::Code;

use super::*;
use crate::wire::batch_append::{
    BatchAppendReq, BatchAppendResp, BatchOptions, BatchResult, CurrentRevision, Deadline,
    ExpectedPosition, RpcStatus, Seconds, WantedPosition, WrongVersion,
};

/// An open call.
struct Batch {
    requests: mpsc::UnboundedSender<BatchAppendReq>,
    answers: Streaming<BatchAppendResp>,
}

impl Batch {
    async fn open(asker: &Asker) -> Self {
        let (requests, taken) = mpsc::unbounded_channel();
        let requested = stream::unfold(taken, |mut taken| async {
            let request = taken.recv().await?;
            Some((request, taken))
        });
        let path = format!("{STREAMS}/BatchAppend").parse().unwrap();
        let codec = ProstCodec::<BatchAppendReq, BatchAppendResp>::default();
        let mut grpc = asker.grpc().await;
        let asked = grpc.streaming(asker.request(requested), path, codec);
        Self { requests, answers: timeout(LIMIT, asked).await.unwrap().unwrap().into_inner() }
    }

    fn ask(&self, request: BatchAppendReq) {
        self.requests.send(request).unwrap();
    }

    async fn answer(&mut self) -> Result<BatchAppendResp, Status> {
        let answered = timeout(LIMIT, self.answers.next()).await.expect("no answer");
        answered.unwrap_or_else(|| Err(Status::ok("ended")))
    }

    /// The next answers, with the numbers of their requests.
    async fn answers(&mut self, count: usize) -> Vec<(u128, BatchResult)> {
        let mut answers = Vec::new();
        for _ in 0..count {
            let answer = self.answer().await.unwrap();
            let id = crate::service::uuid(answer.correlation_id.as_ref().unwrap()).unwrap();
            answers.push((id.as_u128(), answer.result.unwrap()));
        }
        answers.sort_by_key(|(id, _)| *id);
        answers
    }
}

fn request(
    id: u128,
    stream: &str,
    expected: ExpectedPosition,
    events: Vec<Proposed>,
) -> BatchAppendReq {
    let soon = Seconds { seconds: 1, nanos: 0 };
    BatchAppendReq {
        correlation_id: Some(correlation(id)),
        options: Some(BatchOptions {
            stream_identifier: Some(identifier(stream)),
            expected: Some(expected),
            deadline: Some(Deadline::In(soon)),
        }),
        proposed_messages: events,
        is_final: true,
    }
}

fn correlation(id: u128) -> crate::wire::Uuid {
    crate::wire::Uuid { value: Some(UuidValue::String(Uuid::from_u128(id).to_string())) }
}

const ANY: ExpectedPosition = ExpectedPosition::Any(Empty {});
const NO_STREAM: ExpectedPosition = ExpectedPosition::NoStream(Empty {});

fn written(result: &BatchResult) -> (u64, u64) {
    let BatchResult::Success(success) = result else { panic!("{result:?}") };
    place(&AppendResult::Success(success.clone())).unwrap()
}

fn error(result: &BatchResult) -> &RpcStatus {
    let BatchResult::Error(error) = result else { panic!("{result:?}") };
    error
}

fn said(error: &RpcStatus) -> (i32, &str, &str) {
    let url = error.details.as_ref().unwrap().type_url.strip_prefix("type.googleapis.com/");
    (error.code, &error.message, url.unwrap())
}

#[tokio::test]
async fn appends_are_made_in_their_order_and_answered_by_their_ids() {
    let double = start();
    let asker = Asker::of(&double).await;
    let mut batch = Batch::open(&asker).await;
    for id in 1..=50 {
        batch.ask(request(id, "a", ANY, vec![event(2 * id), event(2 * id + 1)]));
    }
    let answers = batch.answers(50).await;
    let revisions: Vec<_> = answers.iter().map(|(_, result)| written(result).0).collect();
    assert_eq!(revisions, (0..50).map(|number| 2 * number + 1).collect::<Vec<_>>());
    // A repeated append is answered with its original place.
    batch.ask(request(1, "a", NO_STREAM, vec![event(2), event(3)]));
    assert_eq!(batch.answers(1).await, answers[..1]);
}

#[tokio::test]
async fn a_refused_append_says_why_and_the_stream_goes_on() {
    let double = start();
    let asker = Asker::of(&double).await;
    let mut batch = Batch::open(&asker).await;
    asker.written("a", vec![event(1)]).await;
    batch.ask(request(1, "a", NO_STREAM, vec![event(2)]));
    let answers = batch.answers(1).await;
    let refused = error(&answers[0].1);
    let of = "event_store.client.WrongExpectedVersion";
    assert_eq!(said(refused), (i32::from(Code::AlreadyExists), "WrongExpectedVersion", of));
    let detail = WrongVersion::decode(&*refused.details.as_ref().unwrap().value).unwrap();
    let current = Some(CurrentRevision::Revision(0));
    let expected = Some(WantedPosition::NoStream(Empty {}));
    assert_eq!(detail, WrongVersion { current, expected });
    let mut past = request(2, "a", ANY, vec![event(2)]);
    past.options.as_mut().unwrap().deadline = Some(Deadline::At(Seconds { seconds: 9, nanos: 0 }));
    for (refused, code, message) in [
        (past, Code::DeadlineExceeded, "Timeout"),
        (request(3, "a", ANY, vec![event(0)]), Code::InvalidArgument, "BadRequest"),
        (
            request(4, "a", ANY, vec![event_of(4, (1 << 20) + 1)]),
            Code::InvalidArgument,
            "MaximumAppendSizeExceeded",
        ),
    ] {
        batch.ask(refused);
        let answers = batch.answers(1).await;
        let (said_code, said_message, _) = said(error(&answers[0].1));
        assert_eq!((said_code, said_message), (i32::from(code), message));
    }
    batch.ask(request(5, "a", ANY, vec![event(5)]));
    assert_eq!(written(&batch.answers(1).await[0].1).0, 1);
}

#[tokio::test]
async fn an_append_comes_in_parts_until_one_is_the_last() {
    let double = start();
    let asker = Asker::of(&double).await;
    let mut batch = Batch::open(&asker).await;
    let first = BatchAppendReq { is_final: false, ..request(1, "a", NO_STREAM, vec![event(1)]) };
    batch.ask(first);
    batch.ask(request(2, "b", NO_STREAM, vec![event(2)]));
    assert_eq!(written(&batch.answers(1).await[0].1).0, 0, "the other one is not waited for");
    let last = BatchAppendReq { options: None, ..request(1, "a", NO_STREAM, vec![event(3)]) };
    batch.ask(last);
    assert_eq!(written(&batch.answers(1).await[0].1).0, 1, "both events at once");
}

#[tokio::test]
async fn a_stream_to_a_follower_ends_with_the_leaders_address_if_the_leader_is_asked_for() {
    let leader = start();
    let follower = leader.follower().unwrap();
    let asker = Asker::of(&follower).await;
    let mut batch = Batch::open(&asker).await;
    batch.ask(request(1, "a", NO_STREAM, vec![event(1)]));
    assert_eq!(written(&batch.answers(1).await[0].1).0, 0, "it is sent on");
    let mut batch = Batch::open(&asker.says("requires-leader", "true")).await;
    batch.ask(request(2, "b", NO_STREAM, vec![event(2)]));
    let ended = batch.answer().await.unwrap_err();
    assert_eq!((ended.code(), ended.message()), (Code::NotFound, "Leader info available"));
    let port = ended.metadata().get("leader-endpoint-port").unwrap().to_str().unwrap();
    assert_eq!(port, leader.address().port().to_string());
}

#[tokio::test]
async fn without_a_majority_an_append_times_out_and_may_be_made_all_the_same() {
    let double = start();
    let asker = Asker::of(&double).await;
    let mut batch = Batch::open(&asker).await;
    double.lose_quorum();
    batch.ask(request(1, "a", NO_STREAM, vec![event(1)]));
    until(|| double.uncommitted() == 1).await;
    double.lose_leader();
    batch.ask(request(2, "a", NO_STREAM, vec![event(2)]));
    let answers = batch.answers(2).await;
    let timed_out = (i32::from(Code::DeadlineExceeded), "Timeout", "event_store.client.Timeout");
    assert_eq!(said(error(&answers[0].1)), timed_out);
    let not_ready = (0, "Server Is Not Ready", "google.protobuf.Empty");
    assert_eq!(said(error(&answers[1].1)), not_ready);
    double.regain_quorum(true);
    batch.ask(request(3, "a", NO_STREAM, vec![event(1)]));
    assert_eq!(written(&batch.answers(1).await[0].1).0, 0, "it was made, and is the same again");
    assert_eq!(asker.names(of_prefix("a", log(START, FORWARDS, 9))).await.unwrap().len(), 1);
}
