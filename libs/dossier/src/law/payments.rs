//! What holds for money whatever it is for, as data: how providers behave, by when a cashier acts, and when a second person
//! has to agree.

use calendar::Budget;
use serde::Deserialize;

use crate::contract::Vnd;

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
        self.providers.iter().any(|known| known.name == provider && known.captures_once)
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
            if self.providers.iter().take(place).any(|known| known.name == provider.name) {
                return Err(format!("there are two providers `{}`", provider.name));
            }
        }
        Ok(())
    }
}
