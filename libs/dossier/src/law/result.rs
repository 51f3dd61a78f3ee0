//! What a procedure leads to, as it is written in a file: the result, how long it is valid, and what is owed after it.

use calendar::{Budget, Text};
use serde::Deserialize;

/// What a procedure leads to.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResultRules {
    /// The result's code (`KQ.…`); absent if the procedure has none, which is lawful.
    pub code: Option<String>,
    /// Whether it is a document: without one it is not issued.
    #[serde(default)]
    pub document: bool,
    /// How long it is valid; for ever if absent.
    pub validity: Option<Budget>,
    /// How it is made valid for longer; without it, not at all.
    pub renewal: Option<Renewal>,
    /// What is owed once a result that grants what was asked for is there.
    #[serde(default)]
    pub duties: Vec<Duty>,
}

/// How a result is made valid for longer, for example Decree 26/2026/NĐ-CP, art. 14: once, asked for at least five working
/// days before it expires, decided on within five working days, for six months.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// How many working days before the day on which it expires it must be asked for at the latest.
    pub ask_before: u32,
    /// How long the agency has to decide.
    pub decide_within: Budget,
    /// How often.
    pub times: u32,
    /// For how long, from when it would have expired.
    pub validity: Budget,
    /// On what it rests.
    pub basis: String,
}

/// Something that somebody owes after the result, within a period of its own (for example Decree 81/2018/NĐ-CP, art. 21:
/// the result of a promotion of chance within 45 days).
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Duty {
    /// Names it in records.
    pub code: String,
    /// What is owed.
    pub name: Text,
    /// Who owes it.
    pub by: OwedBy,
    /// The public field with the date from which it counts; without it and `after`, from the issuing of the result.
    pub field: Option<String>,
    /// The duty whose fulfilment it follows.
    pub after: Option<String>,
    /// How long it may take.
    pub budget: Budget,
    /// On what it rests.
    pub basis: String,
}

/// Who owes something after the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OwedBy {
    /// The applicant, for whom the one-stop unit may record it.
    Applicant,
    /// The agency.
    Agency,
}

impl ResultRules {
    /// A duty by its code.
    #[must_use]
    pub fn duty(&self, code: &str) -> Option<&Duty> {
        self.duties.iter().find(|duty| duty.code == code)
    }

    /// What contradicts itself, where these fields are `public`.
    pub(super) fn check(&self, public: &[String]) -> Result<(), String> {
        if self.renewal.is_some() && self.validity.is_none() {
            return Err("`result.renewal` is for a result that expires".to_owned());
        }
        if self.document && self.code.is_none() {
            return Err("`result.document` is for procedures with a `result.code`".to_owned());
        }
        if !self.duties.is_empty() && self.code.is_none() {
            return Err("`result.duties` is for procedures with a `result.code`".to_owned());
        }
        for (place, duty) in self.duties.iter().enumerate() {
            let Duty { code, field, after, .. } = duty;
            let mut earlier = self.duties.iter().take(place);
            if earlier.clone().any(|known| known.code == *code) {
                return Err(format!("there are two duties `{code}`"));
            }
            if let Some(field) = field.as_ref().filter(|field| !public.contains(field)) {
                return Err(format!("`{code}` counts from `{field}`, which is not `public`"));
            }
            if let Some(after) = after.as_ref().filter(|after| !earlier.any(|d| d.code == **after))
            {
                return Err(format!(
                    "`{code}` follows `{after}`, which is not among those before it"
                ));
            }
            if field.is_some() && after.is_some() {
                return Err(format!("`{code}` counts from two things"));
            }
        }
        Ok(())
    }

    /// Every period.
    pub(super) fn budgets(&self) -> impl Iterator<Item = Budget> {
        let renewal = self.renewal.iter().flat_map(|rules| [rules.decide_within, rules.validity]);
        self.validity.into_iter().chain(renewal).chain(self.duties.iter().map(|duty| duty.budget))
    }
}
