//! Test providers without money, as a closed set. Real ones are `partners`. The properties
//! of both concerning money, for example that they capture once
//! per attempt, are data: `libs/dossier/procedures/payments.yaml`.

use dossier::contract::{PaymentStarted, RefundOutcome};
use dossier::payment::take_notice::Said;

/// A payment provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    /// A test provider without money; its answer to a query is determined by its name.
    Sandbox(Behaviour),
}

/// Answer of the sandbox to a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// The money was captured.
    Captures,
    /// The payment failed.
    Declines,
    /// The outcome is never known.
    Silent,
}

impl Provider {
    /// The codes of all providers.
    pub(crate) const NAMES: [&'static str; 4] =
        ["sandbox", "sandbox-declines", "sandbox-silent", "sandbox-partial"];

    /// The provider with this code.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "sandbox" => Some(Self::Sandbox(Behaviour::Captures)),
            "sandbox-declines" => Some(Self::Sandbox(Behaviour::Declines)),
            "sandbox-silent" | "sandbox-partial" => Some(Self::Sandbox(Behaviour::Silent)),
            _ => None,
        }
    }

    /// The provider with this code, if this installation offers it.
    pub(crate) fn offered(name: &str, sandbox: bool) -> Option<Self> {
        Self::named(name).filter(|Self::Sandbox(_)| sandbox)
    }

    /// Returns money; `None` if it tells the outcome later, by a notice.
    pub(crate) const fn give_back(self) -> Option<RefundOutcome> {
        match self {
            Self::Sandbox(Behaviour::Captures) => Some(RefundOutcome::Refunded),
            Self::Sandbox(Behaviour::Declines) => Some(RefundOutcome::Refused),
            Self::Sandbox(Behaviour::Silent) => None,
        }
    }

    /// Queries the outcome of a payment.
    pub(crate) fn ask(self, started: &PaymentStarted) -> Said {
        match self {
            Self::Sandbox(Behaviour::Captures) => Said::Captured(started.asked()),
            Self::Sandbox(Behaviour::Declines) => Said::Failed("declined".to_owned()),
            Self::Sandbox(Behaviour::Silent) => Said::Pending,
        }
    }
}
