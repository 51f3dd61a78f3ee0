//! Finds complaints by words.

use std::sync::Arc;

use dossier::State;
use dossier::access::{self, Caller, May, Resource};
use dossier::contract::{
    AgencyCode, ComplaintId, ComplaintNumber, DossierId, Role, Subject, party_name,
};
use dossier::feedback::{Complaint, READ, READ_CONTACT};
use engine::Streams;
use events::StreamName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request};

use super::found::query;
use crate::App;
use crate::search::{Found, Kind, Rights};

const ADDRESS: &str = "/v1/register/complaints";

/// Words and page of a search for complaints.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FoundComplaintsQuery {
    /// Words that the complaint must have, at most 8: beginnings of words of the complainant's
    /// name, a telephone number or its last four digits, an e-mail address, or the number of the
    /// complaint. Case, diacritics and separators make no difference.
    #[schema(example = "nguyen van", min_length = 2, max_length = 100)]
    q: String,
    /// Code of the agency that handles it; those below it are included. The caller's if absent.
    agency: Option<AgencyCode>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// A complaint that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundComplaintReply {
    /// Id of the complaint.
    complaint: ComplaintId,
    /// Its number; absent for complaints that older versions recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<ComplaintNumber>,
    /// Name of the complainant, for complaint handlers; if the complaint is about a dossier, for
    /// the one to whom it is assigned. Absent if it was not given, or erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Nguyễn Văn A")]
    complainant_name: Option<String>,
    /// Code of the agency to which it was addressed.
    agency: AgencyCode,
    /// Dossier that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    dossier: Option<DossierId>,
    /// When it was recorded.
    filed_at: Option<Timestamp>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_found_complaints", "Find complaints by words")
        .describe(
            "The newest first. Complainants find their own complaints, officers those of the agency. \
             A page may have fewer rows than `limit`, even none, and still a `next` link: each page \
             scans a limited number of records.",
        )
        .roles(READ)
        .query::<FoundComplaintsQuery>()
        .list::<FoundComplaintReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let asked: FoundComplaintsQuery = request.query()?;
    let caller = request.caller()?;
    let rights = rights(&app, &request, asked.agency.as_ref())?;
    let query = query(&asked.q)?;
    request.catch_up(Some(app.search.progress())).await?;
    let PageRows(limit) = asked.limit.unwrap_or_default();
    let of = asked.agency.as_ref().map_or("", AgencyCode::as_str);
    let cursors = Cursors::of(&request, &[ADDRESS, &asked.q, of]);
    let before = asked
        .after
        .as_deref()
        .map(|after| cursors.read(after)?.parse::<i64>().map_err(|_| Cursors::invalid()));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let search = (Kind::Complaint, &query, &rights);
    let Found { rows, next } = app.search.page(search, before.transpose()?, limit).await?;
    let streams: Vec<StreamName> =
        rows.iter().map(|(_, id)| Streams::<Complaint>::of(*id)).collect();
    let loaded = app.complaints.load_together(streams.clone()).await?;
    let found = streams.iter().filter_map(|stream| loaded.get(stream));
    // The index may be behind: a complaint was forwarded meanwhile.
    let may_read = |complaint: &&Complaint| {
        access::decide(caller, READ, complaint.resource().as_ref()).is_ok()
    };
    let complaints = found.map(|loaded| &loaded.state).filter(may_read);
    let replies: Vec<FoundComplaintReply> =
        complaints.filter_map(|complaint| reply(complaint, caller)).collect();
    let next = next.map(|next| request.next_page(ADDRESS, &cursors.write(&next.to_string())));
    Ok(Reply::ok(&replies).next_page(next.as_deref()))
}

/// What the caller may find: as an officer of the agency, or else as a complainant.
fn rights(app: &App, request: &Request, agency: Option<&AgencyCode>) -> Result<Rights, Problem> {
    let caller = request.caller()?;
    let party = |party: &Subject| party_name(party.as_str());
    let of_officers: Vec<May> =
        READ.iter().copied().filter(|may| may.role != Role::Applicant).collect();
    if agency.is_none() && access::decide(caller, &of_officers, None).is_err() {
        return Ok(Rights::Own(party(caller.party())));
    }
    let agency = agency.or(caller.agency.as_ref());
    if agency.is_some_and(|agency| !agency.is_well_formed()) {
        return Err(Problem::parameter(
            "agency",
            "không phải mã cơ quan, ví dụ G02.001",
            "is not the code of an agency, for example G02.001",
        ));
    }
    let resource =
        Resource { agencies: agency.into_iter().cloned().collect(), ..Resource::default() };
    let role = request.read_as(&of_officers, &resource)?.role;
    let agencies = agency.map(|agency| {
        let mut all = app.engine.law().predecessors(agency, app.engine.clock.now());
        all.push(agency.clone());
        all
    });
    let parties = std::iter::once(&caller.subject).chain(&caller.on_behalf_of);
    Ok(Rights::Officer { role, agencies, parties: parties.map(party).collect() })
}

fn reply(complaint: &Complaint, caller: &Caller) -> Option<FoundComplaintReply> {
    let filed = complaint.filed.as_ref()?;
    let names = access::decide(caller, READ_CONTACT, complaint.resource().as_ref()).is_ok()
        && complaint.is_named_in_lists(&caller.subject);
    Some(FoundComplaintReply {
        complaint: filed.complaint,
        number: filed.number.clone(),
        complainant_name: complaint.complainant_name().filter(|_| names).map(ToOwned::to_owned),
        agency: filed.agency.clone(),
        dossier: filed.dossier,
        filed_at: complaint.filed_at,
    })
}
