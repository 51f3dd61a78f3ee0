//! Statistics that can be audited: every figure is counted from the rows, with its denominator and
//! what it is based on. Dates are compared, not instants (QĐ 766/QĐ-TTg).

use std::sync::Arc;

use dossier::contract::{AgencyCode, Channel, ProcedureCode};
use dossier::figures::ApplicantKind;
use dossier::law::{Law, Level, Text};
use engine::view::Question;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request};

use super::workload::{READ_AGENCY, agency_of};
use crate::App;
use crate::statistics::{
    Coverage, CoverageReply, FiguresReply, Filter, Group, GroupedBy, Moment, Period, Scope, figures,
};

const ADDRESS: &str = "/v1/register/statistics";

/// Filter and groups of the counted dossiers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatisticsQuery {
    /// Code of the agency, including subordinate ones; the caller's if absent.
    agency: Option<AgencyCode>,
    /// Code of the procedure; all if absent.
    procedure: Option<ProcedureCode>,
    /// Filing channel; all if absent.
    channel: Option<Channel>,
    /// For whom it was filed; all if absent.
    audience: Option<ApplicantKind>,
    /// First local day of the agency, or first instant.
    #[schema(value_type = Option<String>, example = "2026-01-01")]
    from: Option<Moment>,
    /// Last local day of the agency, or the first instant after the period.
    #[schema(value_type = Option<String>, example = "2026-12-31")]
    to: Option<Moment>,
    /// Which dossiers belong to the period; `submitted` if absent.
    period: Option<Period>,
    /// Figures of each group besides those of all; no groups if absent.
    group_by: Option<GroupedBy>,
    /// Groups per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// Figures of all counted dossiers, and of each group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatisticsReply {
    /// Which dossiers belong to the period.
    period: Period,
    /// First local day, or first instant, of the period.
    #[schema(value_type = Option<String>, example = "2026-01-01")]
    from: Option<Moment>,
    /// Last local day of the period, or the first instant after it.
    #[schema(value_type = Option<String>, example = "2026-12-31")]
    to: Option<Moment>,
    coverage: CoverageReply,
    #[serde(flatten)]
    #[schema(inline)]
    total: FiguresReply,
    /// Figures of each group with a dossier, by key; empty if no groups were asked for. Accounts,
    /// applicants and firms of several groups may be the same.
    groups: Vec<GroupReply>,
}

/// Figures of a group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupReply {
    /// Code, subject, month, level or channel of the group.
    #[schema(example = "G02.001")]
    key: String,
    /// Name of the agency, procedure, unit or level; null for other groups.
    name: Option<Text>,
    #[serde(flatten)]
    #[schema(inline)]
    figures: FiguresReply,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_statistics", "Count the dossiers of an agency")
        .describe(
            "Every figure is given with its denominator, and with the agencies, the procedures and \
             the position of the log that it is based on.",
        )
        .roles(READ_AGENCY)
        .query::<StatisticsQuery>()
        .reply::<StatisticsReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: StatisticsQuery = request.query()?;
    let (_, agency) = agency_of(&request, query.agency)?;
    request.catch_up(Some(&app.progress)).await?;
    let StatisticsQuery { procedure, channel, audience, from, to, group_by, .. } = query;
    let period = query.period.unwrap_or_default();
    let filter = Filter { agency, procedure, channel, audience, from, to, period };
    let (law, PageRows(limit)) = (app.engine.law(), query.limit.unwrap_or_default());
    let scope = Scope::of(filter, &law, app.engine.clock.now())?;
    // A cursor is a key of the groups that it was given with.
    let cursors =
        Cursors::of(&request, &[ADDRESS, &scope.rows, &format!("{:?} {group_by:?}", scope.values)]);
    let after = query.after.as_deref().map(|after| cursors.read(after).map(str::to_owned));
    let after = after.transpose()?;
    let (counting, known) = (scope.clone(), Arc::clone(&law));
    let read = app.view.query(Question::Statistics, move |rows| {
        // All of it reflects one position.
        let rows = rows.unchecked_transaction()?;
        let coverage = Coverage::read(&rows, &counting)?;
        let grouped = group_by.map(|by| (by, after.as_deref(), limit));
        let (all, groups) = figures(&rows, (&counting, &known), grouped)?;
        Ok((coverage, all, groups))
    });
    let (coverage, total, groups) = read.await?;
    let coverage = coverage.reply(&app.engine, &law, &scope).await?;
    let next = request.page_after(ADDRESS, (&groups, limit), |last| cursors.write(&last.key));
    let groups = groups.into_iter().map(|group| GroupReply::of(group, group_by, &law)).collect();
    let reply = StatisticsReply { period, from, to, coverage, total, groups };
    Ok(Reply::ok(&reply).next_page(next.as_deref()))
}

impl GroupReply {
    fn of(Group { key, figures }: Group, by: Option<GroupedBy>, law: &Law) -> Self {
        let name = match by {
            Some(GroupedBy::Agency | GroupedBy::Receiver) => {
                law.agency(&key.as_str().into()).map(|a| a.name.clone())
            }
            Some(GroupedBy::Unit) => unit_named(law, &key),
            Some(GroupedBy::Level) => Level::named(&key).map(|level| match level {
                Level::Full => Text::new("Toàn trình", "Full"),
                Level::Partial => Text::new("Một phần", "Partial"),
            }),
            Some(GroupedBy::Procedure) => {
                let versions = law.versions().find(|(code, _)| code.as_str() == key);
                versions.and_then(|(_, all)| all.last()).map(|newest| newest.name.clone())
            }
            _ => None,
        };
        Self { key, name, figures }
    }
}

/// The newest name of a unit, which the directory has in one language.
fn unit_named(law: &Law, key: &str) -> Option<Text> {
    let (agency, unit) = key.rsplit_once('/')?;
    let name = law.directory(&agency.into())?.unit_name(&unit.into())?;
    Some(Text::new(name, name))
}
