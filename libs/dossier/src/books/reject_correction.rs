//! A proposed correction of the books is rejected, or withdrawn by its proposer.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{BOTH, Book};
use crate::contract::{BookEvent, CorrectionRejected};
use crate::proposals::rejected;
use crate::step::{Command, Decision, Facts, Step};
use crate::text::Text;

pub use crate::proposals::NotProposed as Refusal;

/// The rejection of a proposed correction.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RejectCorrectionRequest)]
pub struct RejectCorrection {
    /// Id of the proposed correction, from the book.
    pub correction: Uuid,
    /// Written reason.
    pub reason: Text<2000>,
}

impl Command for RejectCorrection {
    type State = Book;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "reject_correction",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: BOTH,
        events: &["books.CorrectionRejected.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, book: &Book, _facts: &Facts<'_>) -> Result<Decision<BookEvent>, Refusal> {
        let correction = self.correction;
        let reason = rejected(book.proposals.contains_key(&correction), &self.reason)?;
        Ok(Decision::event(CorrectionRejected { correction, reason }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::propose_closing::tests::{NEXT_DAY, stated};
    use crate::books::propose_correction::tests::correction;
    use crate::contract::Role;
    use crate::testing::law;

    #[test]
    fn a_rejected_correction_changes_nothing() {
        let law = law();
        let mut scene = stated(&law);
        scene.execute(NEXT_DAY, Role::Cashier, correction(Vec::new(), &["line:t1"])).unwrap();
        let correction = *scene.state.proposals.keys().next().unwrap();
        let reject = RejectCorrection { correction, reason: "chưa rõ".into() };
        scene.execute(NEXT_DAY, Role::Approver, reject.clone()).unwrap();
        assert!(scene.state.proposals.is_empty() && scene.state.accepted.is_empty());
        let again = scene.execute(NEXT_DAY, Role::Approver, reject);
        assert_eq!(again, Err(Refusal::NothingProposed));
    }
}
