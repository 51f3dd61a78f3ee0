//! Figures for the public, without a token, of which none is about a few dossiers.

use std::sync::Arc;
use std::time::Duration;

use dossier::contract::AgencyCode;
use dossier::figures::{PublishedRow, published};
use dossier::law::{Law, Publication, Text};
use engine::limits::RECORDED_BACK_MAX;
use engine::recorded_after;
use engine::view::Question;
use events::Position;
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Counts, Operation, Problem, Reply, Request};

use crate::App;
use crate::statistics::{KEPT, MONTHS_MAX, Month, ShareReply, local_day, month_counts};

/// The month.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublicFiguresQuery {
    /// A month that is over; the last one if absent.
    #[schema(value_type = Option<String>, example = "2026-10")]
    month: Option<Month>,
}

/// Published figures of a month.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicFiguresReply {
    /// Month to which the figures belong.
    #[schema(example = "2026-10")]
    month: String,
    /// The smallest number of dossiers that a count may be about.
    at_least: u32,
    /// Whether there were dossiers, but too few to publish anything.
    withheld: bool,
    /// Disjoint groups of dossiers, whose sum is the total.
    rows: Vec<PublicRowReply>,
}

/// Published figures of agencies and groups of procedures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicRowReply {
    /// One agency, or several that were merged because some are small.
    agencies: Vec<NamedReply>,
    /// One group of procedures, or several that were merged; all if empty.
    groups: Vec<NamedReply>,
    /// Dossiers submitted in the month.
    received: u64,
    /// Dossiers that ended in the month, whenever they were submitted.
    handled: u64,
    /// Received dossiers that were filed online; null if the share tells something about a few.
    received_online: Option<ShareReply>,
    /// Handled dossiers of online services that were filed online, of all handled dossiers; null if
    /// the share tells something about a few.
    handled_online: Option<ShareReply>,
    /// Handled on the promised day or earlier, of those with a promised day; null if the share
    /// tells something about a few.
    in_time: Option<ShareReply>,
    /// Ratings of 4 or 5, of those given in the month, whenever the dossier was handled; null if
    /// there are few, or the share tells something about a few.
    satisfied: Option<ShareReply>,
}

/// A code with its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NamedReply {
    #[schema(example = "G02.001")]
    code: String,
    /// Null if it is not known.
    name: Option<Text>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/public/figures",
        "get_public_figures",
        "Show the published figures of a month",
    )
    .describe(
        "Counts of dossiers by agency and group of procedures. Every count is about no dossier \
             or at least `at_least` (k-anonymity): smaller agencies and groups are merged, if \
             necessary with the smallest sufficient one, and a share is left out if it, or its \
             rest, is about fewer. Rows are disjoint and no totals are published, so differences \
             reveal nothing either. A month is published once it is over, from facts that do not \
             change later. Counts are exact; percentages are rounded to two decimals.",
    )
    .counted(Counts::Published)
    .query::<PublicFiguresQuery>()
    .reply::<PublicFiguresReply>()
    .cacheable()
    .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: PublicFiguresQuery = request.query()?;
    request.catch_up(Some(&app.progress)).await?;
    let (law, now) = (app.engine.law(), app.engine.clock.now());
    let this_month = local_day(&law, None, now).first_of_month();
    let last = Month(this_month.yesterday().map_or(this_month, Date::first_of_month));
    let month = query.month.unwrap_or(last);
    if month > last {
        return Err(Problem::parameter(
            "month",
            "tháng chưa kết thúc: số liệu được công bố khi tháng đã hết",
            "is not over: a month is published once it is",
        ));
    }
    let first = last.0.saturating_sub(Span::new().months(MONTHS_MAX - 1));
    if month.0 < first {
        return Err(Problem::parameter(
            "month",
            "chỉ công bố 60 tháng gần nhất",
            "is too long ago: the last 60 months are published",
        ));
    }
    let reply = match app.published.get(month, now) {
        Some(known) => known,
        None => {
            let _one_at_a_time = app.published.computing.lock().await;
            match app.published.get(month, now) {
                Some(known) => known,
                None => {
                    let computed = computed(&app, &law, month).await?;
                    app.published.keep(month, now, computed)
                }
            }
        }
    };
    let max_age = Duration::try_from(KEPT).unwrap_or_default();
    Ok(Reply::cacheable(&request, &*reply, max_age))
}

