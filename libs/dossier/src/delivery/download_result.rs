//! The applicant downloads the result; it counts as delivered then.

use serde::Deserialize;
use utoipa::ToSchema;

use super::DossierResult;
use crate::access::own;
use crate::contract::{DeliveryChannel, DeliveryEvent, ResultDelivered, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Records that the applicant downloads the result.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DownloadResultRequest)]
pub struct DownloadResult {}

refusals! {
    /// Refusals of `download_result`.
    pub enum Refusal {
        NotThere => 409, "result-not-available",
            "kết quả chưa sẵn sàng theo hình thức này", "no result is available in this way";
    }
}

impl Command for DownloadResult {
    type State = DossierResult;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "download_result",
        basis: "45/2020/NĐ-CP Điều 14",
        may: &[own(Role::Applicant)],
        events: &["delivery.ResultDelivered.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, Refusal> {
        let _ = facts;
        let channel = DeliveryChannel::Download;
        let brief = result.brief().filter(|_| result.waits_for(channel));
        let (brief, received_by) = (brief.ok_or(Refusal::NotThere)?.clone(), None);
        let (parcel, carrier_event) = (None, None);
        Ok(Decision::event(ResultDelivered { brief, channel, parcel, carrier_event, received_by }))
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
        let refused = scene.execute("2026-11-23T12:00", Role::Applicant, DownloadResult {});
        assert_eq!(refused, Err(Refusal::NotThere));
        let mut scene = issued(&law, DeliveryChannel::Download);
        assert!(!scene.state.is_open_to(Role::Applicant), "around the step that records it");
        assert!(scene.state.is_open_to(Role::Approver));
        scene.execute("2026-11-23T12:00", Role::Applicant, DownloadResult {}).unwrap();
        assert!(scene.state.is_open_to(Role::Applicant));
    }
}
