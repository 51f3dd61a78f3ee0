//! A provider has not reported an outcome for too long: the outcome is unknown, which is a state of
//! its own. The provider is queried at increasing intervals, until the attempt is given up after
//! three days. A later capture still counts.

use jiff::SignedDuration;

use super::Payment;
use crate::contract::{PaymentEvent, PaymentExpired, PaymentOutcomeUnknown};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that an outcome is unknown, so that the provider is queried; or gives the attempt up.
#[derive(Debug, Clone, Copy)]
pub struct QueryPayment;

impl Command for QueryPayment {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "query_payment",
        basis: "118/2025/NĐ-CP Điều 24",
        may: &[],
        events: &["payment.PaymentOutcomeUnknown.v1", "payment.PaymentExpired.v1"],
        refusals: &[],
    };

    /// Returns no event if no attempt is due for a query.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let waiting = payment
            .attempts
            .values()
            .filter_map(|attempt| attempt.open_query().map(|query| (attempt, query)))
            .filter(|(_, query)| query.at <= facts.at)
            .min_by_key(|(_, query)| query.at);
        let Some((attempt, query)) = waiting else { return Ok(Decision::Nothing) };
        let id = attempt.started.payment;
        if facts.at >= attempt.started.expires_at {
            return Ok(Decision::event(PaymentExpired { payment: id }));
        }
        let queries = query.made.saturating_add(1);
        let hours = 1_i64.checked_shl(queries).unwrap_or(i64::MAX).min(24);
        let next = facts.at.checked_add(SignedDuration::from_hours(hours));
        let query_at = next.unwrap_or(jiff::Timestamp::MAX).min(attempt.started.expires_at);
        Ok(Decision::event(PaymentOutcomeUnknown { payment: id, queries, query_at }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::payment::PaymentDeadline;
    use crate::payment::start_payment::tests::started;
    use crate::testing::law;

    #[test]
    fn a_silent_provider_is_asked_later_and_later_and_given_up_after_three_days() {
        let law = law();
        let (mut scene, _) = started(&law);
        let mut moments = Vec::new();
        let query = |scene: &crate::testing::Scene<'_, Payment>| {
            let open = scene.open().into_iter();
            open.filter(|open| open.kind == PaymentDeadline::Query).map(|open| open.due_at).next()
        };
        while let Some(next) = query(&scene).filter(|_| moments.len() < 20) {
            let text = next.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(7)));
            let text = text.strftime("%Y-%m-%dT%H:%M").to_string();
            scene.execute(&text, Role::System, QueryPayment).unwrap();
            moments.push(text);
        }
        assert_eq!(moments.first().unwrap(), "2026-11-20T09:40");
        assert_eq!(moments.last().unwrap(), "2026-11-23T09:10");
        assert!(moments.len() < 10, "{moments:?}");
        assert!(scene.state.attempts.values().all(|attempt| attempt.query.is_none()));
    }
}
