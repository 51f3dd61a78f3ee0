//! Which open dossiers a file of rules concerns that somebody wants to issue, and what it would
//! move: counted before it is issued.

use dossier::contract::{DossierId, RulesIssued};
use dossier::intake::Intake;
use dossier::intake::issue_rules::concerns;
use dossier::intake::restate_deadline::RestateDeadline;
use dossier::law::Law;
use dossier::{Command, Decision, Facts, LawError};
use futures_util::StreamExt;
use jiff::Timestamp;
use service_kit::Streams;
use service_kit::http::Problem;
use uuid::Uuid;

use crate::App;

/// How many dossiers are looked at at the most.
const LOOKED_AT_MAX: usize = 5_000;
/// How many at once.
const IN_FLIGHT: usize = 16;

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Open dossiers that the file concerns.
    pub(crate) concerned: usize,
    /// Those of them whose date it would move: at once, or on its first day.
    pub(crate) moved: usize,
    /// Whether there were too many to look at all.
    pub(crate) cut_off: bool,
}

/// Counts among the dossiers in which something is due.
pub(crate) async fn count(app: &App, issued: &RulesIssued) -> Result<Counted, Problem> {
    let (before, at) = (app.kit.law(), app.kit.time()?);
    let mut after = Law::clone(&before);
    // What cannot be taken was refused before.
    if after.take(issued, Some(at)).is_err() {
        return Ok(Counted::default());
    }
    let from = after.in_force_from(issued).ok().flatten().map_or(at, |from| from.max(at));
    let open = app.deadlines.streams();
    let cut_off = open.len() > LOOKED_AT_MAX;
    let (before, after) = (&*before, &after);
    let mut looked = futures_util::stream::iter(open.into_iter().take(LOOKED_AT_MAX))
        .map(|id| look(app, issued, id, (before, after), (at, from)))
        .buffer_unordered(IN_FLIGHT);
    let mut counted = Counted { cut_off, ..Counted::default() };
    while let Some(found) = looked.next().await {
        let (concerned, moved) = found?;
        counted.concerned += usize::from(concerned);
        counted.moved += usize::from(moved);
    }
    Ok(counted)
}

/// Whether a dossier is concerned `at` this moment, and whether its date would move once the file
/// is in force, `from` an instant on.
async fn look(
    app: &App,
    issued: &RulesIssued,
    id: Uuid,
    (before, after): (&Law, &Law),
    (at, from): (Timestamp, Timestamp),
) -> Result<(bool, bool), Problem> {
    let stream = Streams::<Intake>::name(&DossierId(id).to_string());
    let loaded = app.dossiers.load(&stream.map_err(|_| Problem::not_found())?).await?;
    let intake = &loaded.state;
    let actor = dossier::contract::Actor::system("intake");
    let facts = Facts { at, command: id, actor: &actor, law: before, rule: None, elsewhere: &[] };
    if !concerns(issued, intake, &facts) {
        return Ok((false, false));
    }
    // What is due before the file is in force is decided or missed by then.
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
    // What the law moves already is not this file's doing.
    Ok((true, moves(after).unwrap_or(false) && !moves(before).unwrap_or(false)))
}
