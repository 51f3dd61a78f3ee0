//! The deadline keeper with an obligation that nobody can enforce, and with a store that fails.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use dossier::access::Resource;
use dossier::clock::{Basis, Deadline, Deadlines, Running};
use dossier::contract::{
    AgencyCode, Channel, Document, DossierId, IntakeEvent, Meta, Personal, ProcedureRef,
};
use dossier::intake::miss_intake_answer::MissIntakeAnswer;
use dossier::intake::submit_dossier::{self, SubmitDossier};
use dossier::intake::{Intake, IntakeDeadline};
use dossier::law::{Law, shipped_rules};
use dossier::{AnyCommand, Command, Decision, Facts, LawError, State, Step};
use engine::tasks::{Keeper, KeeperHealth, Tasks};
use engine::{Begins, CommandEnvelope, Engine, Settings, Streams};
use events::bus::Bus;
use events::{EventStore, Faults, StreamName};
use jiff::{SignedDuration, Timestamp};
use platform::TimeSource;
use serde_json::json;
use uuid::Uuid;

const POISONED: DossierId = DossierId(Uuid::from_u128(2));

/// A dossier whose obligations cannot be enforced if it is the poisoned one: the program itself breaks off.
#[derive(Debug, Clone, Default)]
struct Breaking(Intake);

impl State for Breaking {
    type Event = IntakeEvent;
    const CATEGORY: &'static str = "intake";

    fn evolve(&mut self, event: &IntakeEvent, meta: &Meta) {
        self.0.evolve(event, meta);
    }

    fn resource(&self) -> Option<Resource> {
        self.0.resource()
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        self.0.received_under()
    }
}

impl Deadlines for Breaking {
    type Kind = IntakeDeadline;

    fn deadlines(&self) -> Vec<Deadline<IntakeDeadline>> {
        self.0.deadlines()
    }

    fn basis<'a>(&'a self, kind: &IntakeDeadline, law: &'a Law) -> Result<Basis<'a>, LawError> {
        self.0.basis(kind, law)
    }

    fn running(&mut self, kind: &IntakeDeadline) -> Option<&mut Running> {
        self.0.running(kind)
    }

    fn when_due(_kind: &IntakeDeadline) -> AnyCommand<Self> {
        AnyCommand::new(BreakingAnswer)
    }
}

/// The command of the only deadline, the answer.
#[derive(Debug)]
struct BreakingAnswer;

impl Command for BreakingAnswer {
    type State = Breaking;
    type Refusal = LawError;
    const STEP: Step = MissIntakeAnswer::STEP;

    fn decide(
        &self,
        state: &Breaking,
        facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, LawError> {
        let dossier = state.0.submission.as_ref().map(|submission| submission.brief.dossier);
        assert_ne!(dossier, Some(POISONED), "poisoned");
        MissIntakeAnswer.decide(&state.0, facts)
    }
}

/// Submits a dossier that may be poisoned.
#[derive(Debug)]
struct Submit(SubmitDossier);

impl Command for Submit {
    type State = Breaking;
    type Refusal = submit_dossier::Refusal;
    const STEP: Step = SubmitDossier::STEP;

