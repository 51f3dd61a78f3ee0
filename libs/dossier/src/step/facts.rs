//! What a decision may rest on: the time, who acts, and the law.

use calendar::{Budget, Calendar};
use jiff::Timestamp;
use uuid::Uuid;

use super::LawError;
use crate::clock::{Period, Running};
use crate::contract::{Actor, Channel};
use crate::law::{Law, Outage, Procedure};

/// The law that a dossier was received under.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    /// The procedure in its version.
    pub procedure: &'a Procedure,
    /// The agency's calendar.
    pub calendar: &'a Calendar,
    /// The outages that hit the agency.
    pub outages: &'a [Outage],
}

impl<'a> Rule<'a> {
    /// Whether a dossier may come by `channel` at an instant: some ways are open only while an
    /// outage of the others lasts.
    #[must_use]
    pub fn is_open(&self, channel: Channel, at: Timestamp) -> bool {
        let Procedure { channels, only_in_outage, .. } = self.procedure;
        let is_regular = |channel: &Channel| !only_in_outage.contains(channel);
        let hits_one = |outage: &Outage| channels.iter().any(|c| is_regular(c) && outage.hits(*c));
        is_regular(&channel) || self.outages.iter().any(|o| o.lasts_at(at) && hits_one(o))
    }

    /// A period of a dossier that came by `channel`, under this law.
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

/// What a decision may rest on besides the state and the command.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Now.
    pub at: Timestamp,
    /// The id of the command; all other ids are derived from it.
    pub command: Uuid,
    /// Who acts, in the capacity that was found to allow it.
    pub actor: &'a Actor,
    /// All of the law.
    pub law: &'a Law,
    /// The law of this dossier.
    pub rule: Option<Rule<'a>>,
    /// What other services have recorded for the same dossier. Read only before an obligation is
    /// enforced.
    pub elsewhere: &'a [Elsewhere],
}

impl<'a> Facts<'a> {
    /// The law of this dossier.
    pub fn rule(&self) -> Result<Rule<'a>, LawError> {
        self.rule.ok_or(LawError::NotLoaded)
    }

    /// An id that is the same whenever the same command is decided.
    #[must_use]
    pub fn id(&self, label: &str) -> Uuid {
        Uuid::new_v5(&self.command, label.as_bytes())
    }
}

/// An event of another service, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// Its id.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its payload as JSON.
    pub data: String,
    /// When it was recorded.
    pub at: Timestamp,
}
