//! An applicant or a representative submits a dossier: online, at the counter or by post.
//!
//! Decree 61/2018/NĐ-CP, arts 16 and 17; Decree 45/2020/NĐ-CP, art. 11 (answer within 8 working
//! hours). The dossier is received under the version of the procedure in force on that day, and
//! that version continues to apply to it.

use std::collections::BTreeSet;

use calendar::CalendarError;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::Intake;
use super::form::{TooLate, filed_too_late, public_fields};
use crate::access::{May, agency, any, informed};
use crate::clock;
use crate::contract::{
    AgencyCode, Brief, Channel, Delivery, DeliveryChannel, Document, DossierAccepted, DossierCode,
    DossierId, DossierSubmitted, FeeClaim, Helper, IntakeEvent, Personal, PostEvidence, Receiver,
    Role, Subject,
};
use crate::law::{Case, FeeDue, Law, Procedure, claims};
use crate::step::{
    Collected, Command, Decision, Facts, Known, MissingComponent, Reasons, Rule, Step, refusals,
};

/// Permissions to upload documents before a dossier exists.
pub const UPLOAD: &[May] =
    &[any(Role::Applicant), any(Role::Clerk), any(Role::Approver), any(Role::ComplaintHandler)];

/// The part of these permissions that is exercised for an agency: a caller with one of these roles
/// who is also an applicant uploads as an officer. The document still belongs to the uploader.
pub const UPLOAD_FOR_AGENCY: &[May] =
    &[any(Role::Clerk), any(Role::Approver), any(Role::ComplaintHandler)];

/// The permissions by which an upload may be named in some step: officers name those of their
/// agency.
pub const NAME_UPLOAD: &[May] = &[
    any(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Approver),
    agency(Role::ComplaintHandler),
];

/// Submits a dossier for an applicant.
#[derive(Debug, Clone)]
pub struct SubmitDossier {
    /// Derived from the client and its idempotency key.
    pub dossier: DossierId,
    /// Unique in the installation.
    pub code: DossierCode,
    /// The competent agency, which decides.
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
        NotReceiver => 422, "agency-does-not-receive" at "/agency",
            "quy định của thủ tục không cho phép cơ quan của bạn tiếp nhận hồ sơ thay cơ quan này; người nộp có thể nộp trực tuyến hoặc tại cơ quan này",
            "the procedure does not let your agency receive dossiers for this one; the applicant may file online or at this agency";
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
        MissingDocument(MissingComponent) => 422, "missing-document",
            "thiếu thành phần hồ sơ bắt buộc", "a required component is missing";
        UnknownComponent(Known) => 422, "unknown-component",
            "thành phần hồ sơ không có trong quy định của thủ tục", "the procedure has no such component";
        UnknownGroup(Known) => 422, "unknown-group",
            "thủ tục không giảm phí cho nhóm này", "the procedure reduces no fee for this group";
        EvidenceMissing(MissingComponent) => 422, "evidence-missing",
            "nhóm này phải chứng minh: hãy nộp thành phần hồ sơ làm căn cứ, hoặc bỏ nhóm",
            "this group needs evidence: submit the component, or omit the group";
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
        may: &[any(Role::Applicant), agency(Role::Clerk), informed(Role::Clerk)],
        events: &["intake.DossierSubmitted.v1", "intake.DossierAccepted.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, intake: &Intake, facts: &Facts<'_>) -> Result<Decision<IntakeEvent>, Refusal> {
        if intake.submission.is_some() {
            return Err(Refusal::AlreadySubmitted);
        }
        let rule = facts.rule()?;
        let procedure = rule.procedure;
        let Checked { posted_by, delivery, receiver, claims } = check(rule, self, facts)?;
        let fee_first = is_fee_first(rule, facts.at);
        let automatic = is_accepted_at_once(rule, facts.at, &claims);
        let answer_due_at = if fee_first || automatic { None } else { answer_due(rule, facts.at)? };
        let received_at = self.posted_at.unwrap_or(facts.at);
        let public = public_fields(procedure, &self.form);
        let helper = is_entered(facts).then(|| Helper {
            officer: facts.actor.subject.clone(),
            agency: facts.actor.agency.clone(),
        });
        let brief = Brief {
            dossier: self.dossier,
            code: self.code.clone(),
            procedure: procedure.reference(),
            agency: self.agency.clone(),
            channel: self.channel,
            applicant: self.applicant.clone(),
            representative: self.representative.clone(),
            mandated: Vec::new(),
            helper,
            receiver,
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
            claims,
        };
        let mut events = vec![submitted.into()];
        events.extend(accepted.map(IntakeEvent::from));
        Ok(events.into())
    }
}

