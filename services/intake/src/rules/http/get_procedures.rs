//! The catalogue of procedures: forms, components and periods.

use std::collections::BTreeMap;
use std::sync::Arc;

use dossier::contract::{Channel, ProcedureCode};
use dossier::law::{Budget, Component, Law, Procedure};
use dossier::rules::READ_CATALOGUE;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use crate::rules::App;

/// A version of a procedure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProcedureReply {
    /// Code of the procedure.
    #[schema(example = "CO.D")]
    code: String,
    /// Number of the version.
    version: u32,
    /// Date on which this version was issued.
    issued: Date,
    /// First day in force; may be before the date of issue.
    effective_from: Date,
    /// Last day in force; null if no end is set.
    effective_to: Option<Date>,
    /// Whether it is in force on the requested day. If not, it is the next version to take effect,
    /// or the last one.
    in_force: bool,
    /// Versions that take effect later.
    upcoming: Vec<UpcomingReply>,
    /// Time at which this version was recorded here.
    recorded_at: Option<Timestamp>,
    /// Vietnamese name.
    #[schema(example = "Giấy chứng nhận xuất xứ mẫu D")]
    name_vi: String,
    /// English name.
    #[schema(example = "Certificate of origin, form D")]
    name_en: String,
    /// Citation of the law on which the procedure is based.
    #[schema(example = "31/2018/NĐ-CP")]
    legal_basis: String,
    /// Code of the agency that is responsible for the procedure.
    #[schema(example = "G02.001")]
    agency: String,
    /// Channels by which a dossier may be filed.
    channels: Vec<Channel>,
    /// Channels that are open only during an outage of the others.
    only_in_outage: Vec<Channel>,
    /// JSON Schema of the form. Besides the standard formats it uses `vn-tax-code` and `telephone`.
    #[schema(value_type = HashMap<String, Value>, example = json!({ "type": "object" }))]
    form: Value,
    /// Components of a dossier, and whether each is required.
    documents: Vec<Component>,
    /// Period by filing channel.
    periods: BTreeMap<Channel, Budget>,
}

/// A version that takes effect later.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UpcomingReply {
    /// Number of the version.
    version: u32,
    /// Date on which it was issued.
    issued: Date,
    /// First day in force.
    effective_from: Date,
}

/// The date and the state of knowledge by which the catalogue is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct As {
    /// Versions in force on this day, …
    pub(super) on: Date,
    /// … as recorded up to this instant.
    pub(super) known_at: Timestamp,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/procedures", "get_procedures", "List the procedures in force")
        .roles(READ_CATALOGUE)
        .list::<ProcedureReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    request.catch_up_law().await?;
    let (law, now) = (app.engine.law(), app.engine.clock.now());
    let mut codes: Vec<_> = law.procedures().map(|procedure| &procedure.code).collect();
    codes.dedup();
    let in_force = codes.into_iter().filter_map(|code| {
        let on = today_of(&law, code, now)?;
        let procedure = law.in_force_as_known(code, on, now)?;
        Some(ProcedureReply::new(&law, procedure, As { on, known_at: now }))
    });
    Ok(Reply::ok(&in_force.collect::<Vec<_>>()))
}

/// Today's date in the agency that is responsible for a procedure.
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
            periods: procedure.clock.budget.clone(),
        }
    }
}
