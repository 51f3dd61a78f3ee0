//! Submits a dossier. The law: `libs/dossier/src/intake/submit_dossier.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use documents::NamedError;
use dossier::access::{Caller, May, Resource, agency, any, informed};
use dossier::contract::{
    AgencyCode, Channel, ComponentCode, Document, DocumentName, DossierId, Personal, PostEvidence,
    ProcedureCode, Role, Subject, party_name,
};
use dossier::intake::submit_dossier::SubmitDossier;
use dossier::law::{Agency, Finding, Law, Procedure};
use dossier::step::{Known, Reasons, Said};
use dossier::{Command, RefusalEntry};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use web::problem::FORM_INVALID;
use web::{
    Counts, DeliveryRequest, FileName, Line, List, NOT_COVERED, On, Operation, Problem, Reply,
    Request, UNKNOWN_DOCUMENT, send, unknown_documents,
};

use super::reply::DossierReply;
use crate::App;

/// Documents per step.
pub(super) const DOCUMENTS_MAX: usize = 100;

const BY_OFFICER: &[May] = &[agency(Role::Clerk), informed(Role::Clerk)];
const BY_APPLICANT: &[May] = &[any(Role::Applicant)];

pub(crate) const UNKNOWN_PROCEDURE: RefusalEntry = RefusalEntry {
    status: 422,
    code: "unknown-procedure",
    vi: "không có thủ tục này",
    en: "there is no such procedure",
};
pub(super) const NOT_IN_FORCE: RefusalEntry = RefusalEntry {
    status: 422,
    code: "procedure-not-in-force",
    vi: "thủ tục không có hiệu lực tại thời điểm này",
    en: "no version of the procedure is in force today",
};
pub(super) const UNKNOWN_AGENCY: RefusalEntry = RefusalEntry {
    status: 422,
    code: "unknown-agency",
    vi: "không có cơ quan này",
    en: "there is no such agency",
};
const APPLICANT_NOT_PERMITTED: RefusalEntry = RefusalEntry {
    status: 422,
    code: "applicant-not-permitted",
    vi: "chỉ cán bộ nêu người nộp; bạn nộp cho chính mình hoặc cho người mà mã xác thực nêu, hãy bỏ `applicant`",
    en: "only officers name the applicant; omit `applicant` to submit for yourself, or for the person in your token",
};
const APPLICANT_MISSING: RefusalEntry = RefusalEntry {
    status: 422,
    code: "applicant-missing",
    vi: "cán bộ ghi nhận hồ sơ phải nêu người nộp (`applicant`)",
    en: "an officer who enters a dossier must name the `applicant`",
};

/// Refusals of a submission before it is decided on.
pub(super) const REFUSALS: [RefusalEntry; 8] = [
    UNKNOWN_PROCEDURE,
    NOT_IN_FORCE,
    UNKNOWN_AGENCY,
    APPLICANT_NOT_PERMITTED,
    APPLICANT_MISSING,
    UNKNOWN_DOCUMENT,
    FORM_INVALID,
    NOT_COVERED,
];

/// A dossier to be submitted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmitDossierRequest {
    /// Code of the procedure.
    #[schema(value_type = String, max_length = 100, example = "CO.D")]
    procedure: Line<100>,
    /// Code of the competent agency, which decides. A clerk of another agency may enter the dossier
    /// if the procedure lets that agency receive it.
    #[schema(value_type = String, max_length = 35, example = "G02.001")]
    agency: AgencyCode,
    /// Filing channel. Dossiers by `counter` and `post` are entered by an officer.
    channel: Channel,
    /// Subject of the applicant; only if an officer enters the dossier.
    applicant: Option<Line<200>>,
    /// The form; must conform to the procedure's schema.
    #[schema(value_type = HashMap<String, Value>, example = json!({ "invoice": "INV-1" }))]
    form: Value,
    /// Uploaded documents.
    #[serde(default)]
    #[schema(value_type = Vec<DocumentRequest>, max_items = 100)]
    documents: List<DocumentRequest, DOCUMENTS_MAX>,
    /// Groups to which the applicant claims to belong, for reductions of the fee: those that the
    /// procedure's reductions name.
    #[serde(default)]
    #[schema(example = json!(["digital_citizen"]), value_type = Vec<String>, max_items = 20)]
    groups: List<Line<100>, 20>,
    /// Delivery channel of the result.
    delivery: Option<DeliveryRequest>,
    /// For `post`: the date from which the procedure counts.
    posted_at: Option<Timestamp>,
    /// Evidence of `posted_at`.
    posted_by: Option<PostEvidence>,
}

/// An uploaded document and its component.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentRequest {
    /// Code of the component.
    component: Line<100>,
    /// Name returned by the upload.
    document: Line<100>,
    /// File name given by the applicant.
    file_name: FileName,
}

