//! Lists parcels of an agency: those that are on their way, with the longest under way first.

use std::sync::Arc;

use dossier::access::Resource;
use dossier::contract::{
    AgencyCode, DossierCode, DossierId, ParcelId, Subject, partner_name, party_name,
};
use engine::view::Question;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, PageRows, Partner, Problem, Reply, Request};

use super::workload::{READ_AGENCY, agency_of};
use crate::App;
use crate::names::recipients;
use crate::parcels::{Key, Listing, ParcelPlace, ParcelRow, Part, merged, read};

const ADDRESS: &str = "/v1/register/parcels";

/// Filter and page of parcels.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParcelsQuery {
    /// Code of the agency; those below it are included. The caller's if absent.
    agency: Option<AgencyCode>,
    /// Where the parcel is; `on_its_way` if absent.
    state: Option<ParcelPlace>,
    /// Name of the carrier.
    #[schema(value_type = Option<String>, example = "vnpost")]
    carrier: Option<Partner>,
    /// Handed to the carrier before this instant: with `on_its_way`, those that were not delivered
    /// since then.
    handed_before: Option<Timestamp>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// A parcel in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedParcelReply {
    /// Id of the parcel.
    parcel: ParcelId,
    /// Dossier whose result it contains.
    dossier: DossierId,
    /// Code of the dossier.
    #[schema(value_type = DossierCode)]
    code: String,
    /// Code of the agency that received the dossier.
    agency: AgencyCode,
    /// Name of the recipient; for clerks and auditors. Absent if it was erased, or if the result is
    /// no longer posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Nguyễn Văn A")]
    recipient_name: Option<String>,
    /// Name of the carrier.
    #[schema(example = "vnpost")]
    carrier: String,
    /// The carrier's number of the parcel.
    #[schema(example = "EA123456789VN")]
    waybill: String,
    /// Where it is.
    state: ParcelPlace,
    /// When it was handed to the carrier.
    handed_at: Timestamp,
    /// When the carrier last reported something; null if never.
    reported_at: Option<Timestamp>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_parcels", "List parcels")
        .describe(
            "In the order of their hand-over. A page may have fewer rows than `limit`, even none, and \
             still a `next` link: each page looks at a limited number of parcels.",
        )
        .roles(READ_AGENCY)
        .query::<ParcelsQuery>()
        .list::<ListedParcelReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: ParcelsQuery = request.query()?;
    let (caller, agency) = agency_of(&request, query.agency.clone())?;
    let resource = Resource { agencies: agency.iter().cloned().collect(), ..Resource::default() };
    let role = request.read_as(READ_AGENCY, &resource)?.role;
    request.catch_up(Some(&app.parcels_progress)).await?;
    let place = query.state.unwrap_or(ParcelPlace::OnItsWay);
    let carrier = query.carrier.as_ref().map(|carrier| partner_name(&carrier.0));
    let PageRows(limit) = query.limit.unwrap_or_default();
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let before = query.handed_before.map(|before| before.to_string());
    let asked = [
        ADDRESS,
        agency.as_ref().map_or("", AgencyCode::as_str),
        place.as_str(),
        carrier.as_deref().unwrap_or_default(),
        before.as_deref().unwrap_or_default(),
    ];
    let cursors = Cursors::of(&request, &asked);
    let after = query.after.as_deref().map(|after| parse(cursors.read(after)?)).transpose()?;
    let parties = std::iter::once(&caller.subject).chain(&caller.on_behalf_of);
    let own: Vec<String> = parties.map(|party: &Subject| party_name(party.as_str())).collect();
    let shows = move |row: &ParcelRow| {
        carrier.as_ref().is_none_or(|carrier| partner_name(&row.carrier) == *carrier)
            && !row.parties.iter().any(|party| own.contains(party))
    };
    let scopes = listings(&app, agency, (place, query.handed_before));
    let page = app.parcels.query(Question::List, move |rows| {
        let part = |listing: &Listing| read(rows, listing, (after, limit), &shows);
        scopes.iter().map(part).collect::<rusqlite::Result<Vec<_>>>()
    });
    let Part { rows, until } = merged(page.await?, limit);
    let mut names = recipients(&app, &rows, role).await?;
    let reply = |row: ParcelRow| {
        let name = names.remove(&row.parcel);
        ListedParcelReply { recipient_name: name, ..ListedParcelReply::from(row) }
    };
    let rows: Vec<ListedParcelReply> = rows.into_iter().map(reply).collect();
    let next = until.map(|(handed_at, parcel)| {
        request.next_page(ADDRESS, &cursors.write(&format!("{handed_at}_{}", parcel.simple())))
    });
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}

/// The lists of the agency and of its predecessors, or of all agencies.
fn listings(
    app: &App,
    agency: Option<AgencyCode>,
    (place, before): (ParcelPlace, Option<Timestamp>),
) -> Vec<Listing> {
    let Some(agency) = agency else { return vec![Listing { agency: None, place, before }] };
    let mut all = app.engine.law().predecessors(&agency, app.engine.clock.now());
    all.push(agency);
    all.into_iter().map(|agency| Listing { agency: Some(agency), place, before }).collect()
}

/// The place in a cursor.
fn parse(cursor: &str) -> Result<Key, Problem> {
    let (handed_at, parcel) = cursor.split_once('_').ok_or_else(Cursors::invalid)?;
    let handed_at = handed_at.parse().map_err(|_| Cursors::invalid())?;
    let parcel = parcel.parse().map_err(|_| Cursors::invalid())?;
    Ok((handed_at, parcel))
}

impl From<ParcelRow> for ListedParcelReply {
    fn from(row: ParcelRow) -> Self {
        Self {
            parcel: row.parcel,
            dossier: row.dossier,
            code: row.code,
            agency: row.agency,
            recipient_name: None,
            carrier: row.carrier,
            waybill: row.waybill,
            state: row.place,
            handed_at: row.handed_at,
            reported_at: row.reported_at,
        }
    }
}
