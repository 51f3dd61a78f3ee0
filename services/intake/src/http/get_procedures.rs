//! The catalogue of procedures: what can be applied for, with what, and in what time.

use std::sync::Arc;

use dossier::contract::ProcedureCode;
use dossier::intake::READ_CATALOGUE;
use dossier::law::{Law, Procedure};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;
use service_kit::http::{Operation, Problem, Reply, Request};
use utoipa::ToSchema;

use crate::App;

/// A procedure in the version in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProcedureReply {
    /// Its code.
    #[schema(example = "CO.D")]
    code: String,
    /// Its version.
    version: u32,
    /// When this version was issued.
    issued: Date,
    /// The first day on which it is in force; it may lie before the day of issue.
    effective_from: Date,
    /// The last one; null if no end is set.
    effective_to: Option<Date>,
    /// Whether it is in force on the day that was asked for. If not, it is the next version to take effect, or the last one.
    in_force: bool,
    /// The versions that take effect later.
    upcoming: Vec<UpcomingReply>,
    /// When this version was recorded here.
    recorded_at: Option<Timestamp>,
    /// Its name in Vietnamese.
    #[schema(example = "Giấy chứng nhận xuất xứ mẫu D")]
    name_vi: String,
    /// Its name in English.
    #[schema(example = "Certificate of origin, form D")]
    name_en: String,
    /// On what it rests.
    #[schema(example = "31/2018/NĐ-CP")]
    legal_basis: String,
    /// The agency it belongs to.
    #[schema(example = "G02.001")]
    agency: String,
    /// Ways in which a dossier may come.
    channels: Vec<dossier::contract::Channel>,
    /// Those of them that are open only while an outage of the others lasts.
    only_in_outage: Vec<dossier::contract::Channel>,
    /// JSON Schema of the form; besides the usual formats, `vn-tax-code` and `telephone`.
    #[schema(value_type = Object)]
    form: Value,
    /// The components of a dossier, and whether each is required.
    #[schema(value_type = Vec<Object>)]
    documents: Vec<dossier::law::Component>,
    /// The period by way of filing.
    #[schema(value_type = Object)]
    periods: Value,
}

/// A version that takes effect later.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UpcomingReply {
    /// The version.
    version: u32,
    /// When it was issued.
    issued: Date,
    /// The first day on which it is in force.
    effective_from: Date,
}

/// A moment by which the catalogue is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct As {
    /// What is in force on this day …
    pub(super) on: Date,
    /// … by what had been recorded up to this instant.
    pub(super) known_at: Timestamp,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/procedures", "get_procedures", "List the procedures in force")
        .roles(READ_CATALOGUE)
        .list::<ProcedureReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    request.catch_up_law(&app.kit).await?;
    let (law, now) = (app.kit.law(), app.kit.clock.now());
    let mut codes: Vec<_> = law.procedures().map(|procedure| &procedure.code).collect();
    codes.dedup();
    let in_force = codes.into_iter().filter_map(|code| {
        let on = today_of(&law, code, now)?;
        let procedure = law.in_force_as_known(code, on, now)?;
        Some(ProcedureReply::new(&law, procedure, As { on, known_at: now }))
    });
    Ok(Reply::ok(&in_force.collect::<Vec<_>>()))
}

/// The local day in the agency that a procedure belongs to.
pub(super) fn today_of(law: &Law, code: &ProcedureCode, now: Timestamp) -> Option<Date> {
    let mut versions = law.procedures().filter(|procedure| procedure.code == *code);
    let agency = versions.find_map(|procedure| {
        law.agencies().find(|agency| procedure.agency.covers(&agency.code))
    })?;
    Some(law.calendar_of(&agency.code)?.date_of(now))
}

impl ProcedureReply {
    pub(super) fn new(law: &Law, procedure: &Procedure, as_of: As) -> Self {
        let upcoming = law.upcoming(&procedure.code, as_of.on, as_of.known_at);
        let upcoming = upcoming.filter(|later| later.version != procedure.version);
        Self {
            in_force: procedure.effective.contains(as_of.on),
            upcoming: upcoming
                .map(|later| UpcomingReply {
                    version: later.version,
                    issued: later.issued,
                    effective_from: later.effective.from,
                })
                .collect(),
            code: procedure.code.to_string(),
            version: procedure.version,
            issued: procedure.issued,
            effective_from: procedure.effective.from,
            effective_to: procedure.effective.to,
            recorded_at: procedure.recorded_at,
            name_vi: procedure.name.vi.clone(),
            name_en: procedure.name.en.clone(),
            legal_basis: procedure.legal_basis.clone(),
            agency: procedure.agency.to_string(),
            channels: procedure.channels.clone(),
            only_in_outage: procedure.only_in_outage.clone(),
            form: procedure.form.clone(),
            documents: procedure.documents.clone(),
            periods: serde_json::to_value(&procedure.clock.budget).unwrap_or_default(),
        }
    }
}
