//! A register of numbers of results: which were taken, for what, and what became of each.

use std::sync::Arc;

use dossier::access::Resource;
use dossier::contract::AgencyCode;
use dossier::delivery::numbers::{NumberRegister, NumberUse, use_of};
use dossier::delivery::{DossierResult, READ_NUMBERS};
use events::Version;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service_kit::http::{Access, Cursors, Line, Problem, Reply, Request, Route, endpoint0};
use service_kit::{Streams, recorded_at};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::numbers;

/// Numbers shown at once.
const PAGE_MAX: usize = 100;
const ADDRESS: &str = "/v1/result-numbers";

/// Which register.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NumbersQuery {
    /// The agency.
    #[param(value_type = String, max_length = 35)]
    agency: AgencyCode,
    /// The result's code in the national catalogue.
    #[param(value_type = String, min_length = 1, max_length = 100)]
    book: Line<100>,
    /// The year.
    year: i16,
    /// The cursor of the `next` link.
    after: Option<String>,
}

/// A number that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResultNumberReply {
    /// The number.
    number: String,
    /// Its place in the order of the register; null where an officer gave a number of another order.
    sequence: Option<u64>,
    /// For which dossier.
    dossier: Uuid,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    taken_at: Option<Timestamp>,
    /// What became of it: `used`; `waits` for the result to be issued; `cancelled`, because the dossier ended without one; or
    /// `other_number`, because the result was issued under another one.
    status: &'static str,
}

/// A register of numbers of results, in the order in which they were taken.
#[utoipa::path(
    get,
    path = "/v1/result-numbers",
    operation_id = "get_result_numbers",
    params(NumbersQuery),
    responses((status = 200, body = Vec<ResultNumberReply>)),
)]
async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let kit = app.results.kit();
    let NumbersQuery { agency, book: Line(book), year, after } = request.query()?;
    let resource = Resource { agencies: vec![agency.clone()], ..Resource::default() };
    Request::permitted_over(request.caller()?, READ_NUMBERS, Some(resource))?;
    let cursors = Cursors::of(kit, &[ADDRESS, agency.as_str(), &book, &year.to_string()]);
    let after = after.as_deref().map(|after| cursors.read(after)).transpose()?;
    let after = after.map(str::parse::<u64>).transpose().map_err(|_| Problem::query("after"))?;
    let register = NumberRegister { agency, book, year };
    let Ok(stream) = numbers::stream(&register) else { return Err(Problem::not_found()) };
    let events = kit.store.read(&stream, after.map(Version)).await?;
    let (mut shown, page) = (Vec::new(), events.get(..PAGE_MAX).unwrap_or(&events));
    for event in page {
        let taken = numbers::read(event)?;
        let result = Streams::<DossierResult>::name(&taken.dossier.to_string());
        let result = app.results.load(&result.map_err(|_| Problem::not_found())?).await?;
        let status = match use_of(&taken, &result.state) {
            NumberUse::Used => "used",
            NumberUse::Waits => "waits",
            NumberUse::Cancelled => "cancelled",
            NumberUse::OtherNumber => "other_number",
        };
        shown.push(ResultNumberReply {
            number: taken.number,
            sequence: taken.sequence,
            dossier: taken.dossier.0,
            taken_at: recorded_at(event),
            status,
        });
    }
    let next = page.last().filter(|_| page.len() == PAGE_MAX);
    let next =
        next.map(|last| request.next_page(ADDRESS, &cursors.write(&last.version.0.to_string())));
    Ok(Reply::ok(&shown).next_page(next.as_deref()))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint0(app, Access::Roles(READ_NUMBERS), warp::path!("v1" / "result-numbers"), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
