//! An applicant or a representative submits a dossier: online, at the counter or by post.
//!
//! Decree 61/2018/NĐ-CP, arts 16 and 17; Decree 45/2020/NĐ-CP, art. 11 (answer within 8 working
//! hours). The dossier is received under the version of the procedure in force on that day, and
//! that version continues to apply to it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::Intake;
use super::form::{TooLate, filed_too_late, public_fields};
use crate::access::{May, agency, any};
use crate::clock;
use crate::contract::{
    AgencyCode, Brief, Channel, ComponentCode, Delivery, DeliveryChannel, Document,
    DossierAccepted, DossierCode, DossierId, DossierSubmitted, IntakeEvent, Personal, PostEvidence,
    Role, Subject,
};
use crate::law::{FeeDue, Procedure};
use crate::step::{Collected, Command, Decision, Facts, Known, Reasons, Rule, Step, refusals};

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
    pub form: Value,
    /// What checks outside the law found: fields of the form that break its schema, documents that
    /// were not uploaded.
    pub found: Reasons,
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
        AgencyNotCompetent(Known) => 422, "agency-not-competent" at "/agency",
            "cơ quan này không tiếp nhận thủ tục này", "this agency does not receive this procedure";
        AgencySucceeded(AgencyCode) => 422, "agency-succeeded" at "/agency",
            "cơ quan này đã được sáp nhập hoặc giải thể, hãy chọn cơ quan kế tục",
            "this agency was merged or dissolved; use its successor";
        ChannelNotOffered(Known) => 422, "channel-not-offered" at "/channel",
            "thủ tục này không tiếp nhận theo hình thức này", "the procedure is not offered by this channel";
        ChannelOnlyInOutage => 409, "channel-only-in-outage" at "/channel",
            "hình thức này chỉ được tiếp nhận khi hệ thống gặp sự cố đã công bố; hãy nộp theo hình thức khác",
            "this channel is open only during a declared outage of the others; use another one";
        CounterOnly => 422, "channel-needs-an-officer" at "/channel",
            "chỉ cán bộ ghi nhận hồ sơ, phản ánh nộp trực tiếp hoặc qua bưu chính; hãy dùng `online`",
            "only officers enter submissions by counter or post; use `online`";
        MissingDocument(ComponentCode) => 422, "missing-document" at "/documents",
            "thiếu thành phần hồ sơ bắt buộc", "a required component is missing";
        UnknownComponent(Known) => 422, "unknown-component",
            "thành phần hồ sơ không có trong quy định của thủ tục", "the procedure has no such component";
        PostedAtImpossible => 422, "posted-at-impossible" at "/posted_at",
            "ngày gửi bưu chính chỉ có với hình thức bưu chính và không ở tương lai",
            "a date of posting is only for the channel `post`, and must not be in the future";
        PostedAtMissing => 422, "posted-at-missing" at "/posted_at",
            "thời hạn của hồ sơ gửi bưu chính tính từ ngày gửi, cần ghi ngày đó",
            "the period of a dossier sent by post counts from the date of posting, which is required";
        WrongEvidence(String) => 422, "wrong-evidence-of-posting" at "/posted_by",
            "thủ tục này tính theo một căn cứ khác về ngày gửi",
            "the procedure requires other evidence of the date of posting";
        FiledTooLate(Date) => 422, "filed-too-late" at "/form",
            "hồ sơ phải được nộp trước ngày đã nêu, ngày nộp cuối cùng là",
            "the dossier must be filed a set time before the date in its form; the last day for filing was";
        DeliveryNotOffered(Known) => 422, "delivery-not-offered" at "/delivery/channel",
            "thủ tục không trả kết quả theo hình thức này", "the procedure does not deliver results in this way";
        AddressMissing => 422, "address-missing" at "/delivery/address",
            "trả kết quả qua bưu chính cần địa chỉ nhận", "delivery by post requires an address";
    }
}

