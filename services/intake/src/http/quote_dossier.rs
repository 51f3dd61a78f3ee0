//! What a dossier would cost, and when its result would be due, before it is filed. The law:
//! `libs/dossier/src/intake/quote.rs`.

use std::sync::Arc;

use dossier::contract::{AgencyCode, Channel, ProcedureCode};
use dossier::intake::Considered;
use dossier::intake::submit_dossier::Refusal;
use dossier::step::{LAW_NOT_APPLICABLE, NOT_COMPUTABLE, VALUES_IMPOSSIBLE};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Counts, Line, List, Operation, Problem, Reply, Request};

use super::quote_reply::QuoteReply;
use super::submit_dossier::{NOT_IN_FORCE, UNKNOWN_AGENCY, UNKNOWN_PROCEDURE, applicable};
use crate::App;

/// A filing that is considered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuoteRequest {
    /// Code of the procedure.
    #[schema(value_type = String, max_length = 100, example = "CO.D")]
    procedure: Line<100>,
    /// Code of the competent agency.
    #[schema(value_type = String, max_length = 35, example = "G02.001")]
    agency: AgencyCode,
    /// Filing channel; all that the procedure offers if absent.
    channel: Option<Channel>,
    /// Groups to which the applicant claims to belong, for reductions of the fee.
    #[serde(default)]
    #[schema(example = json!(["digital_citizen"]), value_type = Vec<String>, max_items = 20)]
    groups: List<Line<100>, 20>,
    /// When it would be filed; now if absent. At most ten years ahead.
    at: Option<Timestamp>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::ask("/v1/quotes", "quote_dossier", "Compute fee and dates before filing")
        .describe(
            "Without a token. By each channel: the fee with its reductions, by when the one-stop \
             unit would answer, and the earliest date that could be promised, for a dossier that \
             is filed now or at `at`, and is complete, paid and accepted then. Computed as when \
             it is filed, by the law that is known now: outages and rules that are announced \
             later may move the dates. Nothing is recorded.",
        )
        .refusals(&[UNKNOWN_PROCEDURE, NOT_IN_FORCE, UNKNOWN_AGENCY])
        .refusals(Refusal::ALL)
        .refusals(&[LAW_NOT_APPLICABLE, NOT_COMPUTABLE, VALUES_IMPOSSIBLE])
        .body::<QuoteRequest>()
        .reply::<QuoteReply>()
        .counted(Counts::Published)
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let body: QuoteRequest = request.json()?;
    request.catch_up_law().await?;
    let (law, now) = (app.engine.law(), app.engine.clock.now());
    let (agency, at) = (&body.agency, body.at.unwrap_or(now));
    let code = ProcedureCode::from(&*body.procedure.0);
    let applicable = applicable(&law, agency, &code, at);
    let (_, procedure, _) = applicable.map_err(|unknown| Problem::refused(&unknown))?;
    let groups: Vec<String> = body.groups.0.into_iter().map(|group| group.0).collect();
    let (channel, groups) = (body.channel, &groups[..]);
    let considered = Considered { agency, channel, groups, at, posted_at: None };
    Ok(Reply::ok(&QuoteReply::of(&law, procedure, considered, now)?))
}
