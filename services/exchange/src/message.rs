//! A message to a subscriber, its tries, and what is kept of them.

use std::sync::Arc;

use jiff::Timestamp;
use outbox::{Called, TryResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use web::changes::{Change, Subject};

use crate::limits::{ANSWER_CHARS_MAX, TRIES_MAX};

/// The kind of a message that is shown to nobody.
const WITHHELD: &str = "withheld";

/// A try of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Tried {
    /// Begin of the try.
    pub(crate) at: Timestamp,
    /// How long it took, in milliseconds.
    pub(crate) ms: u64,
    /// How it ended.
    #[schema(example = "status 500")]
    pub(crate) result: String,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryState {
    /// The receiver answered with a status of success.
    Delivered,
    /// It is sent again.
    Waiting,
    /// It was tried for days; it can be replayed.
    GivenUp,
    /// Who subscribed may no longer read it.
    Withheld,
}

/// What is kept of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The event; absent for a challenge.
    pub(crate) event: Option<Uuid>,
    pub(crate) kind: String,
    pub(crate) subject: Option<String>,
    pub(crate) state: DeliveryState,
    pub(crate) tries: Vec<Tried>,
    /// The beginning of the newest answer that was no success.
    pub(crate) answer: Option<String>,
}

/// A message that is to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) change: Change,
    /// The CloudEvent.
    pub(crate) body: Arc<[u8]>,
    pub(crate) next_at: Timestamp,
    /// When it was tried first.
    pub(crate) since: Option<Timestamp>,
    pub(crate) failed: u32,
    pub(crate) is_on_its_way: bool,
    pub(crate) tries: Vec<Tried>,
    pub(crate) answer: Option<String>,
}

impl Record {
    /// Of a message that who subscribed may no longer read: nothing of what it was about.
    pub(crate) fn withheld() -> Self {
        Self {
            event: None,
            kind: WITHHELD.to_owned(),
            subject: None,
            state: DeliveryState::Withheld,
            tries: Vec::new(),
            answer: None,
        }
    }
}

impl Message {
    pub(crate) fn new(change: Change, body: Vec<u8>) -> Self {
        Self {
            change,
            body: body.into(),
            next_at: Timestamp::MIN,
            since: None,
            failed: 0,
            is_on_its_way: false,
            tries: Vec::new(),
            answer: None,
        }
    }

    pub(crate) const fn position(&self) -> u64 {
        self.change.position.0
    }

    pub(crate) const fn subject(&self) -> &Subject {
        &self.change.subject
    }

    /// Adds a try; of many, the newest stay.
    pub(crate) fn tried(&mut self, tried: Tried, called: &Called) {
        note(&mut self.tries, tried);
        self.answer = answer(called);
    }

    pub(crate) fn record(&self, state: DeliveryState) -> Record {
        Record {
            event: Some(self.change.id),
            kind: self.change.kind.to_string(),
            subject: Some(self.change.subject.id()),
            state,
            tries: self.tries.clone(),
            answer: self.answer.clone(),
        }
    }
}

/// Adds a try; of many, the newest stay.
pub(crate) fn note(tries: &mut Vec<Tried>, tried: Tried) {
    if tries.len() >= TRIES_MAX {
        tries.remove(0);
    }
    tries.push(tried);
}

/// Whether a receiver took a message.
pub(crate) const fn is_success(result: &TryResult) -> bool {
    matches!(result, TryResult::Response { status: 200..=299, .. })
}

/// A result in words.
pub(crate) fn said(result: &TryResult) -> String {
    match result {
        TryResult::Response { status: status @ 300..=399, .. } => {
            format!("status {status}; redirects are not followed")
        }
        TryResult::Response { status, .. } => format!("status {status}"),
        TryResult::NoResponse(why) => why.chars().take(ANSWER_CHARS_MAX).collect(),
        TryResult::Blocked(why) => format!("not sent: {why}"),
    }
}

/// The beginning of an answer that is no success, without control characters.
pub(crate) fn answer(called: &Called) -> Option<String> {
    let text = String::from_utf8_lossy(&called.body);
    let shown: String = text.chars().filter(|c| !c.is_control()).take(ANSWER_CHARS_MAX).collect();
    (!is_success(&called.result) && !shown.is_empty()).then_some(shown)
}
