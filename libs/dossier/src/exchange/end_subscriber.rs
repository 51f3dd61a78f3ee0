//! A subscriber ends for good: who subscribed, an officer of the agency, or an operator ends it.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Subscriber, SubscriberStatus};
use crate::contract::{SubscriberEnded, SubscriberEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Nothing is ever sent to it again.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EndSubscriberRequest)]
pub struct EndSubscriber {}

impl Command for EndSubscriber {
    type State = Subscriber;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "end_subscriber",
        basis: "quy định nội bộ",
        may: super::READ,
        events: &["exchange.SubscriberEnded.v1"],
        refusals: &[],
    };

    /// Nothing, if it has ended.
    fn decide(
        &self,
        subscriber: &Subscriber,
        _: &Facts<'_>,
    ) -> Result<Decision<SubscriberEvent>, LawError> {
        let id = subscriber.id.ok_or(LawError::NotLoaded)?;
        let is_open = subscriber.status != SubscriberStatus::Ended;
        Ok(Decision::from(is_open.then(|| SubscriberEnded { subscriber: id }.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::exchange::enable_subscriber::{EnableSubscriber, Refusal};
    use crate::exchange::subscribe::tests::{NOW, active};
    use crate::testing::law;

    #[test]
    fn what_has_ended_is_not_enabled_again() {
        let law = law();
        let mut scene = active(&law);
        assert_eq!(scene.execute(NOW, Role::Clerk, EndSubscriber {}).unwrap().len(), 1);
        assert!(scene.execute(NOW, Role::Clerk, EndSubscriber {}).unwrap().is_empty());
        let refused = scene.execute(NOW, Role::Clerk, EnableSubscriber {});
        assert_eq!(refused, Err(Refusal::Ended));
    }
}
