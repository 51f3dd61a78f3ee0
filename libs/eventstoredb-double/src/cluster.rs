//! What the servers of one cluster share, and what one of them knows of itself.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tokio::sync::{oneshot, watch};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::connections::Gate;
use crate::log::{Log, NewRecord, Unwritten, Written};
use crate::users::Users;
use crate::wire::append::Expected;

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
    /// So many events were looked at for reads of the log.
    pub(crate) considered: AtomicU64,
    /// Told when subscriptions are to end.
    pub(crate) dropped: watch::Sender<u64>,
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
            considered: AtomicU64::new(0),
            dropped: watch::Sender::new(0),
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

/// One server.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) cluster: Arc<Cluster>,
    /// Which of the cluster's members it is.
    pub(crate) number: usize,
    pub(crate) gate: Arc<Gate>,
    /// Up to where it has the log, if it lost the cluster: nothing of what is appended since comes here.
    pub(crate) apart: AtomicU64,
}

impl Node {
    pub(crate) fn new(cluster: Arc<Cluster>, number: usize) -> Self {
        Self { cluster, number, gate: Arc::default(), apart: AtomicU64::new(u64::MAX) }
    }

    /// Where the log ends here.
    pub(crate) fn until(&self) -> u64 {
        self.apart.load(Ordering::SeqCst)
    }

    /// Whether it can do anything.
    pub(crate) fn is_ready(&self) -> bool {
        self.until() == u64::MAX && *self.cluster.quorum.borrow() != Quorum::Leaderless
    }

    /// Whether whoever asks is answered here, or by the leader alone.
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

    /// Who leads, if somebody else does.
    pub(crate) fn leader(&self) -> Option<(String, u16)> {
        let members = self.cluster.members();
        let (number, leader) = members.iter().enumerate().find(|(_, member)| member.leads)?;
        (number != self.number).then(|| (leader.host.clone(), leader.port))
    }

    /// Appends, now; what it came to is known at once, or when the future ends.
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
            _ if !self.is_ready() => Outcome::NotReady,
            // Whoever does not ask for the leader is forwarded to it.
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
                let lost = |count: usize| count.checked_sub(1);
                let unanswered = &self.cluster.unanswered;
                match unanswered.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lost) {
                    Ok(_) => Outcome::Unanswered,
                    Err(_) => made,
                }
            }
        };
        ready(at_once).boxed()
    }
}

fn outcome(appended: Result<Written, Unwritten>) -> Outcome {
    match appended {
        Ok(written) => Outcome::Written(written),
        Err(Unwritten::WrongVersion { current }) => Outcome::WrongVersion { current },
        Err(Unwritten::Full) => Outcome::Full,
    }
}

pub(crate) fn not_ready() -> Status {
    Status::unavailable("Server Is Not Ready")
}

/// Sends whoever asks to the leader.
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
