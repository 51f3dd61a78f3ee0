//! The fee of a dossier: the tariff of the day of submission, by filing channel and group of
//! persons, with phí and lệ phí as separate lines. Of several reductions of a line the highest
//! applies. Law 97/2015/QH13, arts 3, 10, 14.4; NQ 66.22/2026/NQ-CP, art. 5.2.

use super::Payment;
use crate::clock;
use crate::contract::{Brief, FeeAssessed, FeeSettled, PaymentEvent, Vnd};
use crate::law::{Case, FeeDue, charges};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Assesses the fee of a dossier.
#[derive(Debug, Clone)]
pub struct AssessFee {
    pub brief: Brief,
    /// Whether the dossier was accepted (true) or only submitted (false); the procedure determines
    /// when the fee is due.
    pub accepted: bool,
}

impl Command for AssessFee {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "assess_fee",
        basis: "97/2015/QH13 Điều 3, 10, 14; 66.22/2026/NQ-CP Điều 5.2",
        may: &[],
        events: &["payment.FeeAssessed.v1", "payment.FeeSettled.v1"],
        refusals: &[],
    };

    /// Returns no event if the fee was assessed before, or is not due at this point.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let rule = facts.rule()?;
        let fees = &rule.procedure.fees;
        let due_now = match fees.due {
            Some(FeeDue::AtFiling) => !self.accepted,
            Some(FeeDue::AfterAcceptance) => self.accepted,
            None => false,
        };
        if payment.assessed().is_some() || !due_now {
            return Ok(Decision::Nothing);
        }
        let brief = &self.brief;
        let lines = charges(rule.procedure, Case::of(brief, rule.calendar))?;
        let total = Vnd::sum(lines.iter().map(|line| line.charged))?;
        let window_ends_at = clock::fee_window(rule, total, facts.at);
        let dossier = brief.dossier;
        let mut events =
            vec![FeeAssessed { brief: brief.clone(), lines, total, window_ends_at }.into()];
        if total == Vnd::ZERO {
            events.push(FeeSettled { dossier, amount: total, paid_at: facts.at }.into());
        }
        Ok(events.into())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::contract::{Channel, Delivery, DeliveryChannel, DossierId, ProcedureRef, Role};
    use crate::law::Law;
    use crate::testing::{Scene, at, law};

    pub(crate) fn brief(law: &Law, code: &str, agency: &str, submitted_at: &str) -> Brief {
        let procedure = law.procedures().find(|p| p.code.as_str() == code).unwrap();
        let procedure: ProcedureRef = procedure.reference();
        Brief {
            dossier: DossierId(Uuid::from_u128(7)),
            code: "G02-261120-020001".into(),
            procedure,
            agency: agency.into(),
            channel: Channel::Online,
            applicant: "a1".into(),
            representative: None,
            mandated: Vec::new(),
            helper: None,
            receiver: None,
            public: std::collections::BTreeMap::new(),
            groups: Vec::new(),
            delivery: Delivery { channel: DeliveryChannel::Download, address: None },
            submitted_at: at(submitted_at),
        }
    }

    /// A certificate of origin with a fee of 30,000 đ.
    pub(crate) fn assessed(law: &Law) -> Scene<'_, Payment> {
        let mut scene = Scene::new(law, "CO.D", "G02.001");
        let brief = brief(law, "CO.D", "G02.001", "2026-11-20T09:00");
        assess(&mut scene, AssessFee { brief, accepted: false });
        scene
    }

    fn assess(scene: &mut Scene<'_, Payment>, command: AssessFee) -> Vec<PaymentEvent> {
        scene.execute("2026-11-20T09:00", Role::System, command).unwrap()
    }

    #[test]
    fn a_reduction_that_names_agencies_is_given_by_them_and_those_below_alone() {
        let shipped = crate::law::SHIPPED.iter().find(|(_, text)| text.contains("code: CO.D\n"));
        let text = shipped.unwrap().1;
        let text = format!("{}applies_to_open: true\n", crate::law::next_version(text));
        let reduced = |agencies: &str| {
            let more = format!(
                "  reductions:\n    - {{ rule: here, percent: 90, of: [phi, le_phi], effective: {{ from: 2026-01-01 }}, agencies: {agencies}, basis: x }}\n"
            );
            let mut law = law();
            law.add_procedure("co.yaml", &text.replacen("  reductions:\n", &more, 1)).map(|()| law)
        };
        let charged = |law: &Law| {
            let mut scene = Scene::new(law, "CO.D", "G02.001");
            let brief = brief(law, "CO.D", "G02.001", "2026-11-20T09:00");
            assess(&mut scene, AssessFee { brief, accepted: false });
            scene.state.assessed().unwrap().lines[0].reduction.clone()
        };
        for agencies in ["[]", "[G02]", "[G02.001]", "[G02.002, G02.001]"] {
            let law = reduced(agencies).unwrap();
            assert_eq!(charged(&law).as_deref(), Some("here"), "{agencies}");
        }
        assert_ne!(charged(&reduced("[G02.002]").unwrap()).as_deref(), Some("here"));
        let unknown = reduced("[G02.999]").unwrap_err().to_string();
        assert!(unknown.contains("G02.999"), "{unknown}");
        let elsewhere = reduced("[H26.14]").unwrap_err().to_string();
        assert!(elsewhere.contains("not under"), "{elsewhere}");
    }

    fn total(submitted_at: &str, groups: &[&str]) -> Vnd {
        let law = law();
        let mut scene = Scene::new(&law, "CO.D", "G02.001");
        let mut brief = brief(&law, "CO.D", "G02.001", submitted_at);
        brief.groups = groups.iter().map(|group| (*group).to_owned()).collect();
        assess(&mut scene, AssessFee { brief, accepted: false });
        scene.state.assessed().unwrap().total
    }

    #[test]
    fn a_certificate_of_origin_doubles_in_price_with_the_new_year() {
        assert_eq!(total("2026-12-31T23:59", &[]), Vnd(30_000));
        assert_eq!(total("2027-01-01T00:00", &[]), Vnd(60_000));
    }

    #[test]
    fn a_digital_citizen_pays_half_while_the_reduction_lasts() {
        assert_eq!(total("2026-11-20T09:00", &["digital_citizen"]), Vnd(15_000));
        assert_eq!(total("2027-03-01T09:00", &["digital_citizen"]), Vnd(60_000));
    }

    #[test]
    fn a_fee_is_assessed_once() {
        let law = law();
        let mut scene = assessed(&law);
        let brief = brief(&law, "CO.D", "G02.001", "2026-11-20T09:00");
        assert!(assess(&mut scene, AssessFee { brief, accepted: false }).is_empty());
    }

    #[test]
    fn where_the_fee_comes_after_acceptance_the_submission_owes_nothing_and_the_window_runs() {
        let law = law();
        let mut scene = Scene::new(&law, "MLM.CERTIFICATE", "G02.003");
        let brief = brief(&law, "MLM.CERTIFICATE", "G02.003", "2026-11-20T09:00");
        let submitted = AssessFee { brief: brief.clone(), accepted: false };
        assert!(assess(&mut scene, submitted).is_empty());
        assess(&mut scene, AssessFee { brief, accepted: true });
        let assessed = scene.state.assessed().unwrap();
        assert_eq!(assessed.lines.len(), 2, "phí and lệ phí are two lines");
        assert_eq!(assessed.total, Vnd(5_200_000));
        assert!(assessed.window_ends_at.is_some());
    }
}
