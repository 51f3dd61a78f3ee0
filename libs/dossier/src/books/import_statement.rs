//! Lines of a bank's statement, or of a provider's settlement file, are taken into the books of
//! their day. Each line counts once, however often it comes and in however many files.

use super::account::accounts;
use super::limits::{DAY_LINES_MAX, EVENT_LINES_MAX};
use super::{Book, BookId};
use crate::access::{agency, any};
use crate::contract::{BookEvent, Role, StatementImported, StatementLine};
use crate::law::{Finding, Findings};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};

/// The lines of one day of a statement.
#[derive(Debug, Clone)]
pub struct ImportStatement {
    pub id: BookId,
    /// Names of the partners of the installation, which have accounts too.
    pub partners: Vec<String>,
    /// A digest of the file.
    pub file: String,
    /// The lines, each with its place in the file.
    pub lines: Vec<(usize, StatementLine)>,
}

refusals! {
    /// Refusals of `import_statement`.
    pub enum Refusal {
        NoAccount(Known) => 422, "unknown-account" at "/account",
            "cơ quan không có tài khoản hay cổng thanh toán này trong quy định về thanh toán",
            "the payment rules have no such account of the agency and no such provider";
        Closed => 409, "day-closed",
            "ngày này đã khóa sổ: chỉ ghi bút toán điều chỉnh",
            "the day is closed; only a correction can be entered";
        Differs(Findings) => 422, "line-differs",
            "dòng này đã được ghi nhận với số tiền khác",
            "the line is known with another amount";
        NotYet(Findings) => 422, "line-in-the-future",
            "dòng có thời điểm ở tương lai", "the time of the line is in the future";
        TooMany => 409, "too-many-lines",
            "ngày này đã đủ số dòng sao kê", "the day has no room for more lines";
    }
}

/// Whether two lines report the same money.
pub(super) fn is_same(one: &StatementLine, other: &StatementLine) -> bool {
    (one.kind, one.amount, one.fee) == (other.kind, other.amount, other.fee)
        && one.transaction == other.transaction
}

impl ImportStatement {
    /// A statement of an account that nobody has would never be compared with a payment.
    fn check_account(&self, facts: &Facts<'_>) -> Result<(), Refusal> {
        let BookId { agency, account, .. } = &self.id;
        let mut known = accounts(facts.law, agency, facts.at);
        known.extend(self.partners.iter().cloned());
        if known.iter().any(|one| one == account) {
            return Ok(());
        }
        Err(Refusal::NoAccount(Known::new(account, known, "GET /v1/rules")))
    }
}

