//! Lists complaints: for officers those of their agency, for complainants their own.

use std::sync::Arc;

use dossier::State as _;
use dossier::access::{self, Caller, Resource};
use dossier::contract::{
    AgencyCode, ComplaintChannel, ComplaintClass, ComplaintId, ComplaintNumber, DossierId,
    ProcedureCode, Role, Subject, party_name,
};
use dossier::feedback::{Complaint, LIST, Owed, READ_CONTACT, READ_OFFICER};
use engine::Streams;
use engine::view::{Question, instant, of_agency, of_others};
use events::StreamName;
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Due, Line, Operation, PageRows, Problem, Reply, Request};

use super::reply::ComplaintStage;
use crate::App;
use crate::listed::word;

const ADDRESS: &str = "/v1/complaints";
/// The sort key of complaints without a due instant, which come last.
const SORTED: &str = "coalesce(due_at, 9223372036854775807)";

/// Filter and page of complaints.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComplaintsQuery {
    /// `own` for the complaints that the caller filed; the default for callers who only complain.
    whose: Option<Whose>,
    /// Code of the agency that handles them; the caller's if absent.
    agency: Option<AgencyCode>,
    /// `me` or `nobody`; all if absent.
    assigned: Option<Assigned>,
    /// Subject of the officer to whom they are assigned.
    officer: Option<Line<200>>,
    /// Stage that the complaints have reached.
    stage: Option<ComplaintStage>,
    /// Class that the agency gave them.
    class: Option<ComplaintClass>,
    /// Next obligation of the agency.
    owed: Option<Owed>,
    /// Number of the complaint.
    #[schema(example = "PA-261126-41290735-6")]
    number: Option<Line<40>>,
    /// Dossier that they are about.
    dossier: Option<DossierId>,
    /// Complaint into which they were merged.
    merged_into: Option<ComplaintId>,
    /// Whether the due instant was missed.
    overdue: Option<bool>,
    /// Whether the missed obligation is a matter of the heads of the agency; approvers list no
    /// others.
    escalated: Option<bool>,
    /// Only those that are due before this instant.
    due_before: Option<Timestamp>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// Whose complaints are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Whose {
    /// Those that the caller, or the person for whom the caller acts, filed.
    Own,
    /// Those that the agency handles.
    Agency,
}

/// To whom a complaint is assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Assigned {
    /// To the caller.
    Me,
    /// To nobody.
    Nobody,
}

/// A complaint, without its texts and contact but for the name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedComplaintReply {
    /// Id of the complaint.
    #[schema(value_type = ComplaintId)]
    complaint: String,
    /// Its number; absent for complaints that older versions recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ComplaintNumber>)]
    number: Option<String>,
    /// Name of the complainant, for complaint handlers; if the complaint is about a dossier, for
    /// the one to whom it is assigned. Absent if it was not given, or erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Nguyễn Văn A")]
    complainant_name: Option<String>,
    /// Code of the agency that handles it.
    #[schema(value_type = AgencyCode)]
    agency: String,
    /// Stage that it has reached.
    #[schema(value_type = ComplaintStage)]
    stage: String,
    /// Class; absent until it is classified.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ComplaintClass>)]
    class: Option<String>,
    /// Channel by which it was received.
    #[schema(value_type = ComplaintChannel)]
    channel: String,
    /// Dossier that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DossierId>)]
    dossier: Option<String>,
    /// Procedure of that dossier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProcedureCode>)]
    procedure: Option<String>,
    /// Complaint into which it was merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ComplaintId>)]
    merged_into: Option<String>,
    /// When the agency received it.
    received_at: Timestamp,
    /// Next obligation of the agency; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Owed>)]
    owed: Option<String>,
    /// Due instant of that obligation.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether the due instant was missed.
    overdue: bool,
    /// When the missed obligation becomes, or became, a matter of the heads of the agency.
    #[serde(skip_serializing_if = "Option::is_none")]
    escalates_at: Option<Timestamp>,
    /// Officer to whom it is assigned; only for complaint handlers, approvers and auditors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Subject>)]
    officer: Option<String>,
    /// Number of reopenings.
    reopened: u32,
    /// Sort key: Unix time in milliseconds.
    #[serde(skip)]
    sorted_by: i64,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_complaints", "List complaints")
        .describe(
            "The most urgent first, then those without an obligation. Officers list those of their \
             agency, without those to which they are a party; approvers only the overdue ones that \
             were escalated; complainants their own. The list has no texts, and of the contacts the \
             names only.",
        )
        .roles(LIST)
        .query::<ComplaintsQuery>()
        .list::<ListedComplaintReply>()
        .pages()
        .handle(handle)
}

