//! An attempt to pay, and the decision which reports of a provider are about the same capture.
//!
//! A provider reports one capture several times under different ids: in the answer to a query, in a
//! notice, when the browser returns, and in a line of a settlement file. Each is a [`Word`]. Two
//! reports are about the same capture
//! 1. if they have the same transaction number or the same event id;
//! 2. otherwise, if the provider captures at most once per attempt;
//! 3. otherwise, if one of them has no transaction number and both state the whole amount of the
//!    attempt.
//!
//! A report is a new capture if the attempt has none yet, or if its transaction number differs from
//! those of all captures. The remaining reports are ambiguous and are not counted until a cashier
//! has asked the provider: waiting costs the payer a day, counting twice costs the state money.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::dispute::Dispute;
use super::reversal::Reversal;
use crate::contract::{Doubt, PaymentStarted, Source, Vnd};

/// One report of a provider about captured money.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    /// The provider's id of the report.
    pub event: String,
    /// The provider's transaction number; `None` if the report has none.
    pub transaction: Option<String>,
    pub amount: Vnd,
}

impl Word {
    /// Whether both may be about the same money: by transaction number if both have one, by event
    /// id or amount if neither has one, otherwise by event id.
    fn may_be(&self, other: &Self) -> bool {
        match (&self.transaction, &other.transaction) {
            (Some(number), Some(other)) => number == other,
            (None, None) => self.event == other.event || self.amount == other.amount,
            (Some(_), None) | (None, Some(_)) => self.event == other.event,
        }
    }
}

/// Money that a provider has captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Event id of the first report about it.
    pub event: String,
    /// Transaction number, once a report has stated one.
    pub transaction: Option<String>,
    pub amount: Vnd,
}

/// A report that contradicts others or cannot be assigned to a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubtfulWord {
    pub word: Word,
    pub source: Source,
    pub doubt: Doubt,
    /// Time at which the discrepancy was recorded.
    pub since: Timestamp,
}

/// The classification of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity<'a> {
    /// An exact repetition.
    Known,
    /// A new capture.
    New,
    /// Another report about the capture with this event id.
    NameOf(&'a str),
    /// A contradiction, or ambiguous.
    Doubtful(Doubt),
}

/// A query of a provider that has not reported an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// Number of queries made before.
    pub made: u32,
    pub at: Timestamp,
    /// Id of the event that set its time.
    pub opened_by: Uuid,
}

/// One attempt to pay.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// The event that started it.
    pub started: PaymentStarted,
    pub started_at: Timestamp,
    /// Where the payer's browser continues, once a provider that is called has begun it.
    pub next_url: Option<String>,
    /// Total captured amount.
    pub captured: Vnd,
    /// The captures, in the order in which they were recorded.
    pub captures: Vec<Capture>,
    /// Doubtful reports that a cashier has to resolve.
    pub doubts: Vec<DoubtfulWord>,
    /// The next query of the provider; `None` once the attempt was given up at its expiry.
    pub query: Option<Query>,
    /// What was taken back, in the order in which it was recorded.
    pub reversals: Vec<Reversal>,
    /// Disputes, in the order in which they were recorded.
    pub disputes: Vec<Dispute>,
    /// Event ids of reports that a cashier has matched with it.
    pub(super) matched: BTreeSet<String>,
    /// Event ids of doubtful reversals; they may be those of captures.
    pub(super) doubted_reversals: BTreeSet<String>,
    /// Doubtful reports that a cashier has resolved. Later reports about the same money are
    /// recognised by them.
    resolved: Vec<Word>,
    /// The total that a cashier has confirmed; zero if there was no resolution.
    sure: Vnd,
    /// All reports about money.
    words: BTreeSet<Word>,
    /// Index in `captures` by event id.
    names: BTreeMap<String, usize>,
    failures: BTreeSet<String>,
}

impl Attempt {
    /// A new attempt, without reports.
    #[must_use]
    pub const fn new(started: PaymentStarted, opened_by: Uuid, started_at: Timestamp) -> Self {
        let at = started.query_at;
        Self {
            started,
            started_at,
            next_url: None,
            captured: Vnd::ZERO,
            captures: Vec::new(),
            doubts: Vec::new(),
            query: Some(Query { made: 0, at, opened_by }),
            reversals: Vec::new(),
            disputes: Vec::new(),
            matched: BTreeSet::new(),
            doubted_reversals: BTreeSet::new(),
            resolved: Vec::new(),
            sure: Vnd::ZERO,
            words: BTreeSet::new(),
            names: BTreeMap::new(),
            failures: BTreeSet::new(),
        }
    }

