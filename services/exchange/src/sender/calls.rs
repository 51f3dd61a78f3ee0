//! Sends what is due, and takes what comes back.

use std::sync::Arc;
use std::time::Instant;

use dossier::contract::{DisabledBecause, SubscriberId};
use dossier::exchange::Subscriber;
use dossier::exchange::limits::FAILING_FOR;
use dossier::exchange::verify_subscriber::VerifySubscriber;
use engine::tasks::Stalled;
use engine::{CommandEnvelope, Streams};
use jiff::Timestamp;
use outbox::{Called, Sent, TryResult};
use platform::TimeSource;
use uuid::Uuid;
use web::changes::Change;

use super::Sender;
use crate::challenge::KIND;
use crate::keys::message_id;
use crate::lane::{Due, Terms};
use crate::limits::{CALLS_MAX, RIGHTS_EVERY};
use crate::message::{DeliveryState, Record, Tried, answer, is_success, note, said};
use crate::owners::Owners;
use crate::{App, NAME};

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// The challenge with this number.
    Challenge(u32),
    /// The change at this position.
    Change(u64),
}

/// Whether a message was sent.
#[derive(Debug)]
enum CalledOrNot {
    Called(Called),
    /// Who subscribed may no longer read it.
    NotPermitted,
    /// The store could not be read.
    Unread,
}

/// A message that came back.
#[derive(Debug)]
pub(super) struct Ended {
    id: SubscriberId,
    /// The lane that sent it.
    lane: u64,
    what: What,
    begun_at: Timestamp,
    ms: u64,
    called: CalledOrNot,
}

/// A message on its way.
struct Outgoing {
    id: SubscriberId,
    lane: u64,
    what: What,
    address: String,
    message: String,
    body: Arc<[u8]>,
    /// What is permitted is decided again; absent for a challenge.
    about: Option<(Change, Arc<Terms>)>,
}

impl Sender {
    /// Sends what is due in all lanes; gives the time of the next message.
    pub(super) fn send_all(&mut self, now: Timestamp) -> Option<Timestamp> {
        let (app, store) = (Arc::clone(&self.app), self.engine().store.id());
        let mut wake_at: Option<Timestamp> = None;
        let mut outgoing = Vec::new();
        for lane in self.lanes.values_mut() {
            let room = CALLS_MAX.saturating_sub(self.calls.len().saturating_add(outgoing.len()));
            if room == 0 {
                break;
            }
            let (id, number) = (lane.id, lane.number);
            if now >= lane.terms.rights_until {
                // It is disabled when rights are confirmed the next time.
                let next = self.rights_at.checked_add(RIGHTS_EVERY).ok();
                wake_at = [wake_at, next].into_iter().flatten().min();
                continue;
            }
            if let Some(challenge) = &mut lane.challenge {
                let (is_due, next) = challenge.due(now);
                if is_due {
                    challenge.is_on_its_way = true;
                    outgoing.push(Outgoing {
                        id,
                        lane: number,
                        what: What::Challenge(challenge.number),
                        address: lane.terms.address.clone(),
                        message: format!("msg_{}-{}", id.0.simple(), challenge.number),
                        body: challenge.body(store, id.0, now).into(),
                        about: None,
                    });
                } else {
                    wake_at = [wake_at, next].into_iter().flatten().min();
                }
                continue;
            }
            loop {
                match lane.due(now) {
                    Due::Nothing => break,
                    Due::At(at) => {
                        wake_at = Some(wake_at.map_or(at, |wake_at| wake_at.min(at)));
                        break;
                    }
                    Due::Now(place) => {
                        let terms = Arc::clone(&lane.terms);
                        let Some(message) = lane.begin(place, now) else { break };
                        outgoing.push(Outgoing {
                            id,
                            lane: number,
                            what: What::Change(message.position()),
                            address: terms.address.clone(),
                            message: message_id(id, message.change.id),
                            body: Arc::clone(&message.body),
                            about: Some((message.change.clone(), terms)),
                        });
                    }
                }
            }
        }
        for one in outgoing {
            let (app, owners) = (Arc::clone(&app), Arc::clone(&self.owners));
            self.calls.spawn(async move { sent(&app, &owners, one, now).await });
        }
        wake_at
    }

