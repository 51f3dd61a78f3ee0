//! The dossier was transferred to another agency. A fee whose payment has not begun is collected
//! there, and assessed anew if that agency charges another amount. One whose payment has begun
//! stays with the agency at which it began: that agency gives the receipts and the refunds (Decree
//! 254/2026/NĐ-CP, art. 24), and the new one may read it. A fee of nothing is settled from the
//! beginning, and stays so: the applicant was told that nothing is owed.

use super::Payment;
use crate::contract::{AgencyCode, FeeReassessed, FeeTransferred, PaymentEvent, Vnd};
use crate::law::fee_of;
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Transfers the fee of a dossier.
#[derive(Debug, Clone)]
pub struct TransferFee {
    pub from: AgencyCode,
    pub to: AgencyCode,
}

impl Command for TransferFee {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "transfer_fee",
        basis: "61/2018/NĐ-CP Điều 18; 254/2026/NĐ-CP Điều 24",
        may: &[],
        events: &["payment.FeeTransferred.v1", "payment.FeeReassessed.v1", "payment.FeeSettled.v1"],
        refusals: &[],
    };

    /// Nothing, if no fee was assessed, or the new agency has the fee already.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let Some(assessed) = payment.assessed() else { return Ok(Decision::Nothing) };
        let Self { from, to } = self.clone();
        let is_there = assessed.brief.agency == to;
        if payment.decider.as_ref().unwrap_or(&assessed.brief.agency) == &to {
            return Ok(Decision::Nothing);
        }
        let kept = !is_there && payment.has_begun();
        let reassessed =
            if payment.has_begun() { None } else { payment.reassessed_by(&to, facts)? };
        let mut events: Vec<PaymentEvent> = vec![FeeTransferred { from, to, kept }.into()];
        if let Some(reassessed) = reassessed {
            let mut after = payment.clone();
            after.apply_assessment(&reassessed, None);
            events.push(reassessed.into());
            events.extend(Payment::consequences(after, payment, facts)?);
        }
        Ok(events.into())
    }
}

impl Payment {
    /// The assessment by another agency of a fee that is owed and not paid; `None` if it charges
    /// the same. The applicant's period to pay goes on.
    fn reassessed_by(
        &self,
        agency: &AgencyCode,
        facts: &Facts<'_>,
    ) -> Result<Option<FeeReassessed>, LawError> {
        let is_owed = self.received == Vnd::ZERO && self.settled_at().is_none();
        let Some(assessed) = self.assessed().filter(|_| is_owed && !self.is_closed()) else {
            return Ok(None);
        };
        let brief = assessed.brief.transferred(agency);
        let (lines, total) = fee_of(facts.law, &brief)?;
        let differs = lines != assessed.lines;
        Ok(differs.then_some(FeeReassessed { brief, lines, total, window_ends_at: None }))
    }

    /// Whether money was received, or an attempt to pay was made.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.received > Vnd::ZERO || !self.attempts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Caller, Denied, agency, decide, informed};
    use crate::contract::RulesKind;
    use crate::contract::{Actor, MandateId, Role, Subject};
    use crate::law::{next_version, rules};
    use crate::payment::assess_fee::AssessFee;
    use crate::payment::assess_fee::tests::{assessed, brief};
    use crate::payment::start_payment::tests::started;
    use crate::payment::take_cash::TakeCash;
    use crate::step::State;
    use crate::testing::{Scene, at, law};

    fn transfer(scene: &mut Scene<'_, Payment>, from: &str, to: &str) -> usize {
        let command = TransferFee { from: from.into(), to: to.into() };
        scene.execute("2026-11-20T11:00", Role::System, command).unwrap().len()
    }

    fn pay(scene: &mut Scene<'_, Payment>) {
        let cash = TakeCash { amount_vnd: Vnd(30_000) };
        scene.execute("2026-11-20T10:00", Role::Cashier, cash).unwrap();
    }

    /// Whether a cashier of the agency may act, and whether one may read.
    fn rights(scene: &Scene<'_, Payment>, of: &str) -> (bool, bool) {
        let caller = Caller {
            subject: "k".into(),
            roles: vec![Role::Cashier],
            agency: Some(of.into()),
            predecessors: Vec::new(),
            on_behalf_of: None,
            mandate: None,
            credential: None,
        };
        let resource = scene.state.resource();
        let may = |may| decide(&caller, &[may], resource.as_ref()) != Err(Denied::Scope);
        (may(agency(Role::Cashier)), may(informed(Role::Cashier)))
    }

    #[test]
    fn a_fee_that_nobody_has_begun_to_pay_is_collected_by_the_new_agency() {
        let law = law();
        let mut scene = assessed(&law);
        assert_eq!(transfer(&mut scene, "G02.001", "G02.002"), 1);
        assert_eq!(scene.state.assessed().unwrap().brief.agency, "G02.002".into());
        assert_eq!(rights(&scene, "G02.002"), (true, false));
        assert_eq!(rights(&scene, "G02.001"), (false, false));
        assert_eq!(scene.state.resource().unwrap().former[0].agency, "G02.001".into());
        assert_eq!(transfer(&mut scene, "G02.001", "G02.002"), 0, "once");
    }

