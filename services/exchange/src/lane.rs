//! The way to one subscriber: the messages that wait, in number and bytes, which of them may be
//! sent now, and how far everything before them is done. Lanes know nothing of each other.
//!
//! A lane holds the changes up to [`Lane::read`]. When it is full, it stays behind the others, and
//! what follows is read from the log again once there is room: a dead subscriber costs a few
//! kilobytes, whatever is recorded meanwhile.

use std::collections::VecDeque;
use std::sync::Arc;

use dossier::access::{Caller, Resource};
use dossier::changes::Pattern;
use dossier::contract::{SubscriberId, Wanted};
use events::Position;
use jiff::{SignedDuration, Timestamp};
use outbox::{Left, Permit, Place, TryResult};
use web::changes::{Change, Subject};

use crate::challenge::Challenge;
use crate::limits::{FIRST_WAIT, WAIT_MAX, WAITING_BYTES_MAX, WAITING_MAX};
use crate::message::{Message, is_success};
use crate::owners::Known;
use crate::policy::policy;

/// What a failure of any kind counts as.
const NO_ANSWER: TryResult = TryResult::NoResponse(String::new());

/// Whether there is something to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// The message at this place.
    Now(usize),
    /// Not before this time.
    At(Timestamp),
    /// Nothing waits, or something has to come back first.
    Nothing,
}

/// What a lane needs of its subscriber.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) address: String,
    pub(crate) wanted: Wanted,
    pub(crate) caller: Caller,
    /// The first instant at which the rights no longer count.
    pub(crate) rights_until: Timestamp,
}

impl Terms {
    /// Whether the subscriber receives a change of this owner.
    pub(crate) fn permit(&self, change: &Change, patterns: &[Pattern], owner: &Resource) -> bool {
        let what = (&*change.kind, change.subject.topic());
        self.wanted.received(patterns, &self.caller, what, owner).is_some()
    }
}

/// The way to one subscriber.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) id: SubscriberId,
    pub(crate) terms: Arc<Terms>,
    patterns: Vec<Pattern>,
    /// Tells this lane from one that it replaced: what comes back of the former is ignored.
    pub(crate) number: u64,
    /// If its address has to be verified: nothing else is sent.
    pub(crate) challenge: Option<Challenge>,
    pub(crate) begin: u32,
    /// Changes up to here wait, are left, or are done.
    pub(crate) read: Position,
    /// What waited when the lane before this one ended. It is read again before anything else.
    pub(crate) left: Vec<Left>,
    pub(crate) waiting: VecDeque<Message>,
    bytes: usize,
    way: outbox::Lane,
    pub(crate) failing_since: Option<Timestamp>,
    /// When the receiver last worked again after several failures in a row.
    working_since: Option<Timestamp>,
    /// Messages that were recorded since old ones were removed, and when that was.
    pub(crate) recorded: (usize, Timestamp),
    /// What was written last, and whether a message has come back since.
    pub(crate) saved: (Option<Place>, bool),
}

impl Lane {
    pub(crate) fn new(
        (id, number): (SubscriberId, u64),
        terms: Arc<Terms>,
        place: &Place,
        lanes: usize,
    ) -> Self {
        Self {
            id,
            patterns: terms.wanted.patterns(),
            terms,
            number,
            challenge: None,
            begin: place.begin,
            read: Position(place.after),
            left: place.left.clone(),
            waiting: VecDeque::new(),
            bytes: 0,
            way: outbox::Lane::new(policy(lanes)),
            failing_since: place.failing_since,
            working_since: None,
            recorded: (0, Timestamp::MIN),
            saved: (None, false),
        }
    }

    /// Takes over another number of lanes.
    pub(crate) fn share(&mut self, lanes: usize) {
        self.way.change(policy(lanes));
    }

    /// The kinds of events to read for it; all if it is empty.
    pub(crate) fn kinds(&self) -> Vec<Arc<str>> {
        self.patterns.iter().map(Pattern::prefix).collect()
    }

    pub(crate) fn has_room(&self) -> bool {
        self.waiting.len() < WAITING_MAX && self.bytes < WAITING_BYTES_MAX
    }

    /// Takes the changes of a page that it receives, which reaches from `after` to `through`, as
    /// far as there is room. A page that does not continue what it has is left alone.
    pub(crate) fn offer(
        &mut self,
        changes: &[Change],
        owners: &Known,
        (after, through): (Position, Position),
        body: impl Fn(&Change) -> Vec<u8>,
    ) {
        let takes_none = self.challenge.is_some() || !self.left.is_empty();
        if takes_none || self.read < after || self.read >= through {
            return;
        }
        let first = changes.partition_point(|change| change.position <= self.read);
        for change in changes.get(first..).unwrap_or_default() {
            let Some(owner) = owners.get(&change.subject) else { continue };
            if !self.terms.permit(change, &self.patterns, owner) {
                continue;
            }
            if !self.has_room() {
                return;
            }
            self.read = change.position;
            self.push(Message::new(change.clone(), body(change)));
        }
        self.read = through;
    }

