//! Exports the counted dossiers, or the figures of all groups, as CSV or JSON lines.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dossier::access::{May, agency, any};
use dossier::contract::{AgencyCode, Channel, ProcedureCode, Role};
use dossier::figures::ApplicantKind;
use dossier::law::Law;
use engine::view::{Question, ViewError};
use futures_util::stream;
use rusqlite::{Connection, Row, params_from_iter};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use super::workload::agency_of;
use crate::App;
use crate::statistics::{
    ExportError, Exported, FiguresReply, Filter, Format, Group, GroupedBy, Moment, Period,
    ROWS_MAX, Scope, Writer, columns, groups,
};

/// Exports at once; each has a temporary file until its client has read it.
pub(crate) const EXPORTS_AT_ONCE: usize = 4;
/// Bytes read from the file at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// Groups read at once.
const GROUPS_AT_ONCE: u32 = 100;
/// `Retry-After` while other exports are sent.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(10);

const EXPORT: &[May] = &[agency(Role::Approver), agency(Role::Auditor), any(Role::Operator)];

/// Which rows to export, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportQuery {
    /// The format; `csv` if absent.
    format: Option<Format>,
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
    /// A row for each group with its figures; a row for each dossier if absent.
    group_by: Option<GroupedBy>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/register/statistics/export",
        "export_statistics",
        "Export the counted dossiers or the figures of groups",
    )
    .describe(
        "Rows are complete at one position of the log. `Content-Length` and `Content-Digest` are \
         those of the whole content, so a client can tell a truncated or changed file. In CSV, a \
         text that a spreadsheet would take for a formula begins with an apostrophe; JSON lines are \
         unchanged. Rows of dossiers name no applicant. At most 1,000,000 rows.",
    )
    .impersonal("codes, dates and figures")
    .roles(EXPORT)
    .query::<ExportQuery>()
    .bytes(&["text/csv", "application/x-ndjson"])
    .digested()
    .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: ExportQuery = request.query()?;
    let (_, agency) = agency_of(&request, query.agency)?;
    request.catch_up(Some(&app.progress)).await?;
    let permit = Arc::clone(&app.exports).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::busy(BUSY_RETRY_AFTER))?;
    let ExportQuery { procedure, channel, audience, from, to, group_by, .. } = query;
    let (period, format) = (query.period.unwrap_or_default(), query.format.unwrap_or_default());
    let filter = Filter { agency, procedure, channel, audience, from, to, period };
    let law = app.engine.law();
    let scope = Scope::of(filter, &law, app.engine.clock.now())?;
    let folder =
        app.engine.view_folder().map_or_else(std::env::temp_dir, std::path::Path::to_path_buf);
    let read = app.view.query(Question::Statistics, move |rows| {
        let rows = rows.unchecked_transaction()?;
        Ok(written(&rows, (&scope, &law), (group_by, format), folder))
    });
    match read.await? {
        Ok(exported) => Ok(sent(exported, format, permit)),
        Err(ExportError::TooLarge) => Err(too_large()),
        Err(ExportError::View(error)) => Err(ViewError::Sqlite(error).into()),
        Err(ExportError::File(error)) => {
            Err(Problem::unavailable(&format!("a temporary file for an export: {error}")))
        }
    }
}

fn too_large() -> Problem {
    Problem::parameter(
        "from",
        &format!("kết quả có hơn {ROWS_MAX} dòng hoặc 512 MiB: hãy chọn thời gian ngắn hơn"),
        &format!("there are more than {ROWS_MAX} rows or 512 MiB: ask for a shorter period"),
    )
}

/// The file as the body of a reply. It, and its permit, are released when the body is sent or
/// given up.
fn sent(exported: Exported, format: Format, permit: OwnedSemaphorePermit) -> Reply {
    let file = tokio::fs::File::from_std(exported.file);
    let content = stream::unfold(Some((file, permit)), |open| async {
        let (mut file, permit) = open?;
        let mut chunk = vec![0; CHUNK_BYTES];
        match file.read(&mut chunk).await {
            Ok(0) => None,
            Ok(read) => {
                chunk.truncate(read);
                Some((Ok(Bytes::from(chunk)), Some((file, permit))))
            }
            Err(error) => Some((Err(error), None)),
        }
    });
    Reply::digested(format.media_type(), Box::pin(content), (exported.bytes, &exported.digest))
}

fn written(
    rows: &Connection,
    (scope, law): (&Scope, &Arc<Law>),
    (group_by, format): (Option<GroupedBy>, Format),
    folder: PathBuf,
) -> Result<Exported, ExportError> {
    let Some(by) = group_by else {
        return of_dossiers(rows, scope, Writer::of_dossiers(folder, format)?);
    };
    let example = group(&Group { key: String::new(), figures: FiguresReply::complete() });
    let names = example.as_object().map(columns).unwrap_or_default();
    let mut writer = Writer::begin(&folder, format, names)?;
    let mut after: Option<String> = None;
    loop {
        let page = groups(rows, (scope, by, law), (after.as_deref(), GROUPS_AT_ONCE))?;
        for one in &page {
            writer.row(&group(one))?;
        }
        match page.last().filter(|_| page.len() == GROUPS_AT_ONCE as usize) {
            Some(last) => after = Some(last.key.clone()),
            None => return writer.finish(),
        }
    }
}

fn group(group: &Group) -> Value {
    let mut row = serde_json::to_value(&group.figures).unwrap_or_default();
    row["key"] = Value::from(group.key.as_str());
    row
}

/// The columns of a dossier's row, in their order.
const COLUMNS: [&str; 24] = [
    "dossier",
    "code",
    "procedure",
    "version",
    "agency",
    "channel",
    "audience",
    "status",
    "submitted_on",
    "promised_on",
    "handled_on",
    "outcome",
    "by_rule",
    "officer",
    "missed_deadlines",
    "supplements",
    "supplements_on_last_day",
    "redated",
    "extended",
    "moved_by_late_outages",
    "restarts",
    "with_applicant_s",
    "contacts",
    "rating",
];

impl Writer {
    fn of_dossiers(folder: PathBuf, format: Format) -> Result<Self, ExportError> {
        Self::begin(&folder, format, COLUMNS.map(str::to_owned).to_vec())
    }
}

fn of_dossiers(
    rows: &Connection,
    scope: &Scope,
    mut writer: Writer,
) -> Result<Exported, ExportError> {
    let sql = format!(
        "SELECT id, code, procedure, version, agency, channel,
           iif(business, 'business', 'citizen'), status, submitted_day, due_day, handled_day,
           outcome, by_rule, officer, missed, supplements, last_day_requests, redated, extended,
           late_outages, restarts, applicant_ms / 1000, contacts, rated
         FROM dossiers WHERE {} ORDER BY id",
        scope.rows
    );
    let mut statement = rows.prepare(&sql)?;
    let mut found = statement.query(params_from_iter(&scope.values))?;
    while let Some(row) = found.next()? {
        writer.row(&dossier(row)?)?;
    }
    writer.finish()
}

fn dossier(row: &Row<'_>) -> rusqlite::Result<Value> {
    let mut dossier = json!({});
    for (place, column) in COLUMNS.iter().enumerate() {
        dossier[*column] = match row.get(place)? {
            rusqlite::types::Value::Integer(number) if *column == "by_rule" => {
                Value::from(number != 0)
            }
            rusqlite::types::Value::Integer(number) => Value::from(number),
            rusqlite::types::Value::Text(text) => Value::from(text),
            _ => Value::Null,
        };
    }
    Ok(dossier)
}
