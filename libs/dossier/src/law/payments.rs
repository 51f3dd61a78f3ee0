//! What holds for money whatever it is for, as data: how providers behave, by when a cashier acts, and when a second person
//! has to agree.

use calendar::Budget;
use serde::Deserialize;

use crate::contract::{Vnd, partner_name};

/// The rules for money.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentRules {
    /// Its name.
    pub id: String,
    /// Counts up with every change.
    pub version: u32,
    /// On what they rest.
    pub legal_basis: String,
    /// How long the cashier has to give back what has to go back.
    pub give_back: Budget,
    /// How long the cashier has to look into what does not agree.
    pub look_into: Budget,
    /// How much one person may give back of one dossier's money; more wants a second person.
    pub second_person_above: Vnd,
    /// What is known of each provider.
    #[serde(default)]
    pub providers: Vec<ProviderRules>,
}

/// What is known of a provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderRules {
    /// Its name, as it stands in its notices.
    pub name: String,
    /// Whether it never captures twice for one attempt: whatever else it says of the money is another name of the first.
    #[serde(default)]
    pub captures_once: bool,
}

impl PaymentRules {
    /// Whether a provider never captures twice for one attempt. Of one that is not named here that is not known.
    #[must_use]
    pub fn captures_once(&self, provider: &str) -> bool {
        let provider = partner_name(provider);
        let named = |known: &&ProviderRules| partner_name(&known.name) == provider;
        self.providers.iter().find(named).is_some_and(|known| known.captures_once)
    }

    /// What contradicts itself.
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