    /// Takes again those of these changes that were left, as far as it still receives them.
    pub(crate) fn restore(
        &mut self,
        changes: &[Change],
        owners: &Known,
        body: impl Fn(&Change) -> Vec<u8>,
    ) {
        for left in std::mem::take(&mut self.left) {
            let mut found = changes.iter().filter(|change| change.position.0 == left.position);
            let Some(change) = found.next() else { continue };
            let owner = owners.get(&change.subject);
            if owner.is_some_and(|owner| self.terms.permit(change, &self.patterns, owner)) {
                let message = Message::new(change.clone(), body(change));
                self.push(Message { since: left.since, ..message });
            }
        }
    }

    fn push(&mut self, message: Message) {
        self.bytes = self.bytes.saturating_add(message.body.len());
        self.waiting.push_back(message);
    }

    /// The first message that may be sent: none of a subject before an earlier one was delivered.
    pub(crate) fn due(&self, now: Timestamp) -> Due {
        if self.waiting.is_empty() {
            return Due::Nothing;
        }
        match self.way.permit(now) {
            Permit::Full => return Due::Nothing,
            Permit::Now => {}
            // Which message it will be is looked for then.
            Permit::At(at) => return Due::At(at),
        }
        let (mut earlier, mut soonest): (Vec<&Subject>, Option<Timestamp>) = (Vec::new(), None);
        for (place, message) in self.waiting.iter().enumerate() {
            let is_later = earlier.contains(&message.subject());
            earlier.push(message.subject());
            if is_later || message.is_on_its_way {
                continue;
            }
            let at = message.next_at;
            if at <= now {
                return Due::Now(place);
            }
            soonest = Some(soonest.map_or(at, |soonest| soonest.min(at)));
        }
        soonest.map_or(Due::Nothing, Due::At)
    }

    /// The message at a place is sent.
    pub(crate) fn begin(&mut self, place: usize, now: Timestamp) -> Option<&Message> {
        let message = self.waiting.get_mut(place)?;
        message.is_on_its_way = true;
        message.since = message.since.or(Some(now));
        self.way.begin(now);
        self.waiting.get(place)
    }

    /// A message came back: one that was taken leaves the lane, and another is sent again.
    pub(crate) fn end(
        &mut self,
        position: u64,
        result: &TryResult,
        (now, random): (Timestamp, u32),
    ) -> Option<Message> {
        let was_open = self.way.is_open();
        // Any status that is no success is a failure here, unlike a partner's refusal.
        let counted = if is_success(result) { result } else { &NO_ANSWER };
        self.way.end(counted, now);
        self.saved.1 = true;
        let place = self.waiting.iter().position(|one| one.position() == position)?;
        if is_success(result) {
            self.failing_since = None;
            if was_open {
                self.working_since = Some(now);
            }
            return self.remove(place);
        }
        self.failing_since = self.failing_since.or(Some(now));
        let message = self.waiting.get_mut(place)?;
        message.is_on_its_way = false;
        message.failed = message.failed.saturating_add(1);
        let wait = policy(1).wait(message.failed, random);
        let asked = match result {
            TryResult::Response { retry_after: Some(asked), .. } => (*asked).min(WAIT_MAX),
            _ => SignedDuration::ZERO,
        };
        message.next_at = now.checked_add(wait.max(asked)).unwrap_or(Timestamp::MAX);
        None
    }

    /// Since when a message has failed although the receiver works.
    pub(crate) fn refused_since(&self, message: &Message) -> Option<Timestamp> {
        let working_since = self.working_since.unwrap_or(Timestamp::MIN);
        message.since.map(|since| since.max(working_since))
    }

    /// A message was not sent for a reason of this side: it is tried again soon.
    pub(crate) fn postpone(&mut self, position: u64, now: Timestamp) {
        self.way.end(&TryResult::Blocked(String::new()), now);
        if let Some(message) = self.waiting.iter_mut().find(|one| one.position() == position) {
            message.is_on_its_way = false;
            message.next_at = now.checked_add(FIRST_WAIT).unwrap_or(Timestamp::MAX);
        }
    }

    /// A message was not sent, because it is no longer permitted.
    pub(crate) fn withhold(&mut self, position: u64, now: Timestamp) -> Option<Message> {
        self.way.end(&TryResult::Blocked(String::new()), now);
        let place = self.waiting.iter().position(|one| one.position() == position)?;
        self.remove(place)
    }

    /// Removes a message that is given up.
    pub(crate) fn remove(&mut self, place: usize) -> Option<Message> {
        self.saved.1 = true;
        let message = self.waiting.remove(place)?;
        self.bytes = self.bytes.saturating_sub(message.body.len());
        Some(message)
    }

    /// How far it is, and what of it waits.
    pub(crate) fn place(&self) -> Place {
        let waiting = self.waiting.iter();
        let waiting =
            waiting.map(|message| Left { position: message.position(), since: message.since });
        Place {
            subscriber: self.id.to_string(),
            begin: self.begin,
            after: self.read.0,
            left: self.left.iter().copied().chain(waiting).collect(),
            failing_since: self.failing_since,
        }
    }

    /// Up to where everything is done.
    pub(crate) fn done(&self) -> Position {
        let left = self.left.first().map(|left| left.position);
        let first = left.or_else(|| self.waiting.front().map(Message::position));
        Position(first.map_or(self.read.0, |first| first.saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests;
