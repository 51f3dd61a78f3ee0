//! The applicant submits the supplement. Before acceptance, the period for the one-stop unit's
//! answer begins again; after it, the statutory clock resumes or begins again from the start
//! (Decree 61/2018/NĐ-CP, art. 19.4), as the procedure says.

use jiff::civil::Date;
use serde_json::Value;

use super::form::{TooLate, filed_too_late, public_fields};
use super::submit_dossier::answer_due;
use super::{Intake, IntakeDeadline, resumption};
use crate::access::{agency, informed, own};
use crate::clock::{self, Deadlines, Ledger, Suspension};
use crate::contract::{
    Brief, Document, IntakeEvent, Personal, Role, SupplementEffect, SupplementRequested,
    SupplementStage, SupplementSubmitted,
};
use crate::step::{
    Collected, Command, Decision, Facts, Known, MissingComponent, Reasons, Rule, Step, refusals,
};

/// Submits the supplement that was requested.
#[derive(Debug, Clone)]
pub struct SubmitSupplement {
    pub documents: Vec<Document>,
    /// The corrected form.
    pub form: Option<Value>,
    /// What checks outside the law found: fields of the form that break its schema, documents that
    /// were not uploaded.
    pub found: Reasons,
}

refusals! {
    /// Why a supplement is not accepted.
    pub enum Refusal {
        NothingAwaited => 409, "no-supplement-awaited",
            "không có yêu cầu bổ sung đang mở", "no supplement is awaited";
        WindowClosed => 409, "supplement-window-closed",
            "đã hết thời hạn bổ sung", "the period for the supplement has ended";
        MissingDocument(MissingComponent) => 422, "missing-document",
            "thiếu thành phần hồ sơ bắt buộc", "a required component is missing";
        UnknownComponent(Known) => 422, "unknown-component",
            "thành phần hồ sơ không có trong quy định của thủ tục", "the procedure has no such component";
        FiledTooLate(Date) => 422, "filed-too-late" at "/form",
            "hồ sơ phải được nộp trước ngày đã nêu, ngày nộp cuối cùng là",
            "the dossier must be filed a set time before the date in its form; the last day for filing was";
        Empty => 422, "supplement-empty" at "",
            "bổ sung không có nội dung, hãy gửi tài liệu (`documents`) hoặc tờ khai đã sửa (`form`)",
            "the supplement is empty; send `documents` or a corrected `form`";
    }
}

impl Command for SubmitSupplement {
    type State = Intake;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "submit_supplement",
        basis: "61/2018/NĐ-CP Điều 17.2a, 19.4",
        may: &[own(Role::Applicant), agency(Role::Clerk), informed(Role::Clerk)],
        events: &["intake.SupplementSubmitted.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, intake: &Intake, facts: &Facts<'_>) -> Result<Decision<IntakeEvent>, Refusal> {
        let Some(request) = intake.open_request().map(|open| &open.request) else {
            return Err(Refusal::NothingAwaited);
        };
        if let Some(window) = intake.basis(&IntakeDeadline::SupplementWindow, facts.law)?.period()
            && window.is_over(facts.at)
        {
            return Err(Refusal::WindowClosed);
        }
        let rule = facts.rule()?;
        let brief = check(intake, request, self, facts)?;
        // Where the fee comes first, the period for the answer begins when it is paid.
        let fee_open = intake.submission.as_ref().is_some_and(|submission| submission.fee_first)
            && intake.fee.received_at().is_none();
        let is_awaited = request.stage == SupplementStage::Intake && !fee_open;
        let answer_due_at = if is_awaited { answer_due(rule, facts.at)? } else { None };
        let ledger = match (request.stage, intake.ledger()) {
            (SupplementStage::Review, Some(ledger)) => {
                Some(resumed(intake, ledger, request, facts)?)
            }
            (SupplementStage::Intake, _) | (SupplementStage::Review, None) => None,
        };
        let promise = match &ledger {
            Some(ledger) => resumption::promise(intake, ledger, facts.at, facts)?,
            None => None,
        };
        let resumes_clock = ledger.is_some();
        let restarts = request.effect == SupplementEffect::Restart;
        Ok(Decision::event(SupplementSubmitted {
            request: request.request,
            documents: self.documents.clone(),
            form: self.form.clone().map(Personal::from),
            brief,
            started_at: ledger.filter(|_| restarts).map(|ledger| ledger.started_at),
            promise,
            answer_due_at,
            resumes_clock,
        }))
    }
}

