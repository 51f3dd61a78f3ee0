//! Lists the numbers of a register, each with its dossier and its use.

use std::sync::Arc;

use dossier::access::Resource;
use dossier::contract::{AgencyCode, DossierId};
use dossier::delivery::numbers::{NumberRegister, NumberUse, use_of};
use dossier::delivery::{DossierResult, READ_NUMBERS};
use engine::{Streams, recorded_at};
use events::Version;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Line, Operation, Problem, Reply, Request};

use crate::{App, numbers};

/// Numbers per page.
const PAGE_MAX: usize = 100;
const ADDRESS: &str = "/v1/result-numbers";

/// Register and page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumbersQuery {
    /// Code of the agency.
    agency: AgencyCode,
    /// The result's code in the national catalogue.
    book: Line<100>,
    /// Year of the register.
    #[schema(example = 2026)]
    year: i16,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// A number that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResultNumberReply {
    /// The number as printed on the result.
    #[schema(example = "1/2026/G02.002-KQ.G02.000201")]
    number: String,
    /// Sequence in the register; null for a number of another form, given by an officer.
    sequence: Option<u64>,
    /// Id of the dossier for which it was taken.
    dossier: DossierId,
    /// Time at which it was taken.
    taken_at: Option<Timestamp>,
    /// Use of the number.
    status: NumberStatus,
}

/// Use of a number: `used`; `waits` for the result to be issued; `cancelled`, because the dossier
/// ended without a result; `other_number`, because the result was issued under another one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NumberStatus {
    Used,
    Waits,
    Cancelled,
    OtherNumber,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_result_numbers", "List the numbers of a register of results")
        .describe("In the order of assignment, each with its use.")
        .impersonal("numbers of results")
        .roles(READ_NUMBERS)
        .query::<NumbersQuery>()
        .list::<ResultNumberReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let engine = app.results.engine();
    let NumbersQuery { agency, book: Line(book), year, after } = request.query()?;
    let resource = Resource { agencies: vec![agency.clone()], ..Resource::default() };
    Request::permitted_over(request.caller()?, READ_NUMBERS, Some(resource))?;
    let cursors = Cursors::of(&request, &[ADDRESS, agency.as_str(), &book, &year.to_string()]);
    let after = after.as_deref().map(|after| cursors.read(after)).transpose()?;
    let after = after.map(str::parse::<u64>).transpose().map_err(|_| Cursors::invalid())?;
    let register = NumberRegister { agency, book, year };
    let Ok(stream) = numbers::stream(&register) else { return Err(Problem::not_found()) };
    let events = engine.store.read(&stream, after.map(Version)).await?;
    let (mut shown, page) = (Vec::new(), events.get(..PAGE_MAX).unwrap_or(&events));
    for event in page {
        let taken = numbers::read(event)?;
        let result = Streams::<DossierResult>::name(&taken.dossier.to_string());
        let result = app.results.load(&result.map_err(|_| Problem::not_found())?).await?;
        let status = match use_of(&taken, &result.state) {
            NumberUse::Used => NumberStatus::Used,
            NumberUse::Waits => NumberStatus::Waits,
            NumberUse::Cancelled => NumberStatus::Cancelled,
            NumberUse::OtherNumber => NumberStatus::OtherNumber,
        };
        shown.push(ResultNumberReply {
            number: taken.number,
            sequence: taken.sequence,
            dossier: taken.dossier,
            taken_at: recorded_at(event),
            status,
        });
    }
    let next = page.last().filter(|_| page.len() == PAGE_MAX);
    let next =
        next.map(|last| request.next_page(ADDRESS, &cursors.write(&last.version.0.to_string())));
    Ok(Reply::ok(&shown).next_page(next.as_deref()))
}
