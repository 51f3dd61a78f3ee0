//! The lanes of the subscribers there are.

use std::sync::Arc;

use dossier::contract::{DisabledBecause, SubscriberId};
use dossier::exchange::suspend_subscriber::SuspendSubscriber;
use dossier::exchange::{Subscriber, SubscriberStatus};
use dossier::mandates::Credential;
use engine::tasks::Stalled;
use engine::view::Question;
use engine::{CommandEnvelope, Streams};
use jiff::Timestamp;
use outbox::Place;
use uuid::Uuid;

use super::Sender;
use crate::NAME;
use crate::challenge::Challenge;
use crate::lane::{Lane, Terms};
use crate::limits::LIST_WAIT_MAX;
use crate::listed::all_open;

impl Sender {
    /// Begins with what the log and the store have, once the list has all subscribers.
    pub(super) async fn take_over(&mut self, now: Timestamp) -> Result<(), Stalled> {
        // Until all lanes are there: a failure in between begins anew.
        self.read = None;
        self.touched.clear();
        let head = self.engine().store.head();
        let reached = self.app.shown.now();
        if reached < head {
            let _ = tokio::time::timeout(LIST_WAIT_MAX, self.app.shown.past(reached)).await;
            return Ok(());
        }
        let ids = self.app.listed.query(Question::List, all_open).await?;
        self.lanes.clear();
        self.disabled.clear();
        // Of an earlier time as leader; the store has newer ones.
        self.kept.places.clear();
        self.kept.sent.clear();
        self.calls.abort_all();
        while self.calls.join_next().await.is_some() {}
        let places = self.app.outbox.places().await.map_err(|error| outside(&error))?;
        let places = places.into_iter();
        self.places =
            places.filter_map(|place| Some((place.subscriber.parse().ok()?, place))).collect();
        for id in ids {
            self.reload(SubscriberId(id), now).await?;
        }
        self.read = Some(reached);
        tracing::info!(
            subscribers = self.lanes.len(),
            reached = reached.0,
            "sending changes to subscribers"
        );
        Ok(())
    }

    /// Makes the lane of a subscriber anew from its present state.
    pub(super) async fn reload(&mut self, id: SubscriberId, now: Timestamp) -> Result<(), Stalled> {
        let loaded = self.app.subscribers.load(&Streams::<Subscriber>::of(id.0)).await?;
        let state = &loaded.state;
        let terms = self.terms(state, now).await?;
        if let Some(lane) = self.lanes.remove(&id) {
            self.places.insert(id, lane.place());
            self.kept.places.push(lane.place());
        }
        self.disabled.remove(&id);
        match state.status {
            SubscriberStatus::Active | SubscriberStatus::Unverified => {
                let Some(terms) = terms else { return Ok(()) };
                let place = self.place(id, state);
                self.numbers = self.numbers.saturating_add(1);
                let lanes = self.lanes.len().saturating_add(1);
                let mut lane = Lane::new((id, self.numbers), terms, &place, lanes);
                if state.status == SubscriberStatus::Unverified {
                    let text = self.app.keys.challenge(id, state.challenges);
                    lane.challenge = Some(Challenge::new(state.challenges, text, now));
                }
                self.lanes.insert(id, lane);
            }
            SubscriberStatus::Disabled => drop(self.disabled.insert(id)),
            SubscriberStatus::Ended => {
                self.places.remove(&id);
                self.kept.places.retain(|place| place.subscriber != id.to_string());
                self.kept.sent.retain(|sent| sent.subscriber != id.to_string());
                self.kept.ended.push(id.to_string());
            }
        }
        let lanes = self.lanes.len();
        self.lanes.values_mut().for_each(|lane| lane.share(lanes));
        Ok(())
    }

    /// Where deliveries go on: where they ended, unless they have begun anew since.
    fn place(&self, id: SubscriberId, state: &Subscriber) -> Place {
        let (begin, after) = state.begin.map_or((0, 0), |begin| (begin.number, begin.after));
        let known = self.places.get(&id);
        // An answered challenge ends a failure of before.
        let since = known.and_then(|place| place.failing_since);
        let failing_since =
            since.filter(|since| state.verified_at.is_none_or(|verified| *since >= verified));
        match known.filter(|place| place.begin == begin && begin > 0) {
            Some(place) => {
                let mut left = place.left.clone();
                for one in &mut left {
                    let counts = |since: &Timestamp| {
                        state.verified_at.is_none_or(|verified| *since >= verified)
                    };
                    one.since = one.since.filter(counts);
                }
                Place { failing_since, left, ..place.clone() }
            }
            None => {
                let subscriber = id.to_string();
                Place { subscriber, begin, after, left: Vec::new(), failing_since }
            }
        }
    }

    async fn terms(
        &self,
        state: &Subscriber,
        now: Timestamp,
    ) -> Result<Option<Arc<Terms>>, Stalled> {
        let (Some(rights), Some(wanted)) = (&state.rights, &state.wanted) else { return Ok(None) };
        let mut rights_until = state.rights_until().unwrap_or(Timestamp::MAX);
        if let Some(credential) = rights.credential {
            let stream = Streams::<Credential>::of(credential.0);
            let loaded = self.app.credentials.load(&stream).await?;
            let valid = loaded.state.valid(now).map(|registered| registered.ends_at);
            rights_until = rights_until.min(valid.unwrap_or(now));
        }
        let caller = rights.caller(&self.engine().law(), now);
        let (address, wanted) = (state.address.clone(), wanted.clone());
        Ok(Some(Arc::new(Terms { address, wanted, caller, rights_until })))
    }

    /// Derives the rights of all subscribers by the law in force, and disables those whose rights
    /// were not confirmed for too long.
    pub(super) async fn confirm(&mut self, now: Timestamp) -> Result<(), Stalled> {
        self.rights_at = now;
        let ids: Vec<SubscriberId> = self.lanes.keys().copied().collect();
        for id in ids {
            let loaded = self.app.subscribers.load(&Streams::<Subscriber>::of(id.0)).await?;
            let Some(terms) = self.terms(&loaded.state, now).await? else { continue };
            if now >= terms.rights_until {
                self.suspend(id, DisabledBecause::RightsLapsed, None).await?;
            }
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.terms = terms;
            }
        }
        Ok(())
    }

    /// Records that nothing is sent to a subscriber any more. Its lane ends with the event.
    pub(super) async fn suspend(
        &mut self,
        id: SubscriberId,
        because: DisabledBecause,
        detail: Option<String>,
    ) -> Result<(), Stalled> {
        let stream = Streams::<Subscriber>::of(id.0);
        let version = self.app.subscribers.load(&stream).await?.version;
        let number = version.map_or(0, |version| version.0);
        let command = Uuid::new_v5(&id.0, format!("suspend {number}").as_bytes());
        let envelope = CommandEnvelope::by_service(NAME, stream, command);
        let shown = detail.clone();
        let command = SuspendSubscriber { because, detail };
        match self.app.subscribers.execute(&envelope, &command).await {
            Ok(_) => {
                self.totals.suspended = self.totals.suspended.saturating_add(1);
                tracing::warn!(subscriber = %id, ?because, detail = shown, "subscriber disabled");
                Ok(())
            }
            Err(failure) => Err(Stalled::Outside(format!("{failure:?}"))),
        }
    }
}

pub(super) fn outside(error: &outbox::StoreError) -> Stalled {
    Stalled::Outside(error.to_string())
}