impl Command for SubmitDossier {
    type State = Intake;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "submit_dossier",
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
        let Checked { posted_by, delivery } = check(rule, self, facts)?;
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

/// What the checks of a submission determine.
struct Checked {
    posted_by: Option<PostEvidence>,
    delivery: Delivery,
}

/// Checks everything that the applicant can correct, and reports all of it at once.
fn check(rule: Rule<'_>, command: &SubmitDossier, facts: &Facts<'_>) -> Result<Checked, Refusal> {
    let procedure = rule.procedure;
    // Dates and amounts are computed from valid forms only.
    let form_is_valid = !command.found.concerns("/form");
    let mut wrong = Collected::after(command.found.clone());
    wrong.take(check_agency(procedure, &command.agency, facts))?;
    wrong.take(check_channel(rule, command, facts))?;
    let posted_by = wrong.take(posted(procedure, command, facts.at))?;
    if form_is_valid && posted_by.is_some() {
        wrong.take(check_forward(rule, command, facts))?;
    }
    if form_is_valid {
        let public = public_fields(procedure, &command.form);
        let received_at = command.posted_at.unwrap_or(facts.at);
        if let Some(TooLate { last_day, pointer }) = filed_too_late(rule, &public, received_at)? {
            wrong.add_at(pointer, Refusal::FiledTooLate(last_day));
        }
    }
    check_documents(procedure, &command.documents, &mut wrong);
    let delivery = wrong.take(delivery(procedure, command.delivery.clone()))?;
    wrong.done(Refusal::Several)?;
    let unasked = || Delivery { channel: DeliveryChannel::Download, address: None };
    Ok(Checked { posted_by: posted_by.flatten(), delivery: delivery.unwrap_or_else(unasked) })
}

fn check_agency(
    procedure: &Procedure,
    agency: &AgencyCode,
    facts: &Facts<'_>,
) -> Result<(), Refusal> {
    let is_competent = |agency: &AgencyCode| procedure.agency.covers(agency);
    if !is_competent(agency) {
        let all = facts.law.agencies().filter(|known| known.succeeded.is_none());
        let competent = all.map(|known| &known.code).filter(|code| is_competent(code));
        return Err(Refusal::AgencyNotCompetent(Known::agencies(agency, competent)));
    }
    let present = facts.law.present(agency, facts.at);
    if present == agency { Ok(()) } else { Err(Refusal::AgencySucceeded(present.clone())) }
}

fn check_channel(
    rule: Rule<'_>,
    command: &SubmitDossier,
    facts: &Facts<'_>,
) -> Result<(), Refusal> {
    let (channel, offered) = (command.channel, &rule.procedure.channels);
    if !offered.contains(&channel) {
        let known = Known::of_values(&channel, offered, "GET /v1/procedures/{code}");
        return Err(Refusal::ChannelNotOffered(known));
    }
    if channel != Channel::Online && facts.actor.role == Role::Applicant {
        return Err(Refusal::CounterOnly);
    }
    if rule.is_open(channel, command.posted_at.unwrap_or(facts.at)) {
        Ok(())
    } else {
        Err(Refusal::ChannelOnlyInOutage)
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
fn check_documents(procedure: &Procedure, documents: &[Document], wrong: &mut Collected<Refusal>) {
    let given = documents.iter().map(|document| &document.component);
    for (place, unknown) in unknown_components(procedure, given) {
        let pointer = format!("/documents/{place}/component");
        wrong.add_at(pointer, Refusal::UnknownComponent(unknown));
    }
    let is_missing = |code: &ComponentCode| documents.iter().all(|one| one.component != *code);
    let required = procedure.documents.iter().filter(|component| component.required);
    for component in required.filter(|component| is_missing(&component.code)) {
        wrong.add(Refusal::MissingDocument(component.code.clone()));
    }
}

/// The components that a procedure does not have, with their places in the list.
pub(crate) fn unknown_components<'c>(
    procedure: &Procedure,
    given: impl IntoIterator<Item = &'c ComponentCode>,
) -> Vec<(usize, Known)> {
    let is_known = |code: &ComponentCode| procedure.documents.iter().any(|one| one.code == *code);
    let unknown = given.into_iter().enumerate().filter(|(_, code)| !is_known(code));
    unknown.map(|(place, code)| (place, Known::component(code, procedure))).collect()
}

fn delivery(procedure: &Procedure, wanted: Option<Delivery>) -> Result<Delivery, Refusal> {
    let first = procedure.delivery.first().copied().unwrap_or(DeliveryChannel::Download);
    let delivery = wanted.unwrap_or(Delivery { channel: first, address: None });
    if !procedure.delivery.is_empty() && !procedure.delivery.contains(&delivery.channel) {
        let known =
            Known::of_values(&delivery.channel, &procedure.delivery, "GET /v1/procedures/{code}");
        return Err(Refusal::DeliveryNotOffered(known));
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
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::law::Finding;
    use crate::law::Law;
    use crate::step::{Refuse, VALUES_IMPOSSIBLE};
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
            found: Reasons::default(),
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
        assert_eq!(pointed(late), vec![("/form/seminar/date".to_owned(), "filed-too-late")]);
    }

    /// The pointers and codes of a refusal.
    pub(crate) fn pointed<T: std::fmt::Debug>(
        refused: Result<T, impl Refuse>,
    ) -> Vec<(String, &'static str)> {
        let found = refused.unwrap_err().findings();
        found.into_iter().map(|one| (one.pointer, one.code.unwrap_or(""))).collect()
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
        let extra = ("/documents/2/component".to_owned(), "unknown-component");
        assert_eq!(pointed(submit(command, Role::Applicant)), [extra]);
    }

    #[test]
    fn all_that_is_wrong_with_a_submission_is_reported_at_once() {
        let mut command = promotion();
        command.documents = vec![document("extra")];
        command.posted_at = Some(at("2026-11-19T09:00"));
        command.delivery = Some(Delivery { channel: DeliveryChannel::Post, address: None });
        let broken = vec![Finding::new("/form/merchant", "thiếu", "is required")];
        command.found.found(VALUES_IMPOSSIBLE, broken);
        let expected = [
            ("/form/merchant", "values-impossible"),
            ("/posted_at", "posted-at-impossible"),
            ("/documents/0/component", "unknown-component"),
            ("/documents", "missing-document"),
            ("/documents", "missing-document"),
            ("/delivery/address", "address-missing"),
        ];
        let refused = submit(command, Role::Applicant);
        assert_eq!(pointed(refused), expected.map(|(at, code)| (at.to_owned(), code)));
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
        assert_eq!(
            pointed(submit(command, Role::Applicant)),
            vec![("/agency".to_owned(), "agency-not-competent")]
        );
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