/// Whether the fee of a dossier that is submitted now has to be paid before it is accepted.
fn is_fee_first(rule: Rule<'_>, now: Timestamp) -> bool {
    let (fees, today) = (&rule.procedure.fees, rule.calendar.date_of(now));
    fees.due == Some(FeeDue::AtFiling)
        && fees.lines.iter().any(|line| line.effective.contains(today))
}

/// Whether a dossier that is submitted now is accepted by its submission. An officer decides on
/// claims that have to be proved.
pub(super) fn is_accepted_at_once(rule: Rule<'_>, now: Timestamp, claims: &[FeeClaim]) -> bool {
    rule.procedure.intake.automatic && !is_fee_first(rule, now) && claims.is_empty()
}

/// By when the one-stop unit answers a dossier that is complete, and paid if the fee comes first,
/// at `since`; `None` if the procedure sets no period.
pub(super) fn answer_due(
    rule: Rule<'_>,
    since: Timestamp,
) -> Result<Option<Timestamp>, CalendarError> {
    let Some(budget) = rule.procedure.intake.answer else { return Ok(None) };
    Ok(Some(clock::end_of(rule, clock::effective_start(rule, since)?, budget)))
}

/// What the checks of a submission determine.
struct Checked {
    posted_by: Option<PostEvidence>,
    delivery: Delivery,
    receiver: Option<Receiver>,
    claims: Vec<FeeClaim>,
}

/// Whether an officer enters the dossier for an applicant.
fn is_entered(facts: &Facts<'_>) -> bool {
    facts.actor.role.is_officer()
}

/// The one-stop unit at which an officer enters the dossier; `None` for an applicant.
fn receiver(
    procedure: &Procedure,
    decider: &AgencyCode,
    facts: &Facts<'_>,
) -> Result<Option<Receiver>, Refusal> {
    let Some(agency) = facts.actor.agency.as_ref().filter(|_| is_entered(facts)) else {
        return Ok(None);
    };
    // An agency that is not competent is reported as such.
    let may = match procedure.reception(agency, decider) {
        Some(may) => may,
        None if procedure.agency.covers(decider) => return Err(Refusal::NotReceiver),
        None => Vec::new(),
    };
    let officer = facts.law.officer(agency, &facts.actor.subject, facts.at);
    let unit = officer.map(|officer| officer.unit.clone());
    Ok(Some(Receiver { agency: agency.clone(), unit, may }))
}

/// Checks everything that the applicant can correct, and reports all of it at once.
fn check(rule: Rule<'_>, command: &SubmitDossier, facts: &Facts<'_>) -> Result<Checked, Refusal> {
    let procedure = rule.procedure;
    // Dates and amounts are computed from valid forms only.
    let form_is_valid = !command.found.concerns("/form");
    let mut wrong = Collected::after(command.found.clone());
    wrong.collect(check_agency(procedure, &command.agency, facts.law, facts.at))?;
    let receiver = wrong.collect(receiver(procedure, &command.agency, facts))?.flatten();
    wrong.collect(check_channel(rule, command, facts))?;
    let posted_by = wrong.collect(posted(procedure, command, facts.at))?;
    if form_is_valid && posted_by.is_some() {
        wrong.collect(check_forward(rule, command, facts))?;
    }
    if form_is_valid {
        let public = public_fields(procedure, &command.form);
        let received_at = command.posted_at.unwrap_or(facts.at);
        if let Some(TooLate { last_day, pointer }) = filed_too_late(rule, &public, received_at)? {
            wrong.add_at(pointer, Refusal::FiledTooLate(last_day));
        }
    }
    check_documents(procedure, &command.documents, &mut wrong);
    check_groups(procedure, &command.groups, &mut wrong);
    let claims = claimed(rule, command, facts.at);
    check_evidence(procedure, &claims, command, &mut wrong);
    let delivery = wrong.collect(delivery(procedure, command.delivery.clone()))?;
    wrong.done(Refusal::Several)?;
    let unasked = || Delivery { channel: DeliveryChannel::Download, address: None };
    Ok(Checked {
        posted_by: posted_by.flatten(),
        delivery: delivery.unwrap_or_else(unasked),
        receiver,
        claims,
    })
}

