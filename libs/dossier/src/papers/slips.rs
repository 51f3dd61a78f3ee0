//! Slips 01 to 05: what the one-stop unit hands to the applicant at acceptance, a supplement
//! request, a refusal, an apology and a withdrawal (Circular 01/2018/TT-VPCP; Circular
//! 03/2025/TT-VPCP, annex I).

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::applicant::Applicant;
use super::{Comparison, Form, Office, Paper, PaperLanguage, printed};
use crate::contract::{
    Actor, Channel, ComponentCode, DeliveryChannel, IntakeEvent, Meta, PaperIssued, Personal,
    Promise,
};
use crate::intake::Intake;
use crate::law::{Issuer, Law, Procedure};
use crate::step::{Facts, State};

/// A slip of the one-stop unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlipForm {
    /// Form 01: receipt of the dossier, and appointment.
    Receipt,
    /// Form 02: request for a supplement.
    SupplementRequest,
    /// Form 03: refusal to receive the dossier.
    Refusal,
    /// Form 04: apology, and new appointment.
    Apology,
    /// Form 05: end of the handling at the applicant's request.
    Stop,
}

impl SlipForm {
    const fn form(self) -> Form {
        match self {
            Self::Receipt => Form::Receipt01,
            Self::SupplementRequest => Form::Supplement02,
            Self::Refusal => Form::Refusal03,
            Self::Apology => Form::Apology04,
            Self::Stop => Form::Stop05,
        }
    }
}

/// What a slip says. Times are local to the agency; erased values are `[đã xóa]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Slip {
    pub form: SlipForm,
    /// Code of the dossier.
    #[schema(example = "G02.001-261126-0200000042")]
    pub code: String,
    /// Code of the agency that received it.
    #[schema(example = "G02.001")]
    pub agency: String,
    /// Name of the agency on the day of issue.
    #[schema(example = "Cục Xuất nhập khẩu")]
    pub agency_name: String,
    /// Code of the procedure.
    #[schema(example = "CO.D")]
    pub procedure: String,
    /// Name of the procedure in the version that applies.
    #[schema(example = "Cấp Giấy chứng nhận xuất xứ hàng hóa ưu đãi mẫu D")]
    pub procedure_name: String,
    #[serde(flatten)]
    #[schema(inline)]
    pub applicant: Applicant,
    /// Filing channel, in words.
    #[schema(example = "Trực tuyến")]
    pub channel: String,
    /// How the result reaches the applicant, in words.
    #[schema(example = "Nhận tại Bộ phận Tiếp nhận và Trả kết quả")]
    pub delivery: String,
    /// Local time of the submission.
    #[schema(example = "2026-11-20T09:00:00")]
    pub submitted_at: String,
    /// Local time of the issue of the slip.
    #[schema(example = "2026-11-20T10:00:00")]
    pub issued_at: String,
    /// Documents received so far.
    pub documents: Vec<SlipComponent>,
    /// Components that the applicant has to submit; for a supplement request.
    pub missing: Vec<SlipComponent>,
    /// Number of the supplement request within the dossier.
    pub request: Option<u32>,
    /// Written reason.
    #[schema(example = "Thiếu trang 2")]
    pub reason: Option<String>,
    /// The appointment, in words.
    #[schema(example = "hết ngày 30/11/2026")]
    pub due: Option<String>,
    /// Last day of the appointment.
    pub due_on: Option<Date>,
    /// The earlier appointment, in words.
    #[schema(example = "hết ngày 27/11/2026")]
    pub was_due: Option<String>,
    /// End of the applicant's period to submit a supplement, in words.
    #[schema(example = "hết ngày 20/12/2026")]
    pub window: Option<String>,
}

/// A component of the dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SlipComponent {
    /// Code of the component.
    #[schema(example = "application")]
    pub component: String,
    /// Its name in the procedure; the code if it has none.
    #[schema(example = "Đơn đề nghị cấp C/O")]
    pub name: String,
}

