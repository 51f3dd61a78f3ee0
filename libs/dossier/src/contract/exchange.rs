//! Events of subscribers: programs outside to which changes are sent.

use serde::{Deserialize, Serialize};

use super::{AgencyCode, CredentialId, ProcedureCode, Role, Subject, SubscriberId};
use super::{events, payload};

/// Why nothing is sent to a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisabledBecause {
    /// Somebody asked for it.
    Requested,
    /// No delivery succeeded for days.
    Failing,
    /// The receiver answered 410: it wants nothing any more.
    Gone,
    /// The rights under which it was made were not confirmed for too long.
    RightsLapsed,
}

payload! {
    /// What a subscriber receives.
    Wanted for Subscriber {
        /// Kinds of events, or `payment.*` for all of a source; all of the feed if empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kinds: Vec<String>,
        /// Only of dossiers, complaints and mandates of these procedures; all if empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        procedures: Vec<ProcedureCode>,
        /// Only of those of these agencies and the agencies below them; all if empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        agencies: Vec<AgencyCode>,
    }
    /// In whose name changes are sent: what this caller may read at the time of a delivery.
    SubscriberRights for Subscriber {
        subject: Subject,
        /// The role in which changes are read.
        role: Role,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agency: Option<AgencyCode>,
        /// The person or firm for whom the caller acts, by the token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_behalf_of: Option<Subject>,
        /// The credential of the program that subscribed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credential: Option<CredentialId>,
    }
    /// Somebody asked for changes at an address. Nothing is sent before it is verified.
    Subscribed for Subscriber {
        subscriber: SubscriberId,
        /// What the caller calls it.
        name: String,
        /// The address to which changes are sent.
        address: String,
        wanted: Wanted,
        rights: SubscriberRights,
    }
    /// The receiver at the address answered the challenge. Changes are sent from here on.
    SubscriberVerified for Subscriber {
        subscriber: SubscriberId,
        address: String,
        /// The position after which changes are sent; absent if they go on where they ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
    }
    /// Name, address or filters were changed. Another address has to be verified.
    SubscriberChanged for Subscriber {
        subscriber: SubscriberId,
        name: String,
        address: String,
        wanted: Wanted,
        rights: SubscriberRights,
    }
    /// Nothing is sent any more until it is enabled again.
    SubscriberDisabled for Subscriber {
        subscriber: SubscriberId,
        because: DisabledBecause,
        /// What the last try ended with, or what the officer gave as the reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    }
    /// Changes are sent again, from where they ended. The address is verified first.
    SubscriberEnabled for Subscriber {
        subscriber: SubscriberId,
        rights: SubscriberRights,
    }
    /// Deliveries are signed with a new secret, and with the former one as well for a day. The
    /// secret itself is recorded nowhere.
    SubscriberSecretRotated for Subscriber {
        subscriber: SubscriberId,
        /// Number of the new secret; the first one has 1.
        generation: u32,
    }
    /// Changes after a position are sent again.
    ChangesReplayed for Subscriber {
        subscriber: SubscriberId,
        after: u64,
    }
    /// The subscriber ended for good.
    SubscriberEnded for Subscriber {
        subscriber: SubscriberId,
    }
}

events! {
    /// What is recorded of a subscriber.
    pub enum SubscriberEvent {
        Subscribed = "exchange.Subscribed.v1",
        SubscriberVerified = "exchange.SubscriberVerified.v1",
        SubscriberChanged = "exchange.SubscriberChanged.v1",
        SubscriberDisabled = "exchange.SubscriberDisabled.v1",
        SubscriberEnabled = "exchange.SubscriberEnabled.v1",
        SubscriberSecretRotated = "exchange.SubscriberSecretRotated.v1",
        ChangesReplayed = "exchange.ChangesReplayed.v1",
        SubscriberEnded = "exchange.SubscriberEnded.v1",
    }
}
