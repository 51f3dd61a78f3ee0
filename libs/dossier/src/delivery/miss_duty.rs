//! A duty after a result was not met in time. The miss stays on record; the duty can still be met.

use super::DossierResult;
use crate::clock::late_by_ms;
use crate::contract::{DeliveryEvent, DutyMissed};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that a duty was not met in time.
#[derive(Debug, Clone)]
pub struct MissDuty {
    pub duty: String,
}

impl Command for MissDuty {
    type State = DossierResult;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "miss_duty",
        basis: "81/2018/NĐ-CP Điều 21",
        may: &[],
        events: &["delivery.DutyMissed.v1", "delivery.PeriodExtended.v1"],
        refusals: &[],
    };

    /// Returns no event if the duty was met, was recorded as missed, or is not due yet.
    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, LawError> {
        let owed = result.after.duties.get(&self.duty).filter(|owed| owed.is_open());
        let over = owed.map(|owed| owed.running.due_at).filter(|due_at| *due_at <= facts.at);
        let missed = over.map(|due_at| {
            let late_by_ms = late_by_ms(due_at, facts.at);
            DutyMissed { duty: self.duty.clone(), due_at, late_by_ms }.into()
        });
        Ok(missed.into())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::clock::{Deadlines, Period};
    use crate::contract::{Actor, Envelope, Meta, OutageDeclared, OutageEnded, Role};
    use crate::delivery::DeliveryDeadline;
    use crate::delivery::issue_result::tests::promotion;
    use crate::law::Law;
    use crate::services::ServiceName;
    use crate::step::State;
    use crate::testing::{at, law};

    fn period_of<'a>(result: &'a DossierResult, duty: &str, law: &'a Law) -> Period<'a> {
        let kind = DeliveryDeadline::Duty(duty.to_owned());
        result.basis(&kind, law).unwrap().period().unwrap()
    }

    #[test]
    fn a_duty_whose_last_day_ends_in_an_outage_is_owed_for_longer() {
        let mut broken = law();
        let mut scene = promotion(&broken.clone()).state;
        let (from, to) = (at("2027-02-15T10:00"), at("2027-02-16T09:00"));
        let (outage, agency, reason) = (Uuid::from_u128(77), "H26.14".into(), String::new());
        let (channels, planned, notice_at) = (Vec::new(), false, from);
        let declared =
            OutageDeclared { outage, agency, channels, from, to: None, planned, notice_at, reason };
        broken.declare(&declared, from);
        broken.end(&OutageEnded { outage, to }, to);
        let period = period_of(&scene, "prizes", &broken);
        let extended = period.extension("duty:prizes").unwrap();
        // The 17th is the first working day that begins after the outage.
        assert_eq!(extended.due_at, at("2027-02-18T00:00"));
        scene.evolve(&extended.into(), &meta(to));
        let again = period_of(&scene, "prizes", &broken);
        assert_eq!(again.end().due_at, at("2027-02-18T00:00"), "as `check` computes it");
        assert_eq!(again.running.due_at, at("2027-02-18T00:00"));
        let other = period_of(&scene, "report", &broken);
        assert!(!other.running.is_extended(), "only the one that is named");
    }

    fn meta(at: Timestamp) -> Meta {
        let (command, digest) = (Uuid::from_u128(9), String::new());
        let (cause, dossier, trace) = (None, None, None);
        let actor = Actor::system(ServiceName::Delivery.as_str());
        let envelope = Envelope { at, actor, command, digest, cause, dossier, trace };
        Meta { id: Uuid::from_u128(10), version: 9, envelope }
    }

    #[test]
    fn what_was_not_done_in_time_is_recorded_once() {
        let law = law();
        let mut scene = promotion(&law);
        let miss = MissDuty { duty: "prizes".to_owned() };
        assert!(scene.execute("2027-02-15T23:59", Role::System, miss.clone()).unwrap().is_empty());
        assert_eq!(scene.execute("2027-02-16T00:00", Role::System, miss.clone()).unwrap().len(), 1);
        assert!(scene.execute("2027-02-16T00:01", Role::System, miss.clone()).unwrap().is_empty());
    }
}
