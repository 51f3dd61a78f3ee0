//! An applicant or a representative submits a dossier: online, at the counter or by post.
//!
//! Decree 61/2018/NĐ-CP, arts 16 and 17; Decree 45/2020/NĐ-CP, art. 11 (answer within 8 working
//! hours). The dossier is received under the version of the procedure in force on that day, and
//! that version continues to apply to it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::Intake;
use super::form::{filed_too_late, public_fields};
use crate::access::{May, agency, any};
use crate::clock;
use crate::contract::{
    AgencyCode, Brief, Channel, ComponentCode, Delivery, DeliveryChannel, Document,
    DossierAccepted, DossierCode, DossierId, DossierSubmitted, IntakeEvent, Personal, PostEvidence,
    Role, Subject,
};
use crate::law::{FeeDue, Procedure};
use crate::step::{Command, Decision, Facts, Rule, Step, refusals};

/// Permissions to upload documents before a dossier exists.
pub const UPLOAD: &[May] = &[any(Role::Applicant), any(Role::Clerk), any(Role::Approver)];

/// The part of these permissions that is exercised for an agency: a caller with one of these roles
/// who is also an applicant uploads as an officer. The document still belongs to the uploader.
pub const UPLOAD_FOR_AGENCY: &[May] = &[any(Role::Clerk), any(Role::Approver)];

/// Submits a dossier for an applicant.
#[derive(Debug, Clone)]
pub struct SubmitDossier {
    /// Derived from the client and its idempotency key.
    pub dossier: DossierId,
    /// Unique in the installation.
    pub code: DossierCode,
    /// The receiving agency.
    pub agency: AgencyCode,
    pub channel: Channel,
    pub applicant: Subject,
    pub representative: Option<Subject>,
    /// Checked against the procedure's schema before.
    pub form: Value,
    /// The uploaded documents.
    pub documents: Vec<Document>,
    /// The groups that reduce the fee, as claimed by the applicant.
    pub groups: Vec<String>,
    /// The way in which the applicant wants the result.
    pub delivery: Option<Delivery>,
    /// For post: the date of posting, where the law counts by it.
    pub posted_at: Option<Timestamp>,
    /// The evidence for that date; by default the kind of evidence that the procedure names.
    pub posted_by: Option<PostEvidence>,
}

refusals! {
    /// Why a dossier cannot be submitted.
    pub enum Refusal {
        AlreadySubmitted => 409, "already-submitted",
            "hồ sơ này đã được nộp", "this dossier has been submitted before";
        AgencyNotCompetent => 422, "agency-not-competent",
            "cơ quan này không tiếp nhận thủ tục này", "this agency does not receive this procedure";
        AgencySucceeded(AgencyCode) => 422, "agency-succeeded",
            "cơ quan này đã được sáp nhập hoặc giải thể, cơ quan kế tục là:",
            "this agency has ended, its work is done by another one:";
        ChannelNotOffered => 422, "channel-not-offered",
            "thủ tục này không tiếp nhận theo hình thức này", "the procedure is not offered by this channel";
        ChannelOnlyInOutage => 409, "channel-only-in-outage",
            "hình thức này chỉ được tiếp nhận khi hệ thống gặp sự cố đã công bố; hãy nộp theo hình thức khác",
            "this channel is open only while an outage of the others is declared: file by another one";
        CounterOnly => 422, "channel-needs-an-officer",
            "chỉ cán bộ ghi nhận những gì nộp trực tiếp hoặc qua bưu chính",
            "only an officer enters what comes by counter or post";
        MissingDocument(ComponentCode) => 422, "missing-document",
            "thiếu thành phần hồ sơ bắt buộc", "a required component is missing";
        UnknownComponent(ComponentCode) => 422, "unknown-component",
            "thành phần hồ sơ không có trong quy định của thủ tục", "the procedure does not know this component";
        PostedAtImpossible => 422, "posted-at-impossible",
            "ngày gửi bưu chính chỉ có với hình thức bưu chính và không ở tương lai",
            "a date of posting goes with the channel post and does not lie in the future";
        PostedAtMissing => 422, "posted-at-missing",
            "thời hạn của hồ sơ gửi bưu chính tính từ ngày gửi, cần ghi ngày đó",
            "what comes by post counts from the date of posting, which must be given";
        WrongEvidence(String) => 422, "wrong-evidence-of-posting",
            "thủ tục này tính theo một căn cứ khác về ngày gửi",
            "the procedure counts by the date of something else";
        FiledTooLate(Date) => 422, "filed-too-late",
            "hồ sơ phải được nộp trước ngày đã nêu, ngày nộp cuối cùng là",
            "it had to be filed some time before the day that it names, the last day was";
        DeliveryNotOffered => 422, "delivery-not-offered",
            "thủ tục không trả kết quả theo hình thức này", "the result cannot be delivered in this way";
        AddressMissing => 422, "address-missing",
            "trả kết quả qua bưu chính cần địa chỉ nhận", "delivery by post needs an address";
    }
}

