//! The rules for payments of all procedures, as defined in a file: properties of providers, periods
//! of cashiers, and the amount above which a second person has to approve.

use calendar::Budget;
use serde::Deserialize;

use crate::contract::{Vnd, partner_name};

/// The rules for payments.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentRules {
    pub id: String,
    /// Increases with every change.
    pub version: u32,
    /// Laws and articles on which the rules are based.
    pub legal_basis: String,
    /// The cashier's period to refund what is owed back.
    pub give_back: Budget,
    /// The cashier's period to resolve a discrepancy.
    pub look_into: Budget,
    /// Maximum amount of one dossier that one person may refund; above it a second person has to
    /// approve.
    pub second_person_above: Vnd,
    /// The properties of providers.
    #[serde(default)]
    pub providers: Vec<ProviderRules>,
}

/// The properties of a provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderRules {
    /// The name in its notices.
    pub name: String,
    /// Whether it never captures twice for one attempt: further reports are repetitions of the
    /// first.
    #[serde(default)]
    pub captures_once: bool,
}

impl PaymentRules {
    /// Whether a provider never captures twice for one attempt; false for unknown providers.
    #[must_use]
    pub fn captures_once(&self, provider: &str) -> bool {
        let provider = partner_name(provider);
        let named = |known: &&ProviderRules| partner_name(&known.name) == provider;
        self.providers.iter().find(named).is_some_and(|known| known.captures_once)
    }

    /// Checks for contradictions.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.give_back.amount == 0 || self.look_into.amount == 0 {
            return Err("`give_back` and `look_into` are periods of more than nothing".to_owned());
        }
        if self.second_person_above < Vnd::ZERO {
            return Err("`second_person_above` is an amount from 0".to_owned());
        }
        for (place, provider) in self.providers.iter().enumerate() {
            if self
                .providers
                .iter()
                .take(place)
                .any(|known| partner_name(&known.name) == partner_name(&provider.name))
            {
                return Err(format!("there are two providers `{}`", provider.name));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(names: [&str; 2]) -> PaymentRules {
        let text = include_str!("../../procedures/payments.yaml");
        let head = text.split("providers:").next().unwrap();
        let [first, second] = names;
        let text = format!(
            "{head}providers:\n  - {{ name: {first}, captures_once: true }}\n  - {{ name: {second} }}\n"
        );
        serde_yaml_ng::from_str(&text).unwrap()
    }

    #[test]
    fn a_provider_is_known_in_whatever_case_and_with_whatever_blanks_its_name_is_written() {
        let known = rules(["VN Pay", "Momo"]);
        assert!(known.captures_once("vnpay"));
        assert!(!known.captures_once("momo"));
        assert!(known.check().is_ok());
        assert!(rules(["VN Pay", "vnpay"]).check().is_err());
    }
}
