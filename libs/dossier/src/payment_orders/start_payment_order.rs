//! A payer begins to pay the fees of several dossiers at once. What each of them owes, and whether
//! the caller may pay it, was decided before by `start_payment`, for all of them.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::PaymentOrder;
use super::limits::MEMBERS_MIN;
use crate::access::{agency, any};
use crate::contract::{
    AgencyCode, OrderMember, OrderStarted, PaymentId, PaymentOrderEvent, PaymentOrderId, Personal,
    ProcedureCode, Role, Subject, Vnd, order_reference,
};
use crate::step::{Collected, Command, Decision, Facts, Reasons, Step, refusals};
use crate::text::Partner;

/// Time after which an order is given up, as for an attempt.
const EXPIRES_AFTER: SignedDuration = SignedDuration::from_hours(72);

/// A dossier of the order, as `start_payment` would pay it.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its place in the list of the request.
    pub place: usize,
    pub member: OrderMember,
    pub payer: Subject,
    pub procedure: ProcedureCode,
    /// The agency, and the account on which the money arrives.
    pub agency: AgencyCode,
    pub account: (String, String),
}

/// Begins to pay the fees of several dossiers.
#[derive(Debug, Clone)]
pub struct StartPaymentOrder {
    /// Derived from the client and its idempotency key.
    pub order: PaymentOrderId,
    /// The number of dossiers in the request.
    pub asked: usize,
    /// Those that can be paid.
    pub candidates: Vec<Candidate>,
    pub provider: Partner,
    pub return_url: Option<String>,
    /// The network address of the payer, if the provider is called and may ask for it.
    pub payer_address: Option<String>,
    /// What was found wrong before the decision.
    pub found: Reasons,
}

refusals! {
    /// Why several dossiers cannot be paid at once.
    pub enum Refusal {
        TooFew => 422, "order-too-small" at "/dossiers",
            "nộp chung cần ít nhất hai hồ sơ; một hồ sơ thì bắt đầu thanh toán cho hồ sơ đó",
            "an order pays at least two dossiers; start a payment for one alone";
        Twice => 422, "order-names-dossier-twice" at "/dossiers",
            "hồ sơ này đã có trong danh sách", "the dossier is in the list already";
        OtherPayer => 422, "order-of-another-payer" at "/dossiers",
            "hồ sơ này của người nộp khác: mỗi lệnh nộp chung chỉ cho một người nộp",
            "this dossier has another payer; an order is for one payer";
        OtherAccount => 422, "order-to-another-account" at "/dossiers",
            "phí của hồ sơ này vào cơ quan hoặc tài khoản khác: hãy nộp riêng",
            "the fee of this dossier goes to another agency or account; pay it by itself";
    }
}