impl Command for SubmitDossier {
    type State = Intake;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "submit_dossier",
        service: "intake",
        basis: "61/2018/NĐ-CP Điều 16, 17; 45/2020/NĐ-CP Điều 11",
        may: &[any(Role::Applicant), agency(Role::Clerk)],
        events: &["intake.DossierSubmitted.v1", "intake.DossierAccepted.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, intake: &Intake, facts: &Facts<'_>) -> Result<Decision<IntakeEvent>, Refusal> {
        if intake.submission.is_some() {
            return Err(Refusal::AlreadySubmitted);
        }
        let rule = facts.rule()?;
        let procedure = rule.procedure;
        if !procedure.agency.covers(&self.agency) {
            return Err(Refusal::AgencyNotCompetent);
        }
        let present = facts.law.present(&self.agency, facts.at);
        if *present != self.agency {
            return Err(Refusal::AgencySucceeded(present.clone()));
        }
        if !procedure.channels.contains(&self.channel) {
            return Err(Refusal::ChannelNotOffered);
        }
        if self.channel != Channel::Online && facts.actor.role == Role::Applicant {
            return Err(Refusal::CounterOnly);
        }
        let posted_by = posted(procedure, self, facts.at)?;
        if !rule.is_open(self.channel, self.posted_at.unwrap_or(facts.at)) {
            return Err(Refusal::ChannelOnlyInOutage);
        }
        check_forward(rule, self, facts)?;
        check_documents(procedure, &self.documents)?;
        let delivery = delivery(procedure, self.delivery.clone())?;
        let today = rule.calendar.date_of(facts.at);
        let fee_first = procedure.fees.due == Some(FeeDue::AtFiling)
            && procedure.fees.lines.iter().any(|line| line.effective.contains(today));
        let automatic = procedure.intake.automatic && !fee_first;
        let answer_due_at = match procedure.intake.answer {
            Some(budget) if !fee_first && !automatic => {
                let start = clock::effective_start(rule, facts.at)?;
                Some(clock::end_of(rule, start, budget))
            }
            Some(_) | None => None,
        };
        let received_at = self.posted_at.unwrap_or(facts.at);
        let public = public_fields(procedure, &self.form);
        if let Some(last_day) = filed_too_late(rule, &public, received_at)? {
            return Err(Refusal::FiledTooLate(last_day));
        }
        let brief = Brief {
            dossier: self.dossier,
            code: self.code.clone(),
            procedure: procedure.reference(),
            agency: self.agency.clone(),
            channel: self.channel,
            applicant: self.applicant.clone(),
            representative: self.representative.clone(),
            public,
            groups: self.groups.clone(),
            delivery,
            submitted_at: facts.at,
        };
        let accepted =
            automatic.then(|| accepted_at_once(rule, &brief, received_at)).transpose()?;
        let submitted = DossierSubmitted {
            brief,
            form: Personal::from(self.form.clone()),
            documents: self.documents.clone(),
            posted_at: self.posted_at,
            posted_by,
            answer_due_at,
            fee_first,
        };
        let mut events = vec![submitted.into()];
        events.extend(accepted.map(IntakeEvent::from));
        Ok(events.into())
    }
}

