//! Replies that show a subscriber.

use dossier::RefusalEntry;
use dossier::contract::{
    AgencyCode, DisabledBecause, ProcedureCode, Role, Subject, SubscriberId, Wanted,
};
use dossier::exchange::limits::{AGENCIES_MAX, KINDS_MAX, PROCEDURES_MAX};
use dossier::exchange::{Subscriber, SubscriberStatus};
use engine::Loaded;
use jiff::Timestamp;
use outbox::Place;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Line, List, Problem, Reply};

use crate::App;

pub(super) const ADDRESS_BLOCKED: RefusalEntry = RefusalEntry {
    status: 422,
    code: "address-not-permitted",
    vi: "không gửi được đến địa chỉ này",
    en: "nothing is sent to this address",
};

/// Where changes are to be sent, and which.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscribeRequest {
    /// What the caller calls it.
    pub(super) name: Line<100>,
    /// Address to which changes are sent: `https`, of a public host.
    #[schema(example = "https://portal.example/changes")]
    pub(super) url: Line<500>,
    /// Kinds of events; `payment.*` stands for all of a service. All if absent or empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 20, required = false)]
    kinds: List<String, KINDS_MAX>,
    /// Only of these procedures; all if absent or empty.
    #[serde(default)]
    #[schema(value_type = Vec<ProcedureCode>, max_items = 100, required = false)]
    procedures: List<ProcedureCode, PROCEDURES_MAX>,
    /// Only of these agencies and those below them; all if absent or empty.
    #[serde(default)]
    #[schema(value_type = Vec<AgencyCode>, max_items = 100, required = false)]
    agencies: List<AgencyCode, AGENCIES_MAX>,
}

impl SubscribeRequest {
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            kinds: self.kinds.0.clone(),
            procedures: self.procedures.0.clone(),
            agencies: self.agencies.0.clone(),
        }
    }
}

/// A program outside to which changes are sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriberReply {
    /// Id of the subscriber.
    subscriber: SubscriberId,
    /// What the caller calls it.
    #[schema(example = "portal")]
    name: String,
    /// Address to which changes are sent.
    #[schema(example = "https://portal.example/changes")]
    url: String,
    /// Kinds of events; all if empty.
    #[schema(example = json!(["intake.DossierAccepted.v1", "payment.*"]))]
    kinds: Vec<String>,
    /// Procedures; all if empty.
    procedures: Vec<ProcedureCode>,
    /// Agencies, with those below them; all if empty.
    agencies: Vec<AgencyCode>,
    /// Stage of the subscriber.
    status: SubscriberStatus,
    /// Why nothing is sent; null unless it is disabled.
    disabled_because: Option<DisabledBecause>,
    /// What the last try ended with, or the reason that was given.
    #[schema(example = "status 500")]
    detail: Option<String>,
    /// When it was disabled; null unless it is.
    disabled_at: Option<Timestamp>,
    /// Since when no delivery has succeeded, as far as it was written; after five days it is
    /// disabled. Null if the newest one succeeded, and in the replies to steps.
    failing_since: Option<Timestamp>,
    /// Positions of the log that it has not received, as far as was written. Up to 10,000 of the
    /// newest may be counted although nothing of them was for it. Null before the first delivery,
    /// after its end, and in the replies to steps.
    lag: Option<u64>,
    /// Who subscribed.
    subject: Subject,
    /// The role in which changes are read.
    role: Role,
    /// When it was added.
    subscribed_at: Timestamp,
    /// When it is disabled, unless who subscribed changes or enables it before.
    rights_end: Timestamp,
    /// Number of the secret that signs; with the former one for a day.
    generation: u32,
    /// The secret, shown in this reply only; null in all others.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    secret: Option<String>,
}

/// A subscriber as the body of a reply; 404 if there is none.
pub(super) fn body(
    app: &App,
    loaded: &Loaded<Subscriber>,
    with_secret: bool,
    place: Option<&Place>,
) -> Result<SubscriberReply, Problem> {
    let state = &loaded.state;
    let (Some(id), Some(rights), Some(wanted), Some(subscribed_at)) =
        (state.id, &state.rights, &state.wanted, state.subscribed_at)
    else {
        return Err(Problem::not_found());
    };
    let (disabled_because, detail, disabled_at) = match &state.disabled {
        Some((because, detail, at)) => (Some(*because), detail.clone(), Some(*at)),
        None => (None, None, None),
    };
    Ok(SubscriberReply {
        subscriber: id,
        name: state.name.clone(),
        url: state.address.clone(),
        kinds: wanted.kinds.clone(),
        procedures: wanted.procedures.clone(),
        agencies: wanted.agencies.clone(),
        status: state.status,
        disabled_because,
        detail,
        disabled_at,
        failing_since: place.and_then(|place| place.failing_since),
        lag: place.and_then(|place| lag(state, place, app.engine().store.head().0)),
        subject: rights.subject.clone(),
        role: rights.role,
        subscribed_at,
        rights_end: state.rights_until().unwrap_or(Timestamp::MAX),
        generation: state.generation,
        secret: with_secret.then(|| app.keys.secret(id, state.generation)),
    })
}

/// Positions up to the head that are not done with.
fn lag(subscriber: &Subscriber, place: &Place, head: u64) -> Option<u64> {
    let is_over = subscriber.status == SubscriberStatus::Ended;
    let begin = subscriber.begin.filter(|_| !is_over)?;
    let done = if place.begin == begin.number {
        let waiting = place.left.iter().map(|left| left.position.saturating_sub(1));
        waiting.fold(place.after, u64::min)
    } else {
        begin.after
    };
    Some(head.saturating_sub(done))
}

/// 200 with a subscriber, after a step.
pub(super) fn shown(
    app: &App,
    loaded: &Loaded<Subscriber>,
    with_secret: bool,
) -> Result<Reply, Problem> {
    let body = body(app, loaded, with_secret, None)?;
    Ok(Reply::ok(&body).version(loaded.version).position(loaded.position))
}

/// Whether an address may be called, as far as that can be told before its name is resolved.
pub(super) fn checked(app: &App, address: &str) -> Result<String, Problem> {
    match app.webhooks.address(address) {
        Ok(_) => Ok(address.to_owned()),
        Err(blocked) => {
            Err(Problem::field(ADDRESS_BLOCKED, "/url", &blocked.vi(), &blocked.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use dossier::exchange::Begin;
    use outbox::Left;

    use super::*;

    #[test]
    fn the_lag_counts_from_the_oldest_message_that_waits_or_from_a_new_beginning() {
        let begin = Some(Begin { number: 2, after: 10 });
        let subscriber = Subscriber { begin, ..Subscriber::default() };
        let mut place = Place {
            subscriber: String::new(),
            begin: 2,
            after: 60,
            left: Vec::new(),
            failing_since: None,
        };
        assert_eq!(lag(&subscriber, &place, 100), Some(40));
        place.left = vec![Left { position: 50, since: None }, Left { position: 31, since: None }];
        assert_eq!(lag(&subscriber, &place, 100), Some(70));
        // What was written before a replay is void.
        place.begin = 1;
        assert_eq!(lag(&subscriber, &place, 100), Some(90));
        assert_eq!(lag(&Subscriber::default(), &place, 100), None, "never verified");
        let ended = Subscriber { status: SubscriberStatus::Ended, ..subscriber };
        assert_eq!(lag(&ended, &place, 100), None);
    }
}
