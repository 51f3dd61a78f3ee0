//! Counts the open dossiers that a file of rules concerns, and the due instants that it would move,
//! before it is issued.

use std::sync::Arc;

use dossier::contract::{DossierId, RulesIssued};
use dossier::intake::restate_deadline::RestateDeadline;
use dossier::intake::{Intake, concerns};
use dossier::law::Law;
use dossier::{Command, Decision, Facts, LawError};
use engine::Streams;
use engine::tasks::KeeperHealth;
use futures_util::StreamExt;
use jiff::Timestamp;
use uuid::Uuid;
use web::Problem;

/// Maximum number of dossiers that are examined.
const LOOKED_AT_MAX: usize = 5_000;
/// Number of dossiers that are loaded concurrently.
const IN_FLIGHT: usize = 16;

/// The result of the count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Open dossiers that the file concerns.
    pub(crate) concerned: usize,
    /// Those of them whose due instant it would move, at once or on its first day.
    pub(crate) moved: usize,
    /// Whether there were more than [`LOOKED_AT_MAX`] open dossiers, so that the figures are too
    /// low.
    pub(crate) cut_off: bool,
}

/// The dossiers that have an open obligation.
#[derive(Debug)]
pub(crate) struct OpenDossiers {
    pub(crate) dossiers: Arc<Streams<Intake>>,
    pub(crate) deadlines: KeeperHealth,
}

impl OpenDossiers {
    /// Counts those that a file of rules concerns.
    pub(crate) async fn count(&self, issued: &RulesIssued) -> Result<Counted, Problem> {
        let engine = self.dossiers.engine();
        let (before, at) = (engine.law(), engine.time()?);
        let mut after = Law::clone(&before);
        // Invalid rules were refused before this is called.
        if after.apply(issued, Some(at)).is_err() {
            return Ok(Counted::default());
        }
        let from = after.in_force_from(issued).ok().flatten().map_or(at, |from| from.max(at));
        let open = self.deadlines.streams();
        let cut_off = open.len() > LOOKED_AT_MAX;
        let (before, after) = (&*before, &after);
        let mut looked = futures_util::stream::iter(open.into_iter().take(LOOKED_AT_MAX))
            .map(|id| self.look(issued, id, (before, after), (at, from)))
            .buffer_unordered(IN_FLIGHT);
        let mut counted = Counted { cut_off, ..Counted::default() };
        while let Some(found) = looked.next().await {
            let (concerned, moved) = found?;
            counted.concerned += usize::from(concerned);
            counted.moved += usize::from(moved);
        }
        Ok(counted)
    }

    /// Whether the file concerns a dossier at the instant `at`, and whether it would move the due
    /// instant once it is in force, at `from`.
    async fn look(
        &self,
        issued: &RulesIssued,
        id: Uuid,
        (before, after): (&Law, &Law),
        (at, from): (Timestamp, Timestamp),
    ) -> Result<(bool, bool), Problem> {
        let stream = Streams::<Intake>::name(&DossierId(id).to_string());
        let loaded = self.dossiers.load(&stream.map_err(|_| Problem::not_found())?).await?;
        let intake = &loaded.state;
        let actor = dossier::contract::Actor::system(crate::NAME);
        let facts =
            Facts { at, command: id, actor: &actor, law: before, rule: None, elsewhere: &[] };
        if !concerns(issued, intake, &facts) {
            return Ok((false, false));
        }
        // A dossier that is due before the file is in force will be decided or missed by then.
        let due_at = intake.promised.as_ref().map(|promised| promised.promise.due_at);
        if from > at && due_at.is_none_or(|due_at| due_at <= from) {
            return Ok((true, false));
        }
        let moves = |law: &Law| -> Result<bool, LawError> {
            let brief = intake.submission.as_ref().map(|submission| &submission.brief);
            let rule = brief.and_then(|brief| law.rule(&brief.procedure, &brief.agency, from));
            let facts = Facts { at: from, command: id, actor: &actor, law, rule, elsewhere: &[] };
            Ok(RestateDeadline.decide(intake, &facts)? != Decision::Nothing)
        };
        // Only changes that the present law does not cause anyway.
        Ok((true, moves(after).unwrap_or(false) && !moves(before).unwrap_or(false)))
    }
}
