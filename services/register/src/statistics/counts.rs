//! Counts the rows of a scope, in all or by group.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dossier::contract::{AgencyCode, ProcedureCode};
use dossier::figures::{OnlineServices, Share};
use dossier::law::{Law, Level};
use jiff::civil::Date;
use rusqlite::types::{FromSql, Value};
use rusqlite::{Connection, Row, params_from_iter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::figure::{CountedFigure, SETTLED};
use super::figures::{FiguresReply, ServicesReply};
use super::lookups;
use super::scope::{Period, Scope};

/// What the counted dossiers are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GroupedBy {
    /// The agency that decides.
    Agency,
    /// The agency that received it: the deciding one, if no other did.
    Receiver,
    Procedure,
    /// The officer who has, or last had, the review; an empty key is nobody.
    Officer,
    /// The unit of that officer, as `AGENCY/UNIT`, by the directory on the day on which the dossier
    /// was handled, or today; an empty key is nobody, or an officer who is in no directory.
    Unit,
    /// The level of the online service, `full` or `partial`, by the version of the procedure under
    /// which the dossier was received; an empty key is no online service.
    Level,
    /// The month of submission, or of handling if dossiers are counted by that: only handled
    /// dossiers are counted then.
    Month,
    /// The channel of filing.
    Channel,
    /// Citizens or businesses.
    Audience,
}

/// A group with its figures.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) key: String,
    pub(crate) figures: FiguresReply,
}

impl GroupedBy {
    pub(super) fn key(self, period: Period) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Receiver => "coalesce(receiver, agency)",
            Self::Procedure => "procedure",
            Self::Officer => "coalesce(officer, '')",
            Self::Unit => lookups::UNIT,
            Self::Level => lookups::LEVEL,
            Self::Month if period == Period::Handled => "coalesce(substr(handled_day, 1, 7), '')",
            Self::Month => "substr(submitted_day, 1, 7)",
            Self::Channel => "channel",
            Self::Audience => "iif(business, 'business', 'citizen')",
        }
    }

    /// Prepares a connection for queries with [`GroupedBy::key`].
    pub(super) fn prepare(
        self,
        rows: &Connection,
        (scope, law): (&Scope, &Arc<Law>),
    ) -> rusqlite::Result<()> {
        if matches!(self, Self::Unit | Self::Level) {
            lookups::offer(rows, law, scope.now)?;
        }
        Ok(())
    }

    /// The rows that are grouped.
    pub(super) fn rows(self, scope: &Scope) -> String {
        if self == Self::Month && scope.filter.period == Period::Handled {
            format!("{} AND {}", scope.rows, scope.handled)
        } else {
            scope.rows.clone()
        }
    }

    /// The services of a group; `None` if a group has none of its own.
    fn services(self, scope: &Scope, law: &Law, key: &str) -> Option<OnlineServices> {
        let services = match self {
            Self::Agency => OnlineServices::of(law, Some(&AgencyCode::from(key)), scope.days),
            Self::Procedure => scope.services(law).only(&ProcedureCode::from(key)),
            Self::Month => {
                let first: Date = format!("{key}-01").parse().ok()?;
                let days = (first.max(scope.days.0), first.last_of_month().min(scope.as_of));
                OnlineServices::of(law, scope.filter.agency.as_ref(), days)
            }
            Self::Level => scope.services(law).at_level(Level::named(key)?),
            Self::Receiver | Self::Officer | Self::Unit | Self::Channel | Self::Audience => {
                return None;
            }
        };
        let asked = scope.filter.procedure.as_ref();
        Some(asked.map_or_else(|| services.clone(), |code| services.clone().only(code)))
    }
}

/// The figures of a whole scope.
pub(crate) fn total(rows: &Connection, scope: &Scope, law: &Law) -> rusqlite::Result<FiguresReply> {
    let mut groups = counted(rows, &Keys::all(scope))?;
    let mut figures = groups.remove("").unwrap_or_default();
    figures.finish(Some(&scope.services(law)), law);
    Ok(figures.reply)
}

