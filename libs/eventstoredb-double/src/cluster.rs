//! What the servers of one cluster share, and what one of them knows of itself.

use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use crate::log::{Log, NewRecord, Unwritten, Written};
use crate::users::Users;
use crate::wire::append::Expected;

mod node;

pub(crate) use node::{Node, leader_is, not_ready};

/// How long the server waits for a majority to have an append (`--commit-timeout-ms`).
pub(crate) const COMMIT_TIMEOUT: Duration = Duration::from_secs(2);

/// What a cluster can do for whoever asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quorum {
    /// A majority is there.
    Held,
    /// The leader has lost the others and does not know it yet: appends wait for them in vain.
    Lost,
    /// Nobody leads, and everybody knows it.
    Leaderless,
}

#[derive(Debug)]
pub(crate) struct Cluster {
    log: Mutex<Log>,
    /// Where the log ends, for those that wait for more.
    pub(crate) end: watch::Sender<u64>,
    members: Mutex<Vec<Member>>,
    pub(crate) users: Users,
    pub(crate) quorum: watch::Sender<Quorum>,
    /// Appends that no majority has.
    uncommitted: Mutex<Vec<Uncommitted>>,
    /// So many appends are made and not answered.
    pub(crate) unanswered: AtomicUsize,
    /// So many appends are answered as if the server were not ready, and are not made.
    pub(crate) refused: AtomicUsize,
    /// So many events were looked at for reads of the log.
    pub(crate) considered: AtomicU64,
    /// Told when subscriptions are to end.
    pub(crate) dropped: watch::Sender<u64>,
    /// So many subscriptions have begun.
    pub(crate) subscriptions: AtomicU64,
    /// The first so many of them bring nothing more.
    pub(crate) muted: AtomicU64,
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// By which it says it can be reached.
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

/// What an append came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Written(Written),
    WrongVersion {
        current: Option<u64>,
    },
    Timeout(&'static str),
    NotReady,
    NotLeader(String, u16),
    /// The double holds as much as it may.
    Full,
    /// It was made, and nobody hears of it.
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

    /// Changes what the cluster can do. Those who wait for an append that no majority has are told that it is cancelled; it
    /// is `kept` or not once there is a majority again.
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