    /// Notes what came back, and what follows from it.
    pub(super) async fn ended(&mut self, ended: Ended, now: Timestamp) -> Result<(), Stalled> {
        let is_known = self.lanes.get(&ended.id).is_some_and(|lane| lane.number == ended.lane);
        if !is_known {
            return Ok(());
        }
        if let (CalledOrNot::Unread, Some(lane)) = (&ended.called, self.lanes.get_mut(&ended.id)) {
            match (ended.what, &mut lane.challenge) {
                (What::Change(position), _) => lane.postpone(position, now),
                (What::Challenge(_), Some(challenge)) => challenge.failed(now, 0),
                (What::Challenge(_), None) => {}
            }
            return Ok(());
        }
        match ended.what {
            What::Challenge(number) => self.answered(ended, number, now).await,
            What::Change(position) => self.delivered(ended, position, now).await,
        }
    }

    async fn answered(&mut self, ended: Ended, number: u32, now: Timestamp) -> Result<(), Stalled> {
        let Ended { id, begun_at, ms, called, .. } = ended;
        let CalledOrNot::Called(called) = called else { return Ok(()) };
        let Some(lane) = self.lanes.get_mut(&id) else { return Ok(()) };
        let Some(challenge) = &mut lane.challenge else { return Ok(()) };
        let is_answered = challenge.is_answered_by(&called);
        let result = match (is_answered, is_success(&called.result)) {
            (true, _) => "answered the challenge".to_owned(),
            (false, true) => {
                format!("{}; the challenge is not in the answer", said(&called.result))
            }
            (false, false) => said(&called.result),
        };
        note(&mut challenge.tries, Tried { at: begun_at, ms, result });
        let state = if is_answered { DeliveryState::Delivered } else { DeliveryState::Waiting };
        let record = Record {
            event: None,
            kind: KIND.to_owned(),
            subject: None,
            state,
            tries: challenge.tries.clone(),
            answer: answer(&called).filter(|_| !is_answered),
        };
        if !is_answered {
            challenge.failed(now, random(id, number, u32::try_from(ms).unwrap_or(0)));
        }
        let address = lane.terms.address.clone();
        self.note(id, 0, &record, now);
        if !is_answered {
            return Ok(());
        }
        let stream = Streams::<Subscriber>::of(id.0);
        let command = Uuid::new_v5(&id.0, format!("verified {number}").as_bytes());
        let envelope = CommandEnvelope::by_service(NAME, stream, command);
        let head = self.engine().store.head().0;
        let command = VerifySubscriber { address, challenge: number, head };
        match self.app.subscribers.execute(&envelope, &command).await {
            Ok(_) => Ok(()),
            Err(failure) => {
                if let Some(challenge) =
                    self.lanes.get_mut(&id).and_then(|lane| lane.challenge.as_mut())
                {
                    challenge.failed(now, 0);
                }
                Err(Stalled::Outside(format!("{failure:?}")))
            }
        }
    }