/// Checks everything that the applicant can correct, and reports all of it at once. The brief is
/// that of [`corrected`].
fn check(
    intake: &Intake,
    request: &SupplementRequested,
    command: &SubmitSupplement,
    facts: &Facts<'_>,
) -> Result<Option<Brief>, Refusal> {
    if command.documents.is_empty() && command.form.is_none() && command.found.is_empty() {
        return Err(Refusal::Empty);
    }
    let rule = facts.rule()?;
    let mut wrong = Collected::after(command.found.clone());
    // Dates and amounts are computed from valid forms only.
    let form = command.form.as_ref().filter(|_| !command.found.concerns("/form"));
    if let (Some(form), Some(submission)) = (form, &intake.submission) {
        let submitted_at = intake.submitted_at.unwrap_or(facts.at);
        let channel = submission.brief.channel;
        let since = facts.law.first_day(&submission.brief.procedure.code);
        let since = since.unwrap_or(rule.procedure.effective.from);
        let filed = clock::Filed { channel, form, posted_at: None, submitted_at, since };
        let own = received_under(rule, &submission.brief, facts);
        let faults = clock::forward(own, filed, facts.at);
        if !faults.is_empty() {
            wrong.add(Refusal::Impossible(faults));
        }
    }
    let brief = corrected(intake, form, facts, &mut wrong)?;
    let given = command.documents.iter().map(|document| &document.component);
    for (place, unknown) in Known::unknown_components(rule.procedure, given) {
        let pointer = format!("/documents/{place}/component");
        wrong.add_at(pointer, Refusal::UnknownComponent(unknown));
    }
    let (documents, wanted) = (&command.documents, &request.components);
    for (pointer, missing) in MissingComponent::among(rule.procedure, documents, wanted) {
        wrong.add_at(pointer, Refusal::MissingDocument(missing));
    }
    wrong.done(Refusal::Several)?;
    Ok(brief)
}

/// The brief that follows from the corrected form, checked as at the submission; `None` if the form
/// was never corrected.
fn corrected(
    intake: &Intake,
    form: Option<&Value>,
    facts: &Facts<'_>,
    wrong: &mut Collected<Refusal>,
) -> Result<Option<Brief>, Refusal> {
    let Some(submission) = &intake.submission else { return Ok(None) };
    let Some(form) = form else {
        // Repeats an earlier correction, for services that did not receive it.
        return Ok((intake.forms.len() > 1).then(|| submission.brief.clone()));
    };
    let rule = received_under(facts.rule()?, &submission.brief, facts);
    let public = public_fields(rule.procedure, form);
    let received_at = submission.posted_at.unwrap_or(submission.brief.submitted_at);
    if let Some(TooLate { last_day, pointer }) = filed_too_late(rule, &public, received_at)? {
        wrong.add_at(pointer, Refusal::FiledTooLate(last_day));
    }
    Ok(Some(Brief { public, ..submission.brief.clone() }))
}

/// The law with the version of the procedure under which the dossier was received: the form follows
/// that version, whichever version applies to open dossiers by now.
fn received_under<'a>(rule: Rule<'a>, brief: &Brief, facts: &Facts<'a>) -> Rule<'a> {
    let procedure = facts.law.procedure(&brief.procedure).unwrap_or(rule.procedure);
    Rule { procedure, ..rule }
}

