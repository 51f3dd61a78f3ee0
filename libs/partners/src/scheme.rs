//! Schemes: how partners sign, what their messages mean, and how they want to be answered. A scheme
//! is one file behind one interface; all of it is pure.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use crate::message::{Capability, Incoming, Order, Outgoing, Question, Refund, Reply, Response};
use crate::message::{Start, Unable};
use crate::notice::{Answer, Notice, Outcome, Rejected};
use crate::partner::Partner;
use crate::secret::Secrets;

mod bank_transfer;
mod hmac_body;
mod momo;
mod national_platform;
mod read;
mod vnpay;

/// All schemes.
pub const SCHEMES: &[&dyn Scheme] = &[
    &vnpay::Vnpay,
    &momo::Momo,
    &national_platform::NationalPlatform,
    &bank_transfer::BankTransfer,
    &hmac_body::HmacBody,
];

/// On what the knowledge of a message rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Public documentation, or working code of a client that was read.
    Documented,
    /// Conclusion from other messages of the scheme: off until somebody has tried it.
    Unverified,
}

/// A text in a partner's file.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub name: &'static str,
    /// The value if the file has none; `None` if the file must have it.
    pub default: Option<&'static str>,
    /// Permitted values; any if empty.
    pub one_of: &'static [&'static str],
}

impl Setting {
    /// A text that the file must have.
    #[must_use]
    pub const fn required(name: &'static str) -> Self {
        Self { name, default: None, one_of: &[] }
    }

    /// A text with a default.
    #[must_use]
    pub const fn default(name: &'static str, value: &'static str) -> Self {
        Self { name, default: Some(value), one_of: &[] }
    }
}

/// A reply without data of the request: status, and a body of JSON or none.
pub type ReplyText = (Answer, u16, &'static str);

/// What a scheme has, and what it needs from a partner's file.
#[derive(Debug)]
pub struct Description {
    /// Name with version.
    pub name: &'static str,
    /// Where it is documented.
    pub source: &'static str,
    pub capabilities: &'static [(Capability, Basis)],
    /// Capabilities that need an address to call.
    pub calls: &'static [Capability],
    /// Whether messages are signed with a secret.
    pub signs: bool,
    /// Whether the money goes to an account that the file names.
    pub needs_accounts: bool,
    pub settings: &'static [Setting],
    /// Names of values, with where they are in messages.
    pub fields: &'static [Setting],
    /// Codes of outcomes of payments; a file may add to them.
    pub statuses: &'static [(&'static str, Outcome)],
    /// Codes of outcomes of refunds.
    pub refund_statuses: &'static [(&'static str, Outcome)],
    pub replies: &'static [ReplyText],
}

/// A scheme. The functions that it does not offer refuse.
pub trait Scheme: Sync + fmt::Debug {
    fn description(&self) -> &'static Description;

    /// Begins a payment.
    ///
    /// # Errors
    ///
    /// See [`Unable`].
    fn pay(&self, _: &Partner, _: &Secrets, _: &Order<'_>) -> Result<Start, Unable> {
        Err(Unable::NotOffered(Capability::Pay))
    }

    /// The address for the payer's browser in the response to [`Start::Call`].
    ///
    /// # Errors
    ///
    /// See [`Rejected`].
    fn opened(
        &self,
        _: &Partner,
        _: &Secrets,
        _: &Order<'_>,
        _: Response<'_>,
    ) -> Result<String, Rejected> {
        Err(Rejected::NotOffered(Capability::Pay))
    }

    /// Asks what became of a payment.
    ///
    /// # Errors
    ///
    /// See [`Unable`].
    fn query(&self, _: &Partner, _: &Secrets, _: Question<'_>) -> Result<Outgoing, Unable> {
        Err(Unable::NotOffered(Capability::Query))
    }

    /// The response to [`Scheme::query`].
    ///
    /// # Errors
    ///
    /// See [`Rejected`].
    fn queried(
        &self,
        _: &Partner,
        _: &Secrets,
        _: Question<'_>,
        _: Response<'_>,
    ) -> Result<Notice, Rejected> {
        Err(Rejected::NotOffered(Capability::Query))
    }

    /// Returns money.
    ///
    /// # Errors
    ///
    /// See [`Unable`].
    fn refund(&self, _: &Partner, _: &Secrets, _: &Refund<'_>) -> Result<Outgoing, Unable> {
        Err(Unable::NotOffered(Capability::Refund))
    }

    /// The response to [`Scheme::refund`].
    ///
    /// # Errors
    ///
    /// See [`Rejected`].
    fn refunded(
        &self,
        _: &Partner,
        _: &Secrets,
        _: &Refund<'_>,
        _: Response<'_>,
    ) -> Result<Notice, Rejected> {
        Err(Rejected::NotOffered(Capability::Refund))
    }

    /// Asks for the partner's receipt; the response is a document.
    ///
    /// # Errors
    ///
    /// See [`Unable`].
    fn bill(&self, _: &Partner, _: &Secrets, _: Question<'_>) -> Result<Outgoing, Unable> {
        Err(Unable::NotOffered(Capability::Bill))
    }

    /// Verifies and reads a report; `now` limits the age of messages with a time.
    ///
    /// # Errors
    ///
    /// See [`Rejected`].
    fn notice(
        &self,
        _: &Partner,
        _: &Secrets,
        _: Incoming<'_>,
        _now: Timestamp,
    ) -> Result<Notice, Rejected> {
        Err(Rejected::NotOffered(Capability::Notify))
    }

    /// Verifies and reads the parameters with which a payer's browser returns.
    ///
    /// # Errors
    ///
    /// See [`Rejected`].
    fn returned(&self, _: &Partner, _: &Secrets, _: Incoming<'_>) -> Result<Notice, Rejected> {
        Err(Rejected::NotOffered(Capability::Return))
    }

    /// The credits and debits of a statement.
    ///
    /// # Errors
    ///
    /// All findings about the file, with the numbers of lines or entries.
    fn statement(&self, _: &Partner, _: &[u8]) -> Result<Vec<Notice>, Rejected> {
        Err(Rejected::NotOffered(Capability::Statement))
    }

    /// The reply to a report.
    fn reply(&self, partner: &Partner, _to: Incoming<'_>, answer: Answer) -> Reply {
        plain_reply(self.description(), partner, answer)
    }
}

/// The scheme of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static dyn Scheme> {
    SCHEMES.iter().copied().find(|scheme| scheme.description().name == name)
}

/// The reply of the partner's file, or of the scheme.
fn plain_reply(description: &Description, partner: &Partner, answer: Answer) -> Reply {
    let of_scheme = || {
        let listed = description.replies.iter().find(|(one, ..)| *one == answer);
        listed.map(|(_, status, body)| (*status, (*body).to_owned()))
    };
    let of_file = partner.replies.get(&answer).cloned();
    let (status, body) = of_file.or_else(of_scheme).unwrap_or((500, String::new()));
    let content_type = if body.is_empty() { None } else { Some("application/json") };
    Reply { status, content_type, body: body.into_bytes() }
}

/// Outcome of a code: the table of the file, then that of the scheme; an unknown code decides
/// nothing.
fn outcome(
    of_file: &BTreeMap<String, Outcome>,
    of_scheme: &[(&str, Outcome)],
    code: &str,
) -> Outcome {
    let listed = || of_scheme.iter().find(|(one, _)| *one == code).map(|(_, outcome)| *outcome);
    of_file.get(code).copied().or_else(listed).unwrap_or(Outcome::Pending)
}
