//! What is recorded. Every event is a procedural record and a contract with every reader at once: an old one must be
//! readable for ever. Never change the meaning of a field; add optional ones, or a new event with a new name.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

mod delivery;
mod documents;
mod dossier;
mod feedback;
mod ids;
mod intake;
mod law;
mod macros;
mod money;
mod numbers;
mod partners;
mod payment;
mod personal;
mod review;
mod tax_code;
mod telephone;

pub use delivery::*;
pub use documents::{KINDS_WITH_DOCUMENTS, NamedDocument, documents_named};
pub use dossier::*;
pub use feedback::*;
pub use ids::*;
pub use intake::*;
pub use law::*;
pub(crate) use macros::{events, payload};
pub use money::*;
pub use numbers::*;
pub use partners::*;
pub use payment::*;
pub use personal::Personal;
pub use review::*;
pub use tax_code::{TaxCodeFault, party_name, tax_code};
pub use telephone::{TelephoneFault, telephone};

/// Why a recorded event cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Not a kind of this service.
    #[error("`{0}` is not an event of this service")]
    Kind(String),
    /// The payload does not have the shape of its kind.
    #[error("`{kind}`: {source}")]
    Payload {
        /// The event's kind.
        kind: String,
        /// What the reader says.
        source: serde_json::Error,
    },
}

/// The events of one service.
pub trait EventSet: Sized + Clone + fmt::Debug + Send + Sync + 'static {
    /// The kinds, for example `intake.DossierAccepted.v1`.
    const KINDS: &'static [&'static str];
    /// The kind of this event.
    fn kind(&self) -> &'static str;
    /// The payload as JSON.
    fn encode(&self) -> String;
    /// Reads a payload back.
    fn decode(kind: &str, data: &str) -> Result<Self, Unreadable>;
    /// The JSON Schema of every kind.
    #[cfg(feature = "schema")]
    fn schemas() -> Vec<(&'static str, serde_json::Value)>;
}

/// In what capacity somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A citizen or a business, or who represents one.
    Applicant,
    /// An officer of the one-stop unit, who has the contact with the applicant.
    Clerk,
    /// An officer who works on the content of a dossier.
    Reviewer,
    /// An officer who decides on what a reviewer proposes.
    Approver,
    /// Who takes cash and refunds it.
    Cashier,
    /// An agency that is consulted.
    Consultee,
    /// A postal partner.
    Carrier,
    /// A payment provider.
    PaymentProvider,
    /// Who answers complaints.
    ComplaintHandler,
    /// Who may read everything of an agency and change nothing.
    Auditor,
    /// Who runs the service.
    Operator,
    /// The service itself: a reaction, or the enforcement of a deadline.
    System,
}

impl Role {
    /// Every role a caller can have.
    pub const CALLERS: [Self; 11] = [
        Self::Applicant,
        Self::Clerk,
        Self::Reviewer,
        Self::Approver,
        Self::Cashier,
        Self::Consultee,
        Self::Carrier,
        Self::PaymentProvider,
        Self::ComplaintHandler,
        Self::Auditor,
        Self::Operator,
    ];

    /// Whether an officer of an agency, or of the service, acts in it: no applicant, no partner, and not the service itself.
    #[must_use]
    pub const fn is_officer(self) -> bool {
        !matches!(self, Self::Applicant | Self::PaymentProvider | Self::Carrier | Self::System)
    }
}

/// Who did something: opaque names, never a person's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Actor {
    /// The subject of the token, or the name of a service.
    pub subject: Subject,
    /// In what capacity.
    pub role: Role,
    /// The agency for which an officer acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyCode>,
    /// The person for whom a representative acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Subject>,
}

impl Actor {
    /// The service `name` itself.
    #[must_use]
    pub fn system(name: &str) -> Self {
        Self { subject: name.into(), role: Role::System, agency: None, on_behalf_of: None }
    }

    /// Whether the service acted itself.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.role == Role::System
    }
}

/// What is known about an event and stands beside it in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// When it was recorded. Facts of the clock count by this time.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: Actor,
    /// The command that decided it: the same command is never applied twice to a stream.
    pub command: Uuid,
    /// A keyed digest of the request, by which the same command with other content is told apart.
    pub digest: String,
    /// The event that caused the command, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Uuid>,
    /// The dossier it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<DossierId>,
    /// W3C trace context of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

/// An event's own id, its place in its stream, and its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// The event's id.
    pub id: Uuid,
    /// Its place in the stream, as the store counts.
    pub version: u64,
    /// What stands beside it.
    pub envelope: Envelope,
}

impl Meta {
    /// When it was recorded.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.envelope.at
    }
}
