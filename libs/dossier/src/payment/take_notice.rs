//! A provider says what became of a payment. Its facts are added in whatever order and however often they come: a capture
//! after a failure counts, a second capture is money that has to go back.

use super::Payment;
use crate::access::any;
use crate::contract::{
    FeeSettled, PaymentCaptured, PaymentEvent, PaymentFailed, PaymentId, Role, Vnd,
};
use crate::step::{Facts, LawError, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "take_notice",
    service: "payment",
    basis: "118/2025/NĐ-CP Điều 24",
    may: &[any(Role::PaymentProvider)],
    events: &["payment.PaymentCaptured.v1", "payment.PaymentFailed.v1", "payment.FeeSettled.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why a notice is not taken here.
    pub enum Refusal {
        NotOurs => 404, "not-found",
            "không có giao dịch này", "there is no such payment of this provider";
    }
}

/// What a provider says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It has the money.
    Captured(Vnd),
    /// The attempt failed, for this reason.
    Failed(String),
    /// It does not know yet.
    Pending,
}

/// The command.
#[derive(Debug, Clone)]
pub struct TakeNotice {
    /// Which attempt.
    pub payment: PaymentId,
    /// Which provider.
    pub provider: String,
    /// The provider's own name of the fact.
    pub provider_event: String,
    /// What it says.
    pub said: Said,
}

/// Decides; nothing if the fact was known or says nothing. One that names no attempt of this provider is not ours.
pub fn decide(
    payment: &Payment,
    command: &TakeNotice,
    facts: &Facts<'_>,
) -> Result<Vec<PaymentEvent>, Refusal> {
    let TakeNotice { payment: id, provider, provider_event, said } = command;
    if payment.knows(provider, provider_event) {
        return Ok(Vec::new());
    }
    if payment.attempts.get(id).is_none_or(|attempt| attempt.started.provider != *provider) {
        return Err(Refusal::NotOurs);
    }
    let (provider, provider_event) = (provider.clone(), provider_event.clone());
    match said {
        Said::Captured(amount) if *amount <= Vnd::ZERO => Ok(Vec::new()),
        Said::Pending => Ok(Vec::new()),
        Said::Failed(reason) => {
            let reason = reason.clone();
            Ok(vec![PaymentFailed { payment: *id, provider, provider_event, reason }.into()])
        }
        Said::Captured(amount) => {
            let captured =
                PaymentCaptured { payment: *id, provider, provider_event, amount: *amount };
            let mut events = vec![captured.into()];
            events.extend(settled(payment, *amount, facts)?);
            Ok(events)
        }
    }
}

/// The settlement, if this amount is what was still owed. After the window it settles nothing: the money goes back.
pub(super) fn settled(
    payment: &Payment,
    amount: Vnd,
    facts: &Facts<'_>,
) -> Result<Option<PaymentEvent>, LawError> {
    let open = payment.settled_at.is_none() && !payment.window_expired;
    let Some(assessed) = payment.assessed.as_ref().filter(|_| open) else { return Ok(None) };
    if payment.received.plus(amount)? < assessed.total {
        return Ok(None);
    }
    let dossier = assessed.brief.dossier;
    Ok(Some(FeeSettled { dossier, amount: assessed.total, paid_at: facts.at }.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::start_payment::tests::started;
    use crate::testing::{Scene, law};

    fn notice(payment: PaymentId, event: &str, said: Said) -> TakeNotice {
        let (provider, provider_event) = ("sandbox".to_owned(), event.to_owned());
        TakeNotice { payment, provider, provider_event, said }
    }

    fn take(scene: &mut Scene<'_, Payment>, notice: &TakeNotice) -> usize {
        let step =
            scene.step("2026-11-20T09:20", Role::PaymentProvider, |s, f| decide(s, notice, f));
        step.unwrap().len()
    }

    #[test]
    fn a_capture_after_a_failure_counts() {
        let law = law();
        let (mut scene, id) = started(&law);
        take(&mut scene, &notice(id, "e1", Said::Failed("declined".to_owned())));
        assert!(scene.state.settled_at.is_none());
        take(&mut scene, &notice(id, "e2", Said::Captured(Vnd(30_000))));
        assert!(scene.state.settled_at.is_some());
    }

    #[test]
    fn any_order_and_number_of_notices_ends_in_the_same() {
        let law = law();
        let end = |order: &[usize]| {
            let (mut scene, id) = started(&law);
            let notices = [
                notice(id, "e1", Said::Failed("timeout".to_owned())),
                notice(id, "e2", Said::Captured(Vnd(30_000))),
                notice(id, "e3", Said::Pending),
            ];
            for index in order {
                take(&mut scene, &notices[*index]);
            }
            let attempt = &scene.state.attempts[&id];
            (
                scene.state.received,
                scene.state.settled_at.is_some(),
                attempt.failed,
                attempt.captured,
            )
        };
        let expected = end(&[0, 1, 2]);
        for order in [&[2, 1, 0][..], &[1, 0, 1, 2, 0], &[1, 1, 1, 0], &[0, 2, 0, 1]] {
            assert_eq!(end(order), expected, "{order:?}");
        }
    }

    #[test]
    fn too_little_settles_nothing_and_the_rest_does() {
        let law = law();
        let (mut scene, id) = started(&law);
        take(&mut scene, &notice(id, "e1", Said::Captured(Vnd(20_000))));
        assert_eq!(scene.state.outstanding(), Vnd(10_000));
        assert!(scene.state.settled_at.is_none());
        take(&mut scene, &notice(id, "e2", Said::Captured(Vnd(10_000))));
        assert!(scene.state.settled_at.is_some());
    }
}
