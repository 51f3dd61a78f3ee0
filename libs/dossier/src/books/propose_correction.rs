//! A cashier proposes an entry that corrects the books: lines that the statements lack, or
//! differences that the reason explains. Accounting law: an error is corrected by a further entry,
//! and the entry that is wrong stays (Law 88/2015/QH13, art. 27).

use super::limits::{CORRECTIONS_MAX, PROPOSALS_MAX};
use super::{Book, BookId};
use crate::access::agency;
use crate::contract::{BookEvent, CorrectionProposed, Role, StatementLine};
use crate::law::{Finding, Findings};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Adds lines that the statements lack to the books of a day, or explains differences; takes
/// effect when a second person enters it.
#[derive(Debug, Clone)]
pub struct ProposeCorrection {
    pub id: BookId,
    /// Lines that the statements lack.
    pub lines: Vec<StatementLine>,
    /// Keys of differences that the reason explains.
    pub accepts: Vec<String>,
    pub reason: Text<2000>,
}

refusals! {
    /// Refusals of `propose_correction`.
    pub enum Refusal {
        Empty => 422, "correction-empty" at "/lines",
            "phải nêu dòng bổ sung hoặc chênh lệch được giải trình",
            "lines to add or differences to explain are required";
        Known(Findings) => 422, "line-known",
            "dòng này đã có trong sổ", "the book has this line already";
        TooMany => 409, "too-many-corrections",
            "đã có quá nhiều bút toán điều chỉnh", "there are too many corrections of this book";
    }
}

/// Findings of lines that the book has already.
pub(super) fn known(book: &Book, lines: &[StatementLine]) -> Vec<Finding> {
    let known = lines.iter().enumerate().filter(|(_, line)| book.lines.contains_key(&line.event));
    known
        .map(|(place, line)| {
            let at = format!("/lines/{place}/event");
            let (vi, en) = ("đã có trong sổ", "is in the book already");
            Finding::new(at, format!("`{}` {vi}", line.event), format!("`{}` {en}", line.event))
        })
        .collect()
}

impl Command for ProposeCorrection {
    type State = Book;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "propose_correction",
        basis: "88/2015/QH13 Điều 27; 97/2015/QH13 Điều 14",
        may: &[agency(Role::Cashier)],
        events: &["books.CorrectionProposed.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, book: &Book, facts: &Facts<'_>) -> Result<Decision<BookEvent>, Refusal> {
        if self.lines.is_empty() && self.accepts.is_empty() {
            return Err(Refusal::Empty);
        }
        let known = known(book, &self.lines);
        if !known.is_empty() {
            return Err(Refusal::Known(Findings(known)));
        }
        if book.proposals.len() >= PROPOSALS_MAX || book.corrections.len() >= CORRECTIONS_MAX {
            return Err(Refusal::TooMany);
        }
        let BookId { day, agency, account } = self.id.clone();
        Ok(Decision::event(CorrectionProposed {
            correction: facts.id("correction"),
            agency,
            account,
            day,
            lines: self.lines.clone(),
            accepts: self.accepts.clone(),
            reason: self.reason.personal(),
        }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::books::import_statement::tests::line;
    use crate::books::propose_closing::tests::{BANK, NEXT_DAY, stated};
    use crate::contract::LineKind;
    use crate::step::Refuse;
    use crate::testing::law;

    pub(crate) fn correction(lines: Vec<StatementLine>, accepts: &[&str]) -> ProposeCorrection {
        let accepts = accepts.iter().map(|key| (*key).to_owned()).collect();
        let reason = "ngân hàng gửi thiếu dòng".into();
        ProposeCorrection { id: BANK.parse().unwrap(), lines, accepts, reason }
    }

    #[test]
    fn a_correction_adds_or_explains_something_and_adds_no_line_twice() {
        let law = law();
        let mut scene = stated(&law);
        let empty = scene.execute(NEXT_DAY, Role::Cashier, correction(Vec::new(), &[]));
        assert_eq!(empty, Err(Refusal::Empty));
        let lines = vec![line("t2", LineKind::Charge, 1), line("t1", LineKind::Received, 30_000)];
        let refused = scene.execute(NEXT_DAY, Role::Cashier, correction(lines, &[])).unwrap_err();
        assert_eq!(&*refused.findings()[0].pointer, "/lines/1/event");
        let explained = correction(Vec::new(), &["line:t1"]);
        scene.execute(NEXT_DAY, Role::Cashier, explained).unwrap();
        assert_eq!((scene.state.proposals.len(), scene.state.accepted.len()), (1, 0));
    }

    #[test]
    fn so_many_corrections_wait_at_once() {
        let law = law();
        let mut scene = stated(&law);
        for n in 0..PROPOSALS_MAX {
            let one = correction(Vec::new(), &[&format!("line:{n}")]);
            scene.execute(NEXT_DAY, Role::Cashier, one).unwrap();
        }
        let more = scene.execute(NEXT_DAY, Role::Cashier, correction(Vec::new(), &["line:x"]));
        assert_eq!(more, Err(Refusal::TooMany));
    }
}
