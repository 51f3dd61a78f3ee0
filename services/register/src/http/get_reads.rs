//! Who has read the personal data of a dossier.

use std::sync::Arc;

use dossier::State;
use dossier::access::{May, agency, own};
use dossier::contract::{AgencyCode, DossierId, Role, Subject};
use dossier::intake::Intake;
use engine::view::Question;
use engine::{Streams, fold};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request};

use crate::App;
use crate::reads::{ReadRow, of_dossier};

const ADDRESS: &str = "/v1/register/dossiers/{dossier}/reads";
/// Permission to list the reads of a dossier.
const READ_READS: &[May] = &[own(Role::Applicant), agency(Role::Auditor)];

/// Page of a list of reads.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadsQuery {
    /// Reads per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// A read of personal data by an officer or a partner.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonalReadReply {
    /// Time of the read.
    at: Timestamp,
    /// Role in which the data was read.
    role: Role,
    /// Agency of the officer; absent for operators and partners without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<AgencyCode>,
    /// Subject of the reader. The applicant sees it for partners only.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    /// Name of the operation; its reply is what was read.
    #[schema(example = "get_dossier")]
    operation: String,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_reads", "List the reads of a dossier's personal data")
        .describe("The newest first. The person's own reads are not recorded.")
        .roles(READ_READS)
        .query::<ReadsQuery>()
        .list::<PersonalReadReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let query: ReadsQuery = request.query()?;
    let id = dossier.to_string();
    let cursors = Cursors::of(&request, &[ADDRESS, &id]);
    let before = query.after.as_deref().map(|after| key(cursors.read(after)?)).transpose()?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    request.catch_up(Some(&app.reads_progress)).await?;
    let recorded = app.engine.store.read_whole(&Streams::<Intake>::of(dossier.0)).await?;
    let intake: Intake = fold(&recorded)?;
    let resource = intake.resource().ok_or_else(Problem::not_found)?;
    let role = request.read_as(READ_READS, &resource)?.role;
    let rows = app.reads.query(Question::List, move |rows| of_dossier(rows, &id, before, limit));
    let rows = rows.await?;
    let address = ADDRESS.replace("{dossier}", &dossier.to_string());
    let next = request.page_after(&address, (&rows, limit), |last| {
        cursors.write(&format!("{}-{}", last.key.0, last.key.1))
    });
    let replies: Vec<PersonalReadReply> = rows.into_iter().map(|row| reply(row, role)).collect();
    Ok(Reply::ok(&replies).next_page(next.as_deref()))
}

/// The key in a cursor.
fn key(text: &str) -> Result<(u64, u32), Problem> {
    let parts = text.split_once('-').ok_or_else(Cursors::invalid)?;
    let invalid = |_| Cursors::invalid();
    Ok((parts.0.parse().map_err(invalid)?, parts.1.parse().map_err(invalid)?))
}

fn reply(row: ReadRow, to: Role) -> PersonalReadReply {
    let ReadRow { at, reader, role, agency, operation, .. } = row;
    let is_shown = to == Role::Auditor || !role.is_officer();
    PersonalReadReply { at, role, agency, subject: is_shown.then_some(reader), operation }
}