    fn decide(
        &self,
        state: &Breaking,
        facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, submit_dossier::Refusal> {
        self.0.decide(&state.0, facts)
    }
}

fn at(text: &str) -> Timestamp {
    format!("{text}:00+07:00").parse().unwrap()
}

/// A notice of energy labelling.
fn notice(dossier: DossierId) -> SubmitDossier {
    let document = |component: &str| Document {
        component: component.into(),
        document: "d0c".into(),
        media_type: "application/pdf".to_owned(),
        bytes: 10,
        sha256: None,
        file_name: Personal::from("scan.pdf".to_owned()),
    };
    SubmitDossier {
        dossier,
        code: format!("code-{dossier}").as_str().into(),
        agency: "G02.002".into(),
        channel: Channel::Online,
        applicant: "a1".into(),
        representative: None,
        form: json!({}),
        found: dossier::step::Reasons::default(),
        documents: vec![document("declaration"), document("test_report")],
        groups: Vec::new(),
        delivery: None,
        posted_at: None,
        posted_by: None,
    }
}

fn stream(dossier: DossierId) -> StreamName {
    Streams::<Breaking>::name(&dossier.to_string()).unwrap()
}

async fn submit(streams: &Streams<Breaking>, law: &Law, dossier: DossierId) {
    let procedure = law.procedures().find(|p| p.code.as_str() == "ENERGY.LABEL").unwrap();
    let (procedure, agency) = (procedure.reference(), AgencyCode::from("G02.002"));
    let envelope = CommandEnvelope::by_service("intake", stream(dossier), dossier.0)
        .begins(Begins::New(&procedure, &agency))
        .about(Some(dossier));
    streams.execute(&envelope, &Submit(notice(dossier))).await.unwrap();
}

struct Scene {
    engine: Arc<Engine>,
    streams: Arc<Streams<Breaking>>,
    tasks: Tasks,
    health: KeeperHealth,
}

/// Three dossiers, the second one poisoned, each with an answer due on Monday at nine.
async fn scene() -> Scene {
    scene_on(EventStore::memory()).await
}

async fn scene_on(store: EventStore) -> Scene {
    let store = Arc::new(store);
    let engine = Engine::new(Settings {
        bus: Bus::Store(Arc::clone(&store)),
        store,
        rules: shipped_rules().unwrap(),
        clock: TimeSource::manual(at("2026-11-20T09:00")),
        views: None,
    })
    .await
    .unwrap();
    let streams = Arc::new(Streams::<Breaking>::new(Arc::clone(&engine)));
    for dossier in 1..=3 {
        submit(&streams, &engine.law(), DossierId(Uuid::from_u128(dossier))).await;
    }
    let (keeper, health) = Keeper::open("intake", "breaking", &streams, None).unwrap();
    let mut tasks = Tasks::default();
    tasks.add(keeper);
    Scene { engine, streams, tasks, health }
}

async fn missed(scene: &Scene, dossier: u128) -> bool {
    let stream = stream(DossierId(Uuid::from_u128(dossier)));
    scene.streams.load(&stream).await.unwrap().state.0.answer().is_some_and(|answer| answer.missed)
}

#[tokio::test]
async fn one_that_breaks_off_is_isolated_and_shows_as_overdue_and_the_others_are_enforced() {
    let mut scene = scene().await;
    scene.tasks.run_until(&scene.engine, at("2026-11-23T09:00")).await.unwrap();
    assert!(missed(&scene, 1).await && missed(&scene, 3).await, "held up by the one between");
    assert!(!missed(&scene, 2).await);
    assert_eq!((scene.health.open(), scene.health.overdue()), (1, 0), "due for a moment only");
    // It is tried again and again, and whoever watches is told.
    let tried_again = scene.tasks.settle(&scene.engine).await.unwrap().unwrap();
    assert_eq!(tried_again.duration_since(at("2026-11-23T09:00")), SignedDuration::from_secs(1));
    scene.tasks.run_until(&scene.engine, at("2026-11-23T09:10")).await.unwrap();
    assert_eq!((scene.health.open(), scene.health.overdue()), (1, 1));
    // What comes later is not held up by it either.
    let late = DossierId(Uuid::from_u128(4));
    submit(&scene.streams, &scene.engine.law(), late).await;
    scene.tasks.run_until(&scene.engine, at("2026-11-25T10:00")).await.unwrap();
    assert!(missed(&scene, 4).await);
}

#[tokio::test]
async fn a_read_that_fails_while_the_index_is_built_leaves_no_deadline_out() {
    // Each read returns one stream; of the reads for one page, each fails once.
    for number in 1..=3 {
        let mut scene = scene_on(EventStore::faulty(EventStore::memory(), Faults::default())).await;
        let EventStore::Faulty(faulty) = &*scene.engine.store else { panic!("another store") };
        faulty.fail_read(number);
        scene.tasks.settle(&scene.engine).await.unwrap_err();
        scene.tasks.settle(&scene.engine).await.unwrap();
        assert_eq!(scene.health.open(), 3, "read {number} failed");
        scene.tasks.run_until(&scene.engine, at("2026-11-23T09:00")).await.unwrap();
        assert!(missed(&scene, 1).await && missed(&scene, 3).await, "read {number} failed");
    }
}
