//! The periods for complaints, petitions and requests about one's own data, as defined in a file.

use std::collections::BTreeMap;

use calendar::Budget;
use serde::Deserialize;

use crate::contract::{Channel, ComplaintClass};

/// The periods for complaints and petitions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComplaintRules {
    pub id: String,
    /// Increases with every change.
    pub version: u32,
    /// Laws and articles on which the periods are based.
    pub legal_basis: String,
    /// The period to classify and forward.
    pub classify: Budget,
    /// The period for the first reply to a request about one's own data.
    pub classify_personal_data: Budget,
    /// The period to answer, by class; a class without one is not answered by the agency.
    pub answer: BTreeMap<ComplaintClass, Budget>,
    /// The period to answer complaints filed online, where it differs.
    #[serde(default)]
    pub answer_online: BTreeMap<ComplaintClass, Budget>,
    /// The period to publish an answer.
    pub publish: Budget,
}

impl ComplaintRules {
    /// The period to classify, for a request about one's own data or a complaint.
    #[must_use]
    pub const fn classify(&self, personal_data: bool) -> Budget {
        if personal_data { self.classify_personal_data } else { self.classify }
    }

    /// The period to answer a class; `None` if the agency does not answer it.
    #[must_use]
    pub fn answer(&self, class: ComplaintClass, channel: Channel) -> Option<Budget> {
        let online = self.answer_online.get(&class).filter(|_| channel == Channel::Online);
        online.or_else(|| self.answer.get(&class)).copied()
    }

    /// The period to answer a reopened complaint.
    #[must_use]
    pub fn reopened(&self, class: Option<ComplaintClass>) -> Option<Budget> {
        let again = class.filter(|class| class.is_about_personal_data());
        self.answer.get(&again.unwrap_or(ComplaintClass::Complex)).copied()
    }
}
