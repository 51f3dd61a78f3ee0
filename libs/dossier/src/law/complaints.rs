//! The periods for complaints, petitions and requests about one's own data, as data.

use std::collections::BTreeMap;

use calendar::Budget;
use serde::Deserialize;

use crate::contract::{Channel, ComplaintClass};

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
    /// To say first what becomes of a request about one's own data.
    pub classify_personal_data: Budget,
    /// To answer, by class; what has no period is not answered here.
    pub answer: BTreeMap<ComplaintClass, Budget>,
    /// The same for what came online, where that is another.
    #[serde(default)]
    pub answer_online: BTreeMap<ComplaintClass, Budget>,
    /// To publish an answer.
    pub publish: Budget,
}

impl ComplaintRules {
    /// The period to classify.
    #[must_use]
    pub const fn classify(&self, personal_data: bool) -> Budget {
        if personal_data { self.classify_personal_data } else { self.classify }
    }

    /// The period to answer a class; nothing if it is not answered here.
    #[must_use]
    pub fn answer(&self, class: ComplaintClass, channel: Channel) -> Option<Budget> {
        let online = self.answer_online.get(&class).filter(|_| channel == Channel::Online);
        online.or_else(|| self.answer.get(&class)).copied()
    }

    /// The period to answer what was reopened.
    #[must_use]
    pub fn reopened(&self, class: Option<ComplaintClass>) -> Option<Budget> {
        let again = class.filter(|class| class.is_about_personal_data());
        self.answer.get(&again.unwrap_or(ComplaintClass::Complex)).copied()
    }
}