impl Command for StartPaymentOrder {
    type State = PaymentOrder;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "start_payment_order",
        basis: "118/2025/NĐ-CP Điều 24",
        may: &[any(Role::Applicant), agency(Role::Cashier)],
        events: &["payment.OrderStarted.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if it was begun before.
    fn decide(
        &self,
        order: &PaymentOrder,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentOrderEvent>, Refusal> {
        if order.started().is_some() {
            return Ok(Decision::Nothing);
        }
        let mut wrong = Collected::after(self.found.clone());
        if self.asked < MEMBERS_MIN {
            wrong.add(Refusal::TooFew);
        }
        let first = self.candidates.first();
        let mut known = BTreeSet::new();
        for one in &self.candidates {
            let mut add = |refusal| wrong.add_at(format!("/dossiers/{}", one.place), refusal);
            if !known.insert(one.member.dossier) {
                add(Refusal::Twice);
            }
            if first.is_some_and(|first| !first.payer.is(&one.payer)) {
                add(Refusal::OtherPayer);
            }
            let to = (&one.agency, &one.account);
            if first.is_some_and(|first| (&first.agency, &first.account) != to) {
                add(Refusal::OtherAccount);
            }
        }
        wrong.done(Refusal::Several)?;
        let Some(first) = first else { return Err(Refusal::TooFew) };
        let members: Vec<OrderMember> =
            self.candidates.iter().map(|one| one.member.clone()).collect();
        let same = self.candidates.iter().all(|one| one.procedure == first.procedure);
        let provider = self.provider.0.clone();
        Ok(Decision::event(OrderStarted {
            order: self.order,
            payer: first.payer.clone(),
            represented_by: facts.actor.mandate.map(|_| facts.actor.subject.clone()),
            procedure: same.then(|| first.procedure.clone()),
            agency: first.agency.clone(),
            total: total(&members)?,
            members,
            reference: order_reference(self.order),
            expires_at: facts.at.checked_add(EXPIRES_AFTER).unwrap_or(jiff::Timestamp::MAX),
            captures_once: facts.law.payments(facts.at).is_some_and(|r| r.captures_once(&provider)),
            provider,
            return_url: self.return_url.clone(),
            payer_address: self.payer_address.clone().map(Personal::Known),
        }))
    }
}

/// The sum of all parts.
///
/// # Errors
///
/// It does not fit.
pub fn total(members: &[OrderMember]) -> Result<Vnd, crate::contract::VndOverflow> {
    Vnd::sum(members.iter().map(|member| member.amount))
}

/// The attempt of a dossier in an order.
#[must_use]
pub fn attempt_of(order: PaymentOrderId, dossier: crate::contract::DossierId) -> PaymentId {
    PaymentId(uuid::Uuid::new_v5(&order.0, dossier.0.as_bytes()))
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::contract::{DossierCode, DossierId, OrderEnd};
    use crate::payment_orders::OrderStage;
    use crate::step::Refuse;
    use crate::testing::{Scene, at, law};

    pub(crate) const ORDER: PaymentOrderId = PaymentOrderId(Uuid::from_u128(7));

    pub(crate) fn candidate(place: usize, amount: i64) -> Candidate {
        let dossier = DossierId(Uuid::from_u128(place as u128 + 1));
        let payment = attempt_of(ORDER, dossier);
        let code = DossierCode::from(&*format!("G02.001-261120-{place:010}"));
        Candidate {
            place,
            member: OrderMember { dossier, code, payment, amount: Vnd(amount) },
            payer: "0101234565".into(),
            procedure: "CO.D".into(),
            agency: "G02.001".into(),
            account: ("G02.001".to_owned(), "sandbox".to_owned()),
        }
    }

    pub(crate) fn command(provider: &str, amounts: &[i64]) -> StartPaymentOrder {
        let candidates = amounts.iter().enumerate();
        let candidates = candidates.map(|(place, amount)| candidate(place, *amount)).collect();
        StartPaymentOrder {
            order: ORDER,
            asked: amounts.len(),
            candidates,
            provider: Partner(provider.to_owned()),
            return_url: None,
            payer_address: None,
            found: Reasons::default(),
        }
    }

    pub(crate) fn scene(law: &crate::law::Law) -> Scene<'_, PaymentOrder> {
        Scene::new(law, "CO.D", "G02.001")
    }

    #[test]
    fn an_order_has_the_exact_parts_of_its_dossiers_and_begins_once() {
        let law = law();
        let mut scene = scene(&law);
        for events in [1, 0] {
            let start = command("sandbox", &[30_000, 60_000]);
            let begun = scene.execute("2026-11-20T09:10", Role::Applicant, start).unwrap();
            assert_eq!(begun.len(), events);
        }
        let started = scene.state.started().unwrap();
        assert_eq!(started.total, Vnd(90_000));
        assert_eq!(started.procedure, Some("CO.D".into()));
        let stage = |moment| scene.state.stage(at(moment));
        assert_eq!(stage("2026-11-20T09:10"), Some(OrderStage::Joining));
        assert_eq!(stage("2026-11-23T09:10"), Some(OrderStage::Expired));
        assert_ne!(stage("2026-11-23T09:09"), Some(OrderStage::Ended(OrderEnd::Failed)));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_at_the_dossier_that_it_is_about() {
        let law = law();
        let mut start = command("sandbox", &[30_000, 30_000, 30_000, 30_000]);
        start.candidates[1].payer = "0109999998".into();
        start.candidates[2].account.1 = "other".to_owned();
        start.candidates[3].member = start.candidates[0].member.clone();
        let refused = scene(&law).execute("2026-11-20T09:10", Role::Applicant, start).unwrap_err();
        let found = refused.findings();
        let pointers: Vec<&str> = found.iter().map(|one| &*one.pointer).collect();
        assert_eq!(pointers, ["/dossiers/1", "/dossiers/2", "/dossiers/3"]);
        let alone = command("sandbox", &[30_000]);
        let refused = scene(&law).execute("2026-11-20T09:10", Role::Applicant, alone);
        assert_eq!(refused, Err(Refusal::TooFew));
    }
}