/// The filters by party, agency and officer, as far as the caller may use them.
fn reach(
    app: &App,
    request: &Request,
    query: &ComplaintsQuery,
    values: &mut Vec<Value>,
) -> Result<Vec<String>, Problem> {
    let caller = request.caller()?;
    let officer = caller
        .roles
        .iter()
        .any(|role| *role != Role::Applicant && LIST.iter().any(|may| may.role == *role));
    let default = if officer { Whose::Agency } else { Whose::Own };
    if query.whose.unwrap_or(default) == Whose::Own {
        let party = caller.party();
        request.read_as(LIST, &Resource::own(caller))?;
        values.push(Value::Text(party_name(party.as_str())));
        let mut conditions = vec!["applicant = ?".to_owned()];
        let limited = caller.mandate.as_ref().filter(|under| !under.procedures.is_empty());
        if let Some(under) = limited {
            let codes = under.procedures.iter().map(|code| Value::Text(code.to_string()));
            values.extend(codes);
            let places = vec!["?"; under.procedures.len()].join(", ");
            conditions.push(format!("procedure IN ({places})"));
        }
        return Ok(conditions);
    }
    let agency = query.agency.clone().or_else(|| caller.agency.clone());
    if agency.as_ref().is_some_and(|agency| !agency.is_well_formed()) {
        return Err(Problem::parameter(
            "agency",
            "không phải mã cơ quan, ví dụ G02.001",
            "is not the code of an agency, for example G02.001",
        ));
    }
    let by_officer: Vec<_> =
        LIST.iter().copied().filter(|may| may.role != Role::Applicant).collect();
    let resource = Resource { agencies: agency.iter().cloned().collect(), ..Resource::default() };
    request.read_as(&by_officer, &resource)?;
    let role = access::decide(caller, &by_officer, Some(&resource))?.role;
    let engine = app.complaints.engine();
    let now = engine.clock.now();
    let mut conditions =
        vec![of_others(caller, values), of_agency((&engine.law(), now), agency.as_ref(), values)];
    if role == Role::Approver {
        values.push(Value::Integer(now.as_millisecond()));
        conditions.push("escalates_at <= ?".to_owned());
    }
    Ok(conditions)
}

/// Whether the caller may know to whom the complaints are assigned.
fn lists_officers(caller: &Caller, query: &ComplaintsQuery) -> bool {
    let agency = query.agency.clone().or_else(|| caller.agency.clone());
    let resource = Resource { agencies: agency.into_iter().collect(), ..Resource::default() };
    query.whose != Some(Whose::Own) && access::decide(caller, READ_OFFICER, Some(&resource)).is_ok()
}

