//! The service stops sending: nothing was delivered for days, the receiver answered that it is
//! gone (410), or the rights were not confirmed for a year.

use super::limits::DETAIL_CHARS_MAX;
use super::{Subscriber, SubscriberStatus};
use crate::contract::{DisabledBecause, SubscriberDisabled, SubscriberEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Disables a subscriber for a reason that the service has found.
#[derive(Debug, Clone)]
pub struct SuspendSubscriber {
    pub because: DisabledBecause,
    /// What the last try ended with.
    pub detail: Option<String>,
}

impl Command for SuspendSubscriber {
    type State = Subscriber;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "suspend_subscriber",
        basis: "quy định nội bộ",
        may: &[],
        events: &["exchange.SubscriberDisabled.v1"],
        refusals: &[],
    };

    /// Nothing, if nothing is sent anyway.
    fn decide(
        &self,
        subscriber: &Subscriber,
        _: &Facts<'_>,
    ) -> Result<Decision<SubscriberEvent>, LawError> {
        let id = subscriber.id.ok_or(LawError::NotLoaded)?;
        let is_sent =
            matches!(subscriber.status, SubscriberStatus::Active | SubscriberStatus::Unverified);
        let detail = self.detail.as_ref();
        let detail = detail.map(|text| text.chars().take(DETAIL_CHARS_MAX).collect());
        let disabled = SubscriberDisabled { subscriber: id, because: self.because, detail };
        Ok(Decision::from(is_sent.then(|| disabled.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::exchange::subscribe::tests::{NOW, active};
    use crate::testing::law;

    #[test]
    fn it_is_disabled_once_with_what_the_last_try_ended_with() {
        let law = law();
        let mut scene = active(&law);
        let detail = Some("status 500 ".repeat(50));
        let command = SuspendSubscriber { because: DisabledBecause::Failing, detail };
        scene.execute(NOW, Role::System, command.clone()).unwrap();
        let (because, detail, _) = scene.state.disabled.clone().unwrap();
        assert_eq!(because, DisabledBecause::Failing);
        assert_eq!(detail.unwrap().chars().count(), DETAIL_CHARS_MAX);
        assert!(scene.execute(NOW, Role::System, command).unwrap().is_empty());
    }
}
