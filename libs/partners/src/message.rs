//! Messages from and to a partner, as bytes, and what is asked of a scheme.

use jiff::Timestamp;

use crate::finding::Findings;
use crate::terms::{Capability, Outcome, Vnd};

/// A request that arrived, exactly as it was sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Incoming<'a> {
    /// What follows `?` in the address, still encoded.
    pub query: &'a str,
    /// Names in any case, values as they were sent.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

impl Incoming<'_> {
    /// The only value of a header; `None` if it is missing or occurs more than once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(one, _)| one.eq_ignore_ascii_case(name));
        let (_, value) = named.next()?;
        if named.next().is_some() { None } else { Some(value) }
    }
}

/// Methods of requests to partners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

/// A request to be sent, with its exact bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Outgoing {
    /// A POST of a JSON body.
    pub(crate) fn json(url: &url::Url, body: Vec<u8>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { method: Method::Post, url: url.to_string(), headers, body }
    }
}

/// A response to an [`Outgoing`] request.
#[derive(Debug, Clone, Copy)]
pub struct Response<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

/// A reply to an [`Incoming`] request, in the partner's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// `None` if there is no body.
    pub content_type: Option<&'static str>,
    pub body: Vec<u8>,
}

/// A payment to be begun.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// Our reference, unique in the installation.
    pub reference: &'a str,
    /// Unique per request; a request that is repeated has the same.
    pub request: &'a str,
    pub amount: Vnd,
    /// What is paid for; shown to the payer.
    pub text: &'a str,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// Where the payer's browser goes afterwards.
    pub return_url: &'a str,
    /// Where the partner reports to.
    pub notify_url: &'a str,
    /// Address of the payer's browser.
    pub payer_ip: &'a str,
    /// Whether the payer reads English; otherwise Vietnamese.
    pub english: bool,
    /// Data of the receipt, for partners that issue one. Passed on as it is.
    pub receipt: serde_json::Map<String, serde_json::Value>,
    /// Code of the agency that is owed the money, for partners with accounts by agency.
    pub agency: &'a str,
}

/// How a payment goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// The payer's browser goes to this address.
    Redirect(String),
    /// This request is sent; its response has the address ([`crate::Scheme::opened`]).
    Call(Outgoing),
    /// The payer's bank app reads this text as a QR code.
    Qr { text: String, memo: String },
}

/// A question what became of a payment.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub reference: &'a str,
    pub request: &'a str,
    /// When the payment was begun, as in its order.
    pub ordered_at: Timestamp,
    pub asked_at: Timestamp,
    /// The partner's transaction number, if it is known.
    pub transaction: Option<&'a str>,
    /// Address of the installation.
    pub our_ip: &'a str,
}

/// Money to be returned.
#[derive(Debug, Clone, Copy)]
pub struct Refund<'a> {
    /// The payment.
    pub question: Question<'a>,
    /// Our reference of the refund, unique in the installation.
    pub refund_reference: &'a str,
    pub amount: Vnd,
    /// What was captured; a smaller amount is a part.
    pub captured: Vnd,
    pub reason: &'a str,
    /// The person who approved it; a name by which the partner may ask.
    pub by: &'a str,
    /// The other refunds of the payment that have ended.
    pub others: &'a [OtherRefund],
}

/// Another refund of the same payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherRefund {
    /// The partner's number; `None` if nobody recorded it.
    pub transaction: Option<String>,
    /// Whether the money went back; else it was refused.
    pub is_refunded: bool,
}

impl Refund<'_> {
    /// Whether the partner's number is the one of another refund.
    #[must_use]
    pub fn is_of_another(&self, number: &str) -> bool {
        self.others.iter().any(|one| one.transaction.as_deref() == Some(number))
    }

    /// Whether an answer with this number and outcome, and without our reference, can only be about
    /// this refund: the number is neither that of the payment nor of another refund, and no other
    /// refund with this outcome has an unknown number.
    #[must_use]
    pub fn is_named_by(&self, number: Option<&str>, outcome: Outcome) -> bool {
        let Some(number) = number else { return false };
        let is_refunded = outcome == Outcome::Refunded;
        let may_be = |one: &OtherRefund| {
            one.transaction.as_deref().is_none_or(|other| other == number)
                && (one.transaction.is_some() || one.is_refunded == is_refunded)
        };
        self.question.transaction != Some(number) && !self.others.iter().any(may_be)
    }
}

/// Why a request cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unable {
    #[error("the partner does not offer {0}")]
    NotOffered(Capability),
    #[error("the installation has no secret of this partner")]
    NoSecret,
    /// The scheme cannot carry these values.
    #[error("the partner's scheme cannot carry these values")]
    Values(#[source] Findings),
}
