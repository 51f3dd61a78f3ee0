//! Files a complaint. The law: `libs/dossier/src/feedback/file_complaint.rs`.

use std::sync::Arc;

use dossier::contract::{AgencyCode, ComplaintId, Contact, DossierId, ProcedureRef};
use dossier::feedback::file_complaint::{FileComplaint, STEP, decide};
use serde::Deserialize;
use service_kit::http::{
    Access, Counts, Line, Phone, Problem, Reply, Request, Route, Target, Text, endpoint0, step,
};
use utoipa::ToSchema;

use super::reply::ComplaintReply;
use crate::App;

/// A complaint or petition.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileComplaintRequest {
    /// To which agency.
    #[schema(value_type = String, max_length = 35, example = "G02")]
    agency: Line<35>,
    /// About which dossier.
    #[schema(value_type = Option<Uuid>)]
    dossier: Option<DossierId>,
    /// About which step of it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    step: Option<Line<100>>,
    /// Whether it is a request about the complainant's own data: to see, correct, restrict or delete it.
    #[serde(default)]
    personal_data: bool,
    /// The complaint itself.
    #[schema(value_type = String, min_length = 1, max_length = 10000)]
    text: Text<10000>,
    /// The complainant's name.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    name: Line<200>,
    /// The complainant's address.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    address: Line<500>,
    /// The complainant's telephone, as people write it; kept as E.164.
    #[schema(value_type = String, min_length = 3, max_length = 30, example = "0912 345 678")]
    phone: Phone,
}

/// Files a complaint or petition.
#[utoipa::path(
    post,
    path = "/v1/complaints",
    operation_id = "file_complaint",
    request_body = FileComplaintRequest,
    responses((status = 201, body = ComplaintReply)),
)]
async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let body: FileComplaintRequest = request.json()?;
    let complaint = ComplaintId(request.new_id(&app.complaints, caller, "complaint").await?);
    let agency = AgencyCode::from(&*body.agency.0);
    let contact = Contact { name: body.name.0, address: body.address.0, phone: body.phone.0 };
    let command = FileComplaint {
        complaint,
        complainant: caller.party().clone(),
        contact,
        agency: agency.clone(),
        dossier: body.dossier,
        step: body.step.map(|step| step.0),
        personal_data: body.personal_data,
        text: body.text.0,
    };
    let id = complaint.to_string();
    // A complaint is under no procedure; naming the agency alone begins the stream.
    let none = ProcedureRef { code: "".into(), version: 0 };
    let under = Some((&none, &agency));
    let target =
        Target { id: &id, dossier: body.dossier, step: &STEP, mays: STEP.may, seen: None, under };
    let filing =
        step(&app.complaints, &request, caller, target, |s, f| decide(s, command.clone(), f));
    let loaded = filing.await?;
    let reply = ComplaintReply::new(&loaded.state, &app.complaints.kit().law())
        .ok_or_else(Problem::not_found)?;
    let location = format!("/v1/complaints/{complaint}");
    Ok(Reply::created(&location, &reply).version(loaded.version).position(loaded.position))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint0(app, Access::Roles(STEP.may), warp::path!("v1" / "complaints"), handle)
        .counted(Counts::Filing)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
