//! A cashier proposes to close an account for a day: with the sums of that moment, and for a till
//! with the cash that was counted.

use super::{Book, BookId};
use crate::access::agency;
use crate::contract::{BookEvent, BookTotals, ClosingProposed, Role, Vnd};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Proposes to close an account for a day.
#[derive(Debug, Clone)]
pub struct ProposeClosing {
    pub id: BookId,
    /// The sums of the moment.
    pub totals: BookTotals,
    /// The cash that was counted, without the float of the till.
    pub counted: Option<Vnd>,
    /// Why there are differences.
    pub reason: Option<Text<2000>>,
}

refusals! {
    /// Refusals of `propose_closing`.
    pub enum Refusal {
        NoAgency => 404, "no-such-agency",
            "không có cơ quan này", "there is no such agency";
        Closed => 409, "day-already-closed",
            "ngày này đã khóa sổ", "the day is closed already";
        AlreadyProposed => 409, "closing-already-proposed",
            "đã có đề nghị khóa sổ chờ người thứ hai", "a closing waits for a second person already";
        NotOver => 409, "day-not-over",
            "ngày này chưa kết thúc", "the day is not over";
        NoStatement => 409, "no-statement",
            "chưa có sao kê hoặc tệp đối soát của ngày này",
            "no statement or settlement file of this day was imported";
        CountMissing => 422, "count-missing" at "/counted_vnd",
            "phải nêu số tiền mặt đã kiểm đếm", "the counted cash is required";
        CountNotPermitted => 422, "count-not-permitted" at "/counted_vnd",
            "chỉ quỹ tiền mặt mới kiểm đếm", "only a till is counted";
        ReasonMissing => 422, "difference-unexplained" at "/reason",
            "có chênh lệch: phải nêu lý do", "there are differences: a reason is required";
    }
}

/// The cash that a till should have, without its float: what dossiers brought and got back, and
/// the lines of corrections about other cash, as what was taken to the bank.
#[must_use]
pub const fn expected(totals: &BookTotals) -> Vnd {
    let came = totals.recorded_in.0.saturating_add(totals.stated_in.0);
    let came = came.saturating_add(totals.paid_in.0);
    let went = totals.recorded_out.0.saturating_add(totals.stated_out.0);
    let went = went.saturating_add(totals.paid_out.0).saturating_add(totals.charged.0);
    Vnd(came.saturating_sub(went))
}

impl ProposeClosing {
    fn is_over(&self, facts: &Facts<'_>) -> Result<bool, Refusal> {
        let calendar = facts.law.calendar_of(&self.id.agency).ok_or(Refusal::NoAgency)?;
        let today = calendar.date_of(facts.at);
        // A till is counted in the evening, a statement is complete on the next day.
        Ok(self.id.day < today || self.id.is_till() && self.id.day == today)
    }
}