/// The figures of at most `limit` groups after the key `after`, by key.
pub(crate) fn groups(
    rows: &Connection,
    (scope, by, law): (&Scope, GroupedBy, &Arc<Law>),
    (after, limit): (Option<&str>, u32),
) -> rusqlite::Result<Vec<Group>> {
    by.prepare(rows, (scope, law))?;
    let mut keys = Keys { key: by.key(scope.filter.period), ..Keys::all(scope) };
    keys.conditions = by.rows(scope);
    if let Some(after) = after {
        keys.and("> ?", after);
    }
    let sql = format!(
        "SELECT DISTINCT {} AS k FROM dossiers WHERE {} ORDER BY k LIMIT {limit}",
        keys.key, keys.conditions
    );
    let page = rows
        .prepare(&sql)?
        .query_map(params_from_iter(&keys.values), |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<String>>>()?;
    let Some(last) = page.last() else { return Ok(Vec::new()) };
    keys.and("<= ?", last);
    let groups = counted(rows, &keys)?.into_iter().map(|(key, mut figures)| {
        figures.finish(by.services(scope, law, &key).as_ref(), law);
        Group { key, figures: figures.reply }
    });
    Ok(groups.collect())
}

/// Rows, and the key that they are grouped by.
struct Keys<'a> {
    key: &'static str,
    conditions: String,
    values: Vec<Value>,
    scope: &'a Scope,
}

impl<'a> Keys<'a> {
    fn all(scope: &'a Scope) -> Self {
        let (conditions, values) = (scope.rows.clone(), scope.values.clone());
        Self { key: "''", conditions, values, scope }
    }

    fn and(&mut self, comparison: &str, key: &str) {
        self.conditions = format!("{} AND {} {comparison}", self.conditions, self.key);
        self.values.push(Value::Text(key.to_owned()));
    }
}

/// The figures of a group while they are counted.
#[derive(Debug, Default)]
struct Counted {
    reply: FiguresReply,
    procedures: BTreeSet<ProcedureCode>,
    online: BTreeSet<ProcedureCode>,
    /// Settled online dossiers, by procedure and version.
    settled_online: Vec<(ProcedureCode, u32, u64)>,
    satisfied: u64,
}

impl Counted {
    /// Computes the shares. Which dossiers are those of online services is decided by the version
    /// of the procedure under which they were received.
    fn finish(&mut self, services: Option<&OnlineServices>, law: &Law) {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let reply = &mut self.reply;
        reply.procedures = number(self.procedures.len());
        reply.procedures_online = number(self.online.len());
        reply.services = services.map(|services| {
            let used = self.online.iter().filter(|code| services.has(code)).count();
            ServicesReply::of(services, number(used))
        });
        let of_online = self.settled_online.iter();
        let of_online =
            of_online.filter(|(code, version, _)| law.is_online_service(code, *version));
        let online = of_online.map(|(_, _, dossiers)| dossiers).sum();
        reply.settled_online = Share::of(online, reply.settled).into();
        let in_time = reply.early + reply.on_time;
        reply.in_time = Share::of(in_time, in_time + reply.late).into();
        reply.satisfied = Share::of(self.satisfied, reply.rated).into();
    }
}

fn counted(rows: &Connection, keys: &Keys<'_>) -> rusqlite::Result<BTreeMap<String, Counted>> {
    let mut found = BTreeMap::new();
    let mut statement = rows.prepare(&sums(keys))?;
    let mut groups = statement.query(params_from_iter(&keys.values))?;
    while let Some(row) = groups.next()? {
        let mut columns = Columns { row, next: 0 };
        let key: String = columns.take()?;
        found.insert(key, columns.counted()?);
    }
    services(rows, keys, &mut found)?;
    durations(rows, keys, &mut found)?;
    Ok(found)
}

