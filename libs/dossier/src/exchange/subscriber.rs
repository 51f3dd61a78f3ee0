//! The state of a subscriber.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits::{FORMER_SECRET_FOR, RIGHTS_FOR};
use crate::access::Resource;
use crate::contract::{
    Actor, AgencyCode, DisabledBecause, Meta, ProcedureRef, Role, SubscriberEvent, SubscriberId,
    SubscriberRights, Wanted,
};
use crate::services::Category;
use crate::step::State;

/// The stage of a subscriber.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriberStatus {
    /// Its address has not answered the challenge yet; nothing is sent.
    #[default]
    Unverified,
    /// Changes are sent.
    Active,
    /// Nothing is sent until it is enabled again.
    Disabled,
    /// It ended for good.
    Ended,
}

impl SubscriberStatus {
    /// As it is written in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Ended => "ended",
        }
    }
}

/// Where the deliveries to a subscriber begin. How far they came since is no event: it is kept
/// beside the log, with the number of the beginning that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begin {
    /// 1 for the first verification; each replay has the next one.
    pub number: u32,
    pub after: u64,
}

/// A program outside to which changes are sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Subscriber {
    /// Absent while the stream is empty.
    pub id: Option<SubscriberId>,
    pub name: String,
    pub address: String,
    pub wanted: Option<Wanted>,
    pub rights: Option<SubscriberRights>,
    pub status: SubscriberStatus,
    pub begin: Option<Begin>,
    /// Number of the secret.
    pub generation: u32,
    /// When the secret got this number.
    pub rotated_at: Option<Timestamp>,
    /// When the rights were last confirmed by a token.
    pub confirmed_at: Option<Timestamp>,
    pub subscribed_at: Option<Timestamp>,
    /// When an address last answered its challenge.
    pub verified_at: Option<Timestamp>,
    /// Why and when it was disabled, until it is enabled again.
    pub disabled: Option<(DisabledBecause, Option<String>, Timestamp)>,
    /// Times that an address had to be verified; a challenge of an earlier time is void.
    pub challenges: u32,
}

impl Subscriber {
    /// The numbers of the secrets that sign a delivery at this time, the newest first.
    #[must_use]
    pub fn secrets(&self, at: Timestamp) -> Vec<u32> {
        let former = self.generation.checked_sub(1).filter(|former| *former > 0);
        let until = self.rotated_at.and_then(|at| at.checked_add(FORMER_SECRET_FOR).ok());
        let former = former.filter(|_| until.is_some_and(|until| at < until));
        [Some(self.generation), former].into_iter().flatten().collect()
    }

    /// The first instant at which its rights no longer count, unless they are confirmed before.
    #[must_use]
    pub fn rights_until(&self) -> Option<Timestamp> {
        self.confirmed_at?.checked_add(RIGHTS_FOR).ok()
    }

    /// Whether an actor is who subscribed.
    #[must_use]
    pub fn is_of(&self, actor: &Actor) -> bool {
        self.rights.as_ref().is_some_and(|rights| {
            let party = rights.on_behalf_of.as_ref().unwrap_or(&rights.subject);
            let acting = actor.on_behalf_of.as_ref().unwrap_or(&actor.subject);
            // A firm's people change what one of them has made; officers only what is theirs.
            let is_same = party.is(acting) && actor.mandate.is_none();
            is_same && rights.role == actor.role
        })
    }

    fn confirmed(&mut self, rights: &SubscriberRights, at: Timestamp) {
        self.rights = Some(rights.clone());
        self.confirmed_at = Some(at);
    }

    /// The address has to answer a challenge.
    const fn challenged(&mut self) {
        self.status = SubscriberStatus::Unverified;
        self.challenges = self.challenges.saturating_add(1);
    }

    fn begins_after(&mut self, after: u64) {
        let number = self.begin.map_or(1, |begin| begin.number.saturating_add(1));
        self.begin = Some(Begin { number, after });
    }
}

impl State for Subscriber {
    type Event = SubscriberEvent;
    const CATEGORY: &'static str = Category::Subscriber.as_str();
    const IS_NAMED_BY_DOSSIER: bool = false;

    fn evolve(&mut self, event: &SubscriberEvent, meta: &Meta) {
        match event {
            SubscriberEvent::Subscribed(made) => {
                self.id = Some(made.subscriber);
                (self.name, self.address) = (made.name.clone(), made.address.clone());
                self.wanted = Some(made.wanted.clone());
                (self.generation, self.subscribed_at) = (1, Some(meta.at()));
                self.confirmed(&made.rights, meta.at());
                self.challenged();
            }
            SubscriberEvent::SubscriberVerified(verified) => {
                self.status = SubscriberStatus::Active;
                self.verified_at = Some(meta.at());
                if let Some(after) = verified.after {
                    self.begins_after(after);
                }
            }
            SubscriberEvent::SubscriberChanged(changed) => {
                let is_elsewhere = changed.address != self.address;
                (self.name, self.address) = (changed.name.clone(), changed.address.clone());
                self.wanted = Some(changed.wanted.clone());
                self.confirmed(&changed.rights, meta.at());
                if is_elsewhere && self.status != SubscriberStatus::Disabled {
                    self.challenged();
                }
            }
            SubscriberEvent::SubscriberDisabled(disabled) => {
                self.status = SubscriberStatus::Disabled;
                self.disabled = Some((disabled.because, disabled.detail.clone(), meta.at()));
            }
            SubscriberEvent::SubscriberEnabled(enabled) => {
                self.disabled = None;
                self.confirmed(&enabled.rights, meta.at());
                self.challenged();
            }
            SubscriberEvent::SubscriberSecretRotated(rotated) => {
                (self.generation, self.rotated_at) = (rotated.generation, Some(meta.at()));
            }
            SubscriberEvent::ChangesReplayed(replayed) => self.begins_after(replayed.after),
            SubscriberEvent::SubscriberEnded(_) => self.status = SubscriberStatus::Ended,
        }
    }

    /// What an officer has made belongs to the agency, as officers have no matters of their own.
    fn resource(&self) -> Option<Resource> {
        let rights = self.rights.as_ref()?;
        let party = rights.on_behalf_of.as_ref().unwrap_or(&rights.subject);
        let is_applicant = rights.role == Role::Applicant;
        Some(Resource {
            owners: if is_applicant { vec![party.clone()] } else { Vec::new() },
            agencies: rights.agency.iter().cloned().collect(),
            ..Resource::default()
        })
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }
}
