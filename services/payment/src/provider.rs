//! Payment providers. The set is closed and ours: a new one is a new variant. What a provider says of its own accord comes
//! in as a notice; this is how it is asked. How it behaves towards money, for example that it never captures twice for one
//! attempt, is data: `libs/dossier/procedures/payments.yaml`.

use dossier::contract::{PaymentStarted, Vnd};
use dossier::payment::take_notice::Said;
use service_kit::Kit;

/// A provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    /// A stand-in without money: when asked, it behaves as its name says.
    Sandbox(Behaviour),
}

/// How the sandbox behaves when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// It has the money.
    Captures,
    /// The payment failed.
    Declines,
    /// It never knows.
    Silent,
}

impl Provider {
    /// The provider of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "sandbox" => Some(Self::Sandbox(Behaviour::Captures)),
            "sandbox-declines" => Some(Self::Sandbox(Behaviour::Declines)),
            "sandbox-silent" | "sandbox-partial" => Some(Self::Sandbox(Behaviour::Silent)),
            _ => None,
        }
    }

    /// The provider of this name, if payments may be begun through it here.
    pub(crate) fn offered(name: &str, kit: &Kit) -> Option<Self> {
        Self::named(name).filter(|Self::Sandbox(_)| kit.sandbox)
    }

    /// Asks what became of a payment.
    #[expect(clippy::unused_async, reason = "a real provider is asked over the network")]
    pub(crate) async fn ask(self, started: &PaymentStarted) -> Said {
        match self {
            Self::Sandbox(Behaviour::Captures) => Said::Captured(Vnd(started.amount.0)),
            Self::Sandbox(Behaviour::Declines) => Said::Failed("declined".to_owned()),
            Self::Sandbox(Behaviour::Silent) => Said::Pending,
        }
    }
}
