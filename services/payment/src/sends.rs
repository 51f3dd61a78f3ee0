//! What this process knows of the refunds that wait in its outbox: whether one may be sent. A
//! refund is sent without a question only by the process that has led since before it was
//! requested and has not sent it yet; else the partner is asked first, and has to answer that it
//! has none. All of it is forgotten when the process ends or its leadership is interrupted,
//! because another process may have sent refunds meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use events::Position;
use events::bus::Leadership;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// What the next try of a refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is sent, and certainly was not before.
    First,
    /// It is sent: the partner has answered that it has none. An earlier one may have been lost.
    Again,
    /// The partner is asked what became of it.
    Ask,
}

/// What is known under one leadership.
#[derive(Debug)]
struct Term {
    number: u64,
    /// What was recorded up to here, another process may have sent.
    after: Position,
    begun_at: Timestamp,
    ways: BTreeMap<Uuid, Way>,
    sent_at: BTreeMap<Uuid, Timestamp>,
    sent_again: BTreeSet<Uuid>,
}

impl Term {
    fn new(number: u64, after: Position, begun_at: Timestamp) -> Self {
        let (ways, sent_at, sent_again) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Self { number, after, begun_at, ways, sent_at, sent_again }
    }
}

#[derive(Debug)]
struct Held {
    lead: Leadership,
    term: Term,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Sends(Mutex<Held>);

impl Sends {
    /// Nothing is known before the first [`Self::renew`].
    pub(crate) fn new(lead: Leadership) -> Self {
        let term = Term::new(0, Position(u64::MAX), Timestamp::MAX);
        Self(Mutex::new(Held { lead, term }))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a term if this process has become the leader since the last one; `head` is the
    /// position up to which others may have sent.
    pub(crate) fn renew(&self, head: Position, now: Timestamp) {
        let mut held = self.held();
        if held.term.number > 0 && held.lead.is_unbroken() {
            return;
        }
        held.lead.mark();
        let number = held.term.number.saturating_add(1);
        held.term = Term::new(number, head, now);
    }

    /// A refund that was requested at this position is new in the outbox.
    pub(crate) fn added(&self, refund: Uuid, at: Position) {
        let mut held = self.held();
        if at > held.term.after && held.lead.is_unbroken() {
            held.term.ways.insert(refund, Way::First);
        }
    }

    pub(crate) fn way(&self, refund: Uuid) -> Way {
        let held = self.held();
        let known = held.term.ways.get(&refund).filter(|_| held.lead.is_unbroken());
        known.copied().unwrap_or(Way::Ask)
    }

    /// A refund is about to be sent in this way; gives the number of the term. `None` if it may not
    /// be any more.
    pub(crate) fn begin(&self, refund: Uuid, way: Way, now: Timestamp) -> Option<u64> {
        let mut held = self.held();
        let is_permitted = held.lead.is_unbroken() && held.term.ways.get(&refund) == Some(&way);
        held.term.ways.remove(&refund);
        if !is_permitted {
            return None;
        }
        held.term.sent_at.insert(refund, now);
        if way == Way::Again {
            held.term.sent_again.insert(refund);
        }
        Some(held.term.number)
    }

    /// Whether this process has led without a break since the term with this number.
    pub(crate) fn is_in(&self, term: u64) -> bool {
        let held = self.held();
        held.term.number == term && held.lead.is_unbroken()
    }

    /// The partner, asked at this time, has no such refund: it may be sent if the answer came long
    /// enough after everything that was sent, so that nothing of it can still arrive. Whether it
    /// may.
    pub(crate) fn absent(
        &self,
        refund: Uuid,
        asked_at: Timestamp,
        settled: SignedDuration,
    ) -> bool {
        let mut held = self.held();
        let sent_at = held.term.sent_at.get(&refund).copied();
        let since = sent_at.unwrap_or(Timestamp::MIN).max(held.term.begun_at);
        let may = held.lead.is_unbroken() && asked_at.duration_since(since) >= settled;
        if may {
            held.term.ways.insert(refund, Way::Again);
        }
        may
    }

    /// Whether a refund was sent more than once: the partner may have refused one of them only.
    pub(crate) fn was_sent_again(&self, refund: Uuid) -> bool {
        self.held().term.sent_again.contains(&refund)
    }

    /// A refund is not sent any more.
    pub(crate) fn forget(&self, refund: Uuid) {
        let mut held = self.held();
        held.term.ways.remove(&refund);
        held.term.sent_at.remove(&refund);
        held.term.sent_again.remove(&refund);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;

    const REFUND: Uuid = Uuid::from_u128(1);
    const SETTLED: SignedDuration = SignedDuration::from_secs(60);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A process that leads, and has since position 10 and second 100.
    fn leading() -> (watch::Sender<bool>, Sends) {
        let (leads, lead) = watch::channel(true);
        let sends = Sends::new(Leadership::decided(lead));
        sends.renew(Position(10), at(100));
        (leads, sends)
    }

    #[test]
    fn a_refund_is_sent_once_without_a_question() {
        let (_leads, sends) = leading();
        assert_eq!(sends.way(REFUND), Way::Ask, "not known");
        sends.added(REFUND, Position(11));
        assert_eq!(sends.way(REFUND), Way::First);
        assert_eq!(sends.begin(REFUND, Way::First, at(1_000)), Some(1));
        assert_eq!(sends.way(REFUND), Way::Ask);
        assert_eq!(sends.begin(REFUND, Way::First, at(1_000)), None, "not twice");
    }

    #[test]
    fn what_was_requested_before_this_process_led_is_asked_for_first() {
        let (_leads, sends) = leading();
        sends.added(REFUND, Position(10));
        assert_eq!(sends.way(REFUND), Way::Ask);
        let started = Sends::new(Leadership::alone());
        started.added(REFUND, Position(11));
        assert_eq!(started.way(REFUND), Way::Ask, "no term has begun");
    }

    #[test]
    fn a_break_of_the_leadership_that_nobody_noticed_permits_nothing() {
        let (leads, sends) = leading();
        sends.added(REFUND, Position(11));
        leads.send(false).unwrap();
        leads.send(true).unwrap();
        assert_eq!(sends.way(REFUND), Way::Ask);
        assert_eq!(sends.begin(REFUND, Way::First, at(1_000)), None);
        assert!(!sends.absent(REFUND, at(1_000), SETTLED));
        assert!(!sends.is_in(1), "an answer of before is not that of the first try");
        sends.renew(Position(20), at(1_000));
        assert_eq!(sends.way(REFUND), Way::Ask);
        sends.added(REFUND, Position(21));
        assert_eq!(sends.begin(REFUND, Way::First, at(1_001)), Some(2));
        assert!(sends.is_in(2) && !sends.is_in(1));
    }

    #[test]
    fn a_term_is_not_renewed_while_it_lasts() {
        let (_leads, sends) = leading();
        sends.added(REFUND, Position(11));
        sends.renew(Position(20), at(1_000));
        assert_eq!(sends.way(REFUND), Way::First);
    }

    #[test]
    fn a_refund_that_the_partner_has_not_got_is_sent_again_once_and_not_at_once() {
        let (_leads, sends) = leading();
        assert!(!sends.absent(REFUND, at(159), SETTLED), "another process may have sent it");
        assert!(sends.absent(REFUND, at(160), SETTLED));
        assert_eq!(sends.way(REFUND), Way::Again);
        assert!(!sends.was_sent_again(REFUND));
        assert_eq!(sends.begin(REFUND, Way::Again, at(200)), Some(1));
        assert!(sends.was_sent_again(REFUND));
        assert_eq!(sends.way(REFUND), Way::Ask);
        assert!(!sends.absent(REFUND, at(259), SETTLED), "it may still be on its way");
        assert_eq!(sends.way(REFUND), Way::Ask);
        assert!(sends.absent(REFUND, at(260), SETTLED));
        sends.forget(REFUND);
        assert_eq!(sends.way(REFUND), Way::Ask);
    }
}
