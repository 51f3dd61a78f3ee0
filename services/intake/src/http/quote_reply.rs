//! What follows from a filing, in replies.

use dossier::contract::{AgencyCode, Channel, Vnd};
use dossier::intake::{Considered, Quote, quotes};
use dossier::law::{Component, FeeDue, Law, Procedure};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::{AnswerDue, Due, Problem, WindowEnd};

use crate::rules::http::{GroupEvidenceReply, QuotedLineReply};

/// Fee and dates of a dossier before it is filed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuoteReply {
    /// Code of the procedure.
    #[schema(example = "CO.D")]
    procedure: String,
    /// Version of the procedure that would apply.
    procedure_version: u32,
    /// Code of the competent agency.
    agency: AgencyCode,
    /// When it would be filed.
    at: Timestamp,
    /// Components of a dossier, and whether each is required.
    documents: Vec<Component>,
    /// What the claims to the given groups need.
    group_evidence: Vec<GroupEvidenceReply>,
    /// What follows by each channel.
    channels: Vec<ChannelQuoteReply>,
}

/// What follows from filing by a channel.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct ChannelQuoteReply {
    /// Filing channel.
    channel: Channel,
    /// Whether dossiers may be filed by it at that time: some channels are open only during an
    /// outage of the others.
    open: bool,
    /// Lines of the fee.
    lines: Vec<QuotedLineReply>,
    /// Sum of the lines in VND.
    total_vnd: Vnd,
    /// Whether an officer must confirm a claim to a group; the fee is provisional until then.
    provisional: bool,
    /// When the fee is owed; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    fee_due: Option<FeeDue>,
    /// End of the window to pay, if the fee is owed at that time.
    #[serde(flatten)]
    #[schema(inline)]
    window: WindowEnd,
    /// Whether the submission itself accepts the dossier.
    accepted_at_once: bool,
    /// By when the one-stop unit answers, if the dossier is paid at once.
    #[serde(flatten)]
    #[schema(inline)]
    answer: AnswerDue,
    /// When the period for the decision begins, if the dossier is accepted at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_at: Option<Timestamp>,
    /// The earliest date that could be promised; absent if the law gives no period.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether the date depends on public holidays that are not announced yet.
    due_provisional: bool,
}

impl QuoteReply {
    pub(super) fn of(
        law: &Law,
        procedure: &Procedure,
        considered: Considered<'_>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let Considered { agency, groups, at, .. } = considered;
        let quotes = quotes(law, procedure, considered, now);
        let quotes = quotes.map_err(|refusal| Problem::refused(&refusal))?;
        let evidence = GroupEvidenceReply::all(&procedure.fees).into_iter();
        Ok(Self {
            procedure: procedure.code.to_string(),
            procedure_version: procedure.version,
            agency: agency.clone(),
            at,
            documents: procedure.documents.clone(),
            group_evidence: evidence.filter(|one| one.is_of(groups)).collect(),
            channels: quotes.into_iter().map(|one| of_channel(law, agency, one)).collect(),
        })
    }
}

fn of_channel(law: &Law, agency: &AgencyCode, quote: Quote) -> ChannelQuoteReply {
    let promise = quote.promise.as_ref();
    ChannelQuoteReply {
        channel: quote.channel,
        open: quote.is_open,
        total_vnd: quote.total,
        provisional: !quote.claims.is_empty(),
        fee_due: quote.due,
        window: WindowEnd::of(law, agency, quote.window_ends_at),
        accepted_at_once: quote.is_automatic,
        answer: AnswerDue::of(law, agency, quote.answer_due_at),
        starts_at: quote.started_at,
        due: Due::of(law, agency, promise.map(|promise| promise.due_at)),
        due_provisional: promise.is_some_and(|promise| promise.provisional),
        lines: quote.lines.into_iter().map(QuotedLineReply::from).collect(),
    }
}
