use uuid::Uuid;

use super::*;
use crate::contract::{Envelope, EventSet};
use crate::testing::{actor, at};

/// The golden sample of a kind of event.
macro_rules! sample {
    ($name:literal) => {
        ComplaintEvent::decode(
            concat!("feedback.", $name, ".v1"),
            include_str!(concat!("../../../../../schemas/samples/feedback.", $name, ".v1.json")),
        )
        .unwrap()
    };
}

/// The state after these events, one a day from 09:00 on 20 November 2026.
fn folded(events: &[ComplaintEvent]) -> Complaint {
    let mut state = Complaint::default();
    for (number, event) in (0_u32..).zip(events) {
        let role = match event {
            ComplaintEvent::ComplaintFiled(_) => Role::Applicant,
            _ => Role::ComplaintHandler,
        };
        let envelope = Envelope {
            at: at(&format!("2026-11-{}T09:00", number + 20)),
            actor: actor(role),
            command: Uuid::from_u128(u128::from(number)),
            digest: String::new(),
            cause: None,
            dossier: None,
            trace: None,
        };
        let id = Uuid::from_u128(u128::from(number) + 1);
        state.evolve(event, &Meta { id, version: u64::from(number) + 1, envelope });
    }
    state
}

/// Name of the stage, class, obligation.
fn seen(state: &Complaint) -> (&'static str, Option<ComplaintClass>, Option<Owed>) {
    let stage = match state.stage {
        Stage::Empty => "empty",
        Stage::Filed { .. } => "filed",
        Stage::Misdirected { .. } => "misdirected",
        Stage::Classified { .. } => "classified",
        Stage::Dismissed => "dismissed",
        Stage::Answered { .. } => "answered",
        Stage::Published { .. } => "published",
        Stage::Merged { .. } => "merged",
    };
    (stage, state.class(), state.due().map(|due| due.what))
}

#[test]
fn the_recorded_samples_keep_their_meaning() {
    let conduct = Some(ComplaintClass::ConductOrDelay);
    let filed = || vec![sample!("ComplaintFiled")];
    let with = |mut before: Vec<ComplaintEvent>, event| {
        before.push(event);
        before
    };
    assert_eq!(seen(&folded(&filed())), ("filed", None, Some(Owed::Classify)));
    let classified = with(filed(), sample!("ComplaintClassified"));
    assert_eq!(seen(&folded(&classified)), ("classified", conduct, Some(Owed::Answer)));
    let due = folded(&classified).due().unwrap().running;
    assert_eq!((due.due_at, due.since), (at("2026-11-20T09:00"), at("2026-11-21T09:00")));
    let overdue = folded(&with(classified.clone(), sample!("ComplaintOverdue")));
    assert!(overdue.due().unwrap().missed);
    let answered = with(classified.clone(), sample!("ComplaintAnswered"));
    assert_eq!(seen(&folded(&answered)), ("answered", conduct, Some(Owed::Publish)));
    let published = with(answered.clone(), sample!("AnswerPublished"));
    assert_eq!(seen(&folded(&published)), ("published", conduct, None));
    let reopened = folded(&with(published, sample!("ComplaintReopened")));
    assert_eq!(seen(&reopened), ("classified", conduct, Some(Owed::Answer)));
    assert_eq!((reopened.reopened, reopened.published.unwrap().text.is_empty()), (1, false));
    let forwarded = folded(&with(classified, sample!("ComplaintForwarded")));
    assert_eq!(seen(&forwarded), ("filed", None, Some(Owed::Classify)));
    assert_eq!(forwarded.agency(), Some(&"G01".into()));
}

#[test]
fn a_complaint_for_another_agency_is_to_be_forwarded_within_the_first_period() {
    let ComplaintEvent::ComplaintClassified(classified) = sample!("ComplaintClassified") else {
        panic!("another event")
    };
    let class = ComplaintClass::NotOurs;
    let classified = crate::contract::ComplaintClassified { class, answer_by: None, ..classified };
    let state = folded(&[sample!("ComplaintFiled"), classified.into()]);
    assert_eq!(seen(&state), ("misdirected", Some(class), Some(Owed::Forward)));
    let due = state.due().unwrap().running;
    assert_eq!((due.due_at, due.since), (at("2026-11-20T09:00"), at("2026-11-20T09:00")));
}

#[test]
fn a_separated_duplicate_returns_to_its_stage_and_its_obligation() {
    let before = [sample!("ComplaintFiled"), sample!("ComplaintClassified")];
    let mut events = before.to_vec();
    events.push(sample!("ComplaintMerged"));
    let merged = folded(&events);
    assert_eq!((merged.due(), merged.is_open()), (None, false));
    assert!(merged.merged_into().is_some());
    events.push(sample!("ComplaintSeparated"));
    assert_eq!(folded(&events).stage, folded(&before).stage);
}