/// A slip that was issued.
#[derive(Debug, Clone)]
pub struct SlipPaper {
    /// The event that issued it.
    pub event: Uuid,
    pub at: Timestamp,
    pub actor: Actor,
    pub slip: Slip,
    pub paper: Paper,
}

/// All slips of a dossier, from its events in intake, oldest first.
#[must_use]
pub fn slips(events: &[(IntakeEvent, Meta)], law: &Law) -> Vec<SlipPaper> {
    let mut intake = Intake::default();
    let mut issued = Vec::new();
    for (event, meta) in events {
        intake.evolve(event, meta);
        let made = slip(&intake, event, meta, (law, PaperLanguage::Vietnamese));
        issued.extend(made.map(|made| SlipPaper::of(meta, made)));
    }
    issued
}

/// The slip that the event with this id issued, in a language. `None` if it issued none.
#[must_use]
pub fn slip_in(
    events: &[(IntakeEvent, Meta)],
    id: Uuid,
    (law, language): (&Law, PaperLanguage),
) -> Option<SlipPaper> {
    let mut intake = Intake::default();
    for (event, meta) in events {
        intake.evolve(event, meta);
        if meta.id == id {
            let made = slip(&intake, event, meta, (law, language))?;
            return Some(SlipPaper::of(meta, made));
        }
    }
    None
}

impl SlipPaper {
    fn of(meta: &Meta, (slip, paper): (Slip, Paper)) -> Self {
        let (at, actor) = (meta.at(), meta.envelope.actor.clone());
        Self { event: meta.id, at, actor, slip, paper }
    }
}

/// The comparison of the slip that an event issued with its record; `after` is the state after the
/// event. `None` if the event has no such record.
#[must_use]
pub fn verify(after: &Intake, event: &IntakeEvent, meta: &Meta, law: &Law) -> Option<Comparison> {
    Issuing::of(event)?.recorded?;
    let made = slip(after, event, meta, (law, PaperLanguage::Vietnamese));
    Some(made.map_or(Comparison::Differs, |(_, paper)| paper.comparison()))
}

/// Records the papers that the events of a decision on `intake` issue.
pub(crate) fn issue(
    intake: &Intake,
    mut events: Vec<IntakeEvent>,
    facts: &Facts<'_>,
) -> Vec<IntakeEvent> {
    if !events.iter_mut().any(|event| record_of(event).is_some()) {
        return events;
    }
    let (mut after, meta) = (intake.clone(), super::decided(facts));
    for event in &mut events {
        after.evolve(event, &meta);
        let made = slip(&after, event, &meta, (facts.law, PaperLanguage::Vietnamese));
        if let (Some((slip, paper)), Some(record)) = (made, record_of(event)) {
            *record = Some(paper.record(&slip.agency_name));
        }
    }
    events
}

/// Where an event records the slip that it issues; `None` if it issues none.
fn record_of(event: &mut IntakeEvent) -> Option<&mut Option<PaperIssued>> {
    match event {
        IntakeEvent::DossierAccepted(event) => Some(&mut event.paper),
        IntakeEvent::SupplementRequested(event) => Some(&mut event.paper),
        IntakeEvent::DossierRefused(event) => Some(&mut event.paper),
        IntakeEvent::AppointmentMoved(event) => Some(&mut event.paper),
        IntakeEvent::DossierWithdrawn(event) => Some(&mut event.paper),
        IntakeEvent::DossierSubmitted(_)
        | IntakeEvent::FeeClaimsDecided(_)
        | IntakeEvent::SupplementDeclined(_)
        | IntakeEvent::SupplementSubmitted(_)
        | IntakeEvent::FeeReceived(_)
        | IntakeEvent::FeeReturned(_)
        | IntakeEvent::DeadlineExtended(_)
        | IntakeEvent::TimeNotCounted(_)
        | IntakeEvent::AppointmentFixed(_)
        | IntakeEvent::DossierTransferred(_)
        | IntakeEvent::DeadlineRestated(_)
        | IntakeEvent::IntakeAnswerMissed(_)
        | IntakeEvent::LatenessForeseen(_)
        | IntakeEvent::DeadlineMissed(_)
        | IntakeEvent::DeadlineMissWithdrawn(_)
        | IntakeEvent::DossierDecided(_)
        | IntakeEvent::DossierClosed(_)
        | IntakeEvent::PeriodExtended(_) => None,
    }
}

