//! Faults of a server and writes of other programs, triggered by a test or from the command line.

use std::sync::atomic::Ordering;
use std::time::Duration;

use prost::bytes::Bytes;

use crate::EventStoreDbDouble;
use crate::cluster::Quorum;
use crate::log::{self, Unwritten};
use crate::wire::Empty;
use crate::wire::append::Expected;

impl EventStoreDbDouble {
    /// Freezes the server as `SIGSTOP` does: connections are accepted, and nothing is sent on new
    /// or open ones.
    pub fn freeze(&self) {
        self.node.gate.shut();
    }

    /// Ends the freeze.
    pub fn thaw(&self) {
        self.node.gate.open();
    }

    /// The leader loses the other servers: appends wait for them, and are answered `Commit phase
    /// timeout`.
    pub fn lose_quorum(&self) {
        self.node.cluster.set_quorum(Quorum::Lost, false);
    }

    /// The cluster notices that it has no leader: waiting appends are answered `Request canceled by
    /// server`, and new requests `Server Is Not Ready`.
    pub fn lose_leader(&self) {
        self.node.cluster.set_quorum(Quorum::Leaderless, false);
    }

    /// The cluster has a majority again. Appends that were answered as failed meanwhile are
    /// committed or removed.
    pub fn regain_quorum(&self, committed: bool) {
        self.node.cluster.set_quorum(Quorum::Held, committed);
    }

    /// Number of appends, answered or not, that wait for a majority or their removal.
    #[must_use]
    pub fn uncommitted(&self) -> usize {
        self.node.cluster.uncommitted_count()
    }

    /// Makes this server the leader of its cluster.
    pub fn lead(&self) {
        for (number, member) in self.node.cluster.members().iter_mut().enumerate() {
            member.leads = number == self.node.number;
        }
    }

    /// Isolates this server from its cluster: it refuses new requests, and its subscriptions stay
    /// open and deliver nothing.
    pub fn cut_off(&self) {
        let end = self.node.cluster.log().end();
        self.node.apart.store(end, Ordering::SeqCst);
        self.set_alive(false);
    }

    /// Ends the isolation.
    pub fn rejoin(&self) {
        self.node.apart.store(u64::MAX, Ordering::SeqCst);
        self.set_alive(true);
        self.node.cluster.end.send_modify(|_| {});
    }

    /// Makes the next `count` appends without answering them.
    pub fn lose_answers(&self, count: usize) {
        self.node.cluster.unanswered.store(count, Ordering::SeqCst);
    }

    /// Answers the next `count` appends as if the server were not ready, without making them.
    pub fn refuse_appends(&self, count: usize) {
        self.node.cluster.refused.store(count, Ordering::SeqCst);
    }

    /// Number of answers still to be lost.
    #[must_use]
    pub fn answers_to_lose(&self) -> usize {
        self.node.cluster.unanswered.load(Ordering::SeqCst)
    }

    /// Ends all subscriptions, with the error for a client that reads too slowly.
    pub fn end_subscriptions(&self) {
        self.node.cluster.dropped.send_modify(|count| *count += 1);
    }

    /// Stops delivery to all open subscriptions, which stay open; other requests are answered.
    pub fn mute_subscriptions(&self) {
        let begun = self.subscriptions();
        self.node.cluster.muted.store(begun, Ordering::SeqCst);
    }

    /// Number of subscriptions that have begun so far.
    #[must_use]
    pub fn subscriptions(&self) -> u64 {
        self.node.cluster.subscriptions.load(Ordering::SeqCst)
    }

    /// Whether the cluster has created its users. Until then it refuses all users, even with the
    /// right password.
    pub fn set_users_written(&self, written: bool) {
        self.node.cluster.users.written.store(written, Ordering::SeqCst);
    }

    /// Sets how far the server's clock is ahead of this machine's.
    pub fn set_ahead(&self, ahead: Duration) {
        self.node.cluster.log().ahead = ahead;
    }

    /// Appends `count` events of a kind to any stream, as another program. Returns the place of the
    /// last one; `None` if `count` is 0 or the memory limit is reached.
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

    /// Removes the events that streams' metadata exclude. A read at their places continues with the
    /// next event.
    pub fn scavenge(&self) {
        self.node.cluster.log().scavenge();
    }

    /// Number of open connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.node.gate.connections.load(Ordering::SeqCst)
    }

    /// End of the log: the place of the next record, as in the server's writer checkpoint.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.node.cluster.log().end()
    }

    /// Number of events scanned by reads of the log so far.
    #[must_use]
    pub fn looked_at(&self) -> u64 {
        self.node.cluster.considered.load(Ordering::Relaxed)
    }
}
