//! State that the servers of one cluster share, and state of one server.

use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use crate::log::{Log, NewRecord, Unwritten, Written};
use crate::users::Users;
use crate::wire::append::Expected;

mod node;

pub(crate) use node::{Node, leader_is, not_ready};

/// How long the server waits for a majority to store an append (`--commit-timeout-ms`).
pub(crate) const COMMIT_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the cluster has a majority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quorum {
    /// The leader has a majority.
    Held,
    /// The leader has lost the other servers and has not noticed: appends wait for them until they
    /// time out.
    Lost,
    /// There is no leader, and all servers have noticed.
    Leaderless,
}

#[derive(Debug)]
pub(crate) struct Cluster {
    log: Mutex<Log>,
    /// End of the log, for readers that wait for more.
    pub(crate) end: watch::Sender<u64>,
    members: Mutex<Vec<Member>>,
    pub(crate) users: Users,
    pub(crate) quorum: watch::Sender<Quorum>,
    /// Appends that no majority has stored.
    uncommitted: Mutex<Vec<Uncommitted>>,
    /// Number of appends to make without answering them.
    pub(crate) unanswered: AtomicUsize,
    /// Number of appends to refuse as if the server were not ready.
    pub(crate) refused: AtomicUsize,
    /// Number of events scanned by reads of the log.
    pub(crate) considered: AtomicU64,
    /// Notified when subscriptions are to end.
    pub(crate) dropped: watch::Sender<u64>,
    /// Number of subscriptions that have begun.
    pub(crate) subscriptions: AtomicU64,
    /// Number of the earliest subscriptions that deliver nothing more.
    pub(crate) muted: AtomicU64,
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// The address that it advertises.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) alive: bool,
    pub(crate) leads: bool,
}

#[derive(Debug)]
struct Uncommitted {
    stream: String,
    expected: Expected,
    proposed: Vec<NewRecord>,
    answer: oneshot::Sender<Outcome>,
}

/// Result of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Written(Written),
    WrongVersion {
        current: Option<u64>,
    },
    Timeout(&'static str),
    NotReady,
    NotLeader(String, u16),
    /// The memory limit is reached.
    Full,
    /// It was made, and is not answered.
    Unanswered,
}

impl Cluster {
    pub(crate) fn new(log: Log, users: Users) -> Self {
        let (end, members) = (watch::Sender::new(log.end()), Mutex::default());
        Self {
            log: Mutex::new(log),
            end,
            members,
            users,
            quorum: watch::Sender::new(Quorum::Held),
            uncommitted: Mutex::default(),
            unanswered: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            considered: AtomicU64::new(0),
            dropped: watch::Sender::new(0),
            subscriptions: AtomicU64::new(0),
            muted: AtomicU64::new(0),
        }
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn members(&self) -> MutexGuard<'_, Vec<Member>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn append(
        &self,
        stream: &str,
        expected: Expected,
        proposed: Vec<NewRecord>,
    ) -> Result<Written, Unwritten> {
        let (appended, end) = {
            let mut log = self.log();
            (log.append(stream, expected, proposed), log.end())
        };
        self.end.send_if_modified(|known| std::mem::replace(known, end) != end);
        appended
    }

    fn uncommitted(&self) -> MutexGuard<'_, Vec<Uncommitted>> {
        self.uncommitted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn uncommitted_count(&self) -> usize {
        self.uncommitted().len()
    }

    /// Changes the state of the cluster. Appends that wait for a majority are answered as
    /// cancelled; if `kept`, they are committed once there is a majority again, otherwise removed.
    pub(crate) fn set_quorum(&self, quorum: Quorum, kept: bool) {
        self.quorum.send_replace(quorum);
        match quorum {
            Quorum::Lost => {}
            Quorum::Leaderless => {
                for waiting in &mut *self.uncommitted() {
                    let (nobody, _) = oneshot::channel();
                    let answer = std::mem::replace(&mut waiting.answer, nobody);
                    let _ = answer.send(Outcome::Timeout("Request canceled by server"));
                }
            }
            Quorum::Held => {
                for waiting in std::mem::take(&mut *self.uncommitted()) {
                    let Uncommitted { stream, expected, proposed, answer } = waiting;
                    if kept {
                        let _ = answer.send(outcome(self.append(&stream, expected, proposed)));
                    }
                }
            }
        }
    }
}

fn outcome(appended: Result<Written, Unwritten>) -> Outcome {
    match appended {
        Ok(written) => Outcome::Written(written),
        Err(Unwritten::WrongVersion { current }) => Outcome::WrongVersion { current },
        Err(Unwritten::Full) => Outcome::Full,
    }
}