/// What an event adds to the slip that it issues.
struct Issuing<'a> {
    form: SlipForm,
    reason: Option<&'a Personal<String>>,
    promise: Option<&'a Promise>,
    was_due_at: Option<Timestamp>,
    missing: &'a [ComponentCode],
    request: Option<u32>,
    window_ends_at: Option<Timestamp>,
    recorded: Option<&'a PaperIssued>,
}

impl<'a> Issuing<'a> {
    fn of(event: &'a IntakeEvent) -> Option<Self> {
        let plain = |form, recorded: &'a Option<PaperIssued>| Self {
            form,
            reason: None,
            promise: None,
            was_due_at: None,
            missing: &[],
            request: None,
            window_ends_at: None,
            recorded: recorded.as_ref(),
        };
        Some(match event {
            IntakeEvent::DossierAccepted(event) => {
                Self { promise: event.promise.as_ref(), ..plain(SlipForm::Receipt, &event.paper) }
            }
            IntakeEvent::SupplementRequested(event) => Self {
                reason: Some(&event.reason),
                missing: &event.components,
                request: Some(event.request),
                window_ends_at: Some(event.window_ends_at),
                ..plain(SlipForm::SupplementRequest, &event.paper)
            },
            IntakeEvent::DossierRefused(event) => {
                Self { reason: Some(&event.reason), ..plain(SlipForm::Refusal, &event.paper) }
            }
            IntakeEvent::AppointmentMoved(event) => Self {
                reason: Some(&event.reason),
                promise: Some(&event.promise),
                was_due_at: Some(event.was_due_at),
                ..plain(SlipForm::Apology, &event.paper)
            },
            IntakeEvent::DossierWithdrawn(event) => {
                Self { reason: event.reason.as_ref(), ..plain(SlipForm::Stop, &event.paper) }
            }
            IntakeEvent::DossierSubmitted(_)
            | IntakeEvent::FeeClaimsDecided(_)
            | IntakeEvent::SupplementDeclined(_)
            | IntakeEvent::SupplementSubmitted(_)
            | IntakeEvent::FeeReceived(_)
            | IntakeEvent::FeeReturned(_)
            | IntakeEvent::DeadlineExtended(_)
            | IntakeEvent::TimeNotCounted(_)
            | IntakeEvent::AppointmentFixed(_)
            | IntakeEvent::DossierTransferred(_)
            | IntakeEvent::DeadlineRestated(_)
            | IntakeEvent::IntakeAnswerMissed(_)
            | IntakeEvent::LatenessForeseen(_)
            | IntakeEvent::DeadlineMissed(_)
            | IntakeEvent::DeadlineMissWithdrawn(_)
            | IntakeEvent::DossierDecided(_)
            | IntakeEvent::DossierClosed(_)
            | IntakeEvent::PeriodExtended(_) => return None,
        })
    }
}

