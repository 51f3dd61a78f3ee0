//! Papers in replies: as JSON, or as PDF if the client prefers that.

use dossier::contract::PaperPrinted;
use dossier::papers::{Comparison, Paper};
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, VARY, X_CONTENT_TYPE_OPTIONS};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, Reply, Request};

/// The media type of a printed paper.
pub const PDF: &str = "application/pdf";
/// The headers that decide on the form and language of a paper, for caches.
const NEGOTIATED: &str = "Accept, Accept-Language";

/// How a paper was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaperReply {
    /// Name of the template.
    #[schema(example = "slip-01")]
    template: String,
    /// Version of the template, from 1.
    template_version: u32,
    /// Language of the paper, as a BCP 47 tag.
    #[schema(example = "vi")]
    language: String,
    /// The printed text. Layout does not change it.
    #[schema(example = "PHIẾU")]
    text: String,
    /// SHA-256 of the text in UTF-8.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: String,
    /// SHA-256 that was recorded when it was issued; null if none was.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    issued_sha256: Option<String>,
    /// Result of the comparison of the two.
    comparison: Comparison,
}

impl PaperReply {
    /// The description of a paper.
    #[must_use]
    pub fn of(paper: &Paper) -> Self {
        Self {
            template: paper.template().to_owned(),
            template_version: paper.version(),
            language: paper.language().to_owned(),
            text: paper.text(),
            sha256: paper.sha256(),
            issued_sha256: paper.recorded().map(|issued| issued.sha256.clone()),
            comparison: paper.comparison(),
        }
    }
}

impl Reply {
    /// 200 with a paper: `body` as JSON, or the paper as PDF if `Accept` prefers it. `name` is the
    /// suggested file name without extension; characters other than ASCII letters, digits, `.` and
    /// `-` become `-`.
    ///
    /// # Errors
    ///
    /// 500 `internal` if the paper differs from the record of its issue: the log was changed, or
    /// this program makes another paper of the same data.
    pub fn paper(
        request: &Request,
        body: &impl Serialize,
        paper: &Paper,
        name: &str,
    ) -> Result<Self, Problem> {
        Self::papers(request, body, std::slice::from_ref(paper), name)
    }

    /// Like [`Reply::paper`], with several papers, which are one PDF.
    ///
    /// # Errors
    ///
    /// Like [`Reply::paper`].
    pub fn papers(
        request: &Request,
        body: &impl Serialize,
        papers: &[Paper],
        name: &str,
    ) -> Result<Self, Problem> {
        if let Some(paper) = papers.iter().find(|one| one.comparison() == Comparison::Differs) {
            let template = paper.template();
            return Err(Problem::internal(&format!("{template} of {name} is not what was issued")));
        }
        if !request.prefers(PDF) {
            return Ok(Self::ok(body).header(VARY, NEGOTIATED));
        }
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        let name: String = name.chars().map(safe).collect();
        let reply = Self::printed(PDF, Paper::joined(papers), body)
            .header(CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'")
            .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(CONTENT_DISPOSITION, &format!("inline; filename=\"{name}.pdf\""));
        // What a step has issued has its digest in the event of that step.
        let printed = papers.iter().filter(|paper| paper.recorded().is_none());
        let printed = printed.map(|paper| PaperPrinted {
            template: paper.template().to_owned(),
            version: paper.version(),
            sha256: paper.sha256(),
        });
        Ok(reply.header(VARY, NEGOTIATED).printing(printed))
    }
}
