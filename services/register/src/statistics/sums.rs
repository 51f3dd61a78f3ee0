//! Sums over the rows of groups, and the figures that are computed from them.

use std::collections::{BTreeMap, BTreeSet};

use dossier::contract::ProcedureCode;
use dossier::figures::{OnlineServices, Share};
use dossier::law::Law;
use rusqlite::{Connection, Row, params_from_iter};

use super::counts::Keys;
use super::durations::Durations;
use super::figure::{CountedFigure, SETTLED};
use super::figures::{FiguresReply, ServicesReply, StageTimesReply};
use super::scope::Scope;

/// What is summed besides [`CountedFigure::ALL`], in the order of [`Counted::reply`]; `{h}` is the
/// condition on handled dossiers.
const SUMS: [&str; 22] = [
    "missed",
    "by_rule",
    "supplements",
    "max(supplements - 1, 0)",
    "last_day_requests",
    "{h} AND outcome = 'refused' AND handled_day > due_day",
    "redated",
    "extended",
    "late_outages",
    "restarts",
    "{h} AND channel = 'online'",
    "business",
    "rated IS NOT NULL",
    "rated >= 4",
    "delivered",
    "rated",
    "iif({h}, contacts, 0)",
    "iif({h}, handled_at - submitted_at, 0)",
    "iif({h}, applicant_ms, 0)",
    "iif({h}, reception_ms, 0)",
    "iif({h}, approval_ms, 0)",
    "iif({h}, handled_at - submitted_at - applicant_ms - reception_ms - approval_ms, 0)",
];

/// Numbers of different values, which are no sums over groups.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Distinct {
    accounts: u64,
    applicants: u64,
    firms: u64,
}

const DISTINCT: &str = "count(DISTINCT coalesce(filed_by, applicant)), count(DISTINCT applicant),
           count(DISTINCT iif(business, applicant, NULL))";

impl Distinct {
    /// Those of all rows.
    pub(super) fn read(rows: &Connection, keys: &Keys<'_>) -> rusqlite::Result<Self> {
        let sql = format!("SELECT {DISTINCT} FROM dossiers WHERE {}", keys.conditions);
        rows.prepare(&sql)?.query_row(params_from_iter(&keys.values), |row| Self::of(row, 0))
    }

    /// Those in the columns from `first` on.
    fn of(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        let number = |column: usize| row.get::<_, i64>(first + column).map(i64::cast_unsigned);
        Ok(Self { accounts: number(0)?, applicants: number(1)?, firms: number(2)? })
    }
}

/// What is counted of a group.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    /// [`CountedFigure::ALL`], then [`SUMS`]; empty if there are no rows.
    sums: Vec<u64>,
    pub(super) distinct: Distinct,
    procedures: BTreeSet<ProcedureCode>,
    online: BTreeSet<ProcedureCode>,
    /// Settled online dossiers, by procedure and version.
    settled_online: Vec<(ProcedureCode, u32, u64)>,
}

impl Counted {
    /// Adds what was counted of another group, except for what is no sum.
    pub(super) fn add(&mut self, other: &Self) {
        self.sums.resize(self.sums.len().max(other.sums.len()), 0);
        for (sum, further) in self.sums.iter_mut().zip(&other.sums) {
            *sum = sum.saturating_add(*further);
        }
        self.procedures.extend(other.procedures.iter().cloned());
        self.online.extend(other.online.iter().cloned());
        self.settled_online.extend(other.settled_online.iter().cloned());
    }

    /// The figures. Which dossiers are those of online services is decided by the version of the
    /// procedure under which they were received.
    pub(super) fn reply(
        &self,
        times: Durations,
        services: Option<&OnlineServices>,
        law: &Law,
    ) -> FiguresReply {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut reply = FiguresReply {
            duration_median_s: times.median,
            duration_p90_s: times.p90,
            duration_p99_s: times.p99,
            procedures: number(self.procedures.len()),
            procedures_online: number(self.online.len()),
            accounts: self.distinct.accounts,
            applicants: self.distinct.applicants,
            firms: self.distinct.firms,
            services: services.map(|services| {
                let used = self.online.iter().filter(|code| services.has(code)).count();
                ServicesReply::of(services, number(used))
            }),
            ..FiguresReply::default()
        };
        let further = self.put(&mut reply);
        let of_online = self.settled_online.iter();
        let of_online =
            of_online.filter(|(code, version, _)| law.is_online_service(code, *version));
        let online = of_online.map(|(_, _, dossiers)| dossiers).sum();
        reply.settled_online = Share::of(online, reply.settled).into();
        let in_time = reply.early + reply.on_time;
        reply.in_time = Share::of(in_time, in_time + reply.late).into();
        reply.satisfied = Share::of(further.satisfied, reply.rated).into();
        reply.satisfaction = mean(further.scores, reply.rated);
        let handled = reply.handled;
        reply.contacts_mean = mean(further.contacts, handled);
        let seconds = |milliseconds: u64| mean_seconds(milliseconds, handled);
        let Further { elapsed, applicant, reception, approval, processing, .. } = further;
        reply.elapsed_mean_s = seconds(elapsed);
        reply.with_applicant_mean_s = seconds(applicant);
        reply.with_agency_mean_s = seconds(elapsed.saturating_sub(applicant));
        reply.stages = StageTimesReply {
            reception_mean_s: seconds(reception),
            processing_mean_s: seconds(processing),
            approval_mean_s: seconds(approval),
        };
        reply
    }

