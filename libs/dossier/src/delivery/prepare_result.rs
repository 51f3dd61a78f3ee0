//! A decision leads to a result that is to be issued, or to none where the procedure has none. Where a rule decided and
//! its answer is legally valid by itself (Decree 26/2026/NĐ-CP, art. 6), it is issued in the same moment.

use super::{DossierResult, Stage, issue_result};
use crate::contract::{Brief, DecidedBy, DeliveryEvent, Outcome, ResultPrepared};
use crate::step::{Facts, LawError, Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "prepare_result",
    service: "result-delivery",
    basis: "61/2018/NĐ-CP Điều 20",
    may: &[],
    events: &["delivery.ResultPrepared.v1", "delivery.ResultIssued.v1"],
    refusals: &[],
};

/// The command.
#[derive(Debug, Clone)]
pub struct PrepareResult {
    /// The dossier.
    pub brief: Brief,
    /// What was decided.
    pub outcome: Outcome,
    /// By whom.
    pub by: DecidedBy,
}

/// Decides; nothing if it is prepared, the dossier ended otherwise, or the procedure has no result. What the law decided
/// when the period passed outlasts what officers decided after it.
pub fn decide(
    result: &DossierResult,
    command: &PrepareResult,
    facts: &Facts<'_>,
) -> Result<Reacted<DeliveryEvent>, LawError> {
    let PrepareResult { brief, outcome, by } = command;
    let procedure = facts.rule()?.procedure;
    let code = procedure.result.code.clone();
    let rule = procedure.review.automatic.as_ref().filter(|_| *by == DecidedBy::Rule);
    let other = result.prepared.as_ref().is_some_and(|prepared| prepared.outcome != *outcome);
    let due = match result.stage {
        Stage::Empty => true,
        Stage::Prepared => other && *by == DecidedBy::Silence,
        Stage::Issued
        | Stage::WithCarrier
        | Stage::Delivered
        | Stage::Revoked
        | Stage::Cancelled => false,
    };
    let Some(code) = code.filter(|_| due) else { return Ok(Reacted::Done(Vec::new())) };
    let (brief, outcome) = (brief.clone(), *outcome);
    let prepared = ResultPrepared { brief, outcome, result: code };
    let issued = match rule.filter(|rule| rule.issues) {
        Some(_) => {
            Some(issue_result::issued(&prepared, prepared.brief.code.to_string(), None, facts)?)
        }
        None => None,
    };
    let mut events = vec![prepared.into()];
    events.extend(issued.map(DeliveryEvent::from));
    Ok(Reacted::Done(events))
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
        prepare(&mut scene, PrepareResult { brief, outcome, by });
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
        prepare(&mut scene, PrepareResult { brief, outcome, by });
        scene
    }

    pub(crate) fn prepare(scene: &mut Scene<'_, DossierResult>, command: PrepareResult) {
        scene
            .step("2026-11-23T10:00", Role::System, |s, f| match decide(s, &command, f)? {
                Reacted::Done(events) => Ok::<_, LawError>(events),
                Reacted::NotYet => panic!("nothing has to come first"),
            })
            .unwrap();
    }

    #[test]
    fn what_the_law_decided_outlasts_what_officers_decided_too_late() {
        let law = law();
        let mut scene = prepared(&law, "CO.D", DeliveryChannel::Download);
        let brief = scene.state.prepared.as_ref().unwrap().brief.clone();
        let late = PrepareResult { brief, outcome: Outcome::Refused, by: DecidedBy::Silence };
        prepare(&mut scene, late.clone());
        assert_eq!(scene.state.prepared.as_ref().unwrap().outcome, Outcome::Refused);
        let officers =
            PrepareResult { outcome: Outcome::Approved, by: DecidedBy::Officers, ..late };
        prepare(&mut scene, officers);
        assert_eq!(scene.state.prepared.as_ref().unwrap().outcome, Outcome::Refused);
    }

    #[test]
    fn a_procedure_without_result_prepares_none() {
        let law = law();
        assert_eq!(prepared(&law, "CO.D", DeliveryChannel::Download).state.stage, Stage::Prepared);
        let none = prepared(&law, "ENERGY.LABEL", DeliveryChannel::Download);
        assert_eq!(none.state.stage, Stage::Empty);
    }
}
