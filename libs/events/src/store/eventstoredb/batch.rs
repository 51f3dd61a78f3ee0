//! Appends over one long-lived call: each is one message with one response, so that none waits for
//! the acknowledgement of a packet or for another append.
//!
//! The server processes the messages in order, and each response is for one append only. If the
//! call breaks, the outcome of unanswered appends is unknown: each is sent again on the next
//! connection, where the server treats the same ids at the same version as the same append.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::failure::Failure;
use super::node::Node;
use super::wire::append::{BatchAppendReq, BatchAppendResp, Options, Outcome, Proposed};
use crate::Position;

/// Appends that are queued to be sent.
const UNSENT_MAX: usize = 64;

/// One append.
#[derive(Debug, Clone)]
pub(super) struct Append {
    pub(super) options: Options,
    pub(super) proposed: Vec<Proposed>,
}

/// The position of the last event of an append, if the server returned it.
pub(super) type Answer = Result<Option<Position>, Failure>;

/// The call of one node, made with the first append.
#[derive(Default)]
pub(super) struct Batch(Mutex<Option<Arc<Session>>>);

struct Session {
    requests: mpsc::Sender<BatchAppendReq>,
    waiting: Arc<Waiting>,
    next: AtomicU64,
    /// It ends with the node.
    _task: JoinSet<()>,
}

#[derive(Default)]
struct Waiting(Mutex<Answers>);

#[derive(Default)]
struct Answers {
    waiting: HashMap<Uuid, oneshot::Sender<Answer>>,
    /// Why the call has ended.
    ended: Option<Failure>,
}

impl Waiting {
    /// An error if the call has ended.
    fn insert(&self, id: Uuid, answer: oneshot::Sender<Answer>) -> Result<(), Failure> {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ended) = &answers.ended {
            return Err(ended.clone());
        }
        answers.waiting.insert(id, answer);
        Ok(())
    }

    fn answer(&self, id: Uuid, answer: Answer) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = answers.waiting.remove(&id) {
            let _ = waiting.send(answer);
        }
    }

    fn end(&self, why: &Failure) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.ended.get_or_insert_with(|| why.clone());
        for (_, waiting) in answers.waiting.drain() {
            let _ = waiting.send(Err(why.clone()));
        }
    }
}

/// An append that was sent.
pub(super) struct Sent(oneshot::Receiver<Answer>);

impl Sent {
    pub(super) async fn answered(self) -> Answer {
        self.0
            .await
            .unwrap_or_else(|_| Err(Failure::Passing("the connection has ended".to_owned())))
    }
}

impl Node {
    /// Sends an append. Appends of one caller are processed in the order in which they were sent.
    pub(super) async fn send(&self, append: Append) -> Result<Sent, Failure> {
        let session = {
            let mut session = self.batch().0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(session.get_or_insert_with(|| Arc::new(begin(self))))
        };
        let sent = session.send(append).await;
        if sent.is_err() {
            let mut current = self.batch().0.lock().unwrap_or_else(PoisonError::into_inner);
            if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, &session)) {
                *current = None;
            }
        }
        sent
    }
}

impl Session {
    async fn send(&self, append: Append) -> Result<Sent, Failure> {
        let place = self.requests.reserve().await;
        let (answer, answered) = oneshot::channel();
        let id = Uuid::from_u128(self.next.fetch_add(1, Ordering::Relaxed).into());
        self.waiting.insert(id, answer)?;
        let Append { options, proposed } = append;
        let (correlation_id, options) = (Some(id.into()), Some(options));
        // If the call has ended, its error is the answer.
        if let Ok(place) = place {
            place.send(BatchAppendReq { correlation_id, options, proposed, is_final: true });
        }
        Ok(Sent(answered))
    }
}

fn begin(node: &Node) -> Session {
    let (requests, unsent) = mpsc::channel(UNSENT_MAX);
    let waiting = Arc::new(Waiting::default());
    let mut task = JoinSet::new();
    // The task must not keep its own owner alive.
    let (node, answers) = (node.without_batch(), Arc::clone(&waiting));
    task.spawn(async move {
        // However the task ends, no caller is left waiting.
        let _ended = Ended(&answers);
        let unsent = stream::unfold(unsent, |mut unsent: mpsc::Receiver<_>| async move {
            let request = unsent.recv().await?;
            Some((request, unsent))
        });
        let ended = receive(&node, unsent, &answers).await;
        answers.end(&ended);
    });
    Session { requests, waiting, next: AtomicU64::new(1), _task: task }
}

/// Ends the session when the task that receives its answers is dropped or fails.
struct Ended<'a>(&'a Waiting);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.end(&Failure::Passing("the connection has ended".to_owned()));
    }
}

async fn receive(
    node: &Node,
    unsent: impl futures_util::Stream<Item = BatchAppendReq> + Send + 'static,
    waiting: &Waiting,
) -> Failure {
    let mut answers = match node.append_batches(unsent).await {
        Ok(answers) => answers,
        Err(status) => return status.into(),
    };
    loop {
        match answers.message().await {
            Ok(Some(BatchAppendResp { correlation_id, outcome })) => {
                let Some(id) = correlation_id.as_ref().and_then(super::wire::Uuid::id) else {
                    continue;
                };
                let answer = match outcome {
                    Some(Outcome::Success(success)) => Ok(success
                        .position
                        .and_then(|place| place.commit.checked_add(1))
                        .map(Position)),
                    Some(Outcome::Error(refusal)) => Err(Failure::of_append(&refusal)),
                    None => Err(Failure::Passing("neither appended nor refused".to_owned())),
                };
                waiting.answer(id, answer);
            }
            Ok(None) => return Failure::Passing("the server ended the stream".to_owned()),
            Err(status) => return status.into(),
        }
    }
}