    #[test]
    fn an_agency_that_charges_another_amount_assesses_an_unpaid_fee_anew_in_the_same_period() {
        let shipped = include_str!("../../procedures/certificate_of_origin_d.yaml");
        let text = next_version(shipped).replacen(
            "percent: 50\n",
            "percent: 50\n      agencies: [G02.002]\n",
            1,
        );
        let issued = rules(RulesKind::Procedure, "reduced", &text).unwrap();
        let mut law = law();
        law.apply(&issued, Some(at("2026-11-01T09:00"))).unwrap();
        let mut scene = Scene::new(&law, "CO.D", "G02.001");
        let mut brief = brief(&law, "CO.D", "G02.001", "2026-11-20T09:00");
        let (version, groups) = (issued.version, vec!["digital_citizen".to_owned()]);
        (brief.procedure.version, brief.groups) = (version, groups);
        scene.procedure = brief.procedure.clone();
        let command = AssessFee { brief, accepted: false };
        scene.execute("2026-11-20T09:00", Role::System, command).unwrap();
        let window = scene.state.window_ends_at();
        assert_eq!(scene.state.total(), Vnd(30_000), "not reduced there");
        assert_eq!(transfer(&mut scene, "G02.001", "G02.002"), 2);
        let state = &scene.state;
        assert_eq!((state.total(), state.outstanding()), (Vnd(15_000), Vnd(15_000)));
        assert_eq!(state.assessed().unwrap().brief.agency, "G02.002".into());
        assert!(window.is_some() && state.window_ends_at() == window);
        assert_eq!(transfer(&mut scene, "G02.001", "G02.002"), 0, "once");
        let cash = TakeCash { amount_vnd: Vnd(15_000) };
        scene.execute("2026-11-20T12:00", Role::Cashier, cash).unwrap();
        assert!(scene.state.settled_at().is_some());
        assert_eq!(transfer(&mut scene, "G02.002", "G02.001"), 1, "a paid fee stays as it is");
        assert_eq!(scene.state.total(), Vnd(15_000));
    }

    #[test]
    fn a_fee_under_payment_is_not_assessed_anew_when_the_dossier_comes_back() {
        let law = law();
        let (mut scene, _) = started(&law);
        assert_eq!(transfer(&mut scene, "G02.001", "G02.002"), 1);
        // As if the agency had charged another amount meanwhile.
        let fee = scene.state.fee.as_mut().unwrap();
        let assessed = std::sync::Arc::make_mut(&mut fee.assessed);
        assessed.lines.clear();
        assessed.total = Vnd(1_000);
        assert_eq!(transfer(&mut scene, "G02.002", "G02.001"), 1, "the attempt is for this amount");
        assert_eq!(scene.state.total(), Vnd(1_000));
        assert_eq!(rights(&scene, "G02.001"), (true, false));
    }

    #[test]
    fn a_fee_that_was_paid_stays_with_its_receipts_and_the_new_agency_reads_it() {
        let law = law();
        let mut scene = assessed(&law);
        pay(&mut scene);
        assert_eq!(transfer(&mut scene, "G02.001", "G02.002"), 1);
        assert_eq!(scene.state.assessed().unwrap().brief.agency, "G02.001".into());
        assert_eq!(rights(&scene, "G02.001"), (true, false));
        assert_eq!(rights(&scene, "G02.002"), (false, true));
        assert_eq!(transfer(&mut scene, "G02.001", "G02.002"), 0, "once");
    }

    #[test]
    fn who_has_started_a_payment_by_a_mandate_is_no_officer_here() {
        let law = law();
        let mut scene = assessed(&law);
        assert!(!scene.state.resource().unwrap().representatives.contains(&"lan".into()));
        let mandate = Some(MandateId(uuid::Uuid::from_u128(1)));
        for subject in ["lan", "lan", "minh"] {
            let actor = Actor { mandate, ..Actor::new(subject.into(), Role::Applicant, None) };
            actor.note_mandate(&mut scene.state.mandated);
        }
        Actor::new("other".into(), Role::Applicant, None).note_mandate(&mut scene.state.mandated);
        assert_eq!(scene.state.mandated, ["lan", "minh"].map(Subject::from));
        let cashier = |subject: &str| Caller {
            subject: subject.into(),
            roles: vec![Role::Cashier],
            agency: Some("G02.001".into()),
            predecessors: Vec::new(),
            on_behalf_of: None,
            mandate: None,
            credential: None,
        };
        let resource = scene.state.resource();
        let may = |subject| {
            decide(&cashier(subject), &[agency(Role::Cashier)], resource.as_ref()).map(drop)
        };
        assert_eq!(may("lan"), Err(Denied::Party));
        assert_eq!(may("other"), Ok(()));
    }

    #[test]
    fn the_next_agency_reads_it_in_place_of_the_one_between() {
        let law = law();
        let mut scene = assessed(&law);
        pay(&mut scene);
        transfer(&mut scene, "G02.001", "G02.002");
        transfer(&mut scene, "G02.002", "G02.003");
        assert_eq!(rights(&scene, "G02.002"), (false, false));
        assert_eq!(rights(&scene, "G02.003"), (false, true));
        assert_eq!(scene.state.resource().unwrap().former[0].agency, "G02.002".into());
        transfer(&mut scene, "G02.003", "G02.001");
        assert_eq!(rights(&scene, "G02.001"), (true, false));
        assert_eq!(rights(&scene, "G02.003"), (false, false));
    }

    #[test]
    fn without_a_fee_there_is_nothing_to_transfer() {
        let law = law();
        let mut scene = Scene::<Payment>::new(&law, "CO.D", "G02.001");
        assert_eq!(transfer(&mut scene, "G02.001", "G02.002"), 0);
    }
}
