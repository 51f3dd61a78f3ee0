//! A caller asks for changes to be sent to an address. They are sent once the receiver there has
//! answered a challenge: nobody can have messages sent to somebody who does not want them.

use super::Subscriber;
use super::limits::{ALL_MAX, OF_SUBJECT_MAX};
use crate::contract::{Subscribed, SubscriberEvent, SubscriberId, SubscriberRights, Wanted};
use crate::step::{Collected, Command, Decision, Facts, Reasons, Refuse, Step, refusals};

/// Adds a subscriber.
#[derive(Debug, Clone)]
pub struct Subscribe {
    /// Derived from the caller and the idempotency key.
    pub subscriber: SubscriberId,
    pub name: String,
    /// The address, whose form was checked.
    pub address: String,
    pub wanted: Wanted,
    /// Subscribers that have not ended: of the caller's party, and of the installation.
    pub open: (u32, u32),
}

refusals! {
    /// Why a subscriber cannot be added.
    pub enum Refusal {
        UnderMandate => 403, "subscriber-under-mandate",
            "không đăng ký nhận thay đổi qua ủy quyền: hãy bỏ tiêu đề `Mandate`",
            "changes are not sent under a mandate: omit the `Mandate` header";
        WrongFilter => 422, "filter-not-possible",
            "bộ lọc không đúng", "the filters are wrong";
        TooMany => 409, "too-many-subscribers",
            "bạn có quá nhiều nơi nhận thay đổi, hãy kết thúc bớt",
            "you have too many subscribers; end some first";
        Full => 409, "subscribers-full",
            "hệ thống đã đủ số nơi nhận thay đổi, hãy báo người vận hành",
            "the installation has too many subscribers; tell its operator";
    }
}

/// Adds what is wrong with filters.
pub(super) fn checked<R: Refuse>(wanted: &Wanted, wrong: &R) -> Reasons {
    let mut reasons = Reasons::default();
    reasons.found(wrong.entry(), wanted.findings());
    reasons
}

impl Command for Subscribe {
    type State = Subscriber;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "subscribe",
        basis: "quy định nội bộ",
        may: super::SUBSCRIBE,
        events: &["exchange.Subscribed.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if it was added before.
    fn decide(
        &self,
        subscriber: &Subscriber,
        facts: &Facts<'_>,
    ) -> Result<Decision<SubscriberEvent>, Refusal> {
        if subscriber.id.is_some() {
            return Ok(Decision::Nothing);
        }
        if facts.actor.mandate.is_some() {
            return Err(Refusal::UnderMandate);
        }
        let mut wrong = Collected::after(checked(&self.wanted, &Refusal::WrongFilter));
        let (own, all) = self.open;
        if own >= OF_SUBJECT_MAX {
            wrong.add(Refusal::TooMany);
        } else if all >= ALL_MAX {
            wrong.add(Refusal::Full);
        }
        wrong.done(Refusal::Several)?;
        Ok(Decision::event(Subscribed {
            subscriber: self.subscriber,
            name: self.name.clone(),
            address: self.address.clone(),
            wanted: self.wanted.clone(),
            rights: SubscriberRights::of(facts.actor),
        }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::exchange::SubscriberStatus;
    use crate::exchange::verify_subscriber::VerifySubscriber;
    use crate::law::Law;
    use crate::testing::{Scene, at, law};

    pub(crate) const NOW: &str = "2026-11-20T09:00";
    pub(crate) const ADDRESS: &str = "https://receiver.example/changes";

    pub(crate) fn subscribe() -> Subscribe {
        Subscribe {
            subscriber: SubscriberId(uuid::Uuid::from_u128(7)),
            name: "portal".to_owned(),
            address: ADDRESS.to_owned(),
            wanted: Wanted { kinds: vec!["intake.*".to_owned()], ..Wanted::all() },
            open: (0, 0),
        }
    }

    pub(crate) fn subscribed(law: &Law) -> Scene<'_, Subscriber> {
        let mut scene = Scene::new(law, "CO.D", "G02.001");
        scene.execute(NOW, Role::Clerk, subscribe()).unwrap();
        scene
    }

    /// A subscriber to which changes after position 40 are sent.
    pub(crate) fn active(law: &Law) -> Scene<'_, Subscriber> {
        let mut scene = subscribed(law);
        let verify = VerifySubscriber { address: ADDRESS.to_owned(), challenge: 1, head: 40 };
        scene.execute(NOW, Role::System, verify).unwrap();
        scene
    }

    #[test]
    fn a_subscriber_is_not_verified_at_first_and_has_the_rights_of_who_subscribed() {
        let law = law();
        let scene = subscribed(&law);
        assert_eq!(scene.state.status, SubscriberStatus::Unverified);
        let rights = scene.state.rights.clone().unwrap();
        assert_eq!((rights.role, rights.agency), (Role::Clerk, Some("G02.001".into())));
        assert_eq!(scene.state.secrets(at(NOW)), [1]);
        let resource = crate::State::resource(&scene.state).unwrap();
        assert_eq!((resource.owners.len(), resource.agencies.len()), (0, 1), "an office's matter");
    }

    #[test]
    fn what_an_applicant_makes_is_the_applicants_own() {
        let law = law();
        let mut scene = Scene::<Subscriber>::new(&law, "CO.D", "G02.001");
        scene.execute(NOW, Role::Applicant, subscribe()).unwrap();
        let resource = crate::State::resource(&scene.state).unwrap();
        assert_eq!(resource.owners, vec!["tester".into()]);
        assert_eq!(resource.agencies, Vec::new());
    }

    #[test]
    fn wrong_filters_and_too_many_subscribers_are_told_at_once() {
        let law = law();
        let mut scene = Scene::<Subscriber>::new(&law, "CO.D", "G02.001");
        let mut wrong = subscribe();
        wrong.wanted.kinds.push("nothing".to_owned());
        wrong.open = (OF_SUBJECT_MAX, ALL_MAX);
        let refused = scene.execute(NOW, Role::Clerk, wrong).unwrap_err();
        let found = refused.findings();
        let codes: Vec<_> = found.iter().map(|one| one.code.unwrap()).collect();
        assert_eq!(codes, ["filter-not-possible", "too-many-subscribers"]);
        let full = Subscribe { open: (0, ALL_MAX), ..subscribe() };
        assert_eq!(scene.execute(NOW, Role::Clerk, full), Err(Refusal::Full));
    }
}