/// SQL conditions for the requested rows, and their parameters.
fn selected(
    app: &App,
    request: &Request,
    query: &ComplaintsQuery,
    cursors: &Cursors,
) -> Result<(Vec<String>, Vec<Value>), Problem> {
    let caller = request.caller()?;
    let mut values = Vec::new();
    let mut conditions = reach(app, request, query, &mut values)?;
    let mut add = |condition: &str, value: Option<String>| {
        if let Some(value) = value {
            values.push(Value::Text(value));
            conditions.push(condition.to_owned());
        }
    };
    add("stage = ?", query.stage.map(|stage| stage.as_str().to_owned()));
    add("class = ?", query.class.as_ref().map(word));
    add("owed = ?", query.owed.map(|owed| owed.as_str().to_owned()));
    add("dossier = ?", query.dossier.map(|dossier| dossier.to_string()));
    add("merged_into = ?", query.merged_into.map(|into| into.to_string()));
    let number = query.number.as_ref().map(|number| {
        ComplaintNumber::typed(&number.0).ok_or_else(|| {
            Problem::parameter(
                "number",
                "không phải số phản ánh: sai chữ số kiểm tra hoặc sai dạng, ví dụ PA-261126-41290735-6",
                "is not the number of a complaint: its check digit or its form is wrong, for example PA-261126-41290735-6",
            )
        })
    });
    add("number = ?", number.transpose()?.map(|number| number.to_string()));
    // Complainants do not learn to whom a complaint is assigned, also not by a filter.
    if lists_officers(caller, query) {
        add("officer = ?", query.officer.as_ref().map(|officer| officer.0.clone()));
        let me = query.assigned.filter(|assigned| *assigned == Assigned::Me);
        add("officer = ?", me.map(|_| caller.subject.to_string()));
    } else if query.officer.is_some() || query.assigned.is_some() {
        let name = if query.officer.is_some() { "officer" } else { "assigned" };
        return Err(Problem::parameter(
            name,
            "chỉ dành cho cán bộ giải quyết phản ánh, người phê duyệt và kiểm tra",
            "is for complaint handlers, approvers and auditors only",
        ));
    }
    if query.assigned == Some(Assigned::Nobody) {
        conditions.push("officer IS NULL".to_owned());
    }
    if let Some(overdue) = query.overdue {
        values.push(Value::Integer(i64::from(overdue)));
        conditions.push("missed = ?".to_owned());
    }
    let now = app.complaints.engine().clock.now().as_millisecond();
    if let Some(escalated) = query.escalated {
        values.push(Value::Integer(now));
        let not = if escalated { "" } else { "NOT " };
        conditions.push(format!("{not}(escalates_at IS NOT NULL AND escalates_at <= ?)"));
    }
    if let Some(before) = query.due_before {
        values.push(Value::Integer(before.as_millisecond()));
        conditions.push("due_at < ?".to_owned());
    }
    if let Some(after) = &query.after {
        let (sorted, id) = cursors.read(after)?.split_once('_').ok_or_else(Cursors::invalid)?;
        let sorted = sorted.parse().map_err(|_| Cursors::invalid())?;
        values.extend([Value::Integer(sorted), Value::Text(id.to_owned())]);
        conditions.push(format!("({SORTED}, id) > (?, ?)"));
    }
    Ok((conditions, values))
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let query: ComplaintsQuery = request.query()?;
    let cursors = Cursors::of(&request, &[ADDRESS, &filters(caller, &query)]);
    let (conditions, values) = selected(&app, &request, &query, &cursors)?;
    request.catch_up(Some(&app.shown)).await?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let sql = format!(
        "SELECT id, number, agency, stage, class, channel, dossier, procedure, merged_into,
                received_at, owed, due_at, missed, officer, reopened, {SORTED},
                escalates_at
         FROM complaints WHERE {} ORDER BY {SORTED}, id LIMIT {limit}",
        conditions.join(" AND ")
    );
    let law = app.complaints.engine().law();
    let notes = lists_officers(caller, &query);
    let rows = app.listed.query(Question::List, move |rows| {
        let listed = |row: &Row<'_>| {
            let agency: String = row.get(2)?;
            let due_at: Option<i64> = row.get(11)?;
            let due_at = due_at.map(|_| instant(row, 11)).transpose()?;
            let escalates_at: Option<i64> = row.get(16)?;
            Ok(ListedComplaintReply {
                complaint: row.get(0)?,
                number: row.get(1)?,
                complainant_name: None,
                due: Due::of(&law, &agency.as_str().into(), due_at),
                agency,
                stage: row.get(3)?,
                class: row.get(4)?,
                channel: row.get(5)?,
                dossier: row.get(6)?,
                procedure: row.get(7)?,
                merged_into: row.get(8)?,
                received_at: instant(row, 9)?,
                owed: row.get(10)?,
                overdue: row.get(12)?,
                officer: row.get::<_, Option<String>>(13)?.filter(|_| notes),
                reopened: row.get(14)?,
                sorted_by: row.get(15)?,
                escalates_at: escalates_at.map(|_| instant(row, 16)).transpose()?,
            })
        };
        let mut found = rows.prepare(&sql)?;
        let found = found.query_map(params_from_iter(values), listed)?;
        found.collect::<rusqlite::Result<Vec<_>>>()
    });
    let mut rows = rows.await?;
    name(&app, caller, &mut rows).await?;
    let next = request.page_after(ADDRESS, (&rows, limit), |last| {
        cursors.write(&format!("{}_{}", last.sorted_by, last.complaint))
    });
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}

/// Names the complainants on a page, where the caller may read the contact. The names are opened
/// from the streams; the view has none.
async fn name(
    app: &App,
    caller: &Caller,
    rows: &mut [ListedComplaintReply],
) -> Result<(), Problem> {
    if access::decide(caller, READ_CONTACT, None).is_err() {
        return Ok(());
    }
    let stream = |row: &ListedComplaintReply| Streams::<Complaint>::name(&row.complaint).ok();
    let streams: Vec<StreamName> = rows.iter().filter_map(stream).collect();
    let loaded = app.complaints.load_together(streams).await?;
    for row in rows {
        let Some(loaded) = stream(row).and_then(|stream| loaded.get(&stream)) else { continue };
        let complaint = &loaded.state;
        let may_read = access::decide(caller, READ_CONTACT, complaint.resource().as_ref()).is_ok();
        if may_read && complaint.is_named_in_lists(&caller.subject) {
            row.complainant_name = complaint.complainant_name().map(ToOwned::to_owned);
        }
    }
    Ok(())
}

/// The caller and the filters as one text, to which a cursor belongs.
fn filters(caller: &Caller, query: &ComplaintsQuery) -> String {
    let ComplaintsQuery { whose, agency, assigned, officer, stage, class, owed, .. } = query;
    let ComplaintsQuery { number, dossier, merged_into, overdue, due_before, escalated, .. } =
        query;
    format!(
        "{:?}",
        (
            (&caller.subject, caller.party(), &caller.mandate, whose, agency, assigned, officer),
            (stage, class, owed, number, dossier, merged_into, overdue, due_before, escalated),
        )
    )
}
