//! Ends an outage: the stopped clocks resume, and the affected dates are restated.

use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::declare_outage::OutageRecord;
use crate::access::any;
use crate::contract::{LawEvent, OutageEnded, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Records the end of an outage.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EndOutageRequest)]
pub struct EndOutage {
    /// The instant from which all systems work again; not in the future.
    pub to: Timestamp,
}

refusals! {
    /// Why an outage cannot be ended.
    pub enum Refusal {
        EndedAlready => 409, "outage-ended-already",
            "thời điểm kết thúc đã được ghi nhận", "its end has been recorded already";
        Backwards => 422, "outage-backwards" at "/to",
            "thời điểm kết thúc phải sau thời điểm bắt đầu", "the end must be later than the beginning";
        InTheFuture => 422, "outage-in-the-future" at "/to",
            "thời điểm ở tương lai", "an unplanned outage or a notice must not be in the future";
    }
}

impl Command for EndOutage {
    type State = OutageRecord;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "end_outage",
        basis: "224/2026/NĐ-CP Điều 13; 99/2022/NĐ-CP Điều 16",
        may: &[any(Role::Operator)],
        events: &["law.OutageEnded.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        state: &OutageRecord,
        facts: &Facts<'_>,
    ) -> Result<Decision<LawEvent>, Refusal> {
        let Some(declared) = state.declared.as_ref().filter(|_| state.ended_at.is_none()) else {
            return Err(Refusal::EndedAlready);
        };
        let Self { to } = *self;
        if to <= declared.from {
            return Err(Refusal::Backwards);
        }
        if to > facts.at {
            return Err(Refusal::InTheFuture);
        }
        Ok(Decision::event(OutageEnded { outage: declared.outage, to }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::declare_outage::tests::broken;
    use crate::testing::{Scene, at, law};

    #[test]
    fn an_outage_ends_once_and_not_before_it_began() {
        let law = law();
        let mut scene = Scene::<OutageRecord>::new(&law, "CO.D", "G02");
        let outage = broken("2026-11-20T08:00", None);
        scene.execute("2026-11-20T09:00", Role::Operator, outage).unwrap();
        let mut end = |to: &str| {
            let end = EndOutage { to: at(to) };
            scene.execute("2026-11-20T15:00", Role::Operator, end).map(|_| ())
        };
        assert_eq!(end("2026-11-20T08:00"), Err(Refusal::Backwards));
        assert_eq!(end("2026-11-20T15:01"), Err(Refusal::InTheFuture));
        assert_eq!(end("2026-11-20T14:00"), Ok(()));
        assert_eq!(end("2026-11-20T14:30"), Err(Refusal::EndedAlready));
    }
}
