//! A second person enters a proposed correction into the books, also into those of a closed day.
//! Nobody enters their own proposal.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::propose_correction::known;
use super::{BOTH, Book};
use crate::contract::{BookEvent, CorrectionEntered};
use crate::law::Findings;
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Enters a proposed correction.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EnterCorrectionRequest)]
pub struct EnterCorrection {
    /// Id of the proposed correction, from the book.
    pub correction: Uuid,
}

refusals! {
    /// Refusals of `enter_correction`.
    pub enum Refusal {
        NothingProposed => 409, "nothing-proposed",
            "không có đề xuất này", "there is no such proposal";
        OwnProposal => 409, "own-proposal",
            "không được tự phê duyệt đề xuất của mình", "you cannot approve your own proposal";
        Known(Findings) => 409, "line-recorded-since",
            "dòng này đã có trong sổ", "the book has this line already";
    }
}

impl Command for EnterCorrection {
    type State = Book;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "enter_correction",
        basis: "88/2015/QH13 Điều 27; 97/2015/QH13 Điều 14",
        may: BOTH,
        events: &["books.CorrectionEntered.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, book: &Book, facts: &Facts<'_>) -> Result<Decision<BookEvent>, Refusal> {
        let correction = self.correction;
        let proposed = book.proposals.get(&correction).ok_or(Refusal::NothingProposed)?;
        if proposed.by.is(&facts.actor.subject) {
            return Err(Refusal::OwnProposal);
        }
        let known = known(book, &proposed.lines);
        if !known.is_empty() {
            return Err(Refusal::Known(Findings(known)));
        }
        Ok(Decision::event(CorrectionEntered {
            correction,
            lines: proposed.lines.clone(),
            accepts: proposed.accepts.clone(),
            reason: proposed.reason.clone(),
            proposed_by: proposed.by.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::approve_closing::tests::closed;
    use crate::books::import_statement::tests::{import, line};
    use crate::books::propose_closing::tests::{NEXT_DAY, stated};
    use crate::books::propose_correction::tests::correction;
    use crate::contract::{LineKind, Role};
    use crate::testing::law;

    #[test]
    fn a_closed_day_is_corrected_by_an_entry_of_two_persons_and_stays_closed() {
        let law = law();
        let mut scene = closed(&law);
        let before = scene.state.closed.clone();
        let lines = vec![line("t2", LineKind::Received, 5_000)];
        let proposed = correction(lines, &["line:t2"]);
        scene.execute(NEXT_DAY, Role::Cashier, proposed).unwrap();
        let id = *scene.state.proposals.keys().next().unwrap();
        let enter = EnterCorrection { correction: id };
        let own = scene.execute(NEXT_DAY, Role::Cashier, enter);
        assert_eq!(own, Err(Refusal::OwnProposal));
        scene.subject = "second";
        scene.execute(NEXT_DAY, Role::Cashier, enter).unwrap();
        assert_eq!(scene.state.closed, before, "the closing stays as it was");
        assert_eq!((scene.state.lines.len(), scene.state.corrections.len()), (2, 1));
        assert!(scene.state.accepted.contains("line:t2"));
        let again = scene.execute(NEXT_DAY, Role::Cashier, enter);
        assert_eq!(again, Err(Refusal::NothingProposed));
    }

    #[test]
    fn a_line_that_a_statement_brought_meanwhile_is_not_entered_again() {
        let law = law();
        let mut scene = stated(&law);
        let late = || vec![line("t2", LineKind::Received, 5_000)];
        scene.execute(NEXT_DAY, Role::Cashier, correction(late(), &[])).unwrap();
        scene.execute(NEXT_DAY, Role::Cashier, import("f2", late())).unwrap();
        let correction = *scene.state.proposals.keys().next().unwrap();
        scene.subject = "second";
        let refused = scene.execute(NEXT_DAY, Role::Cashier, EnterCorrection { correction });
        assert!(matches!(refused, Err(Refusal::Known(_))), "{refused:?}");
    }
}
