//! What is asked of a partner's scheme about a payment.

use dossier::contract::{Brief, FeeAssessed, PaymentId, RefundOutcome, RefundRequested};
use dossier::law::FeeKind;
use dossier::payment::{Attempt, Payment};
use jiff::Timestamp;
use partners::{OtherRefund, Outgoing, Question, Start, Unable};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::partners::{Known, Partners, reference};
use crate::payment_orders::Members;

/// An order to pay, with the texts that it borrows.
#[derive(Debug)]
pub(crate) struct Order {
    reference: String,
    request: String,
    amount: i64,
    text: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    return_url: String,
    notify_url: String,
    payer_ip: String,
    english: bool,
    receipt: Map<String, Value>,
    agency: String,
}

impl Order {
    /// The order of an attempt; `None` if it has none.
    pub(crate) fn of(
        partners: &Partners,
        payment: &Payment,
        attempt: &Attempt,
        (payer_ip, english): (Option<&str>, bool),
    ) -> Option<Self> {
        let assessed = payment.assessed()?;
        let started = &attempt.started;
        let share = started.order.as_ref();
        let recorded = started.payer_address.as_ref().and_then(|address| address.known());
        let payer_ip = recorded.map(String::as_str).or(payer_ip).unwrap_or("0.0.0.0");
        Some(Self {
            reference: reference(started),
            request: request(started.payment, "pay"),
            amount: started.asked().0,
            text: match share {
                Some(_) => format!("Nop phi ho so {} va ho so khac", assessed.brief.code),
                None => format!("Nop phi ho so {}", assessed.brief.code),
            },
            created_at: share.map_or(attempt.started_at, |share| share.ordered_at),
            expires_at: started.expires_at,
            return_url: partners.ours(&started.provider, "return"),
            notify_url: partners.ours(&started.provider, "notices"),
            payer_ip: payer_ip.to_owned(),
            english,
            // The receipt of a partner is that of one dossier.
            receipt: match share {
                Some(_) => Map::new(),
                None => receipt(assessed, started.amount.0),
            },
            agency: assessed.brief.agency.to_string(),
        })
    }

    /// The order as schemes take it.
    pub(crate) fn order(&self) -> partners::Order<'_> {
        partners::Order {
            reference: &self.reference,
            request: &self.request,
            amount: partners::Vnd(self.amount),
            text: &self.text,
            created_at: self.created_at,
            expires_at: Some(self.expires_at),
            return_url: &self.return_url,
            notify_url: &self.notify_url,
            payer_ip: &self.payer_ip,
            english: self.english,
            receipt: self.receipt.clone(),
            agency: &self.agency,
        }
    }

    /// Begins the payment.
    pub(crate) fn start(&self, known: &Known) -> Result<Start, Unable> {
        known.partner.scheme().pay(&known.partner, &known.secrets, &self.order())
    }
}

/// A question about an attempt, with the texts that it borrows.
#[derive(Debug)]
pub(crate) struct Asked {
    reference: String,
    request: String,
    ordered_at: Timestamp,
    asked_at: Timestamp,
    transaction: Option<String>,
}

impl Asked {
    /// A question with this id.
    pub(crate) fn new(attempt: &Attempt, id: Uuid, asked_at: Timestamp) -> Self {
        let captures = attempt.captures.iter();
        let share = attempt.started.order.as_ref();
        Self {
            reference: reference(&attempt.started),
            request: id.simple().to_string(),
            ordered_at: share.map_or(attempt.started_at, |share| share.ordered_at),
            asked_at,
            transaction: captures.filter_map(|capture| capture.transaction.clone()).next_back(),
        }
    }

    /// The question as schemes take it.
    pub(crate) fn question(&self) -> Question<'_> {
        Question {
            reference: &self.reference,
            request: &self.request,
            ordered_at: self.ordered_at,
            asked_at: self.asked_at,
            transaction: self.transaction.as_deref(),
            our_ip: "127.0.0.1",
        }
    }

    /// The request that asks.
    pub(crate) fn query(&self, known: &Known) -> Result<Outgoing, Unable> {
        known.partner.scheme().query(&known.partner, &known.secrets, self.question())
    }
}

