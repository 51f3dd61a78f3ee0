//! Nothing is sent to a subscriber until it is enabled again. Who subscribed, an officer of the
//! agency, or an operator may demand it, for example because the receiver is overloaded.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Subscriber, SubscriberStatus};
use crate::contract::{DisabledBecause, SubscriberDisabled, SubscriberEvent};
use crate::step::{Command, Decision, Facts, LawError, Step, refusals};
use crate::text::Line;

/// Nothing is sent until it is enabled again.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DisableSubscriberRequest)]
pub struct DisableSubscriber {
    /// Why; shown to everybody who may read the subscriber.
    pub reason: Option<Line<200>>,
}

refusals! {
    /// Why a subscriber cannot be disabled.
    pub enum Refusal {
        Ended => 409, "subscriber-ended",
            "nơi nhận thay đổi này đã kết thúc", "the subscriber has ended";
    }
}

impl Command for DisableSubscriber {
    type State = Subscriber;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "disable_subscriber",
        basis: "quy định nội bộ",
        may: super::READ,
        events: &["exchange.SubscriberDisabled.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if it is disabled already.
    fn decide(
        &self,
        subscriber: &Subscriber,
        _: &Facts<'_>,
    ) -> Result<Decision<SubscriberEvent>, Refusal> {
        let id = subscriber.id.ok_or(LawError::NotLoaded)?;
        match subscriber.status {
            SubscriberStatus::Ended => Err(Refusal::Ended),
            SubscriberStatus::Disabled => Ok(Decision::Nothing),
            SubscriberStatus::Unverified | SubscriberStatus::Active => {
                Ok(Decision::event(SubscriberDisabled {
                    subscriber: id,
                    because: DisabledBecause::Requested,
                    detail: self.reason.as_ref().map(|reason| reason.0.clone()),
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::exchange::subscribe::tests::{NOW, active};
    use crate::testing::law;

    #[test]
    fn another_officer_of_the_agency_disables_it_too_and_the_reason_is_kept() {
        let law = law();
        let mut scene = active(&law);
        scene.subject = "head-of-unit";
        let command = DisableSubscriber { reason: Some("too many messages".into()) };
        scene.execute(NOW, Role::Approver, command.clone()).unwrap();
        assert_eq!(scene.state.status, SubscriberStatus::Disabled);
        let (because, detail, _) = scene.state.disabled.clone().unwrap();
        assert_eq!(because, DisabledBecause::Requested);
        assert_eq!(detail.as_deref(), Some("too many messages"));
        assert!(scene.execute(NOW, Role::Approver, command).unwrap().is_empty());
    }
}
