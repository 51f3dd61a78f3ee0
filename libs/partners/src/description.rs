//! What a scheme has, and what it needs from the file of a partner.

use crate::terms::{Answer, Capability, Outcome};

/// On what the knowledge of a message rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Public documentation, or code of a client that was read.
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
    /// Whether answers name the refund that they are about, so that several refunds of one payment
    /// can be on their way.
    pub names_refunds: bool,
    pub replies: &'static [ReplyText],
}
