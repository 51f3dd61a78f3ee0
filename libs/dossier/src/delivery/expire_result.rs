//! The validity of a result has ended.

use super::{DossierResult, Owed};
use crate::contract::{DeliveryEvent, ResultExpired};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that a result has expired.
#[derive(Debug, Clone, Copy)]
pub struct ExpireResult;

impl Command for ExpireResult {
    type State = DossierResult;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "expire_result",
        basis: "26/2026/NĐ-CP Điều 14",
        may: &[],
        events: &["delivery.ResultExpired.v1"],
        refusals: &[],
    };

    /// Returns no event if the result is still valid, does not expire, or has expired before.
    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, LawError> {
        let open = result.after.validity.filter(Owed::is_open);
        let over = open.map(|validity| validity.running.due_at).filter(|until| *until <= facts.at);
        Ok(over.map(|valid_until| ResultExpired { valid_until }.into()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::delivery::issue_result::tests::licence;
    use crate::testing::law;

    #[test]
    fn a_licence_of_six_months_expires_once_at_the_end_of_its_last_day() {
        let law = law();
        let mut scene = licence(&law);
        // 23 May 2027 is a Sunday.
        assert!(scene.execute("2027-05-24T23:59", Role::System, ExpireResult).unwrap().is_empty());
        assert_eq!(scene.execute("2027-05-25T00:00", Role::System, ExpireResult).unwrap().len(), 1);
        assert!(scene.execute("2027-05-25T00:01", Role::System, ExpireResult).unwrap().is_empty());
    }
}