    /// When money of this attempt counts as paid: by the provider's clock, but not before the
    /// attempt began and not after it was recorded.
    #[must_use]
    pub fn counted_at(&self, paid_at: Option<Timestamp>, recorded_at: Timestamp) -> Timestamp {
        paid_at.map_or(recorded_at, |paid_at| paid_at.max(self.started_at).min(recorded_at))
    }

    /// The id by which its provider knows the money: that of its payment order, if it is a part of
    /// one.
    #[must_use]
    pub fn at_provider(&self) -> Uuid {
        self.started.at_provider()
    }

    /// The amount of the transaction by which a capture came: the sum of the payment order, if it
    /// is a part of that.
    #[must_use]
    pub fn transacted(&self, capture: &Capture) -> Vnd {
        match &self.started.order {
            Some(share) if !self.matched.contains(&capture.event) => share.total,
            Some(_) | None => capture.amount,
        }
    }

    /// Whether the provider reported a failure.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        !self.failures.is_empty()
    }

    /// The next query, if the outcome is still open.
    #[must_use]
    pub fn open_query(&self) -> Option<Query> {
        self.query.filter(|_| self.is_open())
    }

    /// Whether the outcome is still open: neither failed, nor expired, nor complete.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.has_failed() && self.query.is_some() && !self.is_complete()
    }

    /// Whether it has brought its whole amount, or one capture of a provider that captures once.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let once = self.started.captures_once;
        self.captured >= self.started.amount || once && self.captured > Vnd::ZERO
    }

    /// The part of the captured amount that is in doubt: while there are doubtful reports, the
    /// excess over the attempt's amount or over the confirmed amount, whichever is higher.
    #[must_use]
    pub fn in_doubt(&self) -> Vnd {
        if self.doubts.is_empty() { Vnd::ZERO } else { self.above(self.captured) }
    }

    /// The excess of a total of `captured` over the attempt's amount or over the confirmed amount,
    /// whichever is higher.
    #[must_use]
    pub fn above(&self, captured: Vnd) -> Vnd {
        let sure = self.started.amount.max(self.sure);
        Vnd(captured.0.saturating_sub(sure.0).max(0))
    }

    /// The highest total that the reports allow.
    #[must_use]
    pub fn said_at_most(&self) -> Vnd {
        // Reports that differ only from the attempt's amount are counted in `captured` already, and
        // those about reversals bring nothing.
        let counted = |doubtful: &&DoubtfulWord| {
            matches!(doubtful.doubt, Doubt::NotTheAttemptsAmount | Doubt::MoreReversed)
        };
        let mut others: Vec<&Word> = Vec::new();
        for doubtful in self.doubts.iter().filter(|doubtful| !counted(doubtful)) {
            match others.iter_mut().find(|other| other.may_be(&doubtful.word)) {
                // If reports about the same money state several amounts, the largest.
                Some(other) if other.amount < doubtful.word.amount => *other = &doubtful.word,
                Some(_) => {}
                None => others.push(&doubtful.word),
            }
        }
        Vnd(others.iter().fold(self.captured.0, |sum, other| sum.saturating_add(other.amount.0)))
    }

    /// Number of recorded facts of the provider.
    #[must_use]
    pub fn facts(&self) -> usize {
        let reversals = self.reversals.len().saturating_add(self.doubted_reversals.len());
        self.words.len().saturating_add(self.failures.len()).saturating_add(reversals)
    }

    /// Whether this failure was recorded before.
    #[must_use]
    pub fn knows_failure(&self, event: &str) -> bool {
        self.failures.contains(event)
    }

    /// Classifies a report.
    #[must_use]
    pub fn identify(&self, word: &Word) -> Identity<'_> {
        if self.words.contains(word) {
            return Identity::Known;
        }
        let looked_into = |resolved: &&Word| {
            resolved.may_be(word) && [resolved.amount, self.captured].contains(&word.amount)
        };
        if let Some(resolved) = self.resolved.iter().find(looked_into) {
            return Identity::NameOf(&resolved.event);
        }
        let numbered = |capture: &&Capture| capture.transaction == word.transaction;
        let by_number = word.transaction.as_ref().and_then(|_| self.captures.iter().find(numbered));
        let by_name = self.names.get(&word.event).and_then(|place| self.captures.get(*place));
        let mut known = by_number.or(by_name);
        if known.is_none() {
            let Some(first) = self.captures.first() else { return Identity::New };
            let all_numbered = self.captures.iter().all(|capture| capture.transaction.is_some());
            let whole = |capture: &&Capture| {
                capture.amount == self.started.amount
                    && word.amount == self.started.amount
                    && (capture.transaction.is_none() || word.transaction.is_none())
            };
            known = if self.started.captures_once {
                Some(first)
            } else if word.transaction.is_some() && all_numbered {
                return Identity::New;
            } else {
                self.captures.iter().find(whole)
            };
        }
        match known {
            None => Identity::Doubtful(Doubt::NoNumber),
            Some(Capture { transaction: Some(known), .. })
                if word.transaction.as_ref().is_some_and(|number| number != known) =>
            {
                Identity::Doubtful(Doubt::OtherTransaction)
            }
            // After a resolution, a report of the confirmed total is about the known capture, too.
            Some(known) if !self.resolved.is_empty() && word.amount == self.captured => {
                Identity::NameOf(&known.event)
            }
            Some(known) if known.amount != word.amount => Identity::Doubtful(Doubt::OtherAmount),
            Some(known) => Identity::NameOf(&known.event),
        }
    }

    /// The discrepancy of a new capture: its amount, or for captures in parts their sum, does not
    /// fit the attempt's amount. `None` if it does.
    #[must_use]
    pub fn oddity(&self, word: &Word) -> Option<Doubt> {
        let in_parts = !self.started.captures_once && word.transaction.is_some();
        let together = self.captured.0.saturating_add(word.amount.0);
        let as_asked = if in_parts {
            together <= self.started.amount.0
        } else {
            word.amount == self.started.amount
        };
        (!as_asked).then_some(Doubt::NotTheAttemptsAmount)
    }

    /// Records a new capture.
    pub(crate) fn capture(&mut self, word: Word) {
        self.captured = Vnd(self.captured.0.saturating_add(word.amount.0));
        self.names.insert(word.event.clone(), self.captures.len());
        let Word { event, transaction, amount } = word.clone();
        self.captures.push(Capture { event, transaction, amount });
        self.words.insert(word);
    }

    /// Records another report about the capture with the event id `of`.
    pub(crate) fn confirm(&mut self, word: Word, of: &str) {
        if let Some(place) = self.captures.iter().position(|capture| capture.event == of) {
            self.names.insert(word.event.clone(), place);
            if let (Some(capture), Some(number)) = (self.captures.get_mut(place), &word.transaction)
            {
                capture.transaction.get_or_insert_with(|| number.clone());
            }
        }
        self.words.insert(word);
    }

    pub(crate) fn doubt(&mut self, doubtful: DoubtfulWord) {
        if doubtful.doubt == Doubt::MoreReversed {
            self.doubted_reversals.insert(doubtful.word.event.clone());
        } else {
            self.words.insert(doubtful.word.clone());
        }
        self.doubts.push(doubtful);
    }

    /// Records the confirmed total. The resolved reports remain known as they were, so that they
    /// are not doubted again.
    pub(super) fn resolve(&mut self, captured: Vnd) {
        (self.captured, self.sure) = (captured, captured);
        let brings = |doubtful: &DoubtfulWord| doubtful.doubt != Doubt::MoreReversed;
        let resolved = self.doubts.drain(..).filter(brings).map(|doubtful| doubtful.word);
        self.resolved.extend(resolved);
    }

    /// Records the time of the next query; nothing if the attempt was given up.
    pub(super) const fn wait(&mut self, made: u32, at: Timestamp, opened_by: Uuid) {
        if let Some(query) = &mut self.query {
            *query = Query { made, at, opened_by };
        }
    }

    pub(super) fn fail(&mut self, event: &str) {
        self.failures.insert(event.to_owned());
    }
}
