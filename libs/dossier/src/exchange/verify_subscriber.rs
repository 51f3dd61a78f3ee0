//! The receiver at an address answered the challenge: changes are sent to it from then on.

use super::{Subscriber, SubscriberStatus};
use crate::contract::{SubscriberEvent, SubscriberVerified};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that an address was verified.
#[derive(Debug, Clone)]
pub struct VerifySubscriber {
    /// The address that answered.
    pub address: String,
    /// The number of the challenge that it answered.
    pub challenge: u32,
    /// The end of the log at that time.
    pub head: u64,
}

impl Command for VerifySubscriber {
    type State = Subscriber;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "verify_subscriber",
        basis: "quy định nội bộ",
        may: &[],
        events: &["exchange.SubscriberVerified.v1"],
        refusals: &[],
    };

    /// Nothing, if the address or the challenge is no longer that of the subscriber. The first
    /// time, it begins with what is recorded from then on; later it goes on where it ended.
    fn decide(
        &self,
        subscriber: &Subscriber,
        _: &Facts<'_>,
    ) -> Result<Decision<SubscriberEvent>, LawError> {
        let id = subscriber.id.ok_or(LawError::NotLoaded)?;
        let is_asked = subscriber.status == SubscriberStatus::Unverified
            && subscriber.address == self.address
            && subscriber.challenges == self.challenge;
        let verified = is_asked.then(|| {
            SubscriberVerified {
                subscriber: id,
                address: self.address.clone(),
                after: subscriber.begin.is_none().then_some(self.head),
            }
            .into()
        });
        Ok(Decision::from(verified))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::exchange::Begin;
    use crate::exchange::disable_subscriber::DisableSubscriber;
    use crate::exchange::enable_subscriber::EnableSubscriber;
    use crate::exchange::subscribe::tests::{ADDRESS, NOW, active, subscribed};
    use crate::testing::law;

    fn verify(address: &str, challenge: u32, head: u64) -> VerifySubscriber {
        VerifySubscriber { address: address.to_owned(), challenge, head }
    }

    #[test]
    fn a_verified_subscriber_begins_at_the_end_of_the_log_of_that_time() {
        let law = law();
        let scene = active(&law);
        assert_eq!(scene.state.status, SubscriberStatus::Active);
        assert_eq!(scene.state.begin, Some(Begin { number: 1, after: 40 }));
    }

    #[test]
    fn an_answer_from_another_address_or_to_an_earlier_challenge_verifies_nothing() {
        let law = law();
        let mut scene = subscribed(&law);
        for command in [verify("https://other.example/", 1, 40), verify(ADDRESS, 0, 40)] {
            assert!(scene.execute(NOW, Role::System, command).unwrap().is_empty());
        }
        assert_eq!(scene.state.status, SubscriberStatus::Unverified);
    }

    #[test]
    fn after_it_was_disabled_it_goes_on_where_it_ended() {
        let law = law();
        let mut scene = active(&law);
        scene.execute(NOW, Role::Clerk, DisableSubscriber::default()).unwrap();
        scene.execute(NOW, Role::Clerk, EnableSubscriber {}).unwrap();
        assert_eq!(scene.state.status, SubscriberStatus::Unverified);
        scene.execute(NOW, Role::System, verify(ADDRESS, 2, 90)).unwrap();
        assert_eq!(scene.state.status, SubscriberStatus::Active);
        assert_eq!(scene.state.begin, Some(Begin { number: 1, after: 40 }));
    }
}
