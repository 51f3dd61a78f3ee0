//! Pages of recorded reads of a dossier, a complaint or a mandate.

use dossier::State;
use dossier::access::{May, agency, own};
use dossier::contract::{AgencyCode, PaperPrinted, Role, Subject};
use engine::Streams;
use engine::view::Question;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Cursors, PageRows, Problem, Reply, Request};

use crate::App;
use crate::reads::{Key, ReadRow, of_thing};

/// Permission to list the reads of a dossier, a complaint or a mandate.
pub(super) const READ_READS: &[May] = &[own(Role::Applicant), agency(Role::Auditor)];

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
    /// Subject of the reader. The persons whose data was read see it for partners only.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    /// Name of the operation; its reply is what was read.
    #[schema(example = "get_dossier")]
    operation: String,
    /// Papers that were printed, as far as no step has issued them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    papers: Vec<PaperPrintedReply>,
}

/// A printed paper that no step issues: its text can be compared with this digest.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaperPrintedReply {
    /// Name of the template.
    #[schema(example = "control-06")]
    template: String,
    /// By which version of its template it was printed.
    template_version: u32,
    /// SHA-256 of the printed text.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: String,
}

impl PaperPrintedReply {
    pub(super) fn all(papers: Vec<PaperPrinted>) -> Vec<Self> {
        let reply = |paper: PaperPrinted| Self {
            template: paper.template,
            template_version: paper.version,
            sha256: paper.sha256,
        };
        papers.into_iter().map(reply).collect()
    }
}

/// A page of the reads of what the stream with this id is about.
pub(super) async fn page<S: State>(
    app: &App,
    streams: &Streams<S>,
    id: Uuid,
    address: &str,
    request: &Request,
) -> Result<Reply, Problem> {
    let query: ReadsQuery = request.query()?;
    let cursors = Cursors::of(request, &[address]);
    let before = query.after.as_deref().map(|after| key(cursors.read(after)?)).transpose()?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    request.catch_up(Some(&app.reads_progress)).await?;
    let loaded = streams.load(&Streams::<S>::of(id)).await?;
    let resource = loaded.state.resource().ok_or_else(Problem::not_found)?;
    let role = request.read_as(READ_READS, &resource)?.role;
    let rows = app.reads.query(Question::List, move |rows| of_thing(rows, id, before, limit));
    let rows = rows.await?;
    let next = request.page_after(address, (&rows, limit), |last| cursors.write(&text(last.key)));
    let replies: Vec<PersonalReadReply> = rows.into_iter().map(|row| reply(row, role)).collect();
    Ok(Reply::ok(&replies).next_page(next.as_deref()))
}

/// The key in a cursor.
pub(super) fn key(text: &str) -> Result<Key, Problem> {
    let parts = text.split_once('-').ok_or_else(Cursors::invalid)?;
    let invalid = |_| Cursors::invalid();
    Ok((parts.0.parse().map_err(invalid)?, parts.1.parse().map_err(invalid)?))
}

/// The text of a key in a cursor.
pub(super) fn text((position, number): Key) -> String {
    format!("{position}-{number}")
}

fn reply(row: ReadRow, to: Role) -> PersonalReadReply {
    let ReadRow { at, reader, role, agency, operation, papers, .. } = row;
    // The read of several dossiers has the papers of all of them.
    let is_shown = to == Role::Auditor || !role.is_officer();
    let papers = if to == Role::Auditor || papers.len() == 1 { papers } else { Vec::new() };
    let papers = PaperPrintedReply::all(papers);
    PersonalReadReply { at, role, agency, subject: is_shown.then_some(reader), operation, papers }
}
