//! The applicant, or an authorised person, collects the result at the one-stop unit.

use serde::Deserialize;
use utoipa::ToSchema;

use super::DossierResult;
use crate::access::{agency, received};
use crate::contract::{
    DeliveryChannel, DeliveryEvent, Personal, ReceiverTask, ResultDelivered, Role,
};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Line;

/// Records that the result was collected at the one-stop unit.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CollectResultRequest)]
pub struct CollectResult {
    /// Name of the person who received it; absent if it was the applicant.
    pub received_by: Option<Line<200>>,
}

refusals! {
    /// Refusals of `collect_result`.
    pub enum Refusal {
        NotThere => 409, "result-not-available",
            "kết quả chưa sẵn sàng theo hình thức này", "no result is available in this way";
    }
}

impl Command for CollectResult {
    type State = DossierResult;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "collect_result",
        basis: "61/2018/NĐ-CP Điều 20",
        may: &[agency(Role::Clerk), received(Role::Clerk, ReceiverTask::HandOut)],
        events: &["delivery.ResultDelivered.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, Refusal> {
        let _ = facts;
        let channel = DeliveryChannel::Collection;
        let brief = result.brief().filter(|_| result.waits_for(channel));
        let brief = brief.ok_or(Refusal::NotThere)?.clone();
        let received_by = self.received_by.as_ref().map(|name| Personal::from(name.0.clone()));
        let (parcel, carrier_event) = (None, None);
        Ok(Decision::event(ResultDelivered { brief, channel, parcel, carrier_event, received_by }))
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
        let collect = CollectResult { received_by: Some("son".into()) };
        scene.execute("2026-11-23T12:00", Role::Clerk, collect.clone()).unwrap();
        assert_eq!(scene.state.stage(), Stage::Delivered);
        let again = scene.execute("2026-11-23T12:00", Role::Clerk, collect);
        assert_eq!(again, Err(Refusal::NotThere));
    }
}
