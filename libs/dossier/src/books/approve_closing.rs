//! A second person closes an account for a day. Nobody approves their own proposal, and none whose
//! sums have changed since.

use uuid::Uuid;

use super::{BOTH, Book};
use crate::contract::{BookEvent, BookTotals, DayClosed};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Approves a proposed closing.
#[derive(Debug, Clone)]
pub struct ApproveClosing {
    /// Id of the proposed closing.
    pub closing: Uuid,
    /// The sums of the moment.
    pub totals: BookTotals,
}

refusals! {
    /// Refusals of `approve_closing`.
    pub enum Refusal {
        NothingProposed => 409, "nothing-proposed",
            "không có đề xuất này", "there is no such proposal";
        OwnProposal => 409, "own-proposal",
            "không được tự phê duyệt đề xuất của mình", "you cannot approve your own proposal";
        Changed => 409, "figures-changed",
            "số liệu đã thay đổi sau khi đề nghị: hãy bác đề nghị này và lập đề nghị mới",
            "the sums have changed since the proposal; reject it and make a new one";
    }
}

impl Command for ApproveClosing {
    type State = Book;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "approve_closing",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: BOTH,
        events: &["books.DayClosed.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, book: &Book, facts: &Facts<'_>) -> Result<Decision<BookEvent>, Refusal> {
        let proposed = book.proposed(self.closing).ok_or(Refusal::NothingProposed)?;
        if proposed.by.is(&facts.actor.subject) {
            return Err(Refusal::OwnProposal);
        }
        if proposed.totals != self.totals {
            return Err(Refusal::Changed);
        }
        Ok(Decision::event(DayClosed {
            closing: self.closing,
            totals: proposed.totals.clone(),
            counted: proposed.counted,
            proposed_by: proposed.by.clone(),
        }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::books::import_statement::tests::{import, line};
    use crate::books::propose_closing::tests::{BANK, NEXT_DAY, closing, stated, totals};
    use crate::books::{import_statement, propose_closing};
    use crate::contract::{LineKind, Role};
    use crate::law::Law;
    use crate::testing::{Scene, law};

    /// A day that two persons have closed.
    pub(crate) fn closed(law: &Law) -> Scene<'_, Book> {
        let mut scene = stated(law);
        let totals = totals(30_000, 0);
        scene.execute(NEXT_DAY, Role::Cashier, closing(BANK, totals.clone(), None)).unwrap();
        let closing = scene.state.closing.as_ref().unwrap().id;
        scene.subject = "second";
        scene.execute(NEXT_DAY, Role::Approver, ApproveClosing { closing, totals }).unwrap();
        scene.subject = "tester";
        scene
    }

    #[test]
    fn two_persons_close_a_day_and_nothing_changes_it_afterwards() {
        let law = law();
        let mut scene = closed(&law);
        assert!(scene.state.closed.is_some() && scene.state.closing.is_none());
        let late = import("f2", vec![line("t2", LineKind::Received, 1)]);
        let late = scene.execute(NEXT_DAY, Role::Cashier, late);
        assert_eq!(late, Err(import_statement::Refusal::Closed));
        let known = import("f3", vec![line("t1", LineKind::Received, 30_000)]);
        assert!(scene.execute(NEXT_DAY, Role::Cashier, known).unwrap().is_empty());
        let again = scene.execute(NEXT_DAY, Role::Cashier, closing(BANK, totals(1, 0), None));
        assert_eq!(again, Err(propose_closing::Refusal::Closed));
    }

    #[test]
    fn nobody_closes_alone_and_nobody_closes_what_has_changed() {
        let law = law();
        let mut scene = stated(&law);
        let proposed = totals(30_000, 0);
        scene.execute(NEXT_DAY, Role::Cashier, closing(BANK, proposed.clone(), None)).unwrap();
        let closing = scene.state.closing.as_ref().unwrap().id;
        let mut approve = |who, closing, totals| {
            scene.subject = who;
            scene.execute(NEXT_DAY, Role::Cashier, ApproveClosing { closing, totals })
        };
        assert_eq!(approve("tester", closing, proposed.clone()), Err(Refusal::OwnProposal));
        assert_eq!(approve("second", closing, totals(60_000, 0)), Err(Refusal::Changed));
        let unknown = approve("second", Uuid::from_u128(1), proposed.clone());
        assert_eq!(unknown, Err(Refusal::NothingProposed));
        assert_eq!(approve("second", closing, proposed).unwrap().len(), 1);
    }
}