/// The slip that an event issues; `intake` is the state after the event. `None` if it issues none,
/// or if the law under which the dossier was received, or the template, is unknown.
fn slip(
    intake: &Intake,
    event: &IntakeEvent,
    meta: &Meta,
    (law, language): (&Law, PaperLanguage),
) -> Option<(Slip, Paper)> {
    let issuing = Issuing::of(event)?;
    let form = issuing.form.form();
    let (slip, erased) = said(intake, &issuing, meta, (law, PaperLanguage::Vietnamese))?;
    let agency = &intake.submission.as_ref()?.brief.agency;
    let issuer = Issuer { law, agency, at: meta.at() };
    let paper = Paper::new(form, (&slip, erased), &issuer, issuing.recorded)?;
    if language == PaperLanguage::Vietnamese {
        return Some((slip, paper));
    }
    let (english, _) = said(intake, &issuing, meta, (law, language))?;
    // A template of an agency may have no translation.
    let translated = Paper::translated(form, &english, (&paper, law));
    Some(translated.map_or((slip, paper), |translated| (english, translated)))
}

/// What a slip says in a language, and whether a value of it was erased.
fn said(
    intake: &Intake,
    issuing: &Issuing<'_>,
    meta: &Meta,
    (law, language): (&Law, PaperLanguage),
) -> Option<(Slip, bool)> {
    let submission = intake.submission.as_ref()?;
    let brief = &submission.brief;
    let procedure = law.procedure(&brief.procedure)?;
    let office = Office::of(law, &brief.agency, meta.at(), issuing.recorded)?
        .written_in(language, (law, &brief.agency, meta.at()));
    let component = |code: &ComponentCode| component(procedure, code, language);
    let mut erased = false;
    let applicant = Applicant::of(brief, &submission.form, &mut erased);
    let promised_at = issuing.promise.map(|promise| promise.due_at);
    let received = intake.documents.iter().map(|document| component(&document.component));
    let slip = Slip {
        form: issuing.form,
        code: brief.code.to_string(),
        agency: brief.agency.to_string(),
        agency_name: office.name.clone(),
        procedure: brief.procedure.code.to_string(),
        procedure_name: language.of_text(&procedure.name).to_owned(),
        applicant,
        channel: language.pick(channel(brief.channel)).to_owned(),
        delivery: language.pick(delivery(brief.delivery.channel)).to_owned(),
        submitted_at: office.local(brief.submitted_at),
        issued_at: office.local(meta.at()),
        documents: received.collect(),
        missing: issuing.missing.iter().map(component).collect(),
        request: issuing.request,
        reason: issuing.reason.map(|reason| printed(reason, &mut erased)),
        due: promised_at.map(|due_at| office.end(due_at)),
        due_on: promised_at.map(|due_at| office.last_day(due_at)),
        was_due: issuing.was_due_at.map(|due_at| office.end(due_at)),
        window: issuing.window_ends_at.map(|end| office.end(end)),
    };
    Some((slip, erased))
}

fn component(
    procedure: &Procedure,
    code: &ComponentCode,
    language: PaperLanguage,
) -> SlipComponent {
    let named = procedure.documents.iter().find(|component| component.code == *code);
    let name = named.map_or(code.as_str(), |component| language.of_text(&component.name));
    let name = name.to_owned();
    SlipComponent { component: code.to_string(), name }
}

/// A filing channel, in Vietnamese and English.
pub(super) const fn channel(channel: Channel) -> [&'static str; 2] {
    match channel {
        Channel::Online => ["Trực tuyến", "online"],
        Channel::Counter => {
            ["Trực tiếp tại Bộ phận Tiếp nhận và Trả kết quả", "at the one-stop unit"]
        }
        Channel::Post => ["Qua dịch vụ bưu chính công ích", "by public post"],
    }
}

/// How a result is delivered, in Vietnamese and English.
pub(super) const fn delivery(channel: DeliveryChannel) -> [&'static str; 2] {
    match channel {
        DeliveryChannel::Download => {
            ["Trực tuyến, qua cổng dịch vụ công", "online, through the public service portal"]
        }
        DeliveryChannel::Collection => {
            ["Nhận tại Bộ phận Tiếp nhận và Trả kết quả", "collection at the one-stop unit"]
        }
        DeliveryChannel::Post => ["Qua dịch vụ bưu chính công ích", "by public post"],
    }
}

#[cfg(test)]
mod tests;
