//! Schemes: how partners sign, what their messages mean, and how they want to be answered. A scheme
//! is one file behind one interface; all of it is pure.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use crate::description::{Basis, Description, Setting};
use crate::message::{Incoming, Order, Outgoing, Question, Refund, Reply, Response, Start, Unable};
use crate::notice::{Notice, Rejected};
use crate::partner::Partner;
use crate::secret::Secrets;
use crate::statement::{Form, Line};
use crate::terms::{Answer, Capability, Outcome};

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

    /// Asks what became of a refund that was sent, with the id of this request in its question.
    ///
    /// # Errors
    ///
    /// See [`Unable`].
    fn query_refund(&self, _: &Partner, _: &Secrets, _: &Refund<'_>) -> Result<Outgoing, Unable> {
        Err(Unable::NotOffered(Capability::Refund))
    }

    /// The response to [`Scheme::query_refund`]; `None` if the partner certainly has no such
    /// refund. A response that leaves it open is a pending notice.
    ///
    /// # Errors
    ///
    /// See [`Rejected`].
    fn refund_queried(
        &self,
        _: &Partner,
        _: &Secrets,
        _: &Refund<'_>,
        _: Response<'_>,
    ) -> Result<Option<Notice>, Rejected> {
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

    /// The booked lines of a statement in this form.
    ///
    /// # Errors
    ///
    /// All findings about the file, with the numbers of lines or entries.
    fn lines(&self, _: &Partner, _: Form, _: &[u8]) -> Result<Vec<Line>, Rejected> {
        Err(Rejected::NotOffered(Capability::Statement))
    }

    /// The reply to a report.
    fn reply(&self, partner: &Partner, _to: Incoming<'_>, answer: Answer) -> Reply {
        plain_reply(self.description(), partner, answer)
    }
}

impl Partner {
    /// The scheme that its file names.
    ///
    /// # Panics
    ///
    /// Never: a partner is made with the description of one of [`SCHEMES`].
    #[must_use]
    pub fn scheme(&self) -> &'static dyn Scheme {
        let found = SCHEMES.iter().find(|one| one.description().name == self.scheme.name);
        *found.expect("a partner has one of the schemes")
    }
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
