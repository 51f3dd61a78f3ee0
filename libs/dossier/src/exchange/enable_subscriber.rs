//! A subscriber that was disabled receives again, from where it ended, once its address has
//! answered a challenge. For one that is not verified yet, the challenge is sent again.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Subscriber, SubscriberStatus};
use crate::contract::{SubscriberEnabled, SubscriberEvent, SubscriberRights};
use crate::step::{Command, Decision, Facts, LawError, Step, refusals};

/// Changes are sent again, once the address is verified.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EnableSubscriberRequest)]
pub struct EnableSubscriber {}

refusals! {
    /// Why a subscriber cannot be enabled.
    pub enum Refusal {
        NotOwn => 403, "not-who-subscribed",
            "chỉ người đã đăng ký, với cùng vai trò và không qua ủy quyền, được làm việc này",
            "only who subscribed does this, in the same role and not under a mandate";
        Ended => 409, "subscriber-ended",
            "nơi nhận thay đổi này đã kết thúc", "the subscriber has ended";
    }
}

impl Command for EnableSubscriber {
    type State = Subscriber;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "enable_subscriber",
        basis: "quy định nội bộ",
        may: super::READ,
        events: &["exchange.SubscriberEnabled.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if changes are sent.
    fn decide(
        &self,
        subscriber: &Subscriber,
        facts: &Facts<'_>,
    ) -> Result<Decision<SubscriberEvent>, Refusal> {
        let id = subscriber.id.ok_or(LawError::NotLoaded)?;
        if !subscriber.is_of(facts.actor) {
            return Err(Refusal::NotOwn);
        }
        match subscriber.status {
            SubscriberStatus::Ended => Err(Refusal::Ended),
            SubscriberStatus::Active => Ok(Decision::Nothing),
            SubscriberStatus::Disabled | SubscriberStatus::Unverified => {
                let rights = SubscriberRights::of(facts.actor);
                Ok(Decision::event(SubscriberEnabled { subscriber: id, rights }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::exchange::disable_subscriber::DisableSubscriber;
    use crate::exchange::subscribe::tests::{NOW, active};
    use crate::testing::law;

    #[test]
    fn it_has_to_answer_a_new_challenge_and_only_who_subscribed_enables_it() {
        let law = law();
        let mut scene = active(&law);
        assert!(scene.execute(NOW, Role::Clerk, EnableSubscriber {}).unwrap().is_empty());
        scene.execute(NOW, Role::Clerk, DisableSubscriber::default()).unwrap();
        scene.subject = "head-of-unit";
        let refused = scene.execute(NOW, Role::Clerk, EnableSubscriber {});
        assert_eq!(refused, Err(Refusal::NotOwn));
        scene.subject = "tester";
        scene.execute(NOW, Role::Clerk, EnableSubscriber {}).unwrap();
        let state = &scene.state;
        assert_eq!((state.status, state.challenges), (SubscriberStatus::Unverified, 2));
        assert_eq!(state.disabled, None);
    }
}
