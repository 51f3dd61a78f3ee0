//! A file of rules is withdrawn before it is in force: a proposal at any time, a procedure until
//! its first day begins, so that nothing can have been filed under it. Its version number stays in
//! use. What two persons had to issue, two persons withdraw: the first proposes the withdrawal, and
//! the file stays law until a second person withdraws it too.

use crate::access::any;
use crate::contract::{LawEvent, Role, RulesWithdrawalProposed, RulesWithdrawn};
use crate::rules::{Rules, RulesStage};
use crate::step::{Command, Decision, Facts, Step, refusals};

refusals! {
    /// Why rules cannot be withdrawn.
    pub enum Refusal {
        UnknownVersion => 404, "rules-version-unknown",
            "không có phiên bản này, xem danh sách tại `GET /v1/rules`", "there is no such version; the list is at `GET /v1/rules`";
        InForce => 409, "rules-in-force",
            "phiên bản này đã có hiệu lực: hãy ban hành phiên bản tiếp theo",
            "this version is in force already; issue the next one";
        SamePerson => 409, "rules-same-withdrawer",
            "bạn đã đề nghị rút phiên bản này: cần một người khác đồng ý",
            "you proposed to withdraw this version; another person must agree";
        Ended => 409, "rules-ended",
            "phiên bản này đã bị rút, bị từ chối hoặc không có hiệu lực",
            "this version was withdrawn or rejected, or never took effect";
    }
}

/// Withdraws a version, or proposes its withdrawal if a second person is needed.
#[derive(Debug, Clone)]
pub struct WithdrawRules {
    pub version: u32,
    pub reason: String,
    /// Persons needed to issue rules, 1 or 2.
    pub signers: u8,
}

