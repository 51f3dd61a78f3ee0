//! What a server can be made to do wrong, and what others do to its log, from a test or from the command line.

use std::sync::atomic::Ordering;
use std::time::Duration;

use prost::bytes::Bytes;

use crate::EventStoreDbDouble;
use crate::cluster::Quorum;
use crate::log::{self, Unwritten};
use crate::wire::Empty;
use crate::wire::append::Expected;

impl EventStoreDbDouble {
    /// Stops it as a signal stops a process: connections are accepted, and nothing is said on them or on those that are open.
    pub fn freeze(&self) {
        self.node.gate.shut();
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.node.gate.open();
    }

    /// Has the leader lose the other servers: appends wait for them, and are answered `Commit phase timeout`.
    pub fn lose_quorum(&self) {
        self.node.cluster.set_quorum(Quorum::Lost, false);
    }

    /// Has the cluster notice that nobody leads: appends that wait are answered `Request canceled by server`, and everything
    /// that is asked from then on `Server Is Not Ready`.
    pub fn lose_leader(&self) {
        self.node.cluster.set_quorum(Quorum::Leaderless, false);
    }

    /// Has the cluster find together. What was appended in between, and answered as failed, is committed or cut off.
    pub fn regain_quorum(&self, committed: bool) {
        self.node.cluster.set_quorum(Quorum::Held, committed);
    }

    /// How many appends wait for a majority, or to be cut off, answered or not.
    #[must_use]
    pub fn uncommitted(&self) -> usize {
        self.node.cluster.uncommitted_count()
    }

    /// Makes this one of the cluster's servers its leader.
    pub fn lead(&self) {
        for (number, member) in self.node.cluster.members().iter_mut().enumerate() {
            member.leads = number == self.node.number;
        }
    }

    /// Takes this server out of its cluster: it is not ready for anything new, and subscriptions at it stay and bring nothing.
    pub fn cut_off(&self) {
        let end = self.node.cluster.log().end();
        self.node.apart.store(end, Ordering::SeqCst);
        self.set_alive(false);
    }

    /// Takes it back.
    pub fn rejoin(&self) {
        self.node.apart.store(u64::MAX, Ordering::SeqCst);
        self.set_alive(true);
        self.node.cluster.end.send_modify(|_| {});
    }

    /// Loses the answers of so many appends, which are made.
    pub fn lose_answers(&self, count: usize) {
        self.node.cluster.unanswered.store(count, Ordering::SeqCst);
    }

    /// Answers so many appends as if the server were not ready; they are not made.
    pub fn refuse_appends(&self, count: usize) {
        self.node.cluster.refused.store(count, Ordering::SeqCst);
    }

    /// How many answers are still to be lost.
    #[must_use]
    pub fn answers_to_lose(&self) -> usize {
        self.node.cluster.unanswered.load(Ordering::SeqCst)
    }

    /// Ends all subscriptions as one ends whose client takes too long.
    pub fn end_subscriptions(&self) {
        self.node.cluster.dropped.send_modify(|count| *count += 1);
    }

    /// Has all subscriptions that have begun bring nothing more, and stay; everything else is answered.
    pub fn mute_subscriptions(&self) {
        let begun = self.subscriptions();
        self.node.cluster.muted.store(begun, Ordering::SeqCst);
    }

    /// How many subscriptions have begun, in all.
    #[must_use]
    pub fn subscriptions(&self) -> u64 {
        self.node.cluster.subscriptions.load(Ordering::SeqCst)
    }

    /// Whether the cluster has written its users: until then it knows nobody, whatever their password.
    pub fn set_users_written(&self, written: bool) {
        self.node.cluster.users.written.store(written, Ordering::SeqCst);
    }

    /// Moves the server's clock ahead of this machine's.
    pub fn set_ahead(&self, ahead: Duration) {
        self.node.cluster.log().ahead = ahead;
    }

    /// Writes as another program does: so many events of the kind into the stream, whatever its name. Says the place of the
    /// last one; nothing is said of none, or if no more may be held.
    pub fn write(&self, stream: &str, kind: &str, data: &[u8], count: usize) -> Option<u64> {
        let data = Bytes::copy_from_slice(data);
        let mut last = None;
        for _ in 0..count {
            let event = log::new(kind, false, data.clone());
            let any = Expected::Any(Empty {});
            match self.node.cluster.append(stream, any, vec![event]) {
                Ok(written) => last = written.place,
                Err(Unwritten::Full | Unwritten::WrongVersion { .. }) => return None,
            }
        }
        last
    }

    /// Removes what the metadata of streams leave out; their places are empty then, and lead to the next event.
    pub fn scavenge(&self) {
        self.node.cluster.log().scavenge();
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.node.gate.connections.load(Ordering::SeqCst)
    }

    /// Where the next record would begin, as the writer's checkpoint says.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.node.cluster.log().end()
    }

    /// How many events were looked at for reads of the log, in all.
    #[must_use]
    pub fn looked_at(&self) -> u64 {
        self.node.cluster.considered.load(Ordering::Relaxed)
    }
}
