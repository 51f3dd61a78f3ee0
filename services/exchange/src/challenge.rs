//! The challenge of an address: it has to answer with the text that it was sent, so that nobody has
//! messages sent to a receiver that does not expect them.

use jiff::{SignedDuration, Timestamp};
use outbox::Called;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::limits::CHALLENGED_FOR;
use crate::message::{Tried, is_success};
use crate::policy::policy;

/// Kind of the message.
pub(crate) const KIND: &str = "exchange.SubscriberChallenge.v1";

/// The challenge of an address.
#[derive(Debug, Clone)]
pub(crate) struct Challenge {
    /// How often the subscriber's address had to be verified.
    pub(crate) number: u32,
    pub(crate) text: String,
    since: Timestamp,
    pub(crate) next_at: Timestamp,
    pub(crate) is_on_its_way: bool,
    failed: u32,
    pub(crate) tries: Vec<Tried>,
}

/// What the receiver answers.
#[derive(Debug, Deserialize)]
struct Answer {
    challenge: String,
}

/// The message, a CloudEvent with data.
#[derive(Debug, Serialize)]
struct Asked<'a> {
    specversion: &'static str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: &'static str,
    subject: String,
    time: Timestamp,
    data: Data<'a>,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    challenge: &'a str,
}

impl Challenge {
    pub(crate) fn new(number: u32, text: String, now: Timestamp) -> Self {
        let (failed, tries) = (0, Vec::new());
        Self { number, text, since: now, next_at: now, is_on_its_way: false, failed, tries }
    }

    /// Whether it is sent now; when it is sent otherwise, if it is.
    pub(crate) fn due(&self, now: Timestamp) -> (bool, Option<Timestamp>) {
        let ends_at = self.since.checked_add(CHALLENGED_FOR).unwrap_or(Timestamp::MAX);
        if self.is_on_its_way || self.next_at > ends_at {
            return (false, None);
        }
        (self.next_at <= now, Some(self.next_at))
    }

    /// The message of the store with this id, about a subscriber.
    pub(crate) fn body(&self, store: Uuid, subscriber: Uuid, now: Timestamp) -> Vec<u8> {
        let asked = Asked {
            specversion: "1.0",
            id: format!("{subscriber}-{}", self.number),
            source: format!("urn:uuid:{store}"),
            kind: KIND,
            subject: subscriber.to_string(),
            time: now,
            data: Data { challenge: &self.text },
        };
        serde_json::to_vec(&asked).unwrap_or_default()
    }

    /// Whether the receiver has answered it.
    pub(crate) fn is_answered_by(&self, called: &Called) -> bool {
        let answer = serde_json::from_slice::<Answer>(&called.body);
        is_success(&called.result) && answer.is_ok_and(|answer| answer.challenge == self.text)
    }

    /// It was not answered, and is sent again.
    pub(crate) fn failed(&mut self, now: Timestamp, random: u32) {
        self.is_on_its_way = false;
        self.failed = self.failed.saturating_add(1);
        let wait: SignedDuration = policy(1).wait(self.failed, random);
        self.next_at = now.checked_add(wait).unwrap_or(Timestamp::MAX);
    }
}

#[cfg(test)]
mod tests {
    use outbox::TryResult;

    use super::*;

    fn called(status: u16, body: &str) -> Called {
        let result = TryResult::Response { status, understood: true, retry_after: None };
        Called { result, status: Some(status), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn only_a_success_with_the_text_itself_is_an_answer() {
        let challenge = Challenge::new(1, "abc".to_owned(), Timestamp::UNIX_EPOCH);
        assert!(challenge.is_answered_by(&called(200, r#"{"challenge":"abc","more":1}"#)));
        assert!(!challenge.is_answered_by(&called(200, r#"{"challenge":"abd"}"#)));
        assert!(!challenge.is_answered_by(&called(200, "abc")));
        assert!(!challenge.is_answered_by(&called(302, r#"{"challenge":"abc"}"#)));
    }

    #[test]
    fn an_address_is_asked_for_a_day() {
        let start = Timestamp::UNIX_EPOCH;
        let mut challenge = Challenge::new(1, "abc".to_owned(), start);
        let (mut now, mut tries) = (start, 0);
        while let (_, Some(next)) = challenge.due(now) {
            now = next;
            challenge.failed(now, u32::MAX);
            tries += 1;
        }
        assert!(now.duration_since(start) > SignedDuration::from_hours(23), "{now}");
        assert!((50..70).contains(&tries), "{tries}");
    }
}
