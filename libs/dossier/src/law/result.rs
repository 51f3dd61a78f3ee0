//! The outcome of a procedure, as defined in a file: the result, its validity, and the duties after
//! it.

use calendar::{Budget, Text};
use serde::{Deserialize, Serialize};

/// The rules for the result of a procedure.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResultRules {
    /// The result's code (`KQ.…`); absent if the procedure has no result, which is lawful.
    pub code: Option<String>,
    /// Whether it is a document; it is then not issued without one.
    #[serde(default)]
    pub document: bool,
    /// How long it is valid; unlimited if absent.
    pub validity: Option<Budget>,
    /// The rules for a renewal; not possible if absent.
    pub renewal: Option<Renewal>,
    /// The duties after a result that grants the application.
    #[serde(default)]
    pub duties: Vec<Duty>,
}

/// The rules for the renewal of a result, for example Decree 26/2026/NĐ-CP, art. 14: once,
/// requested at least five working days before the result expires, decided within five working
/// days, for six months.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// Minimum number of working days between the request and the day on which the result expires.
    pub ask_before: u32,
    /// The agency's period to decide.
    pub decide_within: Budget,
    /// Maximum number of renewals.
    pub times: u32,
    /// How long it is valid after a renewal, counted from the previous expiry.
    pub validity: Budget,
    /// The legal basis.
    pub basis: String,
}

/// A duty after the result, with its own period (for example Decree 81/2018/NĐ-CP, art. 21: the
/// result of a promotion of chance within 45 days).
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Duty {
    /// Identifies it in records.
    pub code: String,
    /// The duty in words.
    pub name: Text,
    pub by: OwedBy,
    /// The public field with the date from which the period counts; without it and `after`, it
    /// counts from the issue of the result.
    pub field: Option<String>,
    /// The code of the duty whose fulfilment begins the period.
    pub after: Option<String>,
    /// The period to meet it.
    pub budget: Budget,
    /// The legal basis.
    pub basis: String,
}

/// The party that has a duty after the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OwedBy {
    /// The applicant; the one-stop unit may record the fulfilment.
    Applicant,
    /// The agency that handles the dossier.
    Agency,
}

impl ResultRules {
    /// The duty with this code.
    #[must_use]
    pub fn duty(&self, code: &str) -> Option<&Duty> {
        self.duties.iter().find(|duty| duty.code == code)
    }

    /// Checks for contradictions, with the procedure's `public` fields.
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

    /// All periods in these rules.
    pub(super) fn budgets(&self) -> impl Iterator<Item = Budget> {
        let renewal = self.renewal.iter().flat_map(|rules| [rules.decide_within, rules.validity]);
        self.validity.into_iter().chain(renewal).chain(self.duties.iter().map(|duty| duty.budget))
    }
}
