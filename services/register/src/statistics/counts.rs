//! Counts the rows of a scope, in all or by group.

use std::collections::BTreeMap;
use std::sync::Arc;

use dossier::contract::{AgencyCode, ProcedureCode};
use dossier::figures::OnlineServices;
use dossier::law::{Law, Level};
use jiff::civil::Date;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::figures::FiguresReply;
use super::lookups;
use super::scan::scan;
use super::scope::{Period, Scope};
use super::sums::Counted;

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
fn total(rows: &Connection, scope: &Scope, law: &Law) -> rusqlite::Result<FiguresReply> {
    let mut found = scan(rows, &Keys::all(scope))?;
    Ok(found.remove("").unwrap_or_default().reply(Some(&scope.services(law)), law))
}

/// The figures of a whole scope and, if groups are asked for, of at most `limit` of them after the
/// key `after`, by key. The rows are counted by group once; the figures of the whole scope are put
/// together from them.
pub(crate) fn figures(
    rows: &Connection,
    (scope, law): (&Scope, &Arc<Law>),
    grouped: Option<(GroupedBy, Option<&str>, u32)>,
) -> rusqlite::Result<(FiguresReply, Vec<Group>)> {
    let Some((by, after, limit)) = grouped else {
        return Ok((total(rows, scope, law)?, Vec::new()));
    };
    by.prepare(rows, (scope, law))?;
    let keys = Keys::by(by, scope);
    let found: BTreeMap<String, Counted> = scan(rows, &keys)?.into_iter().collect();
    let all = if keys.conditions == scope.rows {
        let mut all = Counted::default();
        for group in found.values() {
            all.add(group);
        }
        all.reply(Some(&scope.services(law)), law)
    } else {
        total(rows, scope, law)?
    };
    let is_after = |key: &str| after.is_none_or(|after| key > after);
    let page = found.into_iter().filter(|(key, _)| is_after(key));
    let page = page.take(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((all, page.map(|counted| Group::of(counted, (scope, by, law))).collect()))
}

/// The figures of at most `limit` groups after the key `after`, by key, for exports of many.
pub(crate) fn groups(
    rows: &Connection,
    (scope, by, law): (&Scope, GroupedBy, &Arc<Law>),
    (after, limit): (Option<&str>, u32),
) -> rusqlite::Result<Vec<Group>> {
    by.prepare(rows, (scope, law))?;
    let mut keys = Keys::by(by, scope);
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
    let found: BTreeMap<String, Counted> = scan(rows, &keys)?.into_iter().collect();
    Ok(found.into_iter().map(|counted| Group::of(counted, (scope, by, law))).collect())
}

impl Group {
    fn of(
        (key, counted): (String, Counted),
        (scope, by, law): (&Scope, GroupedBy, &Arc<Law>),
    ) -> Self {
        let services = by.services(scope, law, &key);
        Self { figures: counted.reply(services.as_ref(), law), key }
    }
}

/// Rows, and the key that they are grouped by.
pub(super) struct Keys<'a> {
    pub(super) key: &'static str,
    pub(super) conditions: String,
    pub(super) values: Vec<Value>,
    pub(super) scope: &'a Scope,
}

impl<'a> Keys<'a> {
    fn all(scope: &'a Scope) -> Self {
        let (conditions, values) = (scope.rows.clone(), scope.values.clone());
        Self { key: "''", conditions, values, scope }
    }

    fn by(by: GroupedBy, scope: &'a Scope) -> Self {
        let key = by.key(scope.filter.period);
        Self { key, conditions: by.rows(scope), ..Self::all(scope) }
    }

    fn and(&mut self, comparison: &str, key: &str) {
        self.conditions = format!("{} AND {} {comparison}", self.conditions, self.key);
        self.values.push(Value::Text(key.to_owned()));
    }
}
