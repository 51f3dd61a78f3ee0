//! Follows the law: after an outage, a calendar or rules for open dossiers were recorded, restates
//! the deadlines that they move.
//!
//! The candidates come from the deadline index and, for deadlines missed already, from the log; the
//! step `RestateDeadline` decides for each of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use dossier::contract::{EventSet, LawEvent, ProcedureCode, ProcedureRef, RulesIssued, RulesKind};
use dossier::intake::Intake;
use dossier::intake::restate_deadline::RestateDeadline;
use engine::tasks::{
    Cursors, Follower, Following, Handled, Handler, KeeperHealth, Source, Stalled,
};
use engine::{CommandEnvelope, Engine, Streams, recorded_at};
use events::{Page, Position, ReadError, Recorded, StreamName};
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Events that are read at once when the log is read backwards.
const PAGE: usize = 256;
const MISSED: &str = "intake.DeadlineMissed.";
/// Number of dossiers that are restated concurrently.
const IN_FLIGHT: usize = 16;

/// Restates deadlines.
pub(crate) struct Restatements {
    engine: Arc<Engine>,
    dossiers: Arc<Streams<Intake>>,
    deadlines: KeeperHealth,
}

impl Handler for Restatements {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        self.engine.catch_up_law().await?;
        // The index must contain all dossiers accepted before the event; later ones are accepted
        // under the new law.
        if page.events.last().is_some_and(|last| self.deadlines.reached() < last.position) {
            return Ok(Handled::NotYet);
        }
        self.engine.time()?;
        for event in &page.events {
            self.restate_for(event).await?;
        }
        Ok(Handled::Done { save: true })
    }
}

impl Restatements {
    pub(crate) fn follow(
        dossiers: &Arc<Streams<Intake>>,
        deadlines: KeeperHealth,
    ) -> Result<Follower<Self>, Stalled> {
        let (engine, name) = (Arc::clone(dossiers.engine()), "intake-restatements");
        let cursors = Cursors::open(&engine, "intake-cursors")?;
        let source = Source::Leader(engine.lead(crate::NAME));
        let following = Following::new(name, &["law."], source, cursors.of(&engine, name)?);
        let handler =
            Self { engine: Arc::clone(&engine), dossiers: Arc::clone(dossiers), deadlines };
        Ok(Follower::new(&engine, following, handler)?)
    }

    /// Restates all deadlines that an event of the law may move.
    async fn restate_for(&self, event: &Recorded) -> Result<(), Stalled> {
        let missed_since = match LawEvent::decode(&event.kind, &event.data) {
            Ok(LawEvent::OutageDeclared(declared)) if declared.to.is_some() => Some(declared.from),
            Ok(LawEvent::OutageEnded(ended)) => {
                let law = self.engine.law();
                law.outages().iter().find(|outage| outage.id == ended.outage).map(|o| o.from)
            }
            Ok(LawEvent::RulesIssued(rules)) if rules.kind == RulesKind::Calendar => None,
            Ok(LawEvent::RulesIssued(rules)) if self.applies_to_open(&rules) => None,
            // While an outage lasts its effect is unknown; other rules do not move promised dates.
            Ok(
                LawEvent::OutageDeclared(_)
                | LawEvent::RulesIssued(_)
                | LawEvent::RulesProposed(_)
                | LawEvent::RulesRejected(_)
                | LawEvent::RulesWithdrawalProposed(_)
                | LawEvent::RulesWithdrawn(_),
            ) => return Ok(()),
            Err(error) => return Err(ReadError::corrupt(event, error).into()),
        };
        let mut streams = self.deadlines.streams();
        if let Some(since) = missed_since {
            streams.extend(self.missed_since(since).await?);
        }
        let named = streams.into_iter().map(Streams::<Intake>::of);
        let restated = futures_util::stream::iter(named)
            .map(|stream| self.restate(stream, event.id))
            .buffer_unordered(IN_FLIGHT);
        restated.collect::<Vec<()>>().await;
        Ok(())
    }

    /// Whether these are rules of a procedure that apply to open dossiers, too. If they take effect
    /// later, a deadline is checked again before it is recorded as missed.
    fn applies_to_open(&self, rules: &RulesIssued) -> bool {
        let (code, version) = (ProcedureCode::from(&*rules.name), rules.version);
        let law = self.engine.law();
        rules.kind == RulesKind::Procedure
            && law.procedure(&ProcedureRef { code, version }).is_some_and(|p| p.applies_to_open)
    }

    async fn restate(&self, stream: StreamName, cause: Uuid) {
        let id = Uuid::new_v5(&cause, format!("restate/{stream}").as_bytes());
        let dossier = stream.id().parse().ok();
        let envelope = CommandEnvelope::by_service(crate::NAME, stream.clone(), id)
            .about(dossier)
            .caused_by(cause);
        if let Err(error) = self.dossiers.execute(&envelope, &RestateDeadline).await {
            // The keeper checks the law again before it records a deadline as missed.
            tracing::error!(%stream, ?error, "a date could not be restated");
        }
    }

    /// The dossiers whose deadline was recorded as missed at `since` or later, from reading the log
    /// backwards. Recorded times increase with the position, except for differences between clocks
    /// of services, for which one hour is allowed.
    async fn missed_since(&self, since: Timestamp) -> Result<BTreeSet<Uuid>, Stalled> {
        let since = since.checked_sub(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN);
        let (mut missed, mut through) = (BTreeSet::new(), self.engine.store.head());
        loop {
            let page = self.engine.store.read_back(through, PAGE).await?;
            let of_deadlines = page.iter().filter(|event| event.kind.starts_with(MISSED));
            missed.extend(of_deadlines.filter_map(|event| event.stream.id().parse::<Uuid>().ok()));
            // Events without a recorded time only take numbers.
            let oldest = page.iter().rev().find_map(recorded_at);
            match page.last() {
                Some(last) if last.position < through && oldest.is_none_or(|at| at >= since) => {
                    through = last.position;
                }
                _ => return Ok(missed),
            }
        }
    }
}