impl Command for ImportStatement {
    type State = Book;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "import_statement",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[agency(Role::Cashier), any(Role::Operator)],
        events: &["books.StatementImported.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if all lines are known.
    fn decide(&self, book: &Book, facts: &Facts<'_>) -> Result<Decision<BookEvent>, Refusal> {
        self.check_account(facts)?;
        let mut differs = Vec::new();
        let mut new: Vec<&(usize, StatementLine)> = Vec::new();
        for numbered in &self.lines {
            let (place, line) = numbered;
            match book.lines.get(&line.event) {
                None => new.push(numbered),
                Some(known) if is_same(known, line) => {}
                Some(known) => differs.push(Finding::new(
                    format!("/lines/{place}/amount_vnd"),
                    format!(
                        "dòng `{}` đã có với {} {}",
                        line.event,
                        known.kind.as_str(),
                        known.amount
                    ),
                    format!(
                        "line `{}` is known as {} {}",
                        line.event,
                        known.kind.as_str(),
                        known.amount
                    ),
                )),
            }
        }
        if !differs.is_empty() {
            return Err(Refusal::Differs(Findings(differs)));
        }
        if new.is_empty() {
            return Ok(Decision::Nothing);
        }
        if book.closed.is_some() {
            return Err(Refusal::Closed);
        }
        let early = new.iter().filter(|(_, line)| line.booked_at > facts.at);
        let early: Vec<Finding> = early
            .map(|(place, line)| {
                let at = format!("/lines/{place}/booked_at");
                let (vi, en) = ("ở tương lai", "is in the future");
                Finding::new(
                    at,
                    format!("{} {vi}", line.booked_at),
                    format!("{} {en}", line.booked_at),
                )
            })
            .collect();
        if !early.is_empty() {
            return Err(Refusal::NotYet(Findings(early)));
        }
        if book.lines.len().saturating_add(new.len()) > DAY_LINES_MAX {
            return Err(Refusal::TooMany);
        }
        let events = new.chunks(EVENT_LINES_MAX).map(|lines| {
            let BookId { day, agency, account } = self.id.clone();
            let lines = lines.iter().map(|(_, line)| line.clone()).collect();
            StatementImported { agency, account, day, file: self.file.clone(), lines }.into()
        });
        Ok(events.collect())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::{LineKind, Vnd};
    use crate::step::Refuse;
    use crate::testing::{Scene, at, law};

    pub(crate) fn line(event: &str, kind: LineKind, amount: i64) -> StatementLine {
        StatementLine {
            event: event.to_owned(),
            kind,
            amount: Vnd(amount),
            fee: Vnd(0),
            reference: None,
            transaction: Some(event.to_owned()),
            payout: None,
            booked_at: at("2026-11-20T10:00"),
            memo: Some("NGUYEN VAN A nop phi".to_owned().into()),
        }
    }

    pub(crate) fn import(file: &str, lines: Vec<StatementLine>) -> ImportStatement {
        ImportStatement {
            id: "2026-11-20_G02.001_sandbox".parse().unwrap(),
            partners: Vec::new(),
            file: file.to_owned(),
            lines: lines.into_iter().enumerate().collect(),
        }
    }

    const NOW: &str = "2026-11-20T17:00";

    #[test]
    fn overlapping_files_count_each_line_once() {
        let law = law();
        let mut scene = Scene::<Book>::new(&law, "CO.D", "G02.001");
        let one = |event| line(event, LineKind::Received, 30_000);
        let morning = import("f1", vec![one("t1"), one("t2")]);
        assert_eq!(scene.execute(NOW, Role::Cashier, morning.clone()).unwrap().len(), 1);
        assert!(scene.execute(NOW, Role::Cashier, morning).unwrap().is_empty());
        let whole = import("f2", vec![one("t1"), one("t2"), one("t3")]);
        scene.execute(NOW, Role::Cashier, whole).unwrap();
        assert_eq!(scene.state.lines.len(), 3);
        assert_eq!(scene.state.files, [("f1".to_owned(), 2), ("f2".to_owned(), 1)].into());
    }

    #[test]
    fn a_line_that_changed_and_one_of_the_future_are_found_at_their_places() {
        let law = law();
        let mut scene = Scene::<Book>::new(&law, "CO.D", "G02.001");
        let known = line("t1", LineKind::Received, 30_000);
        scene.execute(NOW, Role::Cashier, import("f1", vec![known])).unwrap();
        let changed = line("t1", LineKind::Received, 31_000);
        let refused = scene
            .execute(
                NOW,
                Role::Cashier,
                import("f2", vec![line("t2", LineKind::Charge, 1), changed]),
            )
            .unwrap_err();
        let found = refused.findings();
        assert_eq!((found.len(), &*found[0].pointer), (1, "/lines/1/amount_vnd"));
        let early = import("f3", vec![line("t3", LineKind::Received, 1)]);
        let refused = scene.execute("2026-11-20T09:59", Role::Cashier, early).unwrap_err();
        assert_eq!(&*refused.findings()[0].pointer, "/lines/0/booked_at");
    }

    #[test]
    fn many_lines_are_several_events() {
        let law = law();
        let mut scene = Scene::<Book>::new(&law, "CO.D", "G02.001");
        let lines = (0..120).map(|n| line(&format!("t{n}"), LineKind::Received, 1)).collect();
        assert_eq!(scene.execute(NOW, Role::Cashier, import("f", lines)).unwrap().len(), 3);
        assert_eq!((scene.state.lines.len(), scene.state.files["f"]), (120, 120));
    }
}
