//! Follows the law: after an outage, a calendar or rules for open dossiers were recorded, restates
//! the deadlines that they move.
//!
//! The candidates come from the deadline index and, for deadlines missed already, from the log; the
//! step `RestateDeadline` decides for each of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use dossier::contract::{
    DossierId, EventSet, LawEvent, ProcedureCode, ProcedureRef, RulesIssued, RulesKind,
};
use dossier::intake::Intake;
use dossier::intake::restate_deadline::RestateDeadline;
use events::{Filter, Position, Recorded, StreamName};
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use service_kit::tasks::{BoxFuture, KeeperHealth, Next, Stalled, Task};
use service_kit::view::{Shape, View};
use service_kit::{CommandEnvelope, Kit, Streams, recorded_at};
use uuid::Uuid;

const SHAPE: Shape = Shape { name: "intake-restatements", version: 1, tables: "" };
const PAGE: usize = 256;
const MISSED: &str = "intake.DeadlineMissed.";
/// Number of dossiers that are restated concurrently.
const IN_FLIGHT: usize = 16;

/// The task that restates deadlines.
pub(crate) struct Restatements {
    kit: Arc<Kit>,
    dossiers: Arc<Streams<Intake>>,
    deadlines: KeeperHealth,
    view: View,
    position: Position,
}

impl Restatements {
    pub(crate) fn open(
        dossiers: &Arc<Streams<Intake>>,
        deadlines: KeeperHealth,
    ) -> Result<Self, Stalled> {
        let kit = Arc::clone(dossiers.kit());
        let view = View::open(kit.views.as_deref(), SHAPE, &kit.store)?;
        let position = view.position()?;
        Ok(Self { kit, dossiers: Arc::clone(dossiers), deadlines, view, position })
    }

    async fn work(&mut self) -> Result<Next, Stalled> {
        let filter = Filter { kinds: vec!["law.".into()] };
        let page = self.kit.store.read_all(self.position, &filter, PAGE).await?;
        if page.through == self.position {
            return Ok(Next::Idle { done: self.position, wake_at: None });
        }
        if let Some(last) = page.events.last() {
            self.kit.rulebook.catch_up(&self.kit.store).await.map_err(unavailable)?;
            // The index must contain all dossiers accepted before the event; later ones are
            // accepted under the new law.
            if self.deadlines.reached() < last.position {
                return Ok(Next::Idle { done: self.position, wake_at: None });
            }
            self.kit.time()?;
            for event in &page.events {
                self.follow(event).await?;
            }
            self.view.write(page.through, |_| Ok(()))?;
        }
        self.position = page.through;
        Ok(Next::More)
    }

    /// Restates all deadlines that an event of the law may move.
    async fn follow(&self, event: &Recorded) -> Result<(), Stalled> {
        let missed_since = match LawEvent::decode(&event.kind, &event.data) {
            Ok(LawEvent::OutageDeclared(declared)) if declared.to.is_some() => Some(declared.from),
            Ok(LawEvent::OutageEnded(ended)) => {
                let law = self.kit.law();
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
            Err(error) => return Err(unavailable(error)),
        };
        let mut streams = self.deadlines.streams();
        if let Some(since) = missed_since {
            streams.extend(self.missed_since(since).await?);
        }
        let named = streams
            .into_iter()
            .filter_map(|id| Streams::<Intake>::name(&DossierId(id).to_string()).ok());
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
        let law = self.kit.law();
        rules.kind == RulesKind::Procedure
            && law.procedure(&ProcedureRef { code, version }).is_some_and(|p| p.applies_to_open)
    }

    async fn restate(&self, stream: StreamName, cause: Uuid) {
        let id = Uuid::new_v5(&cause, format!("restate/{stream}").as_bytes());
        let dossier = stream.id().parse().ok();
        let envelope = CommandEnvelope::by_service("intake", stream.clone(), id)
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
        let (mut missed, mut through) = (BTreeSet::new(), self.kit.store.head());
        loop {
            let page = self.kit.store.read_back(through, PAGE).await?;
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

fn unavailable(error: impl std::fmt::Display) -> Stalled {
    events::ReadError::Unavailable(error.to_string()).into()
}

impl Task for Restatements {
    fn name(&self) -> &'static str {
        SHAPE.name
    }

    fn gather(&self) -> std::time::Duration {
        service_kit::tasks::GATHER
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(self.work())
    }
}