pub(super) fn check_agency(
    procedure: &Procedure,
    agency: &AgencyCode,
    law: &Law,
    now: Timestamp,
) -> Result<(), Refusal> {
    let is_competent = |agency: &AgencyCode| procedure.agency.covers(agency);
    if !is_competent(agency) {
        let all = law.agencies().filter(|known| known.succeeded.is_none());
        let competent = all.map(|known| &known.code).filter(|code| is_competent(code));
        return Err(Refusal::AgencyNotCompetent(Known::agencies(agency, competent)));
    }
    let present = law.present(agency, now);
    if present == agency { Ok(()) } else { Err(Refusal::AgencySucceeded(present.clone())) }
}

pub(super) fn check_offered(procedure: &Procedure, channel: Channel) -> Result<(), Refusal> {
    if procedure.channels.contains(&channel) {
        return Ok(());
    }
    let known = Known::of_values(&channel, &procedure.channels, "GET /v1/procedures/{code}");
    Err(Refusal::ChannelNotOffered(known))
}

fn check_channel(
    rule: Rule<'_>,
    command: &SubmitDossier,
    facts: &Facts<'_>,
) -> Result<(), Refusal> {
    let channel = command.channel;
    check_offered(rule.procedure, channel)?;
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

/// Checks that the procedure reduces a fee for each group: an unknown one, perhaps misspelt, would
/// have no effect.
pub(super) fn check_groups(
    procedure: &Procedure,
    groups: &[String],
    wrong: &mut Collected<Refusal>,
) {
    let known: BTreeSet<&String> =
        procedure.fees.reductions.iter().flat_map(|reduction| &reduction.groups).collect();
    let unknown = groups.iter().enumerate().filter(|(_, group)| !known.contains(group));
    for (place, group) in unknown {
        let group = Known::new(group, &known, "GET /v1/procedures/{code}");
        wrong.add_at(format!("/groups/{place}"), Refusal::UnknownGroup(group));
    }
}

/// The claims to groups that the applicant has to prove.
fn claimed(rule: Rule<'_>, command: &SubmitDossier, now: Timestamp) -> Vec<FeeClaim> {
    let on = rule.calendar.date_of(now);
    let SubmitDossier { channel, agency, groups, .. } = command;
    claims(rule.procedure, Case { on, channel: *channel, agency, groups })
}

fn check_evidence(
    procedure: &Procedure,
    claims: &[FeeClaim],
    command: &SubmitDossier,
    wrong: &mut Collected<Refusal>,
) {
    for claim in claims {
        let Some(evidence) = &claim.evidence else { continue };
        if command.documents.iter().all(|document| document.component != *evidence) {
            let place = command.groups.iter().position(|group| *group == claim.group);
            let pointer = format!("/groups/{}", place.unwrap_or_default());
            let missing = MissingComponent::of(procedure, evidence);
            wrong.add_at(pointer, Refusal::EvidenceMissing(missing));
        }
    }
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
        return Ok(DossierAccepted { brief, promise: None, started_at: None, paper: None });
    };
    let started_at = clock::effective_start(rule, moment)?;
    let ledger = clock::Ledger::since(started_at);
    let promise = clock::promise(rule, brief.channel, &ledger)?;
    Ok(DossierAccepted { brief, promise, started_at: Some(started_at), paper: None })
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
    for (place, unknown) in Known::unknown_components(procedure, given) {
        let pointer = format!("/documents/{place}/component");
        wrong.add_at(pointer, Refusal::UnknownComponent(unknown));
    }
    let required = procedure.documents.iter().filter(|component| component.required);
    let required = required.map(|component| &component.code);
    for (pointer, missing) in MissingComponent::among(procedure, documents, required) {
        wrong.add_at(pointer, Refusal::MissingDocument(missing));
    }
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
pub(crate) mod tests;
