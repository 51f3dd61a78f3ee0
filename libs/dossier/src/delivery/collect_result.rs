//! The applicant, or somebody with authority, collects the result at the one-stop unit.

use super::DossierResult;
use crate::access::agency;
use crate::contract::{DeliveryChannel, DeliveryEvent, Personal, ResultDelivered, Role};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "collect_result",
    service: "result-delivery",
    basis: "61/2018/NĐ-CP Điều 20",
    may: &[agency(Role::Clerk)],
    events: &["delivery.ResultDelivered.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why it cannot be collected.
    pub enum Refusal {
        NotThere => 409, "result-not-available",
            "kết quả chưa sẵn sàng theo hình thức này", "no result waits to be taken in this way";
    }
}

/// Decides.
pub fn decide(
    result: &DossierResult,
    received_by: Option<String>,
    _facts: &Facts<'_>,
) -> Result<Vec<DeliveryEvent>, Refusal> {
    let channel = DeliveryChannel::Collection;
    match result.brief().filter(|_| result.waits_for(channel)) {
        Some(brief) => {
            let (brief, received_by) = (brief.clone(), received_by.map(Personal::from));
            let (parcel, carrier_event) = (None, None);
            let delivered = ResultDelivered { brief, channel, parcel, carrier_event, received_by };
            Ok(vec![delivered.into()])
        }
        None => Err(Refusal::NotThere),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Stage;
    use crate::delivery::issue_result::tests::issued;
    use crate::testing::law;

    #[test]
    fn a_collected_result_is_delivered_once() {
        let law = law();
        let mut scene = issued(&law, DeliveryChannel::Collection);
        let collect = |s: &DossierResult, f: &Facts<'_>| decide(s, Some("son".to_owned()), f);
        scene.step("2026-11-23T12:00", Role::Clerk, collect).unwrap();
        assert_eq!(scene.state.stage, Stage::Delivered);
        let again = scene.step("2026-11-23T12:00", Role::Clerk, collect);
        assert_eq!(again, Err(Refusal::NotThere));
    }
}
