//! Name, address or filters of a subscriber are changed by who subscribed. It confirms the rights
//! under which changes are sent.

use super::subscribe::checked;
use super::{Subscriber, SubscriberStatus};
use crate::contract::{SubscriberChanged, SubscriberEvent, SubscriberRights, Wanted};
use crate::step::{Collected, Command, Decision, Facts, LawError, Step, refusals};

/// Replaces name, address and filters.
#[derive(Debug, Clone)]
pub struct ChangeSubscriber {
    pub name: String,
    /// The address, whose form was checked.
    pub address: String,
    pub wanted: Wanted,
}

refusals! {
    /// Why a subscriber cannot be changed.
    pub enum Refusal {
        NotOwn => 403, "not-who-subscribed",
            "chỉ người đã đăng ký, với cùng vai trò và không qua ủy quyền, được làm việc này",
            "only who subscribed does this, in the same role and not under a mandate";
        WrongFilter => 422, "filter-not-possible",
            "bộ lọc không đúng", "the filters are wrong";
        Ended => 409, "subscriber-ended",
            "nơi nhận thay đổi này đã kết thúc", "the subscriber has ended";
    }
}

impl Command for ChangeSubscriber {
    type State = Subscriber;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "change_subscriber",
        basis: "quy định nội bộ",
        may: super::READ,
        events: &["exchange.SubscriberChanged.v1"],
        refusals: Refusal::ALL,
    };

    /// It is recorded also if nothing is different: the rights are confirmed.
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
        let wrong = Collected::after(checked(&self.wanted, &Refusal::WrongFilter));
        wrong.done(Refusal::Several)?;
        Ok(Decision::event(SubscriberChanged {
            subscriber: id,
            name: self.name.clone(),
            address: self.address.clone(),
            wanted: self.wanted.clone(),
            rights: SubscriberRights::of(facts.actor),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::exchange::subscribe::tests::{ADDRESS, NOW, active};
    use crate::testing::{at, law};

    fn change(address: &str) -> ChangeSubscriber {
        let (name, wanted) = ("portal".to_owned(), Wanted::all());
        ChangeSubscriber { name, address: address.to_owned(), wanted }
    }

    #[test]
    fn another_address_is_verified_first_and_other_filters_count_at_once() {
        let law = law();
        let mut scene = active(&law);
        scene.execute(NOW, Role::Clerk, change(ADDRESS)).unwrap();
        assert_eq!(scene.state.status, SubscriberStatus::Active);
        assert_eq!(scene.state.wanted, Some(Wanted::all()));
        scene.execute(NOW, Role::Clerk, change("https://other.example/")).unwrap();
        assert_eq!(scene.state.status, SubscriberStatus::Unverified);
        assert_eq!(scene.state.challenges, 2);
    }

    #[test]
    fn only_who_subscribed_changes_it_and_so_confirms_the_rights() {
        let law = law();
        let mut scene = active(&law);
        let until = scene.state.rights_until();
        scene.subject = "somebody";
        let refused = scene.execute(NOW, Role::Clerk, change(ADDRESS));
        assert_eq!(refused, Err(Refusal::NotOwn));
        scene.subject = "tester";
        let refused = scene.execute(NOW, Role::Auditor, change(ADDRESS));
        assert_eq!(refused, Err(Refusal::NotOwn), "in another role");
        scene.execute("2027-01-20T09:00", Role::Clerk, change(ADDRESS)).unwrap();
        assert_eq!(until, Some(at("2027-11-20T09:00")));
        assert_eq!(scene.state.rights_until(), Some(at("2028-01-20T09:00")));
    }
}
