//! Lists the parcels that an agency handed to a carrier on a day, as JSON or as PDF. What it says:
//! `libs/dossier/src/papers/parcels.rs`.

use std::sync::Arc;

use dossier::State;
use dossier::access::{self, Resource};
use dossier::contract::{AgencyCode, Role, partner_name};
use dossier::delivery::DossierResult;
use dossier::papers::{LISTED_MAX, ParcelList, READ_PARCEL_LISTS, parcel_list, parcel_row};
use engine::Streams;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, PDF, PaperReply, Partner, Problem, Reply, Request};

use crate::App;
use crate::parcels::handed_between;

const ADDRESS: &str = "/v1/parcel-lists";

/// Which parcels are listed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParcelListQuery {
    /// Code of the agency; those below it are included.
    agency: AgencyCode,
    /// Code of the carrier; for carriers, their own.
    carrier: Partner,
    /// Day of the hand-over, in the agency's time zone.
    day: Date,
    /// Cursor from the `next` link.
    #[schema(minimum = 0)]
    after: Option<u64>,
}

/// Parcels that a carrier received on a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParcelListReply {
    #[serde(flatten)]
    #[schema(inline)]
    paper: PaperReply,
    /// The data that the template prints.
    data: ParcelList,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_parcel_list", "List the parcels handed to a carrier on a day")
        .describe(
            "For printing, as a PDF with `Accept: application/pdf`. A list looks at 200 hand-overs of \
             the carrier; the `next` link continues it.",
        )
        .roles(READ_PARCEL_LISTS)
        .query::<ParcelListQuery>()
        .reply::<ParcelListReply>()
        .or_bytes(&[PDF])
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: ParcelListQuery = request.query()?;
    let (caller, carrier) = (request.caller()?, query.carrier.0.as_str());
    let whose = Resource { agencies: vec![query.agency.clone()], ..Resource::default() };
    let role = request.read_as(READ_PARCEL_LISTS, &whose)?.role;
    if role == Role::Carrier && partner_name(caller.subject.as_str()) != carrier {
        return Err(Problem::not_found());
    }
    request.catch_up(Some(&app.parcels_known)).await?;
    let law = app.results.engine().law();
    let calendar = law.calendar_of(&query.agency).ok_or_else(Problem::not_found)?;
    let ends = (calendar.start_of_day(query.day), calendar.end_of_day(query.day));
    let (Ok(from), Ok(to)) = ends else { return Err(Problem::not_found()) };
    let after = u32::try_from(query.after.unwrap_or(0)).map_err(|_| Cursors::invalid())?;
    let handed = handed_between(&app.parcels, carrier, (from, to), (after, LISTED_MAX)).await?;
    let (mut rows, mut about) = (Vec::new(), Vec::new());
    for parcel in &handed {
        let result = app.results.load(&Streams::<DossierResult>::of(parcel.dossier.0)).await?;
        let Some(of) = result.state.resource() else { continue };
        let is_of_agency = of.agencies.iter().any(|agency| query.agency.covers(agency));
        if !is_of_agency || access::decide(caller, READ_PARCEL_LISTS, Some(&of)).is_err() {
            continue;
        }
        let listed = result.state.parcels.get(&parcel.parcel);
        about.push(parcel.dossier);
        rows.extend(listed.and_then(|listed| parcel_row(&result.state, listed)));
    }
    let printed = (&*law, app.results.engine().clock.now());
    let made = parcel_list((&query.agency, carrier, query.day), rows, printed);
    let (data, paper) = made.ok_or_else(Problem::not_found)?;
    let next = request.page_after(ADDRESS, (&handed, LISTED_MAX), |_| {
        after.saturating_add(LISTED_MAX).to_string()
    });
    let name = format!("{}-{}-{}", data.agency, data.carrier, data.day);
    let body = ParcelListReply { paper: PaperReply::of(&paper), data };
    Ok(Reply::paper(&request, &body, &paper, &name)?.about(about).next_page(next.as_deref()))
}
