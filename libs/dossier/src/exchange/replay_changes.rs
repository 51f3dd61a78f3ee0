//! Changes after a position are sent again, for example because the receiver lost its data, or
//! those until a position are left out. The ids of the messages are those of before.

use super::{Subscriber, SubscriberStatus};
use crate::contract::{ChangesReplayed, SubscriberEvent};
use crate::step::{Command, Decision, Facts, LawError, Step, refusals};

/// Sends changes again.
#[derive(Debug, Clone)]
pub struct ReplayChanges {
    /// The position after which they are sent.
    pub after: u64,
}

refusals! {
    /// Why changes are not sent again.
    pub enum Refusal {
        NotOwn => 403, "not-who-subscribed",
            "chỉ người đã đăng ký, với cùng vai trò và không qua ủy quyền, được làm việc này",
            "only who subscribed does this, in the same role and not under a mandate";
        NotVerified => 409, "subscriber-not-verified",
            "địa chỉ chưa được xác minh lần nào", "the address was never verified";
        Ended => 409, "subscriber-ended",
            "nơi nhận thay đổi này đã kết thúc", "the subscriber has ended";
    }
}

impl Command for ReplayChanges {
    type State = Subscriber;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "replay_changes",
        basis: "quy định nội bộ",
        may: super::READ,
        events: &["exchange.ChangesReplayed.v1"],
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
        if subscriber.begin.is_none() {
            return Err(Refusal::NotVerified);
        }
        Ok(Decision::event(ChangesReplayed { subscriber: id, after: self.after }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::exchange::Begin;
    use crate::exchange::subscribe::tests::{NOW, active, subscribed};
    use crate::testing::law;

    #[test]
    fn a_replay_is_a_new_beginning() {
        let law = law();
        let mut scene = active(&law);
        scene.execute(NOW, Role::Clerk, ReplayChanges { after: 3 }).unwrap();
        assert_eq!(scene.state.begin, Some(Begin { number: 2, after: 3 }));
        assert_eq!(scene.state.status, SubscriberStatus::Active);
    }

    #[test]
    fn nothing_was_sent_to_an_address_that_was_never_verified() {
        let law = law();
        let mut scene = subscribed(&law);
        let refused = scene.execute(NOW, Role::Clerk, ReplayChanges { after: 3 });
        assert_eq!(refused, Err(Refusal::NotVerified));
    }
}
