//! A subscriber gets a new secret. Deliveries are signed with the former one as well for a day, so
//! that the receiver changes its own at any time in between.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Subscriber, SubscriberStatus};
use crate::contract::{SubscriberEvent, SubscriberSecretRotated};
use crate::step::{Command, Decision, Facts, LawError, Step, refusals};

/// Replaces the secret of a subscriber.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RotateSubscriberSecretRequest)]
pub struct RotateSubscriberSecret {}

refusals! {
    /// Why a secret cannot be replaced.
    pub enum Refusal {
        NotOwn => 403, "not-who-subscribed",
            "chỉ người đã đăng ký, với cùng vai trò và không qua ủy quyền, được làm việc này",
            "only who subscribed does this, in the same role and not under a mandate";
        TwoValid => 409, "two-secrets-valid",
            "khóa trước vẫn còn hiệu lực: chỉ thay khóa mỗi ngày một lần",
            "the former secret is still valid: replace a secret once a day at most";
        Ended => 409, "subscriber-ended",
            "nơi nhận thay đổi này đã kết thúc", "the subscriber has ended";
    }
}

impl Command for RotateSubscriberSecret {
    type State = Subscriber;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "rotate_subscriber_secret",
        basis: "quy định nội bộ",
        may: super::READ,
        events: &["exchange.SubscriberSecretRotated.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        subscriber: &Subscriber,
        facts: &Facts<'_>,
    ) -> Result<Decision<SubscriberEvent>, Refusal> {
        let id = subscriber.id.ok_or(LawError::NotLoaded)?;
        if !subscriber.is_of(facts.actor) {
            return Err(Refusal::NotOwn);
        }
        if subscriber.status == SubscriberStatus::Ended {
            return Err(Refusal::Ended);
        }
        if subscriber.secrets(facts.at).len() > 1 {
            return Err(Refusal::TwoValid);
        }
        let generation = subscriber.generation.saturating_add(1);
        Ok(Decision::event(SubscriberSecretRotated { subscriber: id, generation }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::exchange::subscribe::tests::{NOW, active};
    use crate::testing::{at, law};

    #[test]
    fn two_secrets_sign_for_a_day_and_then_the_new_one_alone() {
        let law = law();
        let mut scene = active(&law);
        scene.execute(NOW, Role::Clerk, RotateSubscriberSecret {}).unwrap();
        assert_eq!(scene.state.secrets(at("2026-11-21T08:59")), [2, 1]);
        let early = scene.execute("2026-11-21T08:59", Role::Clerk, RotateSubscriberSecret {});
        assert_eq!(early, Err(Refusal::TwoValid));
        assert_eq!(scene.state.secrets(at("2026-11-21T09:00")), [2]);
        scene.execute("2026-11-21T09:00", Role::Clerk, RotateSubscriberSecret {}).unwrap();
        assert_eq!(scene.state.secrets(at("2026-11-21T09:00")), [3, 2]);
    }

    #[test]
    fn only_who_subscribed_gets_a_secret() {
        let law = law();
        let mut scene = active(&law);
        scene.subject = "head-of-unit";
        let refused = scene.execute(NOW, Role::Clerk, RotateSubscriberSecret {});
        assert_eq!(refused, Err(Refusal::NotOwn));
    }
}
