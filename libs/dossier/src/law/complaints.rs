//! The periods for complaints, as data.

use calendar::Budget;
use serde::Deserialize;

use crate::contract::ComplaintClass;

/// The periods for complaints and petitions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComplaintRules {
    /// Its name.
    pub id: String,
    /// Counts up with every change.
    pub version: u32,
    /// On what they rest.
    pub legal_basis: String,
    /// To classify and pass on.
    pub classify: Budget,
    /// To answer one about conduct or delay.
    pub conduct_or_delay: Budget,
    /// To answer one about the content of rules.
    pub content_of_rules: Budget,
    /// The same, if it is complex.
    pub complex: Budget,
    /// To publish an answer.
    pub publish: Budget,
}

impl ComplaintRules {
    /// The period to answer a class; nothing if it is not answered here.
    #[must_use]
    pub const fn answer(&self, class: ComplaintClass) -> Option<Budget> {
        match class {
            ComplaintClass::ConductOrDelay => Some(self.conduct_or_delay),
            ComplaintClass::ContentOfRules => Some(self.content_of_rules),
            ComplaintClass::Complex => Some(self.complex),
            ComplaintClass::NotOurs | ComplaintClass::NotAcceptable => None,
        }
    }
}
