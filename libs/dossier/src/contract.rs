//! The recorded events. Every event is a procedural record and a contract with all its readers: an
//! event must stay decodable for ever. Never change the meaning of a field; add optional fields, or
//! a new event with a new name.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

mod attempts;
mod audience;
mod books;
mod delivery;
mod directory;
mod documents;
mod dossier;
mod exchange;
mod feedback;
mod ids;
mod intake;
mod law;
mod macros;
mod mandates;
mod money;
mod notes;
mod numbers;
mod paper;
mod partners;
mod payment;
mod payment_orders;
mod personal;
mod reads;
mod receipts;
mod refunds;
mod reversals;
mod review;
mod tax_code;
mod telephone;
mod titles;

pub use attempts::*;
pub use audience::{Audience, PARTS, Payload, PayloadField, Shown, payload_of, readable};
pub use books::*;
pub use delivery::*;
pub use directory::*;
pub use documents::{KINDS_WITH_DOCUMENTS, NamedDocument, documents_named};
pub use dossier::*;
pub use exchange::*;
pub use feedback::*;
pub use ids::*;
pub use intake::*;
pub use law::*;
pub(crate) use macros::{events, payload};
pub use mandates::*;
pub use money::*;
pub use notes::*;
pub use numbers::*;
pub use paper::PaperIssued;
pub use partners::*;
pub use payment::*;
pub use payment_orders::*;
pub use personal::Personal;
pub use reads::*;
pub use receipts::*;
pub use refunds::*;
pub use reversals::*;
pub use review::*;
pub use tax_code::{TaxCodeFault, party_name, tax_code};
pub use telephone::{TelephoneFault, telephone};
pub use titles::title;

/// Why a recorded event cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The kind is not one of this service.
    #[error("`{0}` is not an event of this service")]
    Kind(String),
    /// The payload does not have the shape of its kind.
    #[error("`{kind}`: {source}")]
    Payload {
        kind: String,
        /// The error of the JSON decoder.
        source: serde_json::Error,
    },
}

/// The events of one service.
pub trait EventSet: Sized + Clone + fmt::Debug + Send + Sync + 'static {
    /// For example `intake.DossierAccepted.v1`.
    const KINDS: &'static [&'static str];
    /// The payload of each kind, in the order of `KINDS`.
    const PAYLOADS: &'static [Payload];
    fn kind(&self) -> &'static str;
    /// JSON.
    fn encode(&self) -> String;
    /// Decodes a payload that [`encode`](Self::encode) returned.
    fn decode(kind: &str, data: &str) -> Result<Self, Unreadable>;
    /// The JSON Schema of each kind.
    #[cfg(feature = "schema")]
    fn schemas() -> Vec<(&'static str, serde_json::Value)>;
}

/// The payload of an event of the set `S`.
pub trait EventOf<S: EventSet> {
    /// The kind of the event, one of [`EventSet::KINDS`].
    const KIND: &'static str;
}

/// The capacity in which somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A citizen, a business, or a representative.
    Applicant,
    /// An officer of the one-stop unit, who has contact with the applicant.
    Clerk,
    /// An officer who reviews dossiers.
    Reviewer,
    /// An officer who decides on a reviewer's proposal.
    Approver,
    /// An officer who takes cash and makes refunds.
    Cashier,
    /// An officer of an agency that is consulted.
    Consultee,
    /// A postal partner.
    Carrier,
    /// A bank, wallet or other payment provider.
    PaymentProvider,
    /// An officer who answers complaints.
    ComplaintHandler,
    /// May read everything of an agency and change nothing.
    Auditor,
    /// Operates the service.
    Operator,
    /// The service itself: a reaction, or the enforcement of a deadline.
    System,
}

impl Role {
    /// All roles of callers, that is, all except [`Role::System`].
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

    /// Whether it is a role of an officer of an agency or of an operator: not of an applicant, a
    /// partner or the service itself.
    #[must_use]
    pub const fn is_officer(self) -> bool {
        !matches!(self, Self::Applicant | Self::PaymentProvider | Self::Carrier | Self::System)
    }
}

/// Who did something. The identifiers are opaque, never a person's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Actor {
    /// The subject of the token, or the name of a service.
    pub subject: Subject,
    pub role: Role,
    /// The agency of an officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyCode>,
    /// The person or firm for whom a representative acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Subject>,
    /// The absent officer in whose place a deputy acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deputy_for: Option<Subject>,
    /// The recorded mandate by which the actor acts for `on_behalf_of`; absent if the identity
    /// provider vouches for the representation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate: Option<MandateId>,
    /// The credential by which a program acts for its firm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialId>,
}

impl Actor {
    /// The actor for what the service `name` does by itself.
    #[must_use]
    pub fn system(name: &str) -> Self {
        Self::new(name.into(), Role::System, None)
    }

    /// Somebody who acts for themselves, in one role.
    #[must_use]
    pub const fn new(subject: Subject, role: Role, agency: Option<AgencyCode>) -> Self {
        Self {
            subject,
            role,
            agency,
            on_behalf_of: None,
            deputy_for: None,
            mandate: None,
            credential: None,
        }
    }

    /// Adds the actor to those who have acted by a recorded mandate, if the actor does.
    pub fn note_mandate(&self, mandated: &mut Vec<Subject>) {
        if self.mandate.is_some() && !mandated.iter().any(|known| known.is(&self.subject)) {
            mandated.push(self.subject.clone());
        }
    }

    /// The party for whom the actor acts: the represented one, or the actor.
    #[must_use]
    pub fn party(&self) -> &Subject {
        self.on_behalf_of.as_ref().unwrap_or(&self.subject)
    }

    /// Whether the service acted by itself.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.role == Role::System
    }
}

/// The metadata of an event, stored beside its payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// When the event was recorded; deadlines are judged by this instant.
    pub at: Timestamp,
    pub actor: Actor,
    /// The command that caused the event: a command is applied at most once to a stream.
    pub command: Uuid,
    /// A keyed digest of the request; a repeated command id with another digest is a different
    /// request.
    pub digest: String,
    /// The event that caused the command, for a reaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Uuid>,
    /// The dossier to which the event belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<DossierId>,
    /// W3C trace context of the request (`traceparent`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

impl Envelope {
    /// JSON, as it is recorded with the event.
    ///
    /// # Panics
    ///
    /// Never; an event without its envelope would be worse than a panic.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("an envelope has only fields that JSON can express")
    }
}

/// An event's id, its version and its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    pub id: Uuid,
    /// Its place in the stream.
    pub version: u64,
    pub envelope: Envelope,
}

impl Meta {
    /// When the event was recorded.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.envelope.at
    }
}
