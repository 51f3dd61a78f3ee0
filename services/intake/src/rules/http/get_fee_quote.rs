//! The fee of a dossier before it is filed, by the same function as the assessment.

use std::sync::Arc;

use dossier::contract::{AgencyCode, Channel, ChargedLine, ProcedureCode, Vnd};
use dossier::law::{Budget, Case, FeeDue, FeeKind, Procedure, charges};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Counts, Line, Operation, Problem, Reply, Request};

use super::CATALOGUE_AGE;
use super::procedure_reply::GroupEvidenceReply;
use crate::rules::App;

/// The case for which the fee is computed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeeQuoteQuery {
    /// Filing channel.
    channel: Channel,
    /// Code of the agency that would receive the dossier.
    agency: AgencyCode,
    /// Groups of persons to which the applicant belongs, separated by commas.
    #[schema(example = "digital_citizen")]
    groups: Option<Line<500>>,
    /// Day of submission; today if absent.
    at: Option<Date>,
}

/// Fee of a dossier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeeQuoteReply {
    /// Number of the version of the procedure.
    version: u32,
    /// Day of submission.
    on: Date,
    /// Lines that are charged.
    lines: Vec<QuotedLineReply>,
    /// Sum of the lines in VND.
    total_vnd: Vnd,
    /// When it is owed; null if there is no fee.
    due: Option<FeeDue>,
    /// Period to pay; null if it is unlimited.
    window: Option<Budget>,
    /// What the claims to the given groups need. The total is provisional as long as one of them
    /// must be confirmed by an officer.
    group_evidence: Vec<GroupEvidenceReply>,
}

/// One fee of a quote.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuotedLineReply {
    /// Code of the rule in the tariff.
    #[schema(example = "co-64-2025")]
    rule: String,
    /// Phí or lệ phí.
    kind: FeeKind,
    /// Vietnamese name.
    #[schema(example = "Phí cấp C/O")]
    name_vi: String,
    /// English name.
    #[schema(example = "Fee for a certificate of origin")]
    name_en: String,
    /// Amount before reductions, in VND.
    full_vnd: Vnd,
    /// Code of the applied reduction; null if there is none.
    #[schema(example = "digital-citizen")]
    reduction: Option<String>,
    /// Charged amount in VND.
    charged_vnd: Vnd,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/procedures/{code}/fee", "get_fee_quote", "Compute a fee before filing")
        .describe(
            "Without a token. The fee of a dossier that is filed in this way on this day; it is \
             assessed by the same rules. A group that the procedure does not know is refused, as in \
             a submission.",
        )
        .parameter("code", "The code of the procedure.")
        .counted(Counts::Published)
        .query::<FeeQuoteQuery>()
        .reply::<FeeQuoteReply>()
        .cacheable()
        .handle(handle)
}

async fn handle(app: Arc<App>, code: String, request: Request) -> Result<Reply, Problem> {
    let query: FeeQuoteQuery = request.query()?;
    request.catch_up_law().await?;
    let (law, code) = (app.engine.law(), ProcedureCode::from(&*code));
    let now = app.engine.clock.now();
    let agency = query.agency;
    let not_competent = || {
        Problem::parameter(
            "agency",
            "không tiếp nhận thủ tục này; xem `GET /v1/agencies?procedure=`",
            "does not receive this procedure; see `GET /v1/agencies?procedure=`",
        )
    };
    let calendar = law.calendar_of(&agency).ok_or_else(not_competent)?;
    let on = query.at.unwrap_or_else(|| calendar.date_of(now));
    let procedure = law.in_force_as_known(&code, on, now).ok_or_else(Problem::not_found)?;
    if !procedure.agency.covers(&agency) {
        return Err(not_competent());
    }
    if !procedure.channels.contains(&query.channel) {
        return Err(Problem::parameter(
            "channel",
            "thủ tục này không tiếp nhận hồ sơ qua kênh này",
            "is not a channel by which this procedure may be filed",
        ));
    }
    let groups = groups(procedure, query.groups.as_ref().map_or("", |groups| &groups.0))?;
    let case = Case { on, channel: query.channel, agency: &agency, groups: &groups };
    let lines = charges(procedure, case).map_err(|error| Problem::refused(&error))?;
    let total = Vnd::sum(lines.iter().map(|line| line.charged));
    let total = total.map_err(|error| Problem::refused(&dossier::LawError::from(error)))?;
    let reply = FeeQuoteReply {
        version: procedure.version,
        on,
        lines: lines.into_iter().map(QuotedLineReply::from).collect(),
        total_vnd: total,
        due: procedure.fees.due,
        window: procedure.fees.window,
        group_evidence: GroupEvidenceReply::all(&procedure.fees)
            .into_iter()
            .filter(|evidence| evidence.is_of(&groups))
            .collect(),
    };
    Ok(Reply::cacheable(&request, &reply, CATALOGUE_AGE))
}

/// The groups in a comma-separated text.
fn groups(procedure: &Procedure, text: &str) -> Result<Vec<String>, Problem> {
    let sent = text.split(',').map(str::trim).filter(|group| !group.is_empty());
    let sent: Vec<String> = sent.map(str::to_owned).collect();
    let known: Vec<&str> =
        procedure.fees.reductions.iter().flat_map(|one| &one.groups).map(String::as_str).collect();
    match sent.iter().find(|group| !known.contains(&group.as_str())) {
        None => Ok(sent),
        Some(unknown) => {
            let known = known.join(", ");
            Err(Problem::parameter(
                "groups",
                &format!("`{unknown}`: thủ tục này không có nhóm này; các nhóm: {known}"),
                &format!("`{unknown}` is not a group of this procedure; its groups: {known}"),
            ))
        }
    }
}

impl From<ChargedLine> for QuotedLineReply {
    fn from(line: ChargedLine) -> Self {
        Self {
            rule: line.rule,
            kind: line.kind,
            name_vi: line.name_vi,
            name_en: line.name_en,
            full_vnd: line.full,
            reduction: line.reduction,
            charged_vnd: line.charged,
        }
    }
}