impl Command for WithdrawRules {
    type State = Rules;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "withdraw_rules",
        basis: "64/2025/QH15 Điều 53",
        may: &[any(Role::Operator)],
        events: &["law.RulesWithdrawn.v1", "law.RulesWithdrawalProposed.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, state: &Rules, facts: &Facts<'_>) -> Result<Decision<LawEvent>, Refusal> {
        let Self { version, reason, signers } = self.clone();
        let known = state.version(version).ok_or(Refusal::UnknownVersion)?;
        let is_void = facts.law.void(known.rules.kind, &known.rules.name, version).is_some();
        let mut agreed = true;
        match known.stage {
            RulesStage::AwaitingSignature => {}
            RulesStage::Issued if !is_void => {
                let from = facts.law.in_force_from(&known.rules)?;
                if from.is_none_or(|from| from <= facts.at) {
                    return Err(Refusal::InForce);
                }
                if signers > 1 || known.signed_by.is_some() {
                    agreed = known.withdrawal_by.is_some();
                    if known.withdrawal_by.as_ref() == Some(&facts.actor.subject) {
                        return Err(Refusal::SamePerson);
                    }
                }
            }
            RulesStage::Issued
            | RulesStage::Void
            | RulesStage::Rejected
            | RulesStage::Withdrawn => return Err(Refusal::Ended),
        }
        let (kind, name) = (known.rules.kind, known.rules.name.clone());
        Ok(if agreed {
            Decision::event(RulesWithdrawn { kind, name, version, reason })
        } else {
            Decision::event(RulesWithdrawalProposed { kind, name, version, reason })
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::contract::{ProcedureCode, ProcedureRef, RulesKind};
    use crate::law::{in_version, next_version, rules};
    use crate::rules::issue_rules::{self, IssueRules};
    use crate::rules::sign_rules::SignRules;
    use crate::testing::{Scene, actor, at, law};

    const SHIPPED: &str = include_str!("../../procedures/energy_label.yaml");

    pub(crate) fn second(from: &str) -> String {
        let text = next_version(SHIPPED);
        text.replace("effective: { from: 2026-01-01 }", &format!("effective: {{ from: {from} }}"))
    }

    /// The stream of the energy labelling procedure, with the shipped version issued.
    pub(crate) fn scene(law: &crate::law::Law) -> Scene<'_, Rules> {
        let mut scene = Scene::<Rules>::new(law, "ENERGY.LABEL", "G02");
        let shipped = rules(RulesKind::Procedure, "energy", SHIPPED).unwrap();
        scene.record(at("2026-11-01T09:00"), &actor(Role::System), shipped.into());
        scene
    }

    pub(crate) fn issue(
        scene: &mut Scene<'_, Rules>,
        text: &str,
        signers: u8,
    ) -> Result<Vec<LawEvent>, issue_rules::Refusal> {
        let (kind, form) = (RulesKind::Procedure, Vec::new());
        let command = IssueRules { kind, text: text.to_owned(), form, signers };
        scene.execute("2026-11-20T09:00", Role::Operator, command)
    }

    fn withdraw(
        scene: &mut Scene<'_, Rules>,
        moment: &str,
        version: u32,
    ) -> Result<Vec<LawEvent>, Refusal> {
        scene.execute(moment, Role::Operator, withdrawal(version, "sai sót"))
    }

    /// A withdrawal where one person issues rules.
    pub(crate) fn withdrawal(version: u32, reason: &str) -> WithdrawRules {
        WithdrawRules { version, reason: reason.to_owned(), signers: 1 }
    }

    #[test]
    fn what_two_persons_issued_two_persons_take_back_and_who_signed_it_stays_known() {
        let law = law();
        let mut scene = scene(&law);
        issue(&mut scene, &second("2026-12-01"), 2).unwrap();
        scene.subject = "second";
        scene.execute("2026-11-20T10:00", Role::Operator, SignRules { version: 3 }).unwrap();
        scene.subject = "tester";
        withdraw(&mut scene, "2026-11-21T09:00", 3).unwrap();
        let known = scene.state.version(3).unwrap();
        assert_eq!(scene.kinds().last(), Some(&"RulesWithdrawalProposed"));
        assert_eq!(
            (known.stage, known.withdrawal_by.clone()),
            (RulesStage::Issued, Some("tester".into()))
        );
        assert_eq!(withdraw(&mut scene, "2026-11-21T09:00", 3), Err(Refusal::SamePerson));
        scene.subject = "third";
        assert_eq!(withdraw(&mut scene, "2026-12-01T00:00", 3), Err(Refusal::InForce));
        withdraw(&mut scene, "2026-11-22T09:00", 3).unwrap();
        let known = scene.state.version(3).unwrap();
        assert_eq!(known.stage, RulesStage::Withdrawn);
        assert_eq!(
            (&known.signed_by, &known.settled_by),
            (&Some("second".into()), &Some("third".into()))
        );
    }

    #[test]
    fn a_proposal_is_taken_back_by_one_and_where_two_issue_rules_now_two_withdraw_what_one_issued()
    {
        let law = law();
        let mut scene = scene(&law);
        issue(&mut scene, &second("2026-12-01"), 2).unwrap();
        withdraw(&mut scene, "2026-11-21T09:00", 3).unwrap();
        assert_eq!(scene.state.version(3).unwrap().stage, RulesStage::Withdrawn);
        let next = next_version(&second("2026-12-01"));
        issue(&mut scene, &next, 1).unwrap();
        let two = WithdrawRules { signers: 2, ..withdrawal(4, "sai sót") };
        scene.execute("2026-11-21T09:00", Role::Operator, two).unwrap();
        assert_eq!(scene.state.version(4).unwrap().stage, RulesStage::Issued);
    }

    #[test]
    fn rules_are_withdrawn_until_their_first_day_begins_and_their_number_stays_used() {
        let law = law();
        let mut scene = scene(&law);
        issue(&mut scene, &second("2026-12-01"), 1).unwrap();
        assert_eq!(withdraw(&mut scene, "2026-12-01T00:00", 3), Err(Refusal::InForce));
        assert_eq!(withdraw(&mut scene, "2026-11-30T23:59", 2), Err(Refusal::InForce));
        assert_eq!(withdraw(&mut scene, "2026-11-30T23:59", 9), Err(Refusal::UnknownVersion));
        assert_eq!(withdraw(&mut scene, "2026-11-30T23:59", 3).unwrap().len(), 1);
        assert_eq!(withdraw(&mut scene, "2026-11-30T23:59", 3), Err(Refusal::Ended));
        let again = issue(&mut scene, &second("2026-12-01"), 1);
        assert_eq!(again, Err(issue_rules::Refusal::VersionEnded));
        let third = next_version(&second("2026-12-01"));
        assert_eq!(issue(&mut scene, &third, 1).unwrap().len(), 1);
    }

    #[test]
    fn what_is_withdrawn_is_in_force_at_no_time() {
        let mut law = law();
        let issued = rules(RulesKind::Procedure, "energy", &second("2026-12-01")).unwrap();
        law.apply(&issued, Some(at("2026-11-20T09:00"))).unwrap();
        let code = ProcedureCode::from("ENERGY.LABEL");
        let day = jiff::civil::date(2026, 12, 2);
        assert_eq!(law.in_force(&code, day).unwrap().version, 3);
        law.withdraw(RulesKind::Procedure, "ENERGY.LABEL", 3);
        for known_at in ["2026-11-21T09:00", "2026-12-30T09:00"] {
            assert_eq!(law.in_force_as_known(&code, day, at(known_at)).unwrap().version, 2);
        }
        assert!(law.apply(&issued, None).is_err(), "its number is used");
        // Another process may have received a dossier under it in its first instant: that dossier
        // goes on.
        let received = ProcedureRef { code: code.clone(), version: 3 };
        let moment = at("2026-12-02T09:00");
        let rule = law.rule(&received, &"G02.003".into(), moment).unwrap();
        assert_eq!(rule.procedure.version, 3);
        assert_eq!(law.procedure(&received).unwrap().version, 3);
        assert!(law.procedures().all(|procedure| procedure.reference() != received));
        let next = in_version(&second("2026-12-01"), 4);
        law.add_procedure("next", &next.replace("level:", "applies_to_open: true\nlevel:"))
            .unwrap();
        let rule = law.rule(&received, &"G02.003".into(), moment).unwrap();
        assert_eq!(rule.procedure.version, 4);
    }
}