/// The ledger after the supplement. It may remain suspended for a missing fee.
fn resumed(
    intake: &Intake,
    mut ledger: Ledger,
    request: &SupplementRequested,
    facts: &Facts<'_>,
) -> Result<Ledger, Refusal> {
    match request.effect {
        SupplementEffect::Restart => {
            let fee = |one: &Suspension| Some(one.cause) == intake.fee.stop();
            ledger.suspensions.retain(fee);
            let anew = Ledger::anew(clock::effective_start(facts.rule()?, facts.at)?);
            Ok(Ledger { suspensions: ledger.suspensions, ..anew })
        }
        SupplementEffect::Pause => {
            let supplement = |one: &Suspension| Some(one.cause) != intake.fee.stop();
            resumption::resume(&mut ledger.suspensions, facts.at, supplement);
            Ok(ledger)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::accept_dossier::tests::{accepted, submitted};
    use crate::intake::request_supplement::{self, RequestSupplement, tests::asked};
    use crate::intake::submit_dossier::tests::{document, pointed, seminar};
    use crate::law::Law;
    use crate::step::State;
    use crate::testing::{Scene, at, law};

    fn supplement() -> SubmitSupplement {
        SubmitSupplement { documents: Vec::new(), form: None, found: Reasons::default() }
    }

    fn supplied() -> SubmitSupplement {
        SubmitSupplement { documents: vec![document("rules")], ..supplement() }
    }

    fn due(law: &Law, asked_at: &str, supplied_at: &str) -> jiff::Timestamp {
        let mut scene = accepted(law);
        asked(&mut scene, asked_at).unwrap();
        scene.execute(supplied_at, Role::Applicant, supplied()).unwrap();
        scene.state.promised.unwrap().promise.due_at
    }

    #[test]
    fn a_clock_that_begins_anew_may_have_a_shorter_period_and_silence_approves_at_its_end() {
        let law = law();
        let mut scene = seminar(&law, "2026-11-16T09:00").unwrap();
        let due = |scene: &Scene<'_, Intake>| {
            scene.state.promised.as_ref().map(|promised| promised.promise.due_at)
        };
        assert_eq!(due(&scene), Some(at("2026-11-24T00:00")), "five working days");
        for (asked_on, supplied_on, ends) in [
            ("2026-11-17T09:00", "2026-11-18T09:00", "2026-11-24T00:00"),
            ("2026-11-19T09:00", "2026-11-20T09:00", "2026-11-27T00:00"),
        ] {
            let components = vec!["programme".into()];
            let command = RequestSupplement { components, ..request_supplement::tests::ask() };
            scene.execute(asked_on, Role::Clerk, command).unwrap();
            let command =
                SubmitSupplement { documents: vec![document("programme")], ..supplement() };
            scene.execute(supplied_on, Role::Applicant, command).unwrap();
            assert_eq!(due(&scene), Some(at(ends)), "three working days, as often as asked");
        }
        let passed = scene.enforce("2026-11-27T00:00", &IntakeDeadline::Decision);
        assert!(matches!(
            passed[..],
            [IntakeEvent::DeadlineMissed(_), IntakeEvent::DossierDecided(_), ..]
        ));
    }

    #[test]
    fn where_the_law_says_restart_the_clock_begins_again_with_the_supplement() {
        assert_eq!(due(&law(), "2026-11-23T10:00", "2026-11-30T10:00"), at("2026-12-08T00:00"));
    }

    #[test]
    fn where_the_law_says_pause_only_the_waiting_is_not_counted() {
        let law = law();
        let mut scene: Scene<'_, Intake> = Scene::new(&law, "PRECURSOR.IMPORT", "G02.002");
        let command = crate::intake::submit_dossier::SubmitDossier {
            agency: "G02.002".into(),
            documents: vec![document("application"), document("contract")],
            ..crate::intake::submit_dossier::tests::promotion()
        };
        scene.execute("2026-11-02T09:00", Role::Applicant, command).unwrap();
        scene
            .execute(
                "2026-11-02T10:00",
                Role::Clerk,
                crate::intake::accept_dossier::AcceptDossier::default(),
            )
            .unwrap();
        assert_eq!(scene.state.promised.as_ref().unwrap().promise.due_at, at("2026-11-12T00:00"));
        let ask = RequestSupplement { components: Vec::new(), ..request_supplement::tests::ask() };
        scene.execute("2026-11-03T10:00", Role::Clerk, ask).unwrap();
        let form = SubmitSupplement { form: Some(serde_json::json!({})), ..supplement() };
        scene.execute("2026-11-05T10:00", Role::Applicant, form).unwrap();
        assert_eq!(scene.state.promised.as_ref().unwrap().promise.due_at, at("2026-11-14T00:00"));
        assert_eq!(scene.state.suspensions.len(), 1);
    }

    #[test]
    fn before_acceptance_the_officers_time_begins_again() {
        let law = law();
        let mut scene = submitted(&law);
        asked(&mut scene, "2026-11-20T10:00").unwrap();
        scene.execute("2026-11-26T10:00", Role::Applicant, supplied()).unwrap();
        assert_eq!(scene.state.answer().unwrap().running.due_at, at("2026-11-27T10:00"));
    }

    #[test]
    fn a_supplement_without_what_was_asked_for_is_refused() {
        let law = law();
        let mut scene = submitted(&law);
        asked(&mut scene, "2026-11-20T10:00").unwrap();
        let other = SubmitSupplement { documents: vec![document("form_02")], ..supplement() };
        let refused = scene.execute("2026-11-26T10:00", Role::Applicant, other);
        let missing = ("/documents/1/component".to_owned(), "missing-document");
        assert_eq!(pointed(refused), [missing]);
    }

    #[test]
    fn all_that_is_wrong_with_a_supplement_is_reported_at_once() {
        let law = law();
        let mut scene = submitted(&law);
        asked(&mut scene, "2026-11-20T10:00").unwrap();
        let mut found = Reasons::default();
        let missing = crate::law::Finding::new("/form/merchant", "thiếu", "is required");
        let entry = crate::step::VALUES_IMPOSSIBLE;
        found.found(entry, vec![missing]);
        let documents = vec![document("form_02"), document("photo")];
        let form = Some(serde_json::json!({}));
        let other = SubmitSupplement { documents, form, found };
        let refused = scene.execute("2026-11-26T10:00", Role::Applicant, other);
        let expected = [
            ("/form/merchant", entry.code),
            ("/documents/1/component", "unknown-component"),
            ("/documents/2/component", "missing-document"),
        ];
        assert_eq!(pointed(refused), expected.map(|(at, code)| (at.to_owned(), code)));
    }

    #[test]
    fn a_supplement_after_its_window_is_refused_even_before_the_window_is_enforced() {
        let law = law();
        let mut scene = submitted(&law);
        asked(&mut scene, "2026-11-20T10:00").unwrap();
        let refused = scene.execute("2026-12-15T00:00", Role::Applicant, supplied());
        assert_eq!(refused, Err(Refusal::WindowClosed));
    }

    #[test]
    fn nothing_is_supplied_that_nobody_asked_for() {
        let law = law();
        let mut scene = submitted(&law);
        let refused = scene.execute("2026-11-20T10:00", Role::Applicant, supplied());
        assert_eq!(refused, Err(Refusal::NothingAwaited));
    }

    /// Requests and submits a correction of a seminar notice: filed on 16 November for 14 December,
    /// corrected to `day`.
    fn seminar_moved_to<'a>(law: &'a Law, day: &str) -> Result<Scene<'a, Intake>, Refusal> {
        let mut scene = seminar(law, "2026-11-16T09:00").unwrap();
        let (components, reason) =
            (vec!["programme".into()], Personal::from("wrong day".to_owned()));
        let ask = RequestSupplement { components, reason, asked_by: None };
        scene.execute("2026-11-16T10:00", Role::Clerk, ask).unwrap();
        let form = Some(serde_json::json!({ "seminar": { "date": day } }));
        let supplement =
            SubmitSupplement { form, documents: vec![document("programme")], ..supplement() };
        scene.execute("2026-11-17T09:00", Role::Applicant, supplement)?;
        Ok(scene)
    }

    #[test]
    fn the_corrected_form_is_the_form_and_the_one_before_is_kept() {
        let law = law();
        let state = seminar_moved_to(&law, "2026-12-21").unwrap().state;
        let submission = state.submission.as_ref().unwrap();
        assert_eq!(submission.brief.public["/seminar/date"], "2026-12-21");
        assert_eq!(submission.form.known().unwrap()["seminar"]["date"], "2026-12-21");
        let forms: Vec<_> = state.forms.iter().map(|v| (v.by.role, v.at)).collect();
        let applicant = Role::Applicant;
        let expected = [(applicant, at("2026-11-16T09:00")), (applicant, at("2026-11-17T09:00"))];
        assert_eq!(forms, expected);
        assert_eq!(state.forms[0].form.known().unwrap()["seminar"]["date"], "2026-12-14");
    }

    #[test]
    fn a_corrected_form_is_read_by_the_version_that_it_was_filed_under() {
        let mut law = law();
        let text = include_str!("../../procedures/multi_level_marketing_seminar.yaml");
        let version = law.procedures().find(|p| p.code.as_str() == "MLM.SEMINAR").unwrap().version;
        let renamed = text
            .replace(&format!("\nversion: {version}\n"), "\nversion: 9\napplies_to_open: true\n")
            .replace("effective: { from: ", "effective: { from: 2026-11-17 }\n#")
            .replace("/seminar/date", "/seminar/day")
            .replace("        date: {", "        day: {");
        law.add_procedure("renamed", &renamed).unwrap();
        let state = seminar_moved_to(&law, "2026-12-21").unwrap().state;
        let submission = state.submission.as_ref().unwrap();
        assert_eq!(submission.brief.procedure.version, version);
        assert_eq!(submission.brief.public["/seminar/date"], "2026-12-21");
        let late = seminar_moved_to(&law, "2026-12-01").map(|scene| scene.state.stage());
        assert_eq!(pointed(late), [("/form/seminar/date".to_owned(), "filed-too-late")]);
    }

    #[test]
    fn a_correction_that_an_older_log_has_without_its_brief_is_read_whole() {
        let law = law();
        let scene = seminar_moved_to(&law, "2026-12-21").unwrap();
        let mut old = Intake::default();
        for (event, meta) in scene.recorded() {
            let mut event = event.clone();
            if let IntakeEvent::SupplementSubmitted(supplied) = &mut event {
                supplied.brief = None;
            }
            old.evolve(&event, meta);
        }
        let (old, new) = (old.submission.unwrap(), scene.state.submission.clone().unwrap());
        assert_eq!(old.brief.public["/seminar/date"], "2026-12-21");
        assert_eq!(old.brief.public, new.brief.public);
    }

    #[test]
    fn a_corrected_form_keeps_to_what_the_first_one_had_to_keep_to() {
        let law = law();
        let refused = seminar_moved_to(&law, "2026-12-01").map(|scene| scene.state.stage());
        assert_eq!(pointed(refused), [("/form/seminar/date".to_owned(), "filed-too-late")]);
    }
}
