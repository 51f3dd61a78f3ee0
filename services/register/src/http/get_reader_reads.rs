//! What an officer has read.

use std::sync::Arc;

use dossier::access::{May, Resource, agency};
use dossier::contract::{AgencyCode, ComplaintId, DossierId, MandateId, Role};
use engine::view::Question;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Line, Operation, PageRows, Problem, Reply, Request};

use super::reads_of::{PaperPrintedReply, key, text};
use crate::App;
use crate::reads::{ShownRow, by_reader};

const ADDRESS: &str = "/v1/register/reads";
/// Permission to list what a reader has read.
const READ_READERS: &[May] = &[agency(Role::Auditor)];

/// Reader and page of a list of reads.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReaderReadsQuery {
    /// Subject of the reader.
    #[schema(value_type = String, example = "lan")]
    reader: Line<200>,
    /// Code of the agency as whose officer they read; those below it are included. The caller's if
    /// absent.
    agency: Option<AgencyCode>,
    /// Reads per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// A read of personal data, with what was read. A page of a list is one read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReaderReadReply {
    /// Time of the read.
    at: Timestamp,
    /// Role in which the data was read.
    role: Role,
    /// Agency of the officer.
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<AgencyCode>,
    /// Name of the operation; its reply is what was read.
    #[schema(example = "get_dossier")]
    operation: String,
    /// The dossiers whose data was read.
    dossiers: Vec<DossierId>,
    /// The complaints whose data was read.
    complaints: Vec<ComplaintId>,
    /// The mandates whose data was read.
    mandates: Vec<MandateId>,
    /// Papers that were printed, as far as no step has issued them.
    papers: Vec<PaperPrintedReply>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_reader_reads", "List what an officer has read")
        .describe("The reads of personal data by one reader, the newest first.")
        .roles(READ_READERS)
        .impersonal("ids, operations and times")
        .query::<ReaderReadsQuery>()
        .list::<ReaderReadReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: ReaderReadsQuery = request.query()?;
    let caller = request.caller()?;
    let agency = query.agency.or_else(|| caller.agency.clone());
    if agency.as_ref().is_some_and(|agency| !agency.is_well_formed()) {
        return Err(Problem::parameter(
            "agency",
            "không phải mã cơ quan, ví dụ G02.001",
            "is not the code of an agency, for example G02.001",
        ));
    }
    let agencies = agency.iter().cloned().collect();
    request.read_as(READ_READERS, &Resource { agencies, ..Resource::default() })?;
    let (reader, of) = (query.reader.0, agency.as_ref().map_or("", AgencyCode::as_str));
    let cursors = Cursors::of(&request, &[ADDRESS, &reader, of]);
    let before = query.after.as_deref().map(|after| key(cursors.read(after)?)).transpose()?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    request.catch_up(Some(&app.reads_progress)).await?;
    let page = app.reads.query(Question::List, move |rows| {
        by_reader(rows, (&reader, agency.as_ref()), before, limit)
    });
    let page = page.await?;
    let next =
        request.page_after(ADDRESS, (&page, limit), |row| cursors.write(&text(row.read.key)));
    let replies: Vec<ReaderReadReply> = page.into_iter().map(ReaderReadReply::of).collect();
    Ok(Reply::ok(&replies).next_page(next.as_deref()))
}

impl ReaderReadReply {
    fn of(row: ShownRow) -> Self {
        let ShownRow { read, dossiers, complaints, mandates } = row;
        Self {
            at: read.at,
            role: read.role,
            agency: read.agency,
            operation: read.operation,
            dossiers,
            complaints,
            mandates,
            papers: PaperPrintedReply::all(read.papers),
        }
    }
}
