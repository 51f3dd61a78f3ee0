//! The result is signed and numbered. It is available, which is not the same as delivered (national
//! status 9, not 10).

use super::{DossierResult, Stage, after};
use crate::access::agency;
use crate::clock;
use crate::contract::{DeliveryEvent, NamedDocument, Outcome, ResultIssued, ResultPrepared, Role};
use crate::step::{Collected, Command, Decision, Facts, LawError, Reasons, Step, refusals};

/// Issues a prepared result under a number of its register.
#[derive(Debug, Clone)]
pub struct IssueResult {
    /// The number taken for the result; `None` if the same request has issued it before.
    pub number: Option<String>,
    /// The signed document; required if the procedure's result is a document.
    pub document: Option<NamedDocument>,
    /// What checks outside the law found: a number that only the register gives, a document that
    /// was not uploaded.
    pub found: Reasons,
}

refusals! {
    /// Refusals of `issue_result`.
    pub enum Refusal {
        NotPrepared => 409, "result-not-prepared",
            "không có kết quả chờ ban hành", "no result is waiting to be issued";
        NumberTaken => 409, "result-number-taken",
            "số này đã được dùng trong sổ", "another result has this number in the register";
        NumberOfTheRegister => 422, "result-number-of-the-register" at "/number",
            "số dạng này do sổ cấp: hãy để trống để nhận số tiếp theo",
            "numbers of this form are assigned by the register; omit the number to get the next one";
        DocumentMissing => 422, "result-document-missing" at "/document",
            "kết quả của thủ tục này là văn bản, cần kèm tệp đã ký",
            "the result of this procedure is a document; upload the signed file and name it in `document`";
    }
}

impl Command for IssueResult {
    type State = DossierResult;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "issue_result",
        basis: "61/2018/NĐ-CP Điều 20; 30/2020/NĐ-CP Điều 5",
        may: &[agency(Role::Approver), agency(Role::Clerk)],
        events: &["delivery.ResultIssued.v1", "delivery.NumberTaken.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, Refusal> {
        let prepared = result.prepared().filter(|_| result.stage() == Stage::Prepared);
        let prepared = prepared.ok_or(Refusal::NotPrepared)?;
        let mut wrong = Collected::after(self.found.clone());
        let is_named = self.document.is_some() || self.found.concerns("/document");
        if facts.rule()?.procedure.result.document && !is_named {
            wrong.add(Refusal::DocumentMissing);
        }
        wrong.done(Refusal::Several)?;
        let number = self.number.clone().ok_or(Refusal::NotPrepared)?;
        Ok(Decision::event(issued(prepared, number, self.document.clone(), facts)?))
    }
}