    async fn delivered(
        &mut self,
        ended: Ended,
        position: u64,
        now: Timestamp,
    ) -> Result<(), Stalled> {
        let Ended { id, begun_at, ms, called, .. } = ended;
        let Some(lane) = self.lanes.get_mut(&id) else { return Ok(()) };
        let CalledOrNot::Called(called) = called else {
            let withheld = lane.withhold(position, now);
            if let Some(record) = withheld.map(|_| Record::withheld()) {
                self.note(id, position, &record, now);
            }
            return Ok(());
        };
        let result = said(&called.result);
        let total = if is_success(&called.result) {
            &mut self.totals.delivered
        } else {
            &mut self.totals.failed
        };
        *total = total.saturating_add(1);
        let place = lane.waiting.iter().position(|one| one.position() == position);
        if let Some(message) = place.and_then(|place| lane.waiting.get_mut(place)) {
            let failed = message.failed;
            message.tried(Tried { at: begun_at, ms, result: result.clone() }, &called);
            if !is_success(&called.result) && failed == 0 {
                let subscriber = id.to_string();
                tracing::debug!(subscriber, result, "message to a subscriber failed; retrying");
            }
        }
        let random =
            random(id, u32::try_from(position).unwrap_or(0), u32::try_from(ms).unwrap_or(0));
        let done = lane.end(position, &called.result, (now, random));
        let is_over = |since: Timestamp| now.duration_since(since) >= FAILING_FOR;
        let failing = lane.failing_since.is_some_and(is_over);
        let record = match done {
            Some(message) => Some(message.record(DeliveryState::Delivered)),
            None => {
                let place = lane.waiting.iter().position(|one| one.position() == position);
                let is_given_up =
                    place.and_then(|place| lane.waiting.get(place)).is_some_and(|message| {
                        !failing && lane.refused_since(message).is_some_and(is_over)
                    });
                match place {
                    // The receiver takes others: this one would block its dossier for ever.
                    Some(place) if is_given_up => {
                        lane.remove(place).map(|message| message.record(DeliveryState::GivenUp))
                    }
                    Some(place) => {
                        lane.waiting.get(place).map(|one| one.record(DeliveryState::Waiting))
                    }
                    None => None,
                }
            }
        };
        if let Some(record) = record {
            self.note(id, position, &record, now);
        }
        if matches!(called.result, TryResult::Response { status: 410, .. }) {
            return self.suspend(id, DisabledBecause::Gone, Some(result)).await;
        }
        if failing {
            return self.suspend(id, DisabledBecause::Failing, Some(result)).await;
        }
        Ok(())
    }

    fn note(&mut self, id: SubscriberId, position: u64, record: &Record, now: Timestamp) {
        let state = serde_json::to_string(record).unwrap_or_default();
        self.kept.sent.push(Sent { subscriber: id.to_string(), position, at: now, state });
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.recorded.0 = lane.recorded.0.saturating_add(1);
        }
    }
}

/// Spreads retries; it need not be unpredictable.
fn random(id: SubscriberId, number: u32, more: u32) -> u32 {
    let mixed = Uuid::new_v5(&id.0, &[number.to_be_bytes(), more.to_be_bytes()].concat());
    u32::from_be_bytes(*mixed.as_bytes().first_chunk().unwrap_or(&[0; 4]))
}

/// Signs a message and sends it. The time is that of the machine, by which the receiver checks it.
async fn sent(app: &App, owners: &Owners, outgoing: Outgoing, begun_at: Timestamp) -> Ended {
    let Outgoing { id, lane, what, address, message, body, about } = outgoing;
    let begun = Instant::now();
    let mut is_permitted = Ok(true);
    if let Some((change, terms)) = &about {
        let known = owners.of(std::iter::once(change)).await;
        is_permitted = known.map(|known| {
            let patterns = terms.wanted.patterns();
            known.get(&change.subject).is_some_and(|owner| terms.permit(change, &patterns, owner))
        });
    }
    if let Ok(false) = is_permitted {
        let called = CalledOrNot::NotPermitted;
        return Ended { id, lane, what, begun_at, ms: 0, called };
    }
    let loaded = match is_permitted {
        Ok(_) => app.subscribers.load(&Streams::<Subscriber>::of(id.0)).await,
        Err(error) => Err(error),
    };
    let called = match loaded {
        Ok(loaded) => {
            let generations = loaded.state.secrets(begun_at);
            let seconds = TimeSource::System.now().as_second();
            let signed = (&*message, seconds, &*body);
            let headers = [
                ("content-type", "application/cloudevents+json; charset=utf-8".to_owned()),
                ("webhook-id", message.clone()),
                ("webhook-timestamp", seconds.to_string()),
                ("webhook-signature", app.keys.signatures(id, &generations, signed)),
            ];
            CalledOrNot::Called(app.webhooks.post(&address, &headers, body.to_vec()).await)
        }
        Err(error) => {
            tracing::warn!(subscriber = %id, %error, "cannot read what a message is about; retrying");
            CalledOrNot::Unread
        }
    };
    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ended { id, lane, what, begun_at, ms, called }
}