impl Command for ProposeClosing {
    type State = Book;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "propose_closing",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[agency(Role::Cashier)],
        events: &["books.ClosingProposed.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, book: &Book, facts: &Facts<'_>) -> Result<Decision<BookEvent>, Refusal> {
        let Self { id, totals, counted, reason } = self;
        if book.closed.is_some() {
            return Err(Refusal::Closed);
        }
        if book.closing.is_some() {
            return Err(Refusal::AlreadyProposed);
        }
        if !self.is_over(facts)? {
            return Err(Refusal::NotOver);
        }
        let differs = match (id.is_till(), counted) {
            (true, None) => return Err(Refusal::CountMissing),
            (true, Some(counted)) => *counted != expected(totals),
            (false, Some(_)) => return Err(Refusal::CountNotPermitted),
            (false, None) if book.lines.is_empty() && totals.movements > 0 => {
                return Err(Refusal::NoStatement);
            }
            (false, None) => totals.open > 0,
        };
        if differs && reason.is_none() {
            return Err(Refusal::ReasonMissing);
        }
        let BookId { day, agency, account } = id.clone();
        Ok(Decision::event(ClosingProposed {
            closing: facts.id("closing"),
            agency,
            account,
            day,
            totals: totals.clone(),
            counted: *counted,
            reason: reason.as_ref().map(Text::personal),
        }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::books::import_statement::tests::{import, line};
    use crate::contract::LineKind;
    use crate::law::Law;
    use crate::testing::{Scene, law};

    pub(crate) fn totals(recorded_in: i64, open: u64) -> BookTotals {
        BookTotals {
            lines: 1,
            stated_in: Vnd(recorded_in),
            stated_out: Vnd(0),
            charged: Vnd(0),
            paid_out: Vnd(0),
            paid_in: Vnd(0),
            movements: 1,
            recorded_in: Vnd(recorded_in),
            recorded_out: Vnd(0),
            receipted: Vnd(recorded_in),
            open,
        }
    }

    pub(crate) fn closing(id: &str, totals: BookTotals, counted: Option<i64>) -> ProposeClosing {
        ProposeClosing { id: id.parse().unwrap(), totals, counted: counted.map(Vnd), reason: None }
    }

    pub(crate) const BANK: &str = "2026-11-20_G02.001_sandbox";
    pub(crate) const NEXT_DAY: &str = "2026-11-21T09:00";

    /// A statement with one payment was imported.
    pub(crate) fn stated(law: &Law) -> Scene<'_, Book> {
        let mut scene = Scene::new(law, "CO.D", "G02.001");
        let lines = vec![line("t1", LineKind::Received, 30_000)];
        scene.execute("2026-11-20T17:00", Role::Cashier, import("f1", lines)).unwrap();
        scene
    }

    #[test]
    fn a_day_is_closed_after_its_end_with_its_statement_and_with_a_reason_if_it_differs() {
        let law = law();
        let mut empty = Scene::<Book>::new(&law, "CO.D", "G02.001");
        let close = |totals| closing(BANK, totals, None);
        let refused = empty.execute(NEXT_DAY, Role::Cashier, close(totals(30_000, 0)));
        assert_eq!(refused, Err(Refusal::NoStatement));
        let mut scene = stated(&law);
        let early = scene.execute("2026-11-20T17:30", Role::Cashier, close(totals(30_000, 0)));
        assert_eq!(early, Err(Refusal::NotOver));
        let differs = scene.execute(NEXT_DAY, Role::Cashier, close(totals(30_000, 1)));
        assert_eq!(differs, Err(Refusal::ReasonMissing));
        scene.execute(NEXT_DAY, Role::Cashier, close(totals(30_000, 0))).unwrap();
        let again = scene.execute(NEXT_DAY, Role::Cashier, close(totals(30_000, 0)));
        assert_eq!(again, Err(Refusal::AlreadyProposed));
    }

    #[test]
    fn cash_of_corrections_is_expected_in_the_till_too() {
        let found = BookTotals { lines: 2, stated_in: Vnd(500), ..totals(90_000, 0) };
        assert_eq!(expected(&found), Vnd(90_500));
        let banked = BookTotals { stated_in: Vnd(0), paid_out: Vnd(80_000), ..totals(90_000, 0) };
        assert_eq!(expected(&banked), Vnd(10_000));
    }

    #[test]
    fn a_till_is_counted_on_its_day_and_a_difference_has_a_reason() {
        let law = law();
        let mut scene = Scene::<Book>::new(&law, "CO.D", "G02.001");
        let of_till = BookTotals { lines: 0, stated_in: Vnd(0), ..totals(90_000, 0) };
        let close = |counted| closing("2026-11-20_G02.001_cash", of_till.clone(), counted);
        let evening = "2026-11-20T17:30";
        let uncounted = scene.execute(evening, Role::Cashier, close(None));
        assert_eq!(uncounted, Err(Refusal::CountMissing));
        let short = scene.execute(evening, Role::Cashier, close(Some(80_000)));
        assert_eq!(short, Err(Refusal::ReasonMissing));
        let reason = Some("thối nhầm".into());
        let explained = ProposeClosing { reason, ..close(Some(80_000)) };
        scene.execute(evening, Role::Cashier, explained).unwrap();
        let counted = scene.state.closing.as_ref().unwrap().counted;
        assert_eq!(counted, Some(Vnd(80_000)));
        let tomorrow = closing("2026-11-21_G02.001_cash", totals(0, 0), Some(0));
        let mut other = Scene::<Book>::new(&law, "CO.D", "G02.001");
        assert_eq!(other.execute(evening, Role::Cashier, tomorrow), Err(Refusal::NotOver));
    }
}