/// A dossier that an applicant submits online.
pub(super) fn example() -> Value {
    json!({
        "procedure": "2.000004",
        "agency": "H26.14",
        "channel": "online",
        "form": {
            "merchant": { "name": "Sao Mai", "tax_code": "0101234565", "phone": "02438220000" },
            "programme": {
                "name": "Quay số", "goods": "TV", "from": "2027-03-01", "to": "2027-03-31",
                "prizes_vnd": 90_000_000
            }
        },
        "documents": [{
            "component": "form_02",
            "file_name": "02.pdf",
            "document": "9f2b5c0e7d1a4f6388b1c2d3e4f5a6b79f2b5c0e7d1a4f6388b1c2d3e4f5a6b7"
        }]
    })
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/dossiers", "submit_dossier", "Submit a dossier")
        .step(&SubmitDossier::STEP)
        .refusals(&REFUSALS)
        .body::<SubmitDossierRequest>()
        .body_example(example())
        .created::<DossierReply>()
        .counted(Counts::Filing)
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let law = app.engine.law();
    let Prepared { mut command, mays, agency, procedure, today } =
        prepared(&app, &law, &request).await?;
    let next = app.codes.next(&app.engine.store, &command.agency, &agency.system, today);
    let reserved = next.await?;
    command.code = reserved.code.clone();
    let (id, reference) = (command.dossier.to_string(), procedure.reference());
    let on = On::stream(&id, Some(command.dossier));
    let on = on.beginning(&reference, &command.agency).by(mays);
    let taken = send(&app.dossiers, &request, on, &command).await;
    // If the store did not respond, it is unknown whether the code was used; it is then skipped.
    let unused = match &taken {
        Ok(loaded) => loaded.state.submission.as_ref().is_none_or(|s| s.brief.code != command.code),
        Err(problem) => problem.status().is_client_error(),
    };
    if unused {
        app.codes.give_back(reserved);
    }
    let loaded = taken?;
    named(&app, &loaded.state.documents);
    let body =
        DossierReply::new(&loaded.state, &app.engine.law()).ok_or_else(Problem::not_found)?;
    let location = format!("/v1/dossiers/{id}");
    Ok(Reply::created(&location, &body).version(loaded.version).position(loaded.position))
}

/// A submission that can be decided on; its dossier has no code yet.
pub(super) struct Prepared<'l> {
    pub(super) command: SubmitDossier,
    pub(super) mays: &'static [May],
    pub(super) agency: &'l Agency,
    pub(super) procedure: &'l Procedure,
    /// The date in the agency.
    pub(super) today: Date,
}

/// Makes the command from a request, with the findings of checks outside the law.
pub(super) async fn prepared<'l>(
    app: &App,
    law: &'l Law,
    request: &Request,
) -> Result<Prepared<'l>, Problem> {
    let caller = request.caller()?;
    let mut body: SubmitDossierRequest = request.json()?;
    // An officer enters dossiers for their own agency, and for those for which the procedure lets
    // it receive them, which the law decides; an applicant may file with any agency.
    let (mays, wrong) = match body.applicant {
        Some(_) => (BY_OFFICER, APPLICANT_NOT_PERMITTED),
        None => (BY_APPLICANT, APPLICANT_MISSING),
    };
    if !caller.roles.iter().any(|role| mays.iter().any(|may| may.role == *role)) {
        return Err(Problem::at(wrong, "/applicant"));
    }
    // The resource includes the applicant, so that officers cannot enter their own dossiers.
    let at = Resource {
        owners: body.applicant.iter().map(|named| Subject::from(&*party_name(&named.0))).collect(),
        agencies: vec![body.agency.clone()],
        informed: caller.agency.iter().cloned().collect(),
        ..Resource::default()
    };
    Request::permitted_over(caller, mays, Some(at))?;
    let (documents, unknown) = documents(app, (caller, mays), &body.documents).await?;
    let mut found = Reasons::default();
    found.found(UNKNOWN_DOCUMENT, unknown);
    let code = ProcedureCode::from(&*body.procedure.0);
    found.found(NOT_COVERED, not_covered(caller, &code));
    let now = app.engine.clock.now();
    let (agency, procedure, today) = match applicable(law, &body.agency, &code, now) {
        Ok(applicable) => applicable,
        Err(mut unknown) => {
            unknown.extend(found);
            return Err(Problem::refused(&unknown));
        }
    };
    found.found(FORM_INVALID, check_form(app, procedure, (&body.agency, today), &mut body.form));
    let (applicant, representative) = parties(caller, body.applicant);
    let command = SubmitDossier {
        dossier: DossierId(request.new_id(&app.dossiers, caller, "dossier").await?),
        code: "".into(),
        agency: body.agency,
        channel: body.channel,
        applicant,
        representative,
        form: body.form,
        found,
        documents,
        groups: body.groups.0.into_iter().map(|group| group.0).collect(),
        delivery: body.delivery.map(Into::into),
        posted_at: body.posted_at,
        posted_by: body.posted_by,
    };
    Ok(Prepared { command, mays, agency, procedure, today })
}

