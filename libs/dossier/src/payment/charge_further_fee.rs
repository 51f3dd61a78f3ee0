//! A further fee is charged while a dossier is being processed: a line of the tariff that is not
//! charged for every dossier, for example for an appraisal on site. The dossier then waits for it
//! as for a fee that is owed again: the clock stops where the law counts from the fee, and the
//! time of waiting is not counted where the law says so. Law 97/2015/QH13, arts 3 and 14; Decree
//! 137/2026/NĐ-CP, art. 11.2.

use super::Payment;
use super::balance::Standing;
use crate::access::agency;
use crate::contract::{FurtherFeeCharged, PaymentEvent, Role};
use crate::law::{Case, further_charge};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};
use crate::text::Text;

/// A fee of the tariff that becomes due while the dossier is processed. The procedure's clock is
/// suspended until it is paid.
#[derive(Debug, Clone)]
pub struct ChargeFurtherFee {
    /// Code of the line in the tariff.
    pub rule: String,
    /// Written reason.
    pub reason: Text<2000>,
    /// Progress of the dossier at intake.
    pub standing: Standing,
}

refusals! {
    /// Refusals of `charge_further_fee`.
    pub enum Refusal {
        NotInProcess => 409, "not-in-process",
            "hồ sơ không ở bước giải quyết", "the dossier is not being processed";
        NotSettled => 409, "fee-not-settled",
            "phí, lệ phí của hồ sơ chưa nộp đủ", "the fee of the dossier has not been paid";
        UnknownFee(Known) => 422, "unknown-fee" at "/rule",
            "biểu phí của thủ tục không có khoản thu thêm này",
            "the tariff of the procedure has no such further fee";
        Charged => 409, "already-charged",
            "khoản này đã thu", "this fee was charged already";
    }
}

impl Command for ChargeFurtherFee {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "charge_further_fee",
        basis: "97/2015/QH13 Điều 3, 14; 137/2026/NĐ-CP Điều 11.2",
        may: &[agency(Role::Clerk), agency(Role::Approver)],
        events: &["payment.FurtherFeeCharged.v1", "payment.FeeOwedAgain.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Some(assessed) = payment.assessed().filter(|_| payment.settled_at().is_some()) else {
            return Err(Refusal::NotSettled);
        };
        if self.standing != Standing::InProcess || payment.is_closed() {
            return Err(Refusal::NotInProcess);
        }
        if assessed.lines.iter().any(|line| line.rule == self.rule) {
            return Err(Refusal::Charged);
        }
        let rule = facts.rule()?;
        let case = Case::of(&assessed.brief, rule.calendar);
        let Some(line) = further_charge(rule.procedure, case, &self.rule)? else {
            let lines = rule.procedure.fees.lines.iter().filter(|line| line.further);
            let known = Known::new(&self.rule, lines.map(|line| &line.rule), "GET /v1/procedures");
            return Err(Refusal::UnknownFee(known));
        };
        let total = assessed.total.plus(line.charged)?;
        let charged = FurtherFeeCharged { line, total, reason: self.reason.personal() };
        let mut after = payment.clone();
        after.apply_further_fee(&charged);
        let mut events = vec![charged.into()];
        events.extend(Payment::consequences_in(after, payment, (true, facts.at), facts)?);
        // Money that was in excess before may cover it: the fee stays settled.
        events.retain(|event| !matches!(event, PaymentEvent::FeeSettled(_)));
        Ok(events.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{FeeOwedAgain, RulesKind, Vnd};
    use crate::law::{Law, next_version};
    use crate::payment::FeeStage;
    use crate::payment::assess_fee::tests::assessed;
    use crate::payment::take_cash::TakeCash;
    use crate::testing::{Scene, law};

    /// The law with a further fee of 500,000 for certificates of origin.
    fn with_further(mut law: Law) -> Law {
        let file = next_version(include_str!("../../procedures/certificate_of_origin_d.yaml"));
        let line = "    - { rule: on-site, kind: phi, name: { vi: Phí thẩm định thực tế, en: On-site \
                    appraisal }, amount: 500000, effective: { from: 2026-01-01 }, further: true, \
                    basis: a }\n";
        let at = file.find("  lines:\n").unwrap() + "  lines:\n".len();
        let file = format!("{}{line}{}", &file[..at], &file[at..]);
        let issued = crate::law::rules(RulesKind::Procedure, "p", &file).unwrap();
        law.apply(&issued, None).unwrap();
        law
    }

    fn charge(
        scene: &mut Scene<'_, Payment>,
        rule: &str,
        standing: Standing,
    ) -> Result<Vec<PaymentEvent>, Refusal> {
        let (rule, reason) = (rule.to_owned(), "thẩm định tại cơ sở".into());
        scene.execute("2026-11-23T09:00", Role::Clerk, ChargeFurtherFee { rule, reason, standing })
    }

    #[test]
    fn a_further_fee_is_owed_while_the_dossier_is_processed_and_paid_once() {
        let law = with_further(law());
        let mut scene = assessed(&law);
        scene.procedure =
            law.procedures().filter(|p| p.code.as_str() == "CO.D").last().unwrap().reference();
        assert_eq!(scene.state.total(), Vnd(30_000), "not charged for every dossier");
        let unpaid = charge(&mut scene, "on-site", Standing::InProcess);
        assert_eq!(unpaid, Err(Refusal::NotSettled));
        let pay = |amount| TakeCash { amount_vnd: Vnd(amount) };
        scene.execute("2026-11-20T10:00", Role::Cashier, pay(30_000)).unwrap();
        for standing in [Standing::Unanswered, Standing::AtItsEnd] {
            assert_eq!(charge(&mut scene, "on-site", standing), Err(Refusal::NotInProcess));
        }
        let usual = charge(&mut scene, "no-such", Standing::InProcess);
        assert!(matches!(usual, Err(Refusal::UnknownFee(_))), "{usual:?}");
        let events = charge(&mut scene, "on-site", Standing::InProcess).unwrap();
        let [_, PaymentEvent::FeeOwedAgain(FeeOwedAgain { amount, in_process: true, .. })] =
            &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!(*amount, Vnd(500_000));
        let stage = scene.state.fee.as_ref().unwrap().stage;
        assert_eq!(stage, FeeStage::Owed { in_process: true });
        assert_eq!((scene.state.total(), scene.state.outstanding()), (Vnd(530_000), Vnd(500_000)));
        scene.execute("2026-11-24T10:00", Role::Cashier, pay(500_000)).unwrap();
        assert!(scene.state.settled_at().is_some());
        let receipts: Vec<_> = scene.state.receipts.iter().map(|one| one.amount).collect();
        assert_eq!(receipts, [Vnd(30_000), Vnd(500_000)]);
        let again = charge(&mut scene, "on-site", Standing::InProcess);
        assert_eq!(again, Err(Refusal::Charged));
    }
}
