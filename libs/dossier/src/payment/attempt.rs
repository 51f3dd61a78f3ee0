//! One attempt to pay, and which of the things that a provider says of it are the same capture.
//!
//! A provider tells one capture several times under several names: it answers a query, sends a notice, the browser comes
//! back, a settlement file has a line. Each is a [`Word`]. Two words are of one capture
//! 1. if they have the same transaction number, or the same event name;
//! 2. otherwise, if the provider never captures twice for one attempt;
//! 3. otherwise, if one of them has no number and both say the whole amount that the attempt is for.
//!
//! A word of an attempt that has no capture yet is a capture, and so is one whose transaction number is another than that
//! of every capture. What remains cannot be told apart, and counts as nothing until a cashier has asked the provider: to
//! wait costs the payer a day, to count twice costs the state money.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use crate::contract::{Doubt, PaymentStarted, Source, Vnd};

/// What a provider said once of money that it has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    /// The provider's name of the fact.
    pub event: String,
    /// The provider's number of the transaction.
    pub transaction: Option<String>,
    /// How much.
    pub amount: Vnd,
}

impl Word {
    /// Whether it may be said of the same money: by the same number; without one by the same name or the same amount.
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
    /// The name under which it was told first.
    pub event: String,
    /// Its transaction number, as soon as one word of it had one.
    pub transaction: Option<String>,
    /// How much.
    pub amount: Vnd,
}

/// A word that does not agree with what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubtfulWord {
    /// What was said.
    pub word: Word,
    /// By which way.
    pub source: Source,
    /// What does not agree.
    pub doubt: Doubt,
    /// Since when that is known.
    pub since: Timestamp,
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity<'a> {
    /// It was said before in the same words.
    Known,
    /// Money of its own.
    New,
    /// Another name of the money that was told first by this name.
    NameOf(&'a str),
    /// It does not agree with what is known.
    Doubtful(Doubt),
}

/// One attempt to pay.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// How it began.
    pub started: PaymentStarted,
    /// What it has brought, in all.
    pub captured: Vnd,
    /// The captures that this was told by.
    pub captures: Vec<Capture>,
    /// What does not agree, until a cashier has looked into it.
    pub doubts: Vec<DoubtfulWord>,
    /// Whether the provider said that it failed.
    pub failed: bool,
    /// Whether it came to nothing in its time.
    pub expired: bool,
    /// How often the provider was asked.
    pub queries: u32,
    /// When it is asked next.
    pub query_at: Timestamp,
    /// The event that set that time.
    pub opened_by: Uuid,
    /// What was doubtful and was looked into, under which it is known since.
    resolved: Vec<Word>,
    /// What is sure to have come, since somebody has asked.
    sure: Vnd,
    /// Everything that was said of money.
    words: BTreeSet<Word>,
    /// Which capture, by its place, goes by a name.
    names: BTreeMap<String, usize>,
    failures: BTreeSet<String>,
}

impl Attempt {
    pub(super) const fn new(started: PaymentStarted, opened_by: Uuid) -> Self {
        let query_at = started.query_at;
        Self {
            started,
            captured: Vnd::ZERO,
            captures: Vec::new(),
            doubts: Vec::new(),
            failed: false,
            expired: false,
            queries: 0,
            query_at,
            opened_by,
            resolved: Vec::new(),
            sure: Vnd::ZERO,
            words: BTreeSet::new(),
            names: BTreeMap::new(),
            failures: BTreeSet::new(),
        }
    }

    /// Whether the provider may still say something that is waited for.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.failed && !self.expired && !self.is_complete()
    }

    /// Whether it has brought what it was begun for, or all that it will bring.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let once = self.started.captures_once;
        self.captured >= self.started.amount || once && self.captured > Vnd::ZERO
    }

    /// What of its money is not sure to be there: the part above what it was begun for, or was found to have come, while
    /// something does not agree.
    #[must_use]
    pub fn in_doubt(&self) -> Vnd {
        if self.doubts.is_empty() { Vnd::ZERO } else { self.above(self.captured) }
    }

    /// By how much it would be above what it was begun for, or was found to have come, if it has brought `captured` in all.
    #[must_use]
    pub fn above(&self, captured: Vnd) -> Vnd {
        let sure = self.started.amount.max(self.sure);
        Vnd(captured.0.saturating_sub(sure.0).max(0))
    }

    /// The most that it can have brought by what was said of it.
    #[must_use]
    pub fn said_at_most(&self) -> Vnd {
        // Of another amount than was asked for, and counted all the same.
        let counted = |doubtful: &&DoubtfulWord| doubtful.doubt == Doubt::NotTheAttemptsAmount;
        let mut others: Vec<&Word> = Vec::new();
        for doubtful in self.doubts.iter().filter(|doubtful| !counted(doubtful)) {
            match others.iter_mut().find(|other| other.may_be(&doubtful.word)) {
                // Of several amounts for one name, the largest.
                Some(other) if other.amount < doubtful.word.amount => *other = &doubtful.word,
                Some(_) => {}
                None => others.push(&doubtful.word),
            }
        }
        Vnd(others.iter().fold(self.captured.0, |sum, other| sum.saturating_add(other.amount.0)))
    }

    /// How many facts of the provider it knows.
    #[must_use]
    pub fn facts(&self) -> usize {
        self.words.len().saturating_add(self.failures.len())
    }

    /// Whether the provider told this failure before.
    #[must_use]
    pub fn knows_failure(&self, event: &str) -> bool {
        self.failures.contains(event)
    }

    /// What a word is, by what is known.
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
            // What it came to in all, when somebody had asked, is said of it too.
            Some(known) if !self.resolved.is_empty() && word.amount == self.captured => {
                Identity::NameOf(&known.event)
            }
            Some(known) if known.amount != word.amount => Identity::Doubtful(Doubt::OtherAmount),
            Some(known) => Identity::NameOf(&known.event),
        }
    }

    /// What is odd about a word that is money of its own.
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

    /// Takes in money of its own.
    pub(super) fn capture(&mut self, word: Word) {
        self.captured = Vnd(self.captured.0.saturating_add(word.amount.0));
        self.names.insert(word.event.clone(), self.captures.len());
        let Word { event, transaction, amount } = word.clone();
        self.captures.push(Capture { event, transaction, amount });
        self.words.insert(word);
    }

    /// Takes in another name of the capture that was told first as `of`.
    pub(super) fn confirm(&mut self, word: Word, of: &str) {
        if let Some(place) = self.captures.iter().position(|capture| capture.event == of) {
            self.names.insert(word.event.clone(), place);
            if let (Some(capture), Some(number)) = (self.captures.get_mut(place), &word.transaction)
            {
                capture.transaction.get_or_insert_with(|| number.clone());
            }
        }
        self.words.insert(word);
    }

    pub(super) fn doubt(&mut self, doubtful: DoubtfulWord) {
        self.words.insert(doubtful.word.clone());
        self.doubts.push(doubtful);
    }

    /// Takes in how much it has really brought. What was said stays known as it was said, so that nobody looks into it twice.
    pub(super) fn resolve(&mut self, captured: Vnd) {
        (self.captured, self.sure) = (captured, captured);
        self.resolved.extend(self.doubts.drain(..).map(|doubtful| doubtful.word));
    }

    pub(super) fn fail(&mut self, event: &str) {
        self.failed = true;
        self.failures.insert(event.to_owned());
    }
}
