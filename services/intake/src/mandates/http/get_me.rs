//! The caller, as the API knows the caller: roles, agency, entry in the directory, and whom the
//! caller acts for or may act for.

use std::sync::Arc;

use dossier::access::{Caller, EVERY_ROLE};
use dossier::contract::{
    AbsenceId, AgencyCode, CredentialId, MandateId, ProcedureCode, Role, Subject, UnitCode,
};
use dossier::law::{Absence, Entry};
use dossier::mandates::last_day;
use engine::view::Question;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use crate::mandates::App;
use crate::mandates::listed::{InForce, in_force_for, name};

/// Mandates in a reply; the list of mandates has all of them.
const MANDATES_SHOWN_MAX: u32 = 100;

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MeReply {
    /// The subject of the token.
    subject: Subject,
    /// The roles in which the caller may act with this request's headers.
    roles: Vec<Role>,
    /// The agency of an officer.
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<AgencyCode>,
    /// The agencies whose successor that agency is; the caller acts for them too.
    predecessors: Vec<AgencyCode>,
    /// The party to dossiers that the caller is as an applicant: the represented person or firm, or
    /// the caller.
    party: Subject,
    /// The represented person or firm, if the token or a header of this request names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<Subject>,
    /// The mandate that this request invokes.
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate: Option<MandateId>,
    /// The credential that this request invokes.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<CredentialId>,
    /// When the token ends; from 30 s after that on, requests with it are refused.
    token_expires_at: Timestamp,
    /// The caller's entry in the directory of the agency; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    officer: Option<OwnEntryReply>,
    /// Mandates in force by which the caller may act for others, by principal; at most 100. None
    /// for a request that invokes one: a mandate is not passed on.
    mandates: Vec<UsableMandateReply>,
    /// Whether there are more; `GET /v1/mandates?you_are=representative&status=accepted` lists all.
    more_mandates: bool,
}

/// The caller's entry in a directory, on this day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnEntryReply {
    /// The agency in whose directory it is.
    agency: AgencyCode,
    /// The caller's name; null after its erasure.
    #[schema(example = "Trần Thị B")]
    name: Option<String>,
    /// The code of the caller's unit.
    unit: UnitCode,
    /// The name of that unit; null if it is not in the directory on this day.
    #[schema(example = "Phòng Xuất xứ hàng hóa")]
    unit_name: Option<String>,
    /// The codes of the units that the caller heads.
    heads: Vec<UnitCode>,
    /// The work that the caller may be given.
    roles: Vec<Role>,
    /// The first day.
    from: Date,
    /// The last day; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Date>,
    /// The present and future absences of the caller, by their first day.
    absences: Vec<OwnAbsenceReply>,
    /// The absent officers in whose place the caller acts on this day.
    deputises: Vec<DeputisedReply>,
}

/// An absence of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnAbsenceReply {
    absence: AbsenceId,
    /// The first day.
    from: Date,
    /// The last day.
    to: Date,
    /// The officer who acts in the caller's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    deputy: Option<Subject>,
}

/// An absent officer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeputisedReply {
    officer: Subject,
    /// The last day of the absence.
    to: Date,
}

/// A mandate by which the caller may act: its id goes into the header `Mandate`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsableMandateReply {
    /// Id of the mandate.
    #[schema(value_type = MandateId)]
    mandate: String,
    /// The person or firm that is represented.
    #[schema(value_type = Subject)]
    principal: String,
    /// Codes of the procedures that it covers; all if empty.
    procedures: Vec<ProcedureCode>,
    /// First instant at which it is no longer in force.
    ends_at: Timestamp,
    /// Last day on which it is in force.
    ends_on: Date,
}

impl From<Entry<'_>> for OwnEntryReply {
    fn from(entry: Entry<'_>) -> Self {
        let officer = entry.officer;
        let own = |absence: &Absence| OwnAbsenceReply {
            absence: absence.id,
            from: absence.from,
            to: absence.to,
            deputy: absence.deputy.clone(),
        };
        let deputised =
            |absence: &Absence| DeputisedReply { officer: absence.officer.clone(), to: absence.to };
        Self {
            agency: entry.agency.clone(),
            name: officer.name.known().cloned(),
            unit: officer.unit.clone(),
            unit_name: entry.unit().map(|unit| unit.name.clone()),
            heads: entry.heads().into_iter().cloned().collect(),
            roles: officer.roles.clone(),
            from: officer.from,
            to: officer.to,
            absences: entry.absences().into_iter().map(own).collect(),
            deputises: entry.deputises().into_iter().map(deputised).collect(),
        }
    }
}

impl From<InForce> for UsableMandateReply {
    fn from(InForce { mandate, principal, procedures, ends_at }: InForce) -> Self {
        Self { mandate, principal, procedures, ends_at, ends_on: last_day(ends_at) }
    }
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/me", "get_me", "Show the caller")
        .describe(
            "What the token and the headers `Mandate` and `Credential` make of the caller. For \
             showing only: each operation decides by itself who may call it.",
        )
        .impersonal("the caller's own entry")
        .roles(EVERY_ROLE)
        .reply::<MeReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    request.catch_up_law().await?;
    request.catch_up(Some(&app.shown)).await?;
    let caller = request.caller()?;
    let token_expires_at = request.token_ends_at().unwrap_or(Timestamp::MAX);
    let mut mandates = usable(&app, caller).await?;
    let shown = usize::try_from(MANDATES_SHOWN_MAX).unwrap_or(usize::MAX);
    let more_mandates = mandates.len() > shown;
    mandates.truncate(shown);
    mandates.sort_by(|a, b| (&a.principal, &a.mandate).cmp(&(&b.principal, &b.mandate)));
    let (law, now) = (app.engine.law(), app.engine.clock.now());
    let entry = caller.agency.as_ref().and_then(|of| law.entry(of, &caller.subject, now));
    Ok(Reply::ok(&MeReply {
        subject: caller.subject.clone(),
        roles: caller.roles.clone(),
        agency: caller.agency.clone(),
        predecessors: caller.predecessors.clone(),
        party: caller.party().clone(),
        on_behalf_of: caller.on_behalf_of.clone(),
        mandate: caller.mandate.as_ref().map(|under| under.mandate),
        credential: caller.credential,
        token_expires_at,
        officer: entry.map(Into::into),
        mandates: mandates.into_iter().map(Into::into).collect(),
        more_mandates,
    }))
}

/// The mandates that the caller may invoke, up to one more than are shown.
async fn usable(app: &App, caller: &Caller) -> Result<Vec<InForce>, Problem> {
    if caller.mandate.is_some() || !caller.roles.contains(&Role::Applicant) {
        return Ok(Vec::new());
    }
    let (party, now) = (name(caller.party()), app.engine.clock.now());
    let found = app
        .listed
        .query(Question::List, move |rows| in_force_for(rows, &party, now, MANDATES_SHOWN_MAX + 1));
    Ok(found.await?)
}
