//! The inputs of a decision besides state and command: the time, the actor and the law.

use calendar::{Budget, Calendar};
use jiff::Timestamp;
use uuid::Uuid;

use super::LawError;
use crate::clock::{Period, Running};
use crate::contract::{Actor, Channel};
use crate::law::{Law, Outage, Procedure};

/// The law under which a dossier was received.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    /// In the version that applies to the dossier.
    pub procedure: &'a Procedure,
    pub calendar: &'a Calendar,
    /// The outages that affect the agency.
    pub outages: &'a [Outage],
}

impl<'a> Rule<'a> {
    /// Whether dossiers may be filed by `channel` at this instant: some channels are open only
    /// during an outage of the others.
    #[must_use]
    pub fn is_open(&self, channel: Channel, at: Timestamp) -> bool {
        let Procedure { channels, only_in_outage, .. } = self.procedure;
        let is_regular = |channel: &Channel| !only_in_outage.contains(channel);
        let hits_one = |outage: &Outage| channels.iter().any(|c| is_regular(c) && outage.hits(*c));
        is_regular(&channel) || self.outages.iter().any(|o| o.lasts_at(at) && hits_one(o))
    }

    /// A period of a dossier that was filed by `channel`, under this law.
    #[must_use]
    pub fn period(
        &self,
        running: Running,
        started_at: Timestamp,
        budget: Budget,
        channel: Option<Channel>,
    ) -> Period<'a> {
        let Self { procedure, calendar, outages } = *self;
        let basis = &procedure.legal_basis;
        Period { running, started_at, budget, calendar, outages, channel, basis }
    }
}

/// The inputs of a decision besides the state and the command.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The instant of the decision.
    pub at: Timestamp,
    /// The id of the command; new ids are derived from it, see [`Facts::id`].
    pub command: Uuid,
    /// The caller, in the capacity that authorises the step.
    pub actor: &'a Actor,
    /// The whole law, all procedures and versions.
    pub law: &'a Law,
    /// The law that applies to this dossier; absent if the step needs none or it is not loaded.
    pub rule: Option<Rule<'a>>,
    /// Events of other services for the same dossier. Read only before an obligation is enforced.
    pub elsewhere: &'a [Elsewhere],
}

impl<'a> Facts<'a> {
    /// The law that applies to this dossier.
    pub fn rule(&self) -> Result<Rule<'a>, LawError> {
        self.rule.ok_or(LawError::NotLoaded)
    }

    /// An id derived from the command's id and `label`: the same each time the command is decided.
    #[must_use]
    pub fn id(&self, label: &str) -> Uuid {
        Uuid::new_v5(&self.command, label.as_bytes())
    }
}

/// An event of another service, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    pub id: Uuid,
    pub kind: String,
    /// JSON.
    pub data: String,
    pub at: Timestamp,
}