    /// Puts the sums into the reply. Returns those from which further figures are computed.
    fn put(&self, reply: &mut FiguresReply) -> Further {
        let mut further = Further::default();
        let places = [
            &mut reply.dossiers,
            &mut reply.carried_over,
            &mut reply.handled,
            &mut reply.settled,
            &mut reply.early,
            &mut reply.on_time,
            &mut reply.late,
            &mut reply.without_deadline,
            &mut reply.not_accepted,
            &mut reply.stopped,
            &mut reply.open,
            &mut reply.awaiting_acceptance,
            &mut reply.processing,
            &mut reply.suspended,
            &mut reply.overdue_open,
            &mut reply.due_today,
            &mut reply.due_in_week,
            &mut reply.due_later,
            &mut reply.open_undated,
            &mut reply.open_paused,
            &mut reply.missed,
            &mut reply.automatic,
            &mut reply.supplements,
            &mut reply.further_supplements,
            &mut reply.supplements_on_last_day,
            &mut reply.refused_late,
            &mut reply.redated,
            &mut reply.extended,
            &mut reply.moved_by_late_outages,
            &mut reply.restarts,
            &mut reply.handled_online,
            &mut reply.business_dossiers,
            &mut reply.rated,
            &mut further.satisfied,
            &mut reply.could_rate,
            &mut further.scores,
            &mut further.contacts,
            &mut further.elapsed,
            &mut further.applicant,
            &mut further.reception,
            &mut further.approval,
            &mut further.processing,
        ];
        for (place, sum) in places.into_iter().zip(&self.sums) {
            *place = *sum;
        }
        further
    }
}

/// Sums that are no figures themselves; times in milliseconds of handled dossiers.
#[derive(Debug, Default)]
struct Further {
    satisfied: u64,
    scores: u64,
    contacts: u64,
    elapsed: u64,
    applicant: u64,
    reception: u64,
    approval: u64,
    processing: u64,
}

/// `None` of nothing.
#[expect(clippy::cast_precision_loss, reason = "a mean has few digits")]
fn mean(sum: u64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum as f64 / count as f64)
}

fn mean_seconds(milliseconds: u64, count: u64) -> Option<i64> {
    let mean = milliseconds.checked_div(count)? / 1_000;
    i64::try_from(mean).ok()
}

/// What is counted of each group.
pub(super) fn sums(
    rows: &Connection,
    keys: &Keys<'_>,
) -> rusqlite::Result<BTreeMap<String, Counted>> {
    let Keys { key, conditions, scope, .. } = keys;
    let summed = summed(scope);
    let sql = format!(
        "SELECT {key} AS k, {}, {DISTINCT} FROM dossiers WHERE {conditions} GROUP BY k",
        summed.join(", ")
    );
    let mut found = BTreeMap::new();
    let mut statement = rows.prepare(&sql)?;
    let mut groups = statement.query(params_from_iter(&keys.values))?;
    while let Some(row) = groups.next()? {
        let sums = (1..=summed.len()).map(|column| {
            // A sum of no values is absent.
            let sum: Option<i64> = row.get(column)?;
            Ok(u64::try_from(sum.unwrap_or(0)).unwrap_or(0))
        });
        let sums = sums.collect::<rusqlite::Result<Vec<u64>>>()?;
        let distinct = Distinct::of(row, summed.len() + 1)?;
        found.insert(row.get(0)?, Counted { sums, distinct, ..Counted::default() });
    }
    services(rows, keys, &mut found)?;
    Ok(found)
}

fn summed(scope: &Scope) -> Vec<String> {
    let counted = CountedFigure::ALL.map(|figure| figure.condition(scope));
    let others = SUMS.map(|sum| sum.replace("{h}", &scope.handled));
    counted.iter().chain(&others).map(|sum| format!("sum({sum})")).collect()
}

/// Adds the procedures of each group, by version.
fn services(
    rows: &Connection,
    keys: &Keys<'_>,
    found: &mut BTreeMap<String, Counted>,
) -> rusqlite::Result<()> {
    let (Keys { key, conditions, .. }, h) = (keys, &keys.scope.handled);
    let sql = format!(
        "SELECT {key} AS k, procedure, version, max(channel = 'online'),
           sum({h} AND {SETTLED} AND channel = 'online')
         FROM dossiers WHERE {conditions} GROUP BY k, procedure, version"
    );
    let mut statement = rows.prepare(&sql)?;
    let mut groups = statement.query(params_from_iter(&keys.values))?;
    while let Some(row) = groups.next()? {
        let Some(counted) = found.get_mut(&row.get::<_, String>(0)?) else { continue };
        let code = ProcedureCode::from(row.get::<_, String>(1)?.as_str());
        if row.get(3)? {
            counted.online.insert(code.clone());
        }
        counted.settled_online.push((code.clone(), row.get(2)?, row.get::<_, u32>(4)?.into()));
        counted.procedures.insert(code);
    }
    Ok(())
}
