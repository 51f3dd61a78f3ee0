//! The periods for complaints, petitions and requests about one's own data, as defined in a file.

use std::collections::BTreeMap;

use calendar::Budget;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contract::{ComplaintChannel, ComplaintClass};

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
    /// The period to answer after it was extended, counted from its beginning; a class without one
    /// is not extended.
    #[serde(default)]
    pub extended: BTreeMap<ComplaintClass, Budget>,
    /// The period to publish an answer.
    pub publish: Budget,
    /// The period after an answer or a dismissal in which the complaint can be reopened; without
    /// end if absent.
    #[serde(default)]
    pub reopen_within: Option<Budget>,
    /// The period after a missed period until the complaint is a matter of the heads of the agency;
    /// from the miss on if absent.
    #[serde(default)]
    pub escalate_after: Option<Budget>,
    /// Templates of answers; the portal fills in the fields.
    #[serde(default)]
    pub templates: Vec<AnswerTemplate>,
}

/// A template of an answer, with fields for the data of a complaint.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[derive(ToSchema)]
#[schema(as = AnswerTemplateReply)]
pub struct AnswerTemplate {
    /// Unique among the templates.
    #[schema(example = "apology")]
    pub code: String,
    /// The class for which it is meant; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ComplaintClass>,
    #[schema(example = "Xin lỗi vì chậm trễ")]
    pub title: String,
    /// The text, with fields in double braces: one of `complainant`, `number`, `received_on`,
    /// `dossier`, `agency`, `officer`, `measures`.
    #[schema(example = "Kính gửi ông/bà {{complainant}}, …")]
    pub body: String,
}

impl AnswerTemplate {
    /// The fields that a text may have.
    pub const FIELDS: [&str; 7] =
        ["complainant", "number", "received_on", "dossier", "agency", "officer", "measures"];

    /// The fields in the text, in their order; an unfinished one is the rest of the text.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.body
            .split("{{")
            .skip(1)
            .map(|rest| rest.split_once("}}").map_or(rest, |(field, _)| field))
    }
}

impl ComplaintRules {
    /// The period to classify, for a request about one's own data or a complaint.
    #[must_use]
    pub const fn classify(&self, personal_data: bool) -> Budget {
        if personal_data { self.classify_personal_data } else { self.classify }
    }

    /// The period to answer a class; `None` if the agency does not answer it.
    #[must_use]
    pub fn answer(&self, class: ComplaintClass, channel: ComplaintChannel) -> Option<Budget> {
        let online = self.answer_online.get(&class).filter(|_| channel == ComplaintChannel::Online);
        online.or_else(|| self.answer.get(&class)).copied()
    }

    /// The whole period to answer a class after its extension; `None` if it is not extended.
    #[must_use]
    pub fn extended(&self, class: ComplaintClass) -> Option<Budget> {
        self.extended.get(&class).copied()
    }

    /// The period to answer a reopened complaint.
    #[must_use]
    pub fn reopened(&self, class: Option<ComplaintClass>) -> Option<Budget> {
        let again = class.filter(|class| class.is_about_personal_data());
        self.answer.get(&again.unwrap_or(ComplaintClass::Complex)).copied()
    }
}
