//! Files a complaint. The law: `libs/dossier/src/feedback/file_complaint.rs`.

use std::sync::Arc;

use dossier::access::{May, Resource, agency, any};
use dossier::contract::{
    AgencyCode, Channel, ComplaintId, Contact, DossierId, EventSet, IntakeEvent, Role, Subject,
    party_name,
};
use dossier::feedback::file_complaint::{About, AboutStep, FileComplaint};
use dossier::services::Category;
use dossier::step::Reasons;
use dossier::{Command, RefusalEntry, State as _};
use engine::Engine;
use events::{Position, Recorded, StreamName};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use web::{Counts, Line, On, Operation, Phone, Problem, Reply, Request, Text, send};

use super::reply::ComplaintReply;
use crate::App;

const BY_OFFICER: &[May] = &[agency(Role::ComplaintHandler), agency(Role::Clerk)];
const BY_COMPLAINANT: &[May] = &[any(Role::Applicant)];

const STEP_WITHOUT_DOSSIER: RefusalEntry = RefusalEntry {
    status: 422,
    code: "step-without-dossier",
    vi: "phản ánh về một bước phải nêu hồ sơ",
    en: "a complaint about a step must name the dossier",
};

const COMPLAINANT_NOT_PERMITTED: RefusalEntry = RefusalEntry {
    status: 422,
    code: "complainant-not-permitted",
    vi: "chỉ cán bộ nêu người phản ánh; bạn phản ánh cho chính mình, hãy bỏ `complainant`",
    en: "only officers name the complainant; omit `complainant` to complain for yourself",
};

const COMPLAINANT_MISSING: RefusalEntry = RefusalEntry {
    status: 422,
    code: "complainant-missing",
    vi: "cán bộ ghi nhận phản ánh phải nêu người phản ánh (`complainant`), hoặc cách phản ánh được gửi đến: `channel` là `counter` hay `post`",
    en: "an officer who enters a complaint must name the `complainant`, or give its `channel` as `counter` or `post`",
};

/// A complaint or petition.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileComplaintRequest {
    /// Code of the agency that has to answer.
    agency: Line<35>,
    /// The dossier that it is about: the complainant's own, or for a person without an account one
    /// of the agency's.
    dossier: Option<DossierId>,
    /// `position` of the timeline entry that it is about. Entries of complaints (`feedback.…`)
    /// cannot be named.
    #[schema(example = 42)]
    position: Option<u64>,
    /// Subject of the complainant's account, if an officer enters the complaint and there is an
    /// account.
    complainant: Option<Line<200>>,
    /// `online` if absent. Only officers may enter `counter` and `post`.
    channel: Option<Channel>,
    /// Whether it is a request about the complainant's own data: to access, correct, restrict or
    /// delete it.
    #[serde(default)]
    personal_data: bool,
    /// Text of the complaint.
    text: Text<10000>,
    /// The complainant's name.
    name: Line<200>,
    /// The complainant's postal address.
    address: Line<500>,
    /// The complainant's telephone number in any usual notation; stored as E.164.
    phone: Phone,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/complaints", "file_complaint", "File a complaint or petition")
        .step(&FileComplaint::STEP)
        .refusals(&[STEP_WITHOUT_DOSSIER, COMPLAINANT_MISSING, COMPLAINANT_NOT_PERMITTED])
        .counted(Counts::Filing)
        .body::<FileComplaintRequest>()
        .body_example(json!({
            "agency": "G02.001", "dossier": "018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e", "position": 42,
            "text": "Đã hai tuần không có ai trả lời.", "name": "Nguyễn Văn An",
            "address": "Số 1, phố Tràng Tiền, Hà Nội", "phone": "0912 345 678",
        }))
        .created::<ComplaintReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let body: FileComplaintRequest = request.json()?;
    // An officer may enter a complaint from paper or telephone for somebody else only, never their
    // own.
    let officer = caller.roles.iter().any(|role| BY_OFFICER.iter().any(|may| may.role == *role));
    let on_paper = body.channel.is_some_and(|channel| channel != Channel::Online);
    let by_officer = body.complainant.is_some() || (officer && on_paper);
    if officer && !by_officer && !caller.roles.contains(&Role::Applicant) {
        return Err(Problem::at(COMPLAINANT_MISSING, "/complainant"));
    }
    if !officer && body.complainant.is_some() {
        return Err(Problem::at(COMPLAINANT_NOT_PERMITTED, "/complainant"));
    }
    let mays = if by_officer { BY_OFFICER } else { BY_COMPLAINANT };
    let named = |named: &Line<200>| Subject::from(&*party_name(&named.0));
    let owners = body.complainant.iter().map(named).collect();
    let agencies = vec![AgencyCode::from(&*body.agency.0)];
    let at = Resource { owners, agencies, ..Resource::default() };
    Request::permitted_over(caller, mays, Some(at))?;
    let mut found = Reasons::default();
    if body.position.is_some() && body.dossier.is_none() {
        let missing = STEP_WITHOUT_DOSSIER.finding("/dossier", None);
        found.found(STEP_WITHOUT_DOSSIER, vec![missing]);
    }
    let complaint = ComplaintId(request.new_id(&app.complaints, caller, "complaint").await?);
    let contact = Contact { name: body.name.0, address: body.address.0, phone: body.phone.0 };
    let complainant = match (&body.complainant, by_officer) {
        (Some(line), _) => named(line),
        // A person without an account: no token has this subject.
        (None, true) => Subject::from(&*format!("complaint:{complaint}")),
        (None, false) => caller.party().clone(),
    };
    let about = match body.dossier {
        Some(dossier) => Some(looked_up(app.complaints.engine(), dossier, body.position).await?),
        None => None,
    };
    let command = FileComplaint {
        complaint,
        complainant,
        without_account: by_officer && body.complainant.is_none(),
        contact,
        agency: AgencyCode::from(&*body.agency.0),
        channel: body.channel.unwrap_or(Channel::Online),
        about,
        personal_data: body.personal_data,
        text: body.text.0,
        found,
    };
    let id = complaint.to_string();
    // Complaints are not received under a procedure.
    let on = On::stream(&id, body.dossier).beginning_without_law().by(mays);
    let loaded = send(&app.complaints, &request, on, &command).await?;
    let reply = ComplaintReply::new(&loaded.state, &app.complaints.engine().law())
        .ok_or_else(Problem::not_found)?;
    let reply = reply.for_caller(caller, loaded.state.resource().as_ref());
    let location = format!("/v1/complaints/{complaint}");
    Ok(Reply::created(&location, &reply).version(loaded.version).position(loaded.position))
}

/// The dossier that a complaint names, and the event at a position of its timeline.
async fn looked_up(
    engine: &Engine,
    dossier: DossierId,
    position: Option<u64>,
) -> Result<About, Problem> {
    let mut recorded: Vec<Recorded> = Vec::new();
    for category in Category::OF_A_DOSSIER {
        let stream = StreamName::new(&category.stream(dossier));
        recorded.extend(engine.store.read_whole(&stream.map_err(|_| Problem::not_found())?).await?);
    }
    let submitted = recorded.first().map(|first| IntakeEvent::decode(&first.kind, &first.data));
    let whose = match submitted {
        Some(Ok(IntakeEvent::DossierSubmitted(submitted))) => Some(submitted.brief.resource()),
        Some(_) | None => None,
    };
    let step = position.map(|position| {
        let at = recorded.iter().find(|event| event.position == Position(position));
        AboutStep { position, event: at.map(|event| (event.id, event.kind.to_string())) }
    });
    Ok(About { dossier, whose, step })
}
