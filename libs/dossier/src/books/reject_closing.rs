//! A proposed closing is rejected, or withdrawn by its proposer.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{BOTH, Book};
use crate::contract::{BookEvent, ClosingRejected};
use crate::proposals::rejected;
use crate::step::{Command, Decision, Facts, Step};
use crate::text::Text;

pub use crate::proposals::NotProposed as Refusal;

/// The rejection of a proposed closing.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RejectClosingRequest)]
pub struct RejectClosing {
    /// Id of the proposed closing, from the book.
    pub closing: Uuid,
    /// Written reason.
    pub reason: Text<2000>,
}

impl Command for RejectClosing {
    type State = Book;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "reject_closing",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: BOTH,
        events: &["books.ClosingRejected.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, book: &Book, _facts: &Facts<'_>) -> Result<Decision<BookEvent>, Refusal> {
        let closing = self.closing;
        let reason = rejected(book.proposed(closing).is_some(), &self.reason)?;
        Ok(Decision::event(ClosingRejected { closing, reason }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::propose_closing::tests::{BANK, NEXT_DAY, closing, stated, totals};
    use crate::contract::Role;
    use crate::testing::law;

    #[test]
    fn a_rejected_closing_leaves_the_day_open_for_another() {
        let law = law();
        let mut scene = stated(&law);
        let propose = || closing(BANK, totals(30_000, 0), None);
        scene.execute(NEXT_DAY, Role::Cashier, propose()).unwrap();
        let closing = scene.state.closing.as_ref().unwrap().id;
        let reject = RejectClosing { closing, reason: "thiếu sao kê".into() };
        scene.execute(NEXT_DAY, Role::Approver, reject.clone()).unwrap();
        let again = scene.execute(NEXT_DAY, Role::Approver, reject);
        assert_eq!(again, Err(Refusal::NothingProposed));
        scene.execute(NEXT_DAY, Role::Cashier, propose()).unwrap();
    }
}
