//! The applicant chooses another delivery channel, before the result is on its way.

use super::{DossierResult, Stage};
use crate::access::{agency, own};
use crate::contract::{
    Delivery, DeliveryChannel, DeliveryChannelChosen, DeliveryEvent, Personal, Role,
};
use crate::step::{Collected, Command, Decision, Facts, Known, Reasons, Step, refusals};

/// Chooses another delivery channel.
#[derive(Debug, Clone)]
pub struct ChooseChannel {
    pub delivery: Delivery,
}

refusals! {
    /// Refusals of `choose_channel`.
    pub enum Refusal {
        OnItsWay => 409, "result-on-its-way",
            "kết quả đã được gửi hoặc đã trả", "the result has been sent or delivered";
        DeliveryNotOffered(Known) => 422, "delivery-not-offered" at "/delivery/channel",
            "thủ tục không trả kết quả theo hình thức này", "the procedure does not deliver results in this way";
        AddressMissing => 422, "address-missing" at "/delivery/address",
            "trả kết quả qua bưu chính cần địa chỉ nhận", "delivery by post requires an address";
    }
}

impl Command for ChooseChannel {
    type State = DossierResult;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "choose_channel",
        basis: "45/2016/QĐ-TTg Điều 8",
        may: &[own(Role::Applicant), agency(Role::Clerk)],
        events: &["delivery.DeliveryChannelChosen.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, Refusal> {
        if !matches!(result.stage(), Stage::Prepared | Stage::Issued) {
            return Err(Refusal::OnItsWay);
        }
        let delivery = self.delivery.clone();
        let offered = &facts.rule()?.procedure.delivery;
        let mut wrong = Collected::after(Reasons::default());
        if !offered.contains(&delivery.channel) {
            let list = "GET /v1/procedures/{code}";
            let known = Known::of_values(&delivery.channel, offered, list);
            wrong.add(Refusal::DeliveryNotOffered(known));
        }
        if delivery.channel == DeliveryChannel::Post
            && delivery.address.as_ref().and_then(Personal::known).is_none()
        {
            wrong.add(Refusal::AddressMissing);
        }
        wrong.done(Refusal::Several)?;
        Ok(Decision::event(DeliveryChannelChosen { delivery }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::issue_result::tests::issued;
    use crate::delivery::prepare_result::tests::prepared;
    use crate::step::Refuse;
    use crate::testing::law;

    #[test]
    fn another_way_can_be_chosen_while_the_result_is_here() {
        let law = law();
        let mut scene = issued(&law, DeliveryChannel::Download);
        let mut choose = |channel| {
            let mut with = |address| {
                let command = ChooseChannel { delivery: Delivery { channel, address } };
                scene.execute("2026-11-23T12:00", Role::Applicant, command)
            };
            (with(None), with(Some(Personal::Erased)))
        };
        let missing = || Err(Refusal::AddressMissing);
        assert_eq!(choose(DeliveryChannel::Post), (missing(), missing()));
        choose(DeliveryChannel::Collection).0.unwrap();
        assert!(scene.state.waits_for(DeliveryChannel::Collection));
    }

    #[test]
    fn a_channel_that_is_not_offered_and_a_missing_address_are_reported_at_once() {
        let law = law();
        let mut scene = prepared(&law, "CHEM.IMPORT", DeliveryChannel::Download);
        let delivery = Delivery { channel: DeliveryChannel::Post, address: None };
        let command = ChooseChannel { delivery };
        let refused = scene.execute("2026-11-23T12:00", Role::Applicant, command).unwrap_err();
        let codes: Vec<_> = refused.findings().into_iter().map(|one| one.code.unwrap()).collect();
        assert_eq!(codes, ["delivery-not-offered", "address-missing"]);
    }
}
