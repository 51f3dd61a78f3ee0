//! Lists mandates: a principal's own, a representative's clients, or those that an agency recorded.

use std::sync::Arc;

use dossier::access::{Caller, Resource};
use dossier::contract::{
    AgencyCode, MandateId, MandateParty, ProcedureCode, Role, Subject, party_name,
};
use dossier::mandates::{MandateStatus, READ, last_day};
use engine::view::{Question, instant};
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Line, Operation, PageRows, Problem, Reply, Request};

use super::reply::{ACTS_FOR_OTHERS, party};
use crate::mandates::App;
use crate::mandates::listed::{PRINCIPAL, REPRESENTATIVE, name, procedures};

const ADDRESS: &str = "/v1/mandates";

/// The stage at an instant: a term ends by itself, also before that is recorded.
const STATUS: &str = "CASE WHEN m.status = 'accepted' AND m.ends_at <= ? \
                      OR m.status = 'offered' AND m.accept_by <= ? \
                      THEN 'expired' ELSE m.status END";

/// Filter and page of mandates. All filters must hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MandatesQuery {
    /// `principal` for those that the caller granted, `representative` for those of the caller's
    /// clients; both if absent. Not for officers.
    you_are: Option<MandateParty>,
    /// Stage of the mandate.
    status: Option<MandateStatus>,
    /// Code of a procedure that it covers.
    procedure: Option<ProcedureCode>,
    /// Subject or tax code of the principal.
    principal: Option<Line<200>>,
    /// Subject or tax code of the representative.
    representative: Option<Line<200>>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// A mandate, without its texts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedMandateReply {
    /// Id of the mandate, for the header `Mandate`.
    #[schema(value_type = MandateId)]
    mandate: String,
    /// The person or firm that is represented.
    #[schema(value_type = Subject)]
    principal: String,
    /// The person or firm that represents.
    #[schema(value_type = Subject)]
    representative: String,
    /// What the caller is; absent for officers.
    #[serde(skip_serializing_if = "Option::is_none")]
    you_are: Option<MandateParty>,
    /// Codes of the procedures that it covers; all if empty.
    procedures: Vec<ProcedureCode>,
    /// Stage of the mandate.
    #[schema(value_type = MandateStatus)]
    status: String,
    /// When it was granted.
    granted_at: Timestamp,
    /// First instant at which it can no longer be accepted.
    accept_by: Timestamp,
    /// First instant at which it is no longer in force.
    ends_at: Timestamp,
    /// Last day on which it is in force.
    ends_on: Date,
    /// Sort key: Unix time in milliseconds.
    #[serde(skip)]
    sorted_by: i64,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_mandates", "List mandates")
        .describe(
            "The newest first. Applicants list those to which they, or the firm for which they act, \
             are a party; as representatives, these are their clients. Clerks and auditors list \
             those that the agency recorded.",
        )
        .roles(READ)
        .refusals(&[ACTS_FOR_OTHERS])
        .query::<MandatesQuery>()
        .list::<ListedMandateReply>()
        .pages()
        .handle(handle)
}

