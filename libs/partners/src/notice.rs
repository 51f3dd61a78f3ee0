//! What a partner reports, in one form for all schemes, and why a message is not a notice.

use std::fmt;

use jiff::Timestamp;

use crate::finding::Findings;
use crate::secret::{Secrets, hex};
use crate::terms::{Capability, Outcome, Vnd};

/// A partner's report about one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The partner's name of the fact. Reports of the same fact in different ways (a notice, the
    /// answer to a query, a line of a statement that was imported twice) have the same name.
    pub event: String,
    /// Our reference; `None` if the report contains none, as a bank transfer without a memo.
    pub reference: Option<String>,
    /// Our reference of the refund that it is about; `None` if the report names none.
    pub refund_reference: Option<String>,
    /// The dispute that it is about; `None` if it is about none.
    pub dispute: Option<Dispute>,
    /// The partner's transaction number.
    pub transaction: Option<String>,
    /// Not negative; `None` if the report has none, as that a transaction is not known.
    pub amount: Option<Vnd>,
    pub outcome: Outcome,
    /// The partner's own code of the outcome.
    pub code: String,
    /// When the money moved, by the partner's clock.
    pub paid_at: Option<Timestamp>,
    /// How it was reported.
    pub by: Capability,
    /// Name of the key that verified it; `None` if the scheme signs no such message, which then
    /// counts by the connection on which it came.
    pub key: Option<String>,
}

/// A payer's objection to a payment, in a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dispute {
    /// The partner's number of it.
    pub number: Option<String>,
    /// When it must be answered.
    pub answer_by: Option<Timestamp>,
}

/// Why a message is no notice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The message is not signed with a shared secret: nothing of it counts.
    #[error("wrong signature")]
    Signature(#[source] WrongSignature),
    /// The signature is right and the content impossible: it is kept, and listed for people.
    #[error("the content cannot be understood")]
    Content(#[source] Findings),
    /// The partner does not offer this, or its file turns it off.
    #[error("the partner does not offer {0}")]
    NotOffered(Capability),
}

/// What a partner needs to find out why its signature is refused. It contains neither a secret nor
/// the string that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongSignature {
    pub scheme: &'static str,
    /// Names of the keys that were tried.
    pub keys: Vec<String>,
    /// What is wrong, if it is not the signature itself.
    pub problem: SignatureProblem,
    /// SHA-256 of the string over which a signature is expected, without any secret in it; of the
    /// whole message if that string cannot be made. In lower-case hexadecimal digits.
    pub canonical_sha256: String,
}

/// What is wrong with how a message is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureProblem {
    /// The signature differs.
    Different,
    /// The message has no signature.
    Missing,
    /// The signature is not in the encoding of the scheme.
    Encoding,
    /// The message is not in the form of the scheme, or a signed name occurs twice.
    Form,
    /// The message is too old or from the future.
    Age,
    /// The installation has no secret of this partner.
    NoSecret,
}

impl WrongSignature {
    /// A refusal about the message with this canonical string.
    #[must_use]
    pub(crate) fn new(
        scheme: &'static str,
        secrets: &Secrets,
        problem: SignatureProblem,
        canonical: &[u8],
    ) -> Self {
        use sha2::{Digest, Sha256};
        let problem = if secrets.is_empty() { SignatureProblem::NoSecret } else { problem };
        let canonical_sha256 = hex(&Sha256::digest(canonical));
        Self { scheme, keys: secrets.ids(), problem, canonical_sha256 }
    }
}

impl fmt::Display for WrongSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, keys, problem, canonical_sha256 } = self;
        let problem = match problem {
            SignatureProblem::Different => "the signature differs",
            SignatureProblem::Missing => "the signature is missing",
            SignatureProblem::Encoding => "the signature is not in the encoding of the scheme",
            SignatureProblem::Form => "the message is not in the form of the scheme",
            SignatureProblem::Age => "the time of the message is too far from ours",
            SignatureProblem::NoSecret => "no secret is configured",
        };
        write!(f, "{scheme}: {problem}; keys tried: {}", keys.join(", "))?;
        write!(f, "; SHA-256 of the canonical string: {canonical_sha256}")
    }
}

impl std::error::Error for WrongSignature {}
