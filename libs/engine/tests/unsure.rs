//! A step of which one attempt may have been written: nobody is told that it was not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use dossier::access::Resource;
use dossier::contract::{AgencyCode, DossierId, Meta, ProcedureRef, WaybillEvent, WaybillTaken};
use dossier::delivery::hand_to_carrier::HandToCarrier;
use dossier::law::shipped_rules;
use dossier::{Command, Decision, Facts, LawError, State, Step};
use engine::rulebook::Rulebook;
use engine::{Begins, CommandEnvelope, Engine, Failure, Settings, Streams};
use events::bus::Bus;
use events::{AppendError, EventStore, Faults};
use jiff::Timestamp;
use platform::TimeSource;
use uuid::Uuid;

/// A stream of which nothing is remembered.
#[derive(Debug, Clone, Default)]
struct Waybill;

impl State for Waybill {
    type Event = WaybillEvent;
    const CATEGORY: &'static str = "waybill";

    fn evolve(&mut self, _: &WaybillEvent, _: &Meta) {}

    fn resource(&self) -> Option<Resource> {
        None
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }
}

/// Takes the waybill with this number.
#[derive(Debug)]
struct TakeWaybill(u128);

impl Command for TakeWaybill {
    type State = Waybill;
    type Refusal = LawError;
    const STEP: Step = HandToCarrier::STEP;

    fn decide(&self, _: &Waybill, _: &Facts<'_>) -> Result<Decision<WaybillEvent>, LawError> {
        Ok(Decision::event(WaybillTaken {
            carrier: "vnpost".to_owned(),
            waybill: self.0.to_string(),
            dossier: DossierId(Uuid::from_u128(self.0)),
        }))
    }
}

/// What becomes of steps in a store with such faults.
async fn outcomes(faults: Faults, steps: u128) -> Vec<Result<(), Failure<LawError>>> {
    let now: Timestamp = "2026-11-20T02:00:00Z".parse().unwrap();
    let (store, rules, clock) =
        (EventStore::memory(), shipped_rules().unwrap(), TimeSource::manual(now));
    Rulebook::open(&store, &rules, now).await.unwrap();
    let store = Arc::new(EventStore::faulty(store, faults));
    let engine = Engine::new(Settings {
        bus: Bus::Store(Arc::clone(&store)),
        store,
        rules,
        clock,
        views: None,
    })
    .await
    .unwrap();
    let streams = Streams::<Waybill>::new(engine);
    let mut outcomes = Vec::new();
    for n in 1..=steps {
        let stream = Streams::<Waybill>::name(&n.to_string()).unwrap();
        let id = Uuid::from_u128(n);
        let envelope = CommandEnvelope::by_service("delivery", stream, id).begins(Begins::Either);
        outcomes.push(streams.execute(&envelope, &TakeWaybill(n)).await.map(drop));
    }
    outcomes
}

#[tokio::test]
async fn busy_is_not_said_of_a_step_that_an_earlier_attempt_may_have_written() {
    // Every append fails, one way or the other: a step ends with the first busy one.
    let faults = Faults { seed: 5, unreachable_before: 500, busy: 500, ..Faults::default() };
    let outcomes = outcomes(faults, 40).await;
    let busy = outcomes.iter().filter(|o| matches!(o, Err(Failure::Busy(_)))).count();
    let unknown = outcomes
        .iter()
        .filter(|o| matches!(o, Err(Failure::Append(AppendError::Unreachable(_)))))
        .count();
    assert_eq!(busy + unknown, 40, "{outcomes:?}");
    assert!((10..30).contains(&busy), "{busy} of 40 were busy at once");
}

#[tokio::test]
async fn a_store_that_is_busy_at_once_says_so() {
    let faults = Faults { seed: 5, busy: 1_000, ..Faults::default() };
    let outcomes = outcomes(faults, 5).await;
    assert!(outcomes.iter().all(|o| matches!(o, Err(Failure::Busy(_)))), "{outcomes:?}");
}
