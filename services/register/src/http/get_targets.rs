//! Targets against what was reached, for every unit in one answer.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use dossier::contract::AgencyCode;
use dossier::figures::{OnlineServices, Share};
use dossier::law::{Law, Target, TargetFigure, Text};
use engine::view::Question;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use super::workload::{READ_AGENCY, agency_of};
use crate::App;
use crate::statistics::{Filter, Moment, Period, Scope, ShareReply, Unit, units};

/// Filter of the targets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetsQuery {
    /// Code of the agency, including subordinate ones; the caller's if absent.
    agency: Option<AgencyCode>,
    /// The figure; all if absent.
    figure: Option<TargetFigure>,
    /// First local day of the period; the first day of the year of its last day if absent.
    #[schema(value_type = Option<Date>, example = "2026-01-01")]
    from: Option<Date>,
    /// Last local day of the period, on which the targets must be in force; today if absent.
    #[schema(value_type = Option<Date>, example = "2026-12-31")]
    to: Option<Date>,
}

/// A target and what was reached.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TargetReply {
    /// Code of the unit; its figures include those of the agencies below it.
    agency: AgencyCode,
    /// Name of the unit; null if only agencies below it are in the registry.
    name: Option<Text>,
    figure: TargetFigure,
    /// The least share, in per cent.
    #[schema(example = 55)]
    target_percent: u8,
    /// What was reached in the period, counted like `period=handled` in statistics.
    actual: ShareReply,
    /// Whether the target is reached, by the exact share; null if there is nothing to count.
    reached: Option<bool>,
    /// Place among the targets of the same figure: the first is farthest above its target, or
    /// closest below. Null if there is nothing to count.
    rank: Option<u32>,
    /// First day for which the target holds.
    effective_from: Date,
    /// Last day for which the target holds; null if it has no end.
    effective_to: Option<Date>,
    /// The decision that sets it.
    #[schema(example = "Quyết định 279/QĐ-UBND ngày 18/02/2022")]
    basis: String,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/register/targets", "get_targets", "Compare units with their targets")
        .describe(
            "Targets come from files of rules of the kind `figures`. Sorted by figure, then by the \
             distance from the target, the best first; units with nothing to count are last.",
        )
        .roles(READ_AGENCY)
        .query::<TargetsQuery>()
        .list::<TargetReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: TargetsQuery = request.query()?;
    let (_, agency) = agency_of(&request, query.agency)?;
    request.catch_up(Some(&app.progress)).await?;
    let (law, now) = (app.engine.law(), app.engine.clock.now());
    let to = query.to.map(Moment::Day);
    let mut filter = Filter { agency, to, period: Period::Handled, ..Filter::default() };
    let last = Scope::of(filter.clone(), &law, now)?.as_of;
    let first = query.from.unwrap_or_else(|| last.first_of_year());
    filter.from = Some(Moment::Day(first));
    let scope = Scope::of(filter, &law, now)?;
    let own = scope.filter.agency.as_ref();
    let targets = law.targets(query.to.unwrap_or(last), now);
    let targets = targets.filter(|target| own.is_none_or(|own| own.covers(&target.agency)));
    let targets =
        targets.filter(|target| query.figure.is_none_or(|figure| figure == target.figure));
    let targets: Vec<Target> = targets.cloned().collect();
    let asked: BTreeSet<AgencyCode> = targets.iter().map(|one| one.agency.clone()).collect();
    let (counting, known) = (scope.clone(), Arc::clone(&law));
    let read = app
        .view
        .query(Question::Statistics, move |rows| units(rows, &counting, (&known, now), &asked));
    let units = read.await?;
    let mut compared: Vec<(Target, Share)> = Vec::new();
    for target in targets {
        let services = OnlineServices::of(&law, Some(&target.agency), scope.days);
        let share =
            units.get(&target.agency).unwrap_or(&Unit::default()).share(target.figure, &services);
        compared.push((target, share));
    }
    Ok(Reply::ok(&ranked(compared, &law)))
}

/// How far a share is from its target, in hundredths of a per cent; `None` if there is nothing to
/// count.
fn distance(target: &Target, share: Share) -> Option<i64> {
    let reached = i64::try_from(share.basis_points()?).ok()?;
    Some(reached - i64::from(target.percent) * 100)
}

fn ranked(mut compared: Vec<(Target, Share)>, law: &Law) -> Vec<TargetReply> {
    compared.sort_by_cached_key(|(target, share)| {
        let distance = distance(target, *share);
        (target.figure, distance.is_none(), Reverse(distance), target.agency.clone())
    });
    let mut replies: Vec<TargetReply> = Vec::new();
    let mut before: Option<(TargetFigure, Option<i64>)> = None;
    let (mut place, mut rank) = (0, 0);
    for (target, share) in compared {
        let distance = distance(&target, share);
        let is_first = before.is_none_or(|(figure, _)| figure != target.figure);
        place = if is_first { 1 } else { place + 1 };
        // Equal distances share a rank.
        if is_first || before.is_some_and(|(_, known)| known != distance) {
            rank = place;
        }
        before = Some((target.figure, distance));
        replies.push(TargetReply {
            name: law.agency(&target.agency).map(|agency| agency.name.clone()),
            agency: target.agency,
            figure: target.figure,
            target_percent: target.percent,
            actual: share.into(),
            reached: distance.map(|_| share.reaches(target.percent.into())),
            rank: distance.map(|_| rank),
            effective_from: target.effective.from,
            effective_to: target.effective.to,
            basis: target.basis,
        });
    }
    replies
}

#[cfg(test)]
mod tests {
    use dossier::law::InForce;

    use super::*;

    #[test]
    fn units_are_ranked_by_their_distance_from_their_own_targets() {
        let target = |agency: &str, figure, percent| Target {
            agency: agency.into(),
            figure,
            percent,
            effective: InForce { from: jiff::civil::date(2026, 1, 1), to: None },
            basis: String::new(),
        };
        let online = TargetFigure::SettledOnline;
        let compared = vec![
            (target("A", online, 55), Share::of(50, 100)),
            (target("B", online, 90), Share::of(88, 100)),
            (target("C", online, 10), Share::of(0, 0)),
            (target("D", online, 50), Share::of(45, 100)),
            (target("E", online, 99), Share::of(99_994, 100_000)),
            (target("F", TargetFigure::InTime, 100), Share::of(999_999, 1_000_000)),
        ];
        let ranked = ranked(compared, &Law::default());
        let shown: Vec<_> =
            ranked.iter().map(|one| (one.agency.as_str(), one.rank, one.reached)).collect();
        assert_eq!(
            shown,
            [
                ("E", Some(1), Some(true)),
                ("B", Some(2), Some(false)),
                ("A", Some(3), Some(false)),
                ("D", Some(3), Some(false)),
                ("C", None, None),
                // 100.00 % only when rounded.
                ("F", Some(1), Some(false)),
            ]
        );
    }
}