fn sums(keys: &Keys<'_>) -> String {
    let Scope { handled: h, .. } = keys.scope;
    let Keys { key, conditions, .. } = keys;
    let counted = CountedFigure::ALL.map(|figure| format!("sum({})", figure.condition(keys.scope)));
    format!(
        "SELECT {key} AS k, {},
           sum(missed), sum(by_rule), sum(supplements), sum(max(supplements - 1, 0)),
           sum(last_day_requests), sum({h} AND outcome = 'refused' AND handled_day > due_day),
           sum(redated), sum(extended), sum(late_outages), sum(restarts),
           sum({h} AND channel = 'online'), count(DISTINCT coalesce(filed_by, applicant)),
           count(DISTINCT applicant), count(DISTINCT iif(business, applicant, NULL)), sum(business),
           count(rated), sum(rated >= 4), sum(delivered), avg(rated),
           avg(iif({h}, contacts, NULL)),
           CAST(avg(iif({h}, handled_at - submitted_at, NULL)) / 1000 AS INTEGER),
           CAST(avg(iif({h}, applicant_ms, NULL)) / 1000 AS INTEGER),
           CAST(avg(iif({h}, handled_at - submitted_at - applicant_ms, NULL)) / 1000 AS INTEGER)
         FROM dossiers WHERE {conditions} GROUP BY k",
        counted.join(", ")
    )
}

/// The columns of [`sums`], in their order.
struct Columns<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl Columns<'_> {
    fn take<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let place = self.next;
        self.next += 1;
        self.row.get(place)
    }

    /// A sum; none of no rows.
    fn sum(&mut self) -> rusqlite::Result<u64> {
        let sum: Option<i64> = self.take()?;
        Ok(u64::try_from(sum.unwrap_or(0)).unwrap_or(0))
    }

    fn counted(&mut self) -> rusqlite::Result<Counted> {
        let mut counted = Counted::default();
        let reply = &mut counted.reply;
        for sum in [
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
            &mut reply.accounts,
            &mut reply.applicants,
            &mut reply.firms,
            &mut reply.business_dossiers,
            &mut reply.rated,
            &mut counted.satisfied,
            &mut reply.could_rate,
        ] {
            *sum = self.sum()?;
        }
        reply.satisfaction = self.take()?;
        reply.contacts_mean = self.take()?;
        reply.elapsed_mean_s = self.take()?;
        reply.with_applicant_mean_s = self.take()?;
        reply.with_agency_mean_s = self.take()?;
        Ok(counted)
    }
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

/// Adds the percentiles of the time from submission to handling.
fn durations(
    rows: &Connection,
    keys: &Keys<'_>,
    found: &mut BTreeMap<String, Counted>,
) -> rusqlite::Result<()> {
    let (Keys { key, conditions, .. }, h) = (keys, &keys.scope.handled);
    let place = |percent: u32| format!("(n - 1) * {percent} / 100");
    let sql = format!(
        "SELECT k, max(iif(place = {}, d, NULL)), max(iif(place = {}, d, NULL)),
           max(iif(place = {}, d, NULL))
         FROM (SELECT {key} AS k, (handled_at - submitted_at) / 1000 AS d,
                 row_number() OVER (PARTITION BY {key} ORDER BY handled_at - submitted_at) - 1 AS place,
                 count(*) OVER (PARTITION BY {key}) AS n
               FROM dossiers WHERE {conditions} AND {h})
         GROUP BY k",
        place(50),
        place(90),
        place(99)
    );
    let mut statement = rows.prepare(&sql)?;
    let mut groups = statement.query(params_from_iter(&keys.values))?;
    while let Some(row) = groups.next()? {
        let Some(counted) = found.get_mut(&row.get::<_, String>(0)?) else { continue };
        counted.reply.duration_median_s = row.get(1)?;
        counted.reply.duration_p90_s = row.get(2)?;
        counted.reply.duration_p99_s = row.get(3)?;
    }
    Ok(())
}