/// Checks that the dates and amounts that will follow from the dossier can be computed.
fn check_forward(
    rule: Rule<'_>,
    command: &SubmitDossier,
    facts: &Facts<'_>,
) -> Result<(), Refusal> {
    let (channel, form, posted_at) = (command.channel, &command.form, command.posted_at);
    let since = facts.law.first_day(&rule.procedure.code);
    let since = since.unwrap_or(rule.procedure.effective.from);
    let filed = clock::Filed { channel, form, posted_at, submitted_at: facts.at, since };
    let faults = clock::forward(rule, filed, facts.at);
    if faults.is_empty() { Ok(()) } else { Err(Refusal::Impossible(faults)) }
}

fn accepted_at_once(
    rule: Rule<'_>,
    brief: &Brief,
    received_at: Timestamp,
) -> Result<DossierAccepted, Refusal> {
    let (completed_at, accepted_at, fee_at) = (received_at, brief.submitted_at, None);
    let moments = clock::Moments { received_at, completed_at, accepted_at, fee_at };
    let brief = brief.clone();
    let Some(moment) = clock::start_moment(&rule.procedure.clock, moments) else {
        return Ok(DossierAccepted { brief, promise: None, started_at: None });
    };
    let started_at = clock::effective_start(rule, moment)?;
    let ledger = clock::Ledger::since(started_at);
    let promise = clock::promise(rule, brief.channel, &ledger)?;
    Ok(DossierAccepted { brief, promise, started_at: Some(started_at) })
}

/// The evidence for the date of posting, where the procedure counts by that date.
fn posted(
    procedure: &Procedure,
    command: &SubmitDossier,
    now: Timestamp,
) -> Result<Option<PostEvidence>, Refusal> {
    let by_post = procedure.clock.by_post.filter(|_| command.channel == Channel::Post);
    match (by_post, command.posted_at) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Refusal::PostedAtImpossible),
        (Some(_), None) => Err(Refusal::PostedAtMissing),
        (Some(_), Some(posted_at)) if posted_at > now => Err(Refusal::PostedAtImpossible),
        (Some(counts), Some(_)) => match command.posted_by {
            Some(given) if given != counts => {
                let counts = serde_json::to_value(counts).unwrap_or_default();
                Err(Refusal::WrongEvidence(counts.as_str().unwrap_or_default().to_owned()))
            }
            Some(_) | None => Ok(Some(counts)),
        },
    }
}

/// Checks that every component is known and every required one is present.
fn check_documents(procedure: &Procedure, documents: &[Document]) -> Result<(), Refusal> {
    for document in documents {
        known_component(procedure, &document.component)
            .map_err(|component| Refusal::UnknownComponent(component.clone()))?;
    }
    let missing = procedure.documents.iter().find(|component| {
        component.required && documents.iter().all(|document| document.component != component.code)
    });
    missing.map_or(Ok(()), |component| Err(Refusal::MissingDocument(component.code.clone())))
}

/// Checks that a procedure has this component; the error is the component itself.
pub(super) fn known_component<'a>(
    procedure: &Procedure,
    code: &'a ComponentCode,
) -> Result<(), &'a ComponentCode> {
    if procedure.documents.iter().any(|component| component.code == *code) {
        Ok(())
    } else {
        Err(code)
    }
}