/// Money to be returned, with the texts that it borrows. It has no text of a cashier and no name of
/// an officer: the partner needs neither.
#[derive(Debug)]
pub(crate) struct Returned {
    refund: Uuid,
    asked: Asked,
    refund_reference: String,
    amount: i64,
    captured: i64,
    reason: String,
    by: String,
    others: Vec<OtherRefund>,
}

impl Returned {
    /// A refund in a request with this id; `None` if the dossier has no fee.
    pub(crate) fn new(
        payment: &Payment,
        attempt: &Attempt,
        requested: &RefundRequested,
        (request, asked_at): (Uuid, Timestamp),
    ) -> Option<Self> {
        let brief = &payment.assessed()?.brief;
        let asked = Asked::new(attempt, request, asked_at);
        let others = payment.sent_refunds.iter().filter(|one| {
            one.requested.payment == requested.payment && one.requested.refund != requested.refund
        });
        let others = others.filter_map(|one| {
            let is_refunded = one.outcome()? == RefundOutcome::Refunded;
            Some(OtherRefund { transaction: one.number().map(str::to_owned), is_refunded })
        });
        Some(Self {
            refund: requested.refund,
            asked: Asked { transaction: requested.transaction.clone(), ..asked },
            refund_reference: requested.refund.simple().to_string(),
            amount: requested.amount.0,
            captured: requested.captured.0,
            reason: format!("Hoan tien ho so {}", brief.code),
            by: brief.agency.to_string(),
            others: others.collect(),
        })
    }

    /// The same of a payment order: its payment is that of all its dossiers.
    pub(crate) fn among(mut self, members: Option<&Members>) -> Self {
        if let Some(members) = members {
            self.others = members.others(self.refund);
            let number = members.transaction().map(str::to_owned);
            self.asked.transaction = self.asked.transaction.or(number);
        }
        self
    }

    /// The refund as schemes take it.
    pub(crate) fn refund(&self) -> partners::Refund<'_> {
        partners::Refund {
            question: self.asked.question(),
            refund_reference: &self.refund_reference,
            amount: partners::Vnd(self.amount),
            captured: partners::Vnd(self.captured),
            reason: &self.reason,
            by: &self.by,
            others: &self.others,
        }
    }

    /// The request that returns the money.
    pub(crate) fn send(&self, known: &Known) -> Result<Outgoing, Unable> {
        known.partner.scheme().refund(&known.partner, &known.secrets, &self.refund())
    }

    /// The request that asks what became of it.
    pub(crate) fn ask(&self, known: &Known) -> Result<Outgoing, Unable> {
        known.partner.scheme().query_refund(&known.partner, &known.secrets, &self.refund())
    }
}

/// The id of a request about an attempt: the same whenever it is repeated, so that the partner
/// recognises it.
fn request(payment: PaymentId, what: &str) -> String {
    Uuid::new_v5(&payment.0, what.as_bytes()).simple().to_string()
}

/// What the payment platform of the national portal prints on its receipt, in its names. It has no
/// data of persons.
fn receipt(assessed: &FeeAssessed, amount: i64) -> Map<String, Value> {
    let Brief { code, procedure, agency, .. } = &assessed.brief;
    let kind = |kind| if kind == FeeKind::Phi { "1" } else { "2" };
    let lines = assessed.lines.iter().map(|line| {
        json!({
            "LoaiPhiLePhi": kind(line.kind), "MaPhiLePhi": line.rule,
            "TenPhiLePhi": line.name_vi, "SoTien": line.charged.0.to_string(),
        })
    });
    let lines: Vec<Value> = lines.collect();
    let paid =
        json!([{ "NoiDung": format!("Nop phi ho so {code}"), "SoTien": amount.to_string() }]);
    let values = [
        ("MaHoSo", json!(code.to_string())),
        ("MaTTHC", json!(procedure.code.to_string())),
        ("MaDonVi", json!(agency.to_string())),
        ("PhiLePhi", json!(lines)),
        ("DSKhoanNop", paid),
    ];
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
