//! Bank transfer: a VietQR code with our reference in the memo, matched by the lines of statements
//! (CSV, or camt.053 of ISO 20022). Nothing is signed: a statement counts by the person or the
//! connection that brings it.

use super::read::payable;
use super::{Basis, Description, Scheme, Setting};
use crate::finding::Findings;
use crate::message::{Order, Start, Unable};
use crate::notice::{Notice, Rejected};
use crate::partner::Partner;
use crate::reference::Reference;
use crate::secret::Secrets;
use crate::statement::{Form, Format, Line, camt053, csv};
use crate::terms::{Capability, Outcome, Vnd};
use crate::vietqr;

/// See the module.
#[derive(Debug)]
pub(super) struct BankTransfer;

static DESCRIPTION: Description = Description {
    name: "bank-transfer",
    source: "EMVCo merchant-presented QR 1.1; NAPAS VietQR 1.5.2; ISO 20022 camt.053",
    capabilities: &[
        (Capability::Pay, Basis::Documented),
        (Capability::Statement, Basis::Documented),
    ],
    calls: &[],
    signs: false,
    needs_accounts: true,
    settings: &[
        Setting { name: "format", default: Some("csv"), one_of: &["csv", "camt.053"] },
        Setting { name: "separator", default: Some(","), one_of: &[",", ";", "\t", "|"] },
        Setting { name: "thousands", default: Some(","), one_of: &[",", ".", " ", ""] },
        Setting::default("time_format", "%d/%m/%Y %H:%M:%S"),
    ],
    fields: &[
        Setting::default("account", ""),
        Setting::default("event", ""),
        Setting::default("credit", ""),
        Setting::default("debit", ""),
        Setting::default("memo", ""),
        Setting::default("booked_at", ""),
    ],
    statuses: &[],
    refund_statuses: &[],
    names_refunds: false,
    replies: &[],
};

impl Scheme for BankTransfer {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn pay(&self, partner: &Partner, _: &Secrets, order: &Order<'_>) -> Result<Start, Unable> {
        partner.offers(Capability::Pay)?;
        let mut found = Findings::default();
        payable(&mut found, partner, order.amount);
        let memo = Reference::parse(order.reference);
        if memo.is_none() {
            let (vi, en) = (
                "không phải mã tham chiếu ngắn có chữ số kiểm tra",
                "is not a short reference with a check digit",
            );
            found.add("/reference", vi, en);
        }
        let account = partner.account(order.agency);
        if account.is_none() {
            let (vi, en) = (
                format!("đối tác không có tài khoản của `{}`", order.agency),
                format!("the partner has no account of `{}`", order.agency),
            );
            found.add("/agency", vi, en);
        }
        let (Some(memo), Some(account), true) = (memo, account, found.is_empty()) else {
            return Err(Unable::Values(found));
        };
        let memo = memo.as_str().to_owned();
        let text = vietqr::payload(account, order.amount, &memo).map_err(Unable::Values)?;
        Ok(Start::Qr { text, memo })
    }

    fn lines(&self, partner: &Partner, form: Form, file: &[u8]) -> Result<Vec<Line>, Rejected> {
        if partner.offers(Capability::Statement).is_err() {
            return Err(Rejected::NotOffered(Capability::Statement));
        }
        let setting = |name| partner.setting(&DESCRIPTION, name);
        let field = |name| partner.field(&DESCRIPTION, name);
        let lines = match form {
            Form::Camt053 => camt053::read(file),
            Form::Csv => csv::read(
                file,
                &Format {
                    separator: setting("separator").bytes().next().unwrap_or(b','),
                    thousands: setting("thousands"),
                    time_format: setting("time_format"),
                    account: field("account"),
                    event: field("event"),
                    credit: field("credit"),
                    debit: field("debit"),
                    memo: field("memo"),
                    booked_at: field("booked_at"),
                },
            ),
        };
        lines.map_err(Rejected::Content)
    }

    fn statement(&self, partner: &Partner, file: &[u8]) -> Result<Vec<Notice>, Rejected> {
        let is_camt = partner.setting(&DESCRIPTION, "format") == "camt.053";
        let lines = self.lines(partner, if is_camt { Form::Camt053 } else { Form::Csv }, file)?;
        let mut found = Findings::default();
        for (number, line) in (1..).zip(&lines) {
            let is_ours = partner.accounts.iter().any(|one| one.number == line.account);
            // A statement without account numbers is of the only account.
            let is_only = line.account.is_empty() && partner.accounts.len() == 1;
            if !is_ours && !is_only {
                let (vi, en) = (
                    format!(
                        "dòng {number}: tài khoản `{}` không có trong tệp đối tác",
                        line.account
                    ),
                    format!("line {number}: the partner has no account `{}`", line.account),
                );
                found.add(format!("/{number}/account"), vi, en);
            }
        }
        let notices = lines.into_iter().map(notice).collect();
        found.or(notices).map_err(Rejected::Content)
    }
}

/// The fact of a line. A debit is money that left the account; a reversed credit is no payment any
/// more, and with a reversed debit a refund came back. A memo with two references names none.
fn notice(line: Line) -> Notice {
    let reference = line.reference();
    let outcome = match (line.amount.0 > 0, line.is_reversal) {
        (true, false) => Outcome::Captured,
        (true, true) => Outcome::Failed,
        (false, true) => Outcome::Reversed,
        (false, false) => Outcome::Refunded,
    };
    Notice {
        event: line.event.clone(),
        reference: reference.map(|one| one.as_str().to_owned()),
        refund_reference: None,
        dispute: None,
        transaction: Some(line.event),
        amount: Some(Vnd(line.amount.0.saturating_abs())),
        outcome,
        code: if line.is_reversal { "reversal" } else { "booked" }.to_owned(),
        paid_at: line.booked_at,
        by: Capability::Statement,
        key: None,
    }
}

#[cfg(test)]
mod tests;
