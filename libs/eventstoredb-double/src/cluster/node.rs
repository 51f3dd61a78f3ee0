//! One server of a cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tokio::sync::oneshot;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use super::{COMMIT_TIMEOUT, Cluster, Outcome, Quorum, Uncommitted, outcome};
use crate::connections::Gate;
use crate::log::NewRecord;
use crate::wire::append::Expected;

/// One server.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) cluster: Arc<Cluster>,
    /// Index among the cluster's members.
    pub(crate) number: usize,
    pub(crate) gate: Arc<Gate>,
    /// End of its log if it is isolated; later events are not visible here.
    pub(crate) apart: AtomicU64,
}

impl Node {
    pub(crate) fn new(cluster: Arc<Cluster>, number: usize) -> Self {
        Self { cluster, number, gate: Arc::default(), apart: AtomicU64::new(u64::MAX) }
    }

    /// End of the log, as visible here.
    pub(crate) fn until(&self) -> u64 {
        self.apart.load(Ordering::SeqCst)
    }

    /// Whether it accepts requests.
    pub(crate) fn is_ready(&self) -> bool {
        self.until() == u64::MAX && *self.cluster.quorum.borrow() != Quorum::Leaderless
    }

    /// Whether the request may be answered here, or only by the leader.
    pub(crate) fn leads_for(&self, metadata: &MetadataMap) -> Result<(), Status> {
        if !self.is_ready() {
            return Err(not_ready());
        }
        let wanted = metadata.get("requires-leader").is_some_and(|value| value == "true");
        match self.leader() {
            Some((host, port)) if wanted => Err(leader_is(&host, port)),
            _ => Ok(()),
        }
    }

    /// The leader, if that is another server.
    pub(crate) fn leader(&self) -> Option<(String, u16)> {
        let members = self.cluster.members();
        let (number, leader) = members.iter().enumerate().find(|(_, member)| member.leads)?;
        (number != self.number).then(|| (leader.host.clone(), leader.port))
    }

    /// Appends at once; the result is known at once or when the future completes.
    pub(crate) fn append(
        &self,
        leader_alone: bool,
        stream: &str,
        expected: Expected,
        proposed: Vec<NewRecord>,
        patience: Duration,
    ) -> BoxFuture<'static, Outcome> {
        let quorum = *self.cluster.quorum.borrow();
        let at_once = match (quorum, self.leader()) {
            _ if !self.is_ready() || counts_down(&self.cluster.refused) => Outcome::NotReady,
            // Requests that do not require the leader are forwarded to it.
            (_, Some((host, port))) if leader_alone => Outcome::NotLeader(host, port),
            (Quorum::Lost, _) => {
                let (answer, answered) = oneshot::channel();
                let (stream, commits) = (stream.to_owned(), patience.min(COMMIT_TIMEOUT));
                let waiting = Uncommitted { stream, expected, proposed, answer };
                self.cluster.uncommitted().push(waiting);
                return async move {
                    let answer = tokio::time::timeout(commits, answered).await;
                    answer
                        .ok()
                        .and_then(Result::ok)
                        .unwrap_or(Outcome::Timeout("Commit phase timeout"))
                }
                .boxed();
            }
            (Quorum::Held | Quorum::Leaderless, _) => {
                let made = outcome(self.cluster.append(stream, expected, proposed));
                if counts_down(&self.cluster.unanswered) { Outcome::Unanswered } else { made }
            }
        };
        ready(at_once).boxed()
    }
}

/// Decrements a counter; false if it is 0.
fn counts_down(left: &AtomicUsize) -> bool {
    let less = |count: usize| count.checked_sub(1);
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
}

pub(crate) fn not_ready() -> Status {
    Status::unavailable("Server Is Not Ready")
}

/// The error that redirects a client to the leader.
pub(crate) fn leader_is(host: &str, port: u16) -> Status {
    let mut said = MetadataMap::new();
    said.insert("exception", tonic::metadata::MetadataValue::from_static("not-leader"));
    for (name, value) in
        [("leader-endpoint-host", host.to_owned()), ("leader-endpoint-port", port.to_string())]
    {
        if let Ok(value) = value.parse() {
            said.insert(name, value);
        }
    }
    Status::with_metadata(Code::NotFound, "Leader info available", said)
}
