//! Queues: open dossiers by remaining legal time, in pages. The cursor remains valid when rows
//! change.

use dossier::access::{self, May, Resource, agency, any};
use dossier::contract::{AgencyCode, DossierCode, DossierId, ProcedureCode, Role, Subject};
use engine::view::{Question, of_agency, of_others};
use jiff::Timestamp;
use rusqlite::params_from_iter;
use rusqlite::types::{Type, Value};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Due, PageRows, Problem, Reply, Request};

use crate::App;

/// Permission to read the workload of an agency.
pub(super) const READ_AGENCY: &[May] = &[
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Auditor),
    any(Role::Operator),
];

/// Filter and page of a queue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueQuery {
    /// Code of the agency; the caller's if absent.
    agency: Option<AgencyCode>,
    /// Subject of the officer; the caller if absent (officer's queue only).
    officer: Option<Subject>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// A dossier in a queue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueuedDossierReply {
    /// Id of the dossier.
    dossier: DossierId,
    /// Code of the dossier.
    code: DossierCode,
    /// Code of the procedure.
    procedure: ProcedureCode,
    /// Status as numbered by the national portal: 1 submitted, 2 accepted, 3 not accepted, 4 in
    /// process, 5 supplement awaited, 6 fee awaited, 7 withdrawn, 8 stopped, 9 decided, 10
    /// delivered.
    #[schema(minimum = 1, maximum = 10)]
    status: u8,
    /// Due instant of the decision.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Remaining legal time in seconds; negative if it is overdue.
    #[schema(example = 86_400)]
    remaining_s: Option<i64>,
    /// Officer who has claimed it; null if nobody has.
    officer: Option<Subject>,
}

pub(super) enum Kind {
    Officer,
    Overdue,
}

/// The requested agency, if the caller may read its workload.
pub(super) fn agency_of(
    request: &Request,
    asked: Option<AgencyCode>,
) -> Result<(&access::Caller, Option<AgencyCode>), Problem> {
    let caller = request.caller()?;
    let agency = asked.or_else(|| caller.agency.clone());
    if agency.as_ref().is_some_and(|agency| !agency.is_well_formed()) {
        return Err(Problem::parameter(
            "agency",
            "không phải mã cơ quan, ví dụ G02.001",
            "is not the code of an agency, for example G02.001",
        ));
    }
    let resource = Resource { agencies: agency.iter().cloned().collect(), ..Resource::default() };
    access::decide(caller, READ_AGENCY, Some(&resource))?;
    Ok((caller, agency))
}

pub(super) async fn page(
    app: &App,
    request: &Request,
    kind: Kind,
    address: &str,
) -> Result<Reply, Problem> {
    let query: QueueQuery = request.query()?;
    let (caller, agency) = agency_of(request, query.agency)?;
    request.catch_up(Some(&app.progress)).await?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let now = app.engine.clock.now();
    let mut values = Vec::new();
    let below = of_agency((&app.engine.law(), now), agency.as_ref(), &mut values);
    let others = of_others(caller, &mut values);
    let mut conditions = vec!["handled_at IS NULL", "due_at IS NOT NULL", &below, &others];
    let officer = query.officer.as_ref().unwrap_or(&caller.subject).as_str();
    let mut asked = vec![address, agency.as_ref().map_or("", AgencyCode::as_str)];
    match kind {
        Kind::Officer => {
            asked.push(officer);
            values.push(Value::Text(officer.to_owned()));
            conditions.push("officer = ?");
        }
        Kind::Overdue => {
            values.push(Value::Integer(now.as_millisecond()));
            conditions.push("due_at <= ? AND suspended = 0");
        }
    }
    let cursors = Cursors::of(request, &asked);
    if let Some(after) = &query.after {
        let key = cursors.read(after)?.split_once('.');
        let (due_at, id) = key.ok_or_else(Cursors::invalid)?;
        let due_at = due_at.parse().map_err(|_| Cursors::invalid())?;
        values.extend([Value::Integer(due_at), Value::Text(id.to_owned())]);
        conditions.push("(due_at, id) > (?, ?)");
    }
    let sql = format!(
        "SELECT id, code, procedure, status, due_at, officer, agency FROM dossiers WHERE {} ORDER BY due_at, id LIMIT {limit}",
        conditions.join(" AND ")
    );
    let law = app.engine.law();
    let rows = app.view.query(Question::List, move |rows| {
        rows.prepare(&sql)?
            .query_map(params_from_iter(values), |row| {
                let due_at: Option<i64> = row.get(4)?;
                let due_at = due_at.and_then(|due_at| Timestamp::from_millisecond(due_at).ok());
                Ok(QueuedDossierReply {
                    dossier: row.get::<_, String>(0)?.parse().map_err(|error| {
                        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
                    })?,
                    code: row.get::<_, String>(1)?.as_str().into(),
                    procedure: row.get::<_, String>(2)?.as_str().into(),
                    status: row.get(3)?,
                    due: Due::of(&law, &row.get::<_, String>(6)?.as_str().into(), due_at),
                    remaining_s: due_at.map(|due_at| due_at.duration_since(now).as_secs()),
                    officer: row.get::<_, Option<String>>(5)?.map(|officer| (&*officer).into()),
                })
            })?
            .collect::<rusqlite::Result<Vec<_>>>()
    });
    let rows = rows.await?;
    let next = request.page_after(address, (&rows, limit), |last| {
        let due_at = last.due.at().map_or(0, Timestamp::as_millisecond);
        cursors.write(&format!("{due_at}.{}", last.dossier))
    });
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}
