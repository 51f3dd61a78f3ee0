//! A decision leads to a result to be issued, or to none where the procedure has none. If a rule
//! decided and its answer is legally valid by itself (Decree 26/2026/NĐ-CP, art. 6), the result is
//! issued at once, under the next number of its register.

use super::{DossierResult, Stage, issue_result};
use crate::contract::{Brief, DecidedBy, DeliveryEvent, Outcome, ResultPrepared};
use crate::law::Procedure;
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Prepares the result of a decision.
#[derive(Debug, Clone)]
pub struct PrepareResult {
    pub brief: Brief,
    pub outcome: Outcome,
    pub by: DecidedBy,
    /// The number taken for the result, if it is issued at once.
    pub number: Option<String>,
}

/// The result's code in the catalogue if a result is to be prepared. `None` if one is prepared, the
/// dossier ended otherwise, or the procedure has no result. A decision by expiry of the period
/// (`Silence`) replaces a different one that officers made; the reverse does not happen.
fn due<'p>(
    result: &DossierResult,
    command: &PrepareResult,
    procedure: &'p Procedure,
) -> Option<&'p String> {
    let PrepareResult { outcome, by, .. } = command;
    let other = result.prepared().is_some_and(|prepared| prepared.outcome != *outcome);
    let due = match result.stage() {
        Stage::Empty => true,
        Stage::Prepared => other && *by == DecidedBy::Silence,
        Stage::Issued
        | Stage::WithCarrier
        | Stage::Delivered
        | Stage::Revoked
        | Stage::Cancelled => false,
    };
    procedure.result.code.as_ref().filter(|_| due)
}

/// The book in which the result is numbered, if it is issued at once.
#[must_use]
pub fn book<'p>(
    result: &DossierResult,
    command: &PrepareResult,
    procedure: &'p Procedure,
) -> Option<&'p String> {
    let rule = procedure.review.automatic.as_ref().filter(|_| command.by == DecidedBy::Rule);
    due(result, command, procedure).filter(|_| rule.is_some_and(|rule| rule.issues))
}

impl Command for PrepareResult {
    type State = DossierResult;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "prepare_result",
        basis: "61/2018/NĐ-CP Điều 20",
        may: &[],
        events: &[
            "delivery.ResultPrepared.v1",
            "delivery.ResultIssued.v1",
            "delivery.NumberTaken.v1",
        ],
        refusals: &[],
    };

    /// Returns no event if no result is to be prepared, and `NotYet` if it is issued at once and
    /// has no number yet.
    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, LawError> {
        let procedure = facts.rule()?.procedure;
        let Some(code) = due(result, self, procedure) else { return Ok(Decision::Nothing) };
        let (brief, outcome) = (self.brief.clone(), self.outcome);
        let prepared = ResultPrepared { brief, outcome, result: code.clone() };
        if book(result, self, procedure).is_none() {
            return Ok(Decision::event(prepared));
        }
        let Some(number) = self.number.clone() else { return Ok(Decision::NotYet) };
        let issued = issue_result::issued(&prepared, number, None, facts)?;
        Ok(Decision::Events(vec![prepared.into(), issued.into()]))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;
    use crate::contract::{Address, Delivery, DeliveryChannel, Personal, Role};
    use crate::law::Law;
    use crate::payment::assess_fee::tests::brief;
    use crate::testing::{Scene, law};

    pub(crate) fn prepared<'a>(
        law: &'a Law,
        code: &str,
        channel: DeliveryChannel,
    ) -> Scene<'a, DossierResult> {
        let agency = if code == "CO.D" { "G02.001" } else { "G02.002" };
        let mut scene = Scene::new(law, code, agency);
        let mut brief = brief(law, code, agency, "2026-11-20T09:00");
        let address = (channel == DeliveryChannel::Post).then(|| {
            let lines = vec!["54 Hai Bà Trưng".to_owned()];
            Personal::from(Address { name: "A".to_owned(), lines, phone: "0900000000".to_owned() })
        });
        brief.delivery = Delivery { channel, address };
        let (outcome, by) = (Outcome::Approved, DecidedBy::Officers);
        prepare(&mut scene, PrepareResult { brief, outcome, by, number: None });
        scene
    }

    pub(crate) fn prepared_at<'a>(
        law: &'a Law,
        code: &str,
        agency: &'static str,
        public: BTreeMap<String, Value>,
    ) -> Scene<'a, DossierResult> {
        let mut scene = Scene::new(law, code, agency);
        let brief = Brief { public, ..brief(law, code, agency, "2026-11-20T09:00") };
        let (outcome, by) = (Outcome::Approved, DecidedBy::Officers);
        prepare(&mut scene, PrepareResult { brief, outcome, by, number: None });
        scene
    }

    pub(crate) fn prepare(scene: &mut Scene<'_, DossierResult>, command: PrepareResult) {
        scene.execute("2026-11-23T10:00", Role::System, command).unwrap();
    }

    #[test]
    fn what_the_law_decided_outlasts_what_officers_decided_too_late() {
        let law = law();
        let mut scene = prepared(&law, "CO.D", DeliveryChannel::Download);
        let brief = scene.state.prepared().unwrap().brief.clone();
        let (outcome, by) = (Outcome::Refused, DecidedBy::Silence);
        let late = PrepareResult { brief, outcome, by, number: None };
        prepare(&mut scene, late.clone());
        assert_eq!(scene.state.prepared().unwrap().outcome, Outcome::Refused);
        let officers =
            PrepareResult { outcome: Outcome::Approved, by: DecidedBy::Officers, ..late };
        prepare(&mut scene, officers);
        assert_eq!(scene.state.prepared().unwrap().outcome, Outcome::Refused);
    }

    #[test]
    fn an_answer_that_issues_itself_waits_for_its_number_and_is_issued_once() {
        let law = law();
        let mut scene = Scene::new(&law, "CHEM.IMPORT", "G02.002");
        let mut brief = brief(&law, "CHEM.IMPORT", "G02.002", "2026-12-02T09:00");
        // Version 1 leaves the answer to an officer.
        (scene.procedure.version, brief.procedure.version) = (2, 2);
        let (outcome, by) = (Outcome::Approved, DecidedBy::Rule);
        let mut command = PrepareResult { brief, outcome, by, number: None };
        let waits = scene.decide("2026-12-02T09:00", Role::System, &command).unwrap();
        assert_eq!(waits, Decision::NotYet);
        command.number = Some("1/2026/G02.002-KQ.G02.000201".to_owned());
        prepare(&mut scene, command.clone());
        assert_eq!(scene.state.issued().unwrap().number, command.number.clone().unwrap());
        command.number = Some("2/2026/G02.002-KQ.G02.000201".to_owned());
        let before = scene.state.clone();
        prepare(&mut scene, command);
        assert_eq!(scene.state.issued(), before.issued(), "a second number changes nothing");
    }

    #[test]
    fn a_procedure_without_result_prepares_none() {
        let law = law();
        assert_eq!(
            prepared(&law, "CO.D", DeliveryChannel::Download).state.stage(),
            Stage::Prepared
        );
        let none = prepared(&law, "ENERGY.LABEL", DeliveryChannel::Download);
        assert_eq!(none.state.stage(), Stage::Empty);
    }
}