/// A finding if the caller's mandate does not cover the procedure.
fn not_covered(caller: &Caller, code: &ProcedureCode) -> Vec<Finding> {
    let under = caller.mandate.iter().filter(|under| !under.covers(Some(code)));
    let finding = under.map(|under| {
        let known = Known::new(code, &under.procedures, "GET /v1/mandates");
        NOT_COVERED.finding("/procedure", Some(known.said()))
    });
    finding.collect()
}

/// The agency, the procedure in force there, and today's date; or which of them are unknown.
pub(super) fn applicable<'l>(
    law: &'l Law,
    agency: &AgencyCode,
    code: &ProcedureCode,
    now: Timestamp,
) -> Result<(&'l Agency, &'l Procedure, Date), Reasons> {
    let mut unknown = Reasons::default();
    let registered = law.agency(agency).zip(law.calendar_of(agency));
    // Only whether it is in force depends on the agency's date.
    let today = registered.map(|(_, calendar)| calendar.date_of(now));
    let procedure = today.and_then(|today| law.in_force(code, today));
    if !law.knows(code) {
        // One code for all versions of a procedure.
        let all: BTreeSet<_> = law.procedures().map(|procedure| &procedure.code).collect();
        let known = Known::new(code, all, "GET /v1/procedures");
        let finding = UNKNOWN_PROCEDURE.finding("/procedure", Some(known.said()));
        unknown.found(UNKNOWN_PROCEDURE, vec![finding]);
    } else if today.is_some() && procedure.is_none() {
        unknown.found(NOT_IN_FORCE, vec![NOT_IN_FORCE.finding("/procedure", None)]);
    }
    if registered.is_none() {
        let of = law.procedures().find(|procedure| procedure.code == *code);
        let all = law.agencies().map(|agency| &agency.code);
        let all = all.filter(|code| of.is_none_or(|procedure| procedure.agency.covers(code)));
        let known = Known::agencies(agency, all);
        let finding = UNKNOWN_AGENCY.finding("/agency", Some(known.said()));
        unknown.found(UNKNOWN_AGENCY, vec![finding]);
    }
    match (registered, procedure, today) {
        (Some((agency, _)), Some(procedure), Some(today)) => Ok((agency, procedure, today)),
        _ => Err(unknown),
    }
}

/// Validates a form against its schema and against the lists of codes on the agency's present day
/// and on the day of filing, and normalises its tax codes and telephone numbers.
pub(super) fn check_form(
    app: &App,
    procedure: &Procedure,
    (agency, filed): (&AgencyCode, Date),
    form: &mut Value,
) -> Vec<Finding> {
    let forms = app.engine.forms();
    let mut errors = forms.check(procedure, form);
    let (law, now) = (app.engine.law(), app.engine.clock.now());
    if let Some(calendar) = law.calendar_of(agency) {
        let faults =
            law.coded(procedure, form, now, (calendar.date_of(now), filed)).faults.into_iter();
        errors.extend(faults.map(|fault| Finding::said(fault.field, fault.reason)));
    }
    for error in &mut errors {
        error.pointer.insert_str(0, "/form");
    }
    if errors.is_empty() {
        forms.spell(procedure, form);
    }
    errors
}

/// The applicant, and the representative if there is one.
fn parties(caller: &Caller, named: Option<Line<200>>) -> (Subject, Option<Subject>) {
    match (named, &caller.on_behalf_of) {
        (Some(named), _) => (Subject::from(&*party_name(&named.0)), None),
        (None, Some(represented)) => (represented.clone(), Some(caller.subject.clone())),
        (None, None) => (caller.subject.clone(), None),
    }
}

/// The documents with their media types, sizes and digests, and findings of those that the caller
/// may not name; if there are any, the documents are only fit to be checked.
pub(super) async fn documents(
    app: &App,
    who: (&Caller, &[May]),
    requested: &[DocumentRequest],
) -> Result<(Vec<Document>, Vec<Finding>), Problem> {
    let named = requested.iter().enumerate().map(|(place, request)| {
        let name = DocumentName::from(&*request.document.0);
        (format!("/documents/{place}/document"), name)
    });
    let (stored, unknown) = match app.documents.to_be_named(who, named.collect()).await {
        Ok(stored) => (stored, Vec::new()),
        Err(NamedError::Unknown(unknown)) => (Vec::new(), unknown_documents(unknown)),
        Err(error) => return Err(error.into()),
    };
    let mut stored = stored.into_iter();
    let with_file = |request: &DocumentRequest| {
        let (media_type, bytes, sha256) = stored.next().map_or_else(Default::default, |stored| {
            (stored.media_type, stored.bytes, Some(stored.sha256))
        });
        Document {
            component: ComponentCode::from(&*request.component.0),
            document: DocumentName::from(&*request.document.0),
            media_type,
            bytes,
            sha256,
            file_name: Personal::from(request.file_name.0.clone()),
        }
    };
    Ok((requested.iter().map(with_file).collect(), unknown))
}

/// Marks documents as used by a recorded event, so that they are not removed as orphans.
pub(super) fn named(app: &App, documents: &[Document]) {
    app.documents.named(documents.iter().map(|document| &document.document));
}
