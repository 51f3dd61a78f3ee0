//! Grants a mandate. The law: `libs/dossier/src/mandates/grant_mandate.rs`.

use std::sync::Arc;

use documents::NamedError;
use dossier::access::{Caller, May, Resource, agency, any};
use dossier::contract::{
    DocumentDigest, DocumentName, MandateEvidence, MandateId, ProcedureCode, Role, Subject,
    party_name,
};
use dossier::mandates::grant_mandate::GrantMandate;
use dossier::mandates::limits::PROCEDURES_MAX;
use dossier::step::Reasons;
use dossier::{Command, RefusalEntry};
use engine::view::Question;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use web::{
    Line, List, On, Operation, Problem, Reply, Request, Text, UNKNOWN_DOCUMENT, send,
    unknown_documents,
};

use super::reply::{ACTS_FOR_OTHERS, MandateReply, of_mandate, party};
use crate::mandates::App;
use crate::mandates::listed::{name, open_of};

const BY_OFFICER: &[May] = &[agency(Role::Clerk)];
const BY_PRINCIPAL: &[May] = &[any(Role::Applicant)];

const PRINCIPAL_NOT_PERMITTED: RefusalEntry = RefusalEntry {
    status: 422,
    code: "principal-not-permitted",
    vi: "chỉ cán bộ nêu người ủy quyền; bạn ủy quyền cho chính mình, hãy bỏ `principal`",
    en: "only officers name the principal; omit `principal` to grant a mandate of your own",
};
const PRINCIPAL_MISSING: RefusalEntry = RefusalEntry {
    status: 422,
    code: "principal-missing",
    vi: "cán bộ ghi nhận ủy quyền phải nêu người ủy quyền (`principal`)",
    en: "an officer who records a mandate must name the `principal`",
};

/// A mandate to be granted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantMandateRequest {
    /// Subject of the represented person or firm; only if an officer records the mandate.
    principal: Option<Line<200>>,
    /// Subject of the person, or tax code of the firm, that is to act: a firm by any of its people
    /// and programs.
    representative: Line<200>,
    /// Codes of the procedures that it covers; all if empty.
    #[serde(default)]
    #[schema(example = json!(["CO.D"]), value_type = Vec<String>, max_items = 100)]
    procedures: List<Line<100>, PROCEDURES_MAX>,
    /// First instant at which it is no longer in force, at most 5 years from now; a year from now
    /// if absent.
    #[schema(example = "2027-06-30T00:00:00+07:00")]
    ends_at: Option<Timestamp>,
    /// What it is evidenced by; `declaration` if absent, which officers cannot record.
    evidence: Option<MandateEvidence>,
    /// Number of the notarial act, contract or power of attorney.
    number: Option<Line<100>>,
    /// The notary, or the authority that certified it.
    certified_by: Option<Line<200>>,
    /// Text of the power of attorney, or what it says beyond the other fields.
    text: Option<Text<4000>>,
    /// Name of an uploaded copy of the evidence.
    document: Option<Line<100>>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/mandates", "grant_mandate", "Grant a mandate")
        .step(&GrantMandate::STEP)
        .describe(
            "A person or firm lets another one act for it; a clerk records a mandate on evidence. It \
             is in force once the representative has accepted it, who then names it in the header \
             `Mandate`.",
        )
        .refusals(&[
            PRINCIPAL_NOT_PERMITTED,
            PRINCIPAL_MISSING,
            UNKNOWN_DOCUMENT,
            ACTS_FOR_OTHERS,
        ])
        .body::<GrantMandateRequest>()
        .body_example(json!({
            "representative": "0101234565", "procedures": ["CO.D"],
            "ends_at": "2027-06-30T00:00:00+07:00"
        }))
        .created::<MandateReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let own = party(caller)?;
    let body: GrantMandateRequest = request.json()?;
    let (mays, wrong) = match body.principal {
        Some(_) => (BY_OFFICER, PRINCIPAL_NOT_PERMITTED),
        None => (BY_PRINCIPAL, PRINCIPAL_MISSING),
    };
    if !caller.roles.iter().any(|role| mays.iter().any(|may| may.role == *role)) {
        return Err(Problem::at(wrong, "/principal"));
    }
    let subject = |line: &Line<200>| Subject::from(&*party_name(&line.0));
    let principal = body.principal.as_ref().map_or_else(|| own.clone(), subject);
    let representative = subject(&body.representative);
    // With both parties as owners, no clerk records a mandate of their own.
    let at = Resource {
        owners: vec![principal.clone(), representative.clone()],
        agencies: caller.agency.iter().cloned().collect(),
        ..Resource::default()
    };
    Request::permitted_over(caller, mays, Some(at))?;
    let mut found = Reasons::default();
    let document = copy(&app, (caller, mays), body.document.as_ref(), &mut found).await?;
    let mandate = MandateId(request.new_id(&app.mandates, caller, "mandate").await?);
    let open = open(&app, (&principal, &representative)).await?;
    let command = GrantMandate {
        mandate,
        principal,
        representative,
        procedures: body.procedures.0.iter().map(|code| ProcedureCode::from(&*code.0)).collect(),
        ends_at: body.ends_at,
        evidence: body.evidence.unwrap_or(MandateEvidence::Declaration),
        number: body.number.map(|line| line.0.into()),
        certified_by: body.certified_by.map(|line| line.0.into()),
        text: body.text.as_ref().map(Text::personal),
        document,
        open,
        found,
    };
    let id = mandate.to_string();
    let on = On::stream(&id, None).beginning_without_law().by(mays);
    let loaded = send(&app.mandates, &request, on, &command).await?;
    app.documents.named(command.document.iter().map(|(name, _)| name));
    let body = of_mandate(&loaded, caller, app.engine.clock.now())?;
    let location = format!("/v1/mandates/{mandate}");
    Ok(Reply::created(&location, &body).version(loaded.version).position(loaded.position))
}

/// The copy of the evidence with its digest; a finding if the caller may not name it.
async fn copy(
    app: &App,
    who: (&Caller, &[May]),
    document: Option<&Line<100>>,
    found: &mut Reasons,
) -> Result<Option<(DocumentName, DocumentDigest)>, Problem> {
    let names = document.map(|name| ("/document".to_owned(), DocumentName::from(&*name.0)));
    match app.documents.to_be_named(who, names.into_iter().collect()).await {
        Ok(stored) => Ok(stored.into_iter().next().map(|stored| (stored.name, stored.sha256))),
        Err(NamedError::Unknown(unknown)) => {
            found.found(UNKNOWN_DOCUMENT, unknown_documents(unknown));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Open mandates of the principal and of the representative.
async fn open(
    app: &App,
    (principal, representative): (&Subject, &Subject),
) -> Result<(u32, u32), Problem> {
    let (principal, representative) = (name(principal), name(representative));
    let now = app.engine.clock.now();
    let counted = app
        .listed
        .query(Question::List, move |rows| open_of(rows, (&principal, &representative), now));
    Ok(counted.await?)
}
