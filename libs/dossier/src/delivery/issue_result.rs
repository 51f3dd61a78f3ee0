//! The result is signed and numbered. It is there, which is not the same as delivered (national status 9, not 10).

use super::{DossierResult, Stage, after};
use crate::access::agency;
use crate::clock;
use crate::contract::{DeliveryEvent, NamedDocument, Outcome, ResultIssued, Role};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "issue_result",
    service: "result-delivery",
    basis: "61/2018/NĐ-CP Điều 20; 30/2020/NĐ-CP Điều 5",
    may: &[agency(Role::Approver), agency(Role::Clerk)],
    events: &["delivery.ResultIssued.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why a result cannot be issued.
    pub enum Refusal {
        NotPrepared => 409, "result-not-prepared",
            "không có kết quả chờ ban hành", "no result is waiting to be issued";
    }
}

/// Decides.
pub fn decide(
    result: &DossierResult,
    number: String,
    document: Option<NamedDocument>,
    facts: &Facts<'_>,
) -> Result<Vec<DeliveryEvent>, Refusal> {
    let Some(prepared) = result.prepared.as_ref().filter(|_| result.stage == Stage::Prepared)
    else {
        return Err(Refusal::NotPrepared);
    };
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
    Ok(vec![
        ResultIssued { number, officer, document, document_sha256, valid_until, duties }.into(),
    ])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::DeliveryChannel;
    use crate::delivery::prepare_result::tests::{prepared, prepared_at};
    use crate::law::Law;
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
        scene.step("2026-11-23T11:00", Role::Approver, |s, f| decide(s, "VN-1".to_owned(), None, f))
    }

    #[test]
    fn what_the_signed_document_was_is_recorded_with_its_name() {
        let law = law();
        let mut scene = prepared(&law, "CO.D", DeliveryChannel::Download);
        let signed = NamedDocument { name: "d0c".into(), sha256: Some("9f86".into()) };
        let issue = |s: &DossierResult, f: &Facts<'_>| decide(s, "1".to_owned(), Some(signed), f);
        let events = scene.step("2026-11-23T11:00", Role::Approver, issue).unwrap();
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
            assert_eq!(scene.state.stage, Stage::Issued);
            let explained = clock::explain_obligations(&scene.state, &law).unwrap();
            assert_eq!(explained.len(), 2, "prizes and report");
            for (kind, running, explanation) in explained {
                assert_eq!(explanation.due_at, running.due_at, "{kind}, as `check` computes it");
            }
        }
    }

    #[test]
    fn a_result_is_issued_once() {
        let law = law();
        let mut scene = issued(&law, DeliveryChannel::Download);
        assert_eq!(scene.state.stage, Stage::Issued);
        assert_eq!(issue(&mut scene), Err(Refusal::NotPrepared));
    }
}
