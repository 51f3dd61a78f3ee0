//! Helpers for the tests of decisions: instants, actors, and a stream that is built by executing
//! steps.

use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::{self, Deadline, Deadlines};
use crate::contract::{Actor, Envelope, EventSet, Meta, ProcedureRef, Role};
use crate::law::Law;
use crate::step::{Command, Decision, Elsewhere, Facts, Rule, State};

pub(crate) fn law() -> Law {
    Law::shipped().unwrap()
}

/// A local time in Vietnam, for example `2026-11-20T09:00`.
pub(crate) fn at(text: &str) -> Timestamp {
    format!("{text}:00+07:00").parse().unwrap()
}

pub(crate) fn actor(role: Role) -> Actor {
    Actor::new("tester".into(), role, None)
}

/// A stream in a test: each step is decided at a given instant and applied to the state.
pub(crate) struct Scene<'a, S: State> {
    pub(crate) law: &'a Law,
    pub(crate) state: S,
    pub(crate) events: Vec<S::Event>,
    /// The metadata of each event in `events`.
    metas: Vec<Meta>,
    pub(crate) elsewhere: Vec<Elsewhere>,
    /// The procedure of the dossier; by default the first shipped version.
    pub(crate) procedure: ProcedureRef,
    /// The agency of the dossier and of the officers.
    pub(crate) agency: &'static str,
    /// The subject of the acting caller.
    pub(crate) subject: &'static str,
    commands: u128,
}

impl<'a, S: State> Scene<'a, S> {
    pub(crate) fn new(law: &'a Law, code: &str, agency: &'static str) -> Self {
        let procedure = law.procedures().find(|p| p.code.as_str() == code).unwrap().reference();
        Self {
            law,
            state: S::default(),
            events: Vec::new(),
            metas: Vec::new(),
            elsewhere: Vec::new(),
            procedure,
            agency,
            subject: "tester",
            commands: 0,
        }
    }

    /// Decides a command at `moment` as `role` and applies its events. Returns them.
    pub(crate) fn execute<C: Command<State = S>>(
        &mut self,
        moment: &str,
        role: Role,
        command: C,
    ) -> Result<Vec<S::Event>, C::Refusal> {
        self.step(moment, role, |state, facts| {
            let decided = command.decide(state, facts)?;
            let events = decided.into_events().expect("another event must arrive first");
            for kind in events.iter().map(EventSet::kind) {
                assert!(C::STEP.events.contains(&kind), "{} does not declare {kind}", C::STEP.name);
            }
            Ok(events)
        })
    }

    /// Decides a command at `moment` as `role`, without applying its events.
    pub(crate) fn decide<C: Command<State = S>>(
        &mut self,
        moment: &str,
        role: Role,
        command: &C,
    ) -> Result<Decision<S::Event>, C::Refusal> {
        let mut decided = None;
        self.step(moment, role, |state, facts| {
            decided = Some(command.decide(state, facts)?);
            Ok(Vec::new())
        })?;
        Ok(decided.unwrap())
    }

    /// Enforces the deadline of `kind` at `moment`, as the service does. Returns the events, none
    /// if it is not due.
    pub(crate) fn enforce(&mut self, moment: &str, kind: &S::Kind) -> Vec<S::Event>
    where
        S: Deadlines,
    {
        let declared = S::when_due(kind).step().events;
        let enforce = |state: &S, facts: &Facts<'_>| clock::enforce(state, kind, facts);
        let events = self.step(moment, Role::System, enforce).unwrap();
        assert!(events.iter().all(|event| declared.contains(&event.kind())), "{events:?}");
        events
    }

    /// The open deadlines.
    pub(crate) fn open(&self) -> Vec<Deadline<S::Kind>>
    where
        S: Deadlines,
    {
        clock::open_deadlines(&self.state).collect()
    }

    fn step<R>(
        &mut self,
        moment: &str,
        role: Role,
        decide: impl FnOnce(&S, &Facts<'_>) -> Result<Vec<S::Event>, R>,
    ) -> Result<Vec<S::Event>, R> {
        self.commands += 1;
        let mut actor = actor(role);
        actor.subject = self.subject.into();
        if !matches!(role, Role::Applicant | Role::System) {
            actor.agency = Some(self.agency.into());
        }
        actor.deputy_for = self.state.deputised(&actor, self.law, at(moment));
        let facts = Facts {
            at: at(moment),
            command: Uuid::from_u128(self.commands),
            actor: &actor,
            law: self.law,
            rule: self.law.rule(&self.procedure, &self.agency.into(), at(moment)),
            elsewhere: &self.elsewhere,
        };
        let rule: Option<Rule<'_>> = facts.rule;
        assert!(rule.is_some(), "the scene has no law");
        let events = decide(&self.state, &facts)?;
        let events = self.state.with_papers(events, &facts);
        for event in &events {
            self.record(at(moment), &actor, event.clone());
        }
        Ok(events)
    }

    pub(crate) fn record(&mut self, at: Timestamp, actor: &Actor, event: S::Event) {
        let version = self.events.len() as u64 + 1;
        let written = S::Event::decode(event.kind(), &event.encode()).unwrap();
        let meta = Meta {
            id: Uuid::new_v5(&Uuid::from_u128(self.commands), event.kind().as_bytes()),
            version,
            envelope: Envelope {
                at,
                actor: actor.clone(),
                command: Uuid::from_u128(self.commands),
                digest: String::new(),
                cause: None,
                dossier: None,
                trace: None,
            },
        };
        self.state.evolve(&written, &meta);
        self.events.push(written);
        self.metas.push(meta);
    }

    /// The recorded events with their metadata.
    pub(crate) fn recorded(&self) -> impl Iterator<Item = (&S::Event, &Meta)> {
        self.events.iter().zip(&self.metas)
    }

    /// The kinds recorded so far, without service and version.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.kind().split('.').nth(1).unwrap()).collect()
    }
}
