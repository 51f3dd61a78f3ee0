//! The applicant downloads the result: it is delivered.

use super::DossierResult;
use crate::access::own;
use crate::contract::{DeliveryChannel, DeliveryEvent, ResultDelivered, Role};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "download_result",
    service: "result-delivery",
    basis: "45/2020/NĐ-CP Điều 14",
    may: &[own(Role::Applicant)],
    events: &["delivery.ResultDelivered.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why it cannot be downloaded.
    pub enum Refusal {
        NotThere => 409, "result-not-available",
            "kết quả chưa sẵn sàng theo hình thức này", "no result waits to be taken in this way";
    }
}

/// Decides.
pub fn decide(result: &DossierResult, _facts: &Facts<'_>) -> Result<Vec<DeliveryEvent>, Refusal> {
    let channel = DeliveryChannel::Download;
    match result.brief().filter(|_| result.waits_for(channel)) {
        Some(brief) => {
            let (brief, parcel, carrier_event, received_by) = (brief.clone(), None, None, None);
            let delivered = ResultDelivered { brief, channel, parcel, carrier_event, received_by };
            Ok(vec![delivered.into()])
        }
        None => Err(Refusal::NotThere),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::issue_result::tests::issued;
    use crate::testing::law;

    #[test]
    fn a_result_is_downloaded_only_where_that_is_the_way() {
        let law = law();
        let mut scene = issued(&law, DeliveryChannel::Collection);
        let refused = scene.step("2026-11-23T12:00", Role::Applicant, decide);
        assert_eq!(refused, Err(Refusal::NotThere));
        let mut scene = issued(&law, DeliveryChannel::Download);
        assert!(!scene.state.is_open_to(Role::Applicant), "around the step that records it");
        assert!(scene.state.is_open_to(Role::Approver));
        scene.step("2026-11-23T12:00", Role::Applicant, decide).unwrap();
        assert!(scene.state.is_open_to(Role::Applicant));
    }
}
