//! A decision leads to a result that is to be issued, or to none where the procedure has none.

use super::{DossierResult, Stage};
use crate::contract::{DecisionMade, DeliveryEvent, ResultPrepared};
use crate::step::{Facts, LawError, Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "prepare_result",
    service: "result-delivery",
    basis: "61/2018/NĐ-CP Điều 20",
    may: &[],
    events: &["delivery.ResultPrepared.v1"],
    refusals: &[],
};

/// Decides; nothing if it is prepared, or the procedure has no result.
pub fn decide(
    result: &DossierResult,
    decision: &DecisionMade,
    facts: &Facts<'_>,
) -> Result<Reacted<DeliveryEvent>, LawError> {
    let code = facts.rule()?.procedure.result.code.clone();
    let Some(code) = code.filter(|_| result.stage == Stage::Empty) else {
        return Ok(Reacted::Done(Vec::new()));
    };
    let (brief, outcome) = (decision.brief.clone(), decision.outcome);
    Ok(Reacted::Done(vec![ResultPrepared { brief, outcome, result: code }.into()]))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::{Address, DecidedBy, Delivery, DeliveryChannel, Outcome, Personal, Role};
    use crate::law::Law;
    use crate::payment::assess_fee::tests::brief;
    use crate::testing::{Scene, law};

    pub(crate) fn prepared<'a>(
        law: &'a Law,
        code: &str,
        channel: DeliveryChannel,
    ) -> Scene<'a, DossierResult> {
        let agency = if code == "ENERGY.LABEL" { "G02.002" } else { "G02.001" };
        let mut scene = Scene::new(law, code, agency);
        let mut brief = brief(law, code, agency, "2026-11-20T09:00");
        let address = (channel == DeliveryChannel::Post).then(|| {
            let lines = vec!["54 Hai Bà Trưng".to_owned()];
            Personal::from(Address { name: "A".to_owned(), lines, phone: "0900000000".to_owned() })
        });
        brief.delivery = Delivery { channel, address };
        let (outcome, by) = (Outcome::Approved, DecidedBy::Officers);
        let decision = DecisionMade { brief, outcome, by, reason: None };
        scene
            .step("2026-11-23T10:00", Role::System, |s, f| match decide(s, &decision, f)? {
                Reacted::Done(events) => Ok::<_, LawError>(events),
                Reacted::NotYet => panic!("nothing has to come first"),
            })
            .unwrap();
        scene
    }

    #[test]
    fn a_procedure_without_result_prepares_none() {
        let law = law();
        assert_eq!(prepared(&law, "CO.D", DeliveryChannel::Download).state.stage, Stage::Prepared);
        let none = prepared(&law, "ENERGY.LABEL", DeliveryChannel::Download);
        assert_eq!(none.state.stage, Stage::Empty);
    }
}