/// The event that issues the result now, with its validity and the duties that begin with it.
pub(super) fn issued(
    prepared: &ResultPrepared,
    number: String,
    document: Option<NamedDocument>,
    facts: &Facts<'_>,
) -> Result<ResultIssued, LawError> {
    let rule = facts.rule()?;
    let validity = rule.procedure.result.validity.filter(|_| prepared.outcome == Outcome::Approved);
    let valid_until = validity.map(|budget| clock::end_of(rule, facts.at, budget));
    let duties = match prepared.outcome {
        Outcome::Approved => after::begin(rule, &prepared.brief, None, facts.at)?,
        Outcome::Refused => Vec::new(),
    };
    let officer = facts.actor.subject.clone();
    let (document, document_sha256) = match document {
        Some(NamedDocument { name, sha256 }) => (Some(name), sha256),
        None => (None, None),
    };
    Ok(ResultIssued { number, officer, document, document_sha256, valid_until, duties })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::DeliveryChannel;
    use crate::delivery::prepare_result::tests::{prepared, prepared_at};
    use crate::law::{Law, shipped_rules};
    use crate::step::Refuse;
    use crate::testing::{Scene, law};

    pub(crate) fn issued(law: &Law, channel: DeliveryChannel) -> Scene<'_, DossierResult> {
        let mut scene = prepared(law, "CO.D", channel);
        issue(&mut scene).unwrap();
        scene
    }

    /// A licence to import precursors, valid for six months.
    pub(crate) fn licence(law: &Law) -> Scene<'_, DossierResult> {
        let mut scene = prepared(law, "PRECURSOR.IMPORT", DeliveryChannel::Download);
        issue(&mut scene).unwrap();
        scene
    }

    /// The registration of a promotion that runs until 31 December 2026.
    pub(crate) fn promotion(law: &Law) -> Scene<'_, DossierResult> {
        let public = [("/programme/to".to_owned(), "2026-12-31".into())].into();
        let mut scene = prepared_at(law, "2.000004", "H26.14", public);
        issue(&mut scene).unwrap();
        scene
    }

    fn issue(scene: &mut Scene<'_, DossierResult>) -> Result<Vec<DeliveryEvent>, Refusal> {
        let number = Some("VN-1".to_owned());
        scene.execute(
            "2026-11-23T11:00",
            Role::Approver,
            IssueResult { number, document: None, found: Reasons::default() },
        )
    }

    #[test]
    fn what_the_signed_document_was_is_recorded_with_its_name() {
        let law = law();
        let mut scene = prepared(&law, "CO.D", DeliveryChannel::Download);
        let signed = NamedDocument { name: "d0c".into(), sha256: Some("9f86".into()) };
        let (number, found) = (Some("1".to_owned()), Reasons::default());
        let issue = IssueResult { number, document: Some(signed), found };
        let events = scene.execute("2026-11-23T11:00", Role::Approver, issue).unwrap();
        let [DeliveryEvent::ResultIssued(issued)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(issued.document, Some("d0c".into()));
        assert_eq!(issued.document_sha256, Some("9f86".into()));
    }

    #[test]
    fn a_dossier_of_an_old_log_from_whose_dates_nothing_can_be_computed_comes_to_its_result() {
        let law = law();
        for day in ["9999-11-15", "9999-12-31"] {
            let public = [("/programme/to".to_owned(), day.into())].into();
            let mut scene = prepared_at(&law, "2.000004", "H26.14", public);
            issue(&mut scene).unwrap();
            assert_eq!(scene.state.stage(), Stage::Issued);
            let explained = clock::explain(&scene.state, &law).unwrap();
            assert_eq!(explained.len(), 2, "prizes and report");
            for (deadline, explanation) in explained {
                let due_at = explanation.unwrap().due_at;
                assert_eq!(due_at, deadline.due_at, "{deadline:?}, as `check` computes it");
            }
        }
    }

    #[test]
    fn a_result_that_is_a_document_is_not_issued_without_one() {
        let law = promising();
        let mut scene = prepared(&law, "CO.D", DeliveryChannel::Download);
        assert_eq!(issue(&mut scene), Err(Refusal::DocumentMissing));
        let mut found = Reasons::default();
        found.add(&Refusal::NumberOfTheRegister);
        let (number, document) = (Some(String::new()), None);
        let both = IssueResult { number, document, found };
        let refused = scene.execute("2026-11-23T11:00", Role::Approver, both).unwrap_err();
        let pointers: Vec<_> = refused.findings().into_iter().map(|one| one.pointer).collect();
        assert_eq!(pointers, ["/number", "/document"], "all at once");
        let signed = NamedDocument { name: "d0c".into(), sha256: None };
        let (number, found) = (Some("1".to_owned()), Reasons::default());
        let with = IssueResult { number, document: Some(signed), found };
        scene.execute("2026-11-23T11:00", Role::Approver, with).unwrap();
        assert_eq!(scene.state.stage(), Stage::Issued);
    }

    /// The shipped law, with a certificate of origin whose result is a document.
    fn promising() -> Law {
        let (mut law, plain) = (Law::default(), "result: { code: KQ.G02.000101 }");
        for mut rules in shipped_rules().unwrap() {
            rules.text =
                rules.text.replace(plain, "result: { code: KQ.G02.000101, document: true }");
            law.apply(&rules, None).unwrap();
        }
        law
    }

    #[test]
    fn a_result_is_issued_once() {
        let law = law();
        let mut scene = issued(&law, DeliveryChannel::Download);
        assert_eq!(scene.state.stage(), Stage::Issued);
        assert_eq!(issue(&mut scene), Err(Refusal::NotPrepared));
    }
}