fn delivery(procedure: &Procedure, wanted: Option<Delivery>) -> Result<Delivery, Refusal> {
    let first = procedure.delivery.first().copied().unwrap_or(DeliveryChannel::Download);
    let delivery = wanted.unwrap_or(Delivery { channel: first, address: None });
    if !procedure.delivery.is_empty() && !procedure.delivery.contains(&delivery.channel) {
        return Err(Refusal::DeliveryNotOffered);
    }
    if delivery.channel == DeliveryChannel::Post
        && delivery.address.as_ref().and_then(Personal::known).is_none()
    {
        return Err(Refusal::AddressMissing);
    }
    Ok(delivery)
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::law::Law;
    use crate::testing::{Scene, at, law};

    pub(crate) fn document(component: &str) -> Document {
        Document {
            component: component.into(),
            document: "d0c".into(),
            media_type: "application/pdf".to_owned(),
            bytes: 10,
            sha256: None,
            file_name: Personal::from("scan.pdf".to_owned()),
        }
    }

    pub(crate) fn promotion() -> SubmitDossier {
        SubmitDossier {
            dossier: DossierId(Uuid::from_u128(7)),
            code: "H26.14-261120-260001".into(),
            agency: "H26.14".into(),
            channel: Channel::Online,
            applicant: "a1".into(),
            representative: None,
            form: json!({ "programme": { "prizes_vnd": 5_000_000 }, "merchant": { "name": "M" } }),
            documents: vec![document("form_02"), document("rules")],
            groups: Vec::new(),
            delivery: None,
            posted_at: None,
            posted_by: None,
        }
    }

    /// A notice of a seminar on Monday 14 December 2026.
    pub(crate) fn seminar<'a>(law: &'a Law, moment: &str) -> Result<Scene<'a, Intake>, Refusal> {
        let form = json!({ "seminar": { "date": "2026-12-14" } });
        let documents = vec![document("notice"), document("programme")];
        let command = SubmitDossier { form, documents, ..promotion() };
        let mut scene = Scene::<Intake>::new(law, "MLM.SEMINAR", "H26.14");
        scene.take(moment, Role::Applicant, command)?;
        Ok(scene)
    }

    #[test]
    fn a_notice_must_be_filed_fifteen_working_days_before_what_it_is_about() {
        let law = law();
        // Tuesday 24 November is Vietnam Culture Day.
        assert!(seminar(&law, "2026-11-20T23:59").is_ok());
        let late = seminar(&law, "2026-11-21T00:00").map(|scene| scene.events);
        assert_eq!(late, Err(Refusal::FiledTooLate(date(2026, 11, 20))));
    }

    fn submit(command: SubmitDossier, role: Role) -> Result<Vec<IntakeEvent>, Refusal> {
        let law = law();
        let mut scene = Scene::<Intake>::new(&law, "2.000004", "H26.14");
        scene.take("2026-11-20T09:00", role, command)
    }

    fn submitted(events: &[IntakeEvent]) -> &DossierSubmitted {
        let [IntakeEvent::DossierSubmitted(submitted), ..] = events else { panic!("{events:?}") };
        submitted
    }

    #[test]
    fn the_answer_is_due_within_eight_working_hours() {
        let events = submit(promotion(), Role::Applicant).unwrap();
        assert_eq!(submitted(&events).answer_due_at, Some(at("2026-11-23T09:00")));
        assert_eq!(events.len(), 1);
    }

    #[test]
    fn only_the_public_fields_stand_outside_the_personal_form() {
        let events = submit(promotion(), Role::Applicant).unwrap();
        let public = &submitted(&events).brief.public;
        assert_eq!(public.get("/programme/prizes_vnd"), Some(&json!(5_000_000)));
        assert_eq!(public.len(), 1);
    }

    #[test]
    fn a_missing_document_is_refused_by_name() {
        let command = SubmitDossier { documents: vec![document("form_02")], ..promotion() };
        assert_eq!(submit(command, Role::Applicant), Err(Refusal::MissingDocument("rules".into())));
        let mut command = promotion();
        command.documents.push(document("extra"));
        assert_eq!(
            submit(command, Role::Applicant),
            Err(Refusal::UnknownComponent("extra".into()))
        );
    }

    #[test]
    fn an_applicant_does_not_file_at_the_counter_but_an_officer_does() {
        let counter = || SubmitDossier { channel: Channel::Counter, ..promotion() };
        assert_eq!(submit(counter(), Role::Applicant), Err(Refusal::CounterOnly));
        submit(counter(), Role::Clerk).unwrap();
    }

    #[test]
    fn a_posting_date_goes_with_post_and_not_with_the_future() {
        let posted = |channel, moment| {
            let posted_at = Some(at(moment));
            submit(SubmitDossier { channel, posted_at, ..promotion() }, Role::Clerk)
        };
        posted(Channel::Post, "2026-11-18T09:00").unwrap();
        let refused = Err(Refusal::PostedAtImpossible);
        assert_eq!(posted(Channel::Post, "2026-11-21T09:00"), refused);
        assert_eq!(posted(Channel::Counter, "2026-11-18T09:00"), refused);
    }

    #[test]
    fn what_comes_by_post_counts_by_the_date_that_the_procedure_names() {
        let send = |posted_at: Option<&str>, posted_by| {
            let (channel, posted_at) = (Channel::Post, posted_at.map(at));
            let command = SubmitDossier { channel, posted_at, posted_by, ..promotion() };
            submit(command, Role::Clerk)
        };
        let record = Some(PostEvidence::HandOverRecord);
        assert_eq!(send(None, record), Err(Refusal::PostedAtMissing));
        let wrong = send(Some("2026-11-18T09:00"), Some(PostEvidence::Envelope));
        assert_eq!(wrong, Err(Refusal::WrongEvidence("hand_over_record".to_owned())));
        for posted_by in [record, None] {
            let events = send(Some("2026-11-18T09:00"), posted_by).unwrap();
            assert_eq!(submitted(&events).posted_by, record);
        }
    }

    #[test]
    fn delivery_by_post_needs_an_address() {
        let delivery = Some(Delivery { channel: DeliveryChannel::Post, address: None });
        let refused = submit(SubmitDossier { delivery, ..promotion() }, Role::Applicant);
        assert_eq!(refused, Err(Refusal::AddressMissing));
    }

    #[test]
    fn another_agency_is_not_competent() {
        let command = SubmitDossier { agency: "G02.001".into(), ..promotion() };
        assert_eq!(submit(command, Role::Applicant), Err(Refusal::AgencyNotCompetent));
    }

    #[test]
    fn an_automatic_procedure_accepts_by_the_submission_itself() {
        let law = law();
        let mut scene = Scene::<Intake>::new(&law, "CHEM.IMPORT", "G02.002");
        let command = SubmitDossier {
            agency: "G02.002".into(),
            form: json!({ "chemical": { "hs_chapter": 28, "control": "none" }, "quantity_kg": 50 }),
            documents: vec![document("invoice"), document("sds")],
            ..promotion()
        };
        let step = scene.take("2026-11-20T22:00", Role::Applicant, command);
        let [_, IntakeEvent::DossierAccepted(accepted)] = &step.unwrap()[..] else { panic!() };
        let promise = accepted.promise.as_ref().unwrap();
        assert_eq!(promise.due_at, at("2026-11-23T17:00"));
    }

    #[test]
    fn where_the_fee_comes_first_no_answer_is_due_before_it() {
        let law = law();
        let mut scene = Scene::<Intake>::new(&law, "CO.D", "G02.001");
        let documents = ["application", "export_declaration", "invoice"].map(document).to_vec();
        let form = json!({ "destination": "TH" });
        let command = SubmitDossier { agency: "G02.001".into(), documents, form, ..promotion() };
        let step = scene.take("2026-11-20T09:00", Role::Applicant, command);
        let events = step.unwrap();
        assert!(submitted(&events).fee_first);
        assert_eq!(submitted(&events).answer_due_at, None);
    }
}