/// The table to scan, the conditions of the caller's reach, and their parameters.
fn reach(
    app: &App,
    request: &Request,
    query: &MandatesQuery,
) -> Result<(&'static str, Vec<String>, Vec<Value>), Problem> {
    let caller = request.caller()?;
    let mut values = Vec::new();
    if caller.roles.contains(&Role::Applicant) {
        request.read_as(READ, &Resource::own(caller))?;
        values.push(Value::Text(name(party(caller)?)));
        let mut conditions = vec!["p.party = ?".to_owned()];
        if let Some(capacity) = query.you_are {
            values.push(Value::Integer(match capacity {
                MandateParty::Principal => PRINCIPAL,
                MandateParty::Representative => REPRESENTATIVE,
            }));
            conditions.push("p.capacity = ?".to_owned());
        }
        return Ok(("parties p JOIN mandates m ON m.id = p.id", conditions, values));
    }
    if query.you_are.is_some() {
        let vi = "chỉ dùng cho các bên của ủy quyền";
        return Err(Problem::parameter("you_are", vi, "is for the parties to a mandate only"));
    }
    let agency: Option<&AgencyCode> = caller.agency.as_ref();
    let resource =
        Resource { agencies: agency.cloned().into_iter().collect(), ..Resource::default() };
    request.read_as(READ, &resource)?;
    let (law, now) = (app.engine.law(), app.engine.clock.now());
    let mut codes: Vec<AgencyCode> = agency.cloned().into_iter().collect();
    codes.extend(agency.into_iter().flat_map(|agency| law.predecessors(agency, now)));
    let places = vec!["?"; codes.len()].join(", ");
    values.extend(codes.iter().map(|code| Value::Text(code.to_string())));
    // One row for each mandate, although a predecessor may be above another one.
    let conditions = vec![format!(
        "p.agency IN ({places}) AND p.agency = (SELECT min(o.agency) FROM agencies o \
         WHERE o.agency IN ({places}) AND o.granted_at = p.granted_at AND o.id = p.id)"
    )];
    values.extend(codes.iter().map(|code| Value::Text(code.to_string())));
    Ok(("agencies p JOIN mandates m ON m.id = p.id", conditions, values))
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: MandatesQuery = request.query()?;
    let caller = request.caller()?;
    let own = name(party(caller)?);
    let (table, mut conditions, mut values) = reach(&app, &request, &query)?;
    request.catch_up(Some(&app.shown)).await?;
    let cursors = Cursors::of(&request, &[ADDRESS, &filters(caller, &query)]);
    let now = Value::Integer(app.engine.clock.now().as_millisecond());
    let mut add = |condition: &str, value: Option<String>| {
        if let Some(value) = value {
            values.push(Value::Text(value));
            conditions.push(condition.to_owned());
        }
    };
    let named = |line: &Line<200>| party_name(&line.0);
    add("m.principal = ?", query.principal.as_ref().map(named));
    add("m.representative = ?", query.representative.as_ref().map(named));
    add(
        "(m.procedures = '[]' OR EXISTS (SELECT 1 FROM json_each(m.procedures) WHERE value = ?))",
        query.procedure.as_ref().map(ToString::to_string),
    );
    if let Some(status) = query.status {
        values.extend([now.clone(), now.clone(), Value::Text(status.as_str().to_owned())]);
        conditions.push(format!("{STATUS} = ?"));
    }
    if let Some(after) = &query.after {
        let (at, id) = cursors.read(after)?.split_once('_').ok_or_else(Cursors::invalid)?;
        let at = at.parse().map_err(|_| Cursors::invalid())?;
        values.extend([Value::Integer(at), Value::Text(id.to_owned())]);
        conditions.push("(p.granted_at, p.id) < (?, ?)".to_owned());
    }
    let PageRows(limit) = query.limit.unwrap_or_default();
    let sql = format!(
        "SELECT m.id, m.principal, m.representative, m.procedures, {STATUS}, m.granted_at, \
         m.accept_by, m.ends_at FROM {table} WHERE {} \
         ORDER BY p.granted_at DESC, p.id DESC LIMIT {limit}",
        conditions.join(" AND ")
    );
    let values: Vec<Value> = [now.clone(), now].into_iter().chain(values).collect();
    let is_party = table.starts_with("parties");
    let rows = app.listed.query(Question::List, move |rows| {
        let mut found = rows.prepare(&sql)?;
        let listed = |row: &Row<'_>| reply(row, is_party.then_some(&*own));
        found.query_map(params_from_iter(values), listed)?.collect::<rusqlite::Result<Vec<_>>>()
    });
    let rows = rows.await?;
    let next = request.page_after(ADDRESS, (&rows, limit), |last| {
        cursors.write(&format!("{}_{}", last.sorted_by, last.mandate))
    });
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}

fn reply(row: &Row<'_>, own: Option<&str>) -> rusqlite::Result<ListedMandateReply> {
    let principal: String = row.get(1)?;
    let you_are = own.map(|own| {
        if principal == own { MandateParty::Principal } else { MandateParty::Representative }
    });
    Ok(ListedMandateReply {
        mandate: row.get(0)?,
        principal,
        representative: row.get(2)?,
        you_are,
        procedures: procedures(row, 3)?,
        status: row.get(4)?,
        granted_at: instant(row, 5)?,
        accept_by: instant(row, 6)?,
        ends_at: instant(row, 7)?,
        ends_on: last_day(instant(row, 7)?),
        sorted_by: row.get(5)?,
    })
}

/// The caller and the filters as one text, to which a cursor belongs.
fn filters(caller: &Caller, query: &MandatesQuery) -> String {
    let MandatesQuery { you_are, status, procedure, principal, representative, .. } = query;
    let who = (caller.party(), &caller.agency);
    format!("{:?}", (who, you_are, status, procedure, principal, representative))
}