async fn computed(app: &App, law: &Arc<Law>, month: Month) -> Result<PublicFiguresReply, Problem> {
    let after = month_end(law, month)?;
    // The rules of that time, so that a month is always divided in the same way.
    let publication = law.publication(after);
    let (known, rules) = (Arc::clone(law), publication.clone());
    let read = app.view.query(Question::Statistics, move |rows| {
        let rows = rows.unchecked_transaction()?;
        let position: i64 = rows.query_row("SELECT position FROM view", [], |row| row.get(0))?;
        let counts = month_counts(&rows, month, (&known, &rules))?;
        Ok((Position(u64::try_from(position).unwrap_or(0)), counts))
    });
    let (position, counts) = read.await?;
    complete(app, position, after).await?;
    let rows = published(&counts, publication.at_least.into());
    let text = month.0.to_string();
    Ok(PublicFiguresReply {
        month: text.get(..7).unwrap_or(&text).to_owned(),
        at_least: publication.at_least,
        withheld: rows.is_none(),
        rows: rows.unwrap_or_default().into_iter().map(|one| row(one, law, &publication)).collect(),
    })
}

/// The first instant after a month.
fn month_end(law: &Law, month: Month) -> Result<Timestamp, Problem> {
    let last = month.0.last_of_month();
    let calendar = law.agencies().find_map(|agency| law.calendar_of(&agency.code));
    let end = calendar.map(|calendar| calendar.end_of_day(last));
    match end {
        Some(Ok(end)) => Ok(end),
        Some(Err(_)) | None => {
            Err(Problem::parameter("month", "nằm ngoài lịch làm việc", "is outside the calendar"))
        }
    }
}

/// Fails while the view is being rebuilt and may lack dossiers of the month: the difference to the
/// complete figures would be about a few. The view need not be at the log's head: what it has yet
/// to read counts only if it was recorded before the month ended.
async fn complete(app: &App, position: Position, after: Timestamp) -> Result<(), Problem> {
    // An event may be dated by so much before the one that was recorded before it.
    let after = after.checked_add(RECORDED_BACK_MAX).unwrap_or(after);
    match recorded_after(&app.engine.store, position).await? {
        Some(at) if at < after => Err(Problem::not_yet_consistent()),
        Some(_) | None => Ok(()),
    }
}

fn row(row: PublishedRow, law: &Law, publication: &Publication) -> PublicRowReply {
    let agency = |code: AgencyCode| NamedReply {
        name: law.agency(&code).map(|agency| agency.name.clone()),
        code: code.to_string(),
    };
    let group = |code: String| {
        let group = publication.groups.iter().find(|group| group.code == code);
        let procedure = || {
            let mut versions = law.versions();
            let (_, all) = versions.find(|(known, _)| known.as_str() == code)?;
            all.last().map(|newest| newest.name.clone())
        };
        let name = group.map(|group| group.name.clone()).or_else(procedure);
        NamedReply { code, name }
    };
    PublicRowReply {
        agencies: row.agencies.into_iter().map(agency).collect(),
        groups: row.groups.into_iter().map(group).collect(),
        received: row.received,
        handled: row.handled,
        received_online: row.received_online.map(ShareReply::from),
        handled_online: row.handled_online.map(ShareReply::from),
        in_time: row.in_time.map(ShareReply::from),
        satisfied: row.satisfied.map(ShareReply::from),
    }
}
