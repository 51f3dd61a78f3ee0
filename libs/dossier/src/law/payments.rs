//! The rules for payments of all procedures, as defined in a file: properties of providers, periods
//! of cashiers, and the amount above which a second person has to approve.

use calendar::Budget;
use serde::Deserialize;

use crate::contract::{AgencyCode, ProcedureCode, Vnd, partner_name};

/// The name of the account of an agency's cash.
pub const TILL: &str = "cash";

/// Characters of the name of an account.
const ACCOUNT_CHARS_MAX: usize = 40;

/// Whether the text can be the name of an account: 1 to 40 of `a-z`, `0-9` and `-`.
#[must_use]
pub fn is_account(text: &str) -> bool {
    let permitted = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=ACCOUNT_CHARS_MAX).contains(&text.len()) && text.bytes().all(permitted)
}

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
    /// The accounts on which fees arrive. What has none is on an account of the agency with the
    /// name of the provider.
    #[serde(default)]
    pub accounts: Vec<AccountRules>,
}

/// A beneficiary account of an agency.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountRules {
    /// Its name in the books of the agency: 1 to 40 of `a-z`, `0-9` and `-`.
    pub code: String,
    /// The provider whose payments arrive on it.
    pub partner: String,
    /// The agency that has it, also for the agencies below that have none of their own.
    pub agency: AgencyCode,
    /// Codes of the procedures whose fees arrive on it; all others if empty.
    #[serde(default)]
    pub procedures: Vec<ProcedureCode>,
    /// The number of the bank (BIN), six digits.
    pub bank: String,
    pub number: String,
    pub holder: String,
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
    /// Who begins a refund through it.
    #[serde(default)]
    pub refunds: RefundStart,
}

/// Who begins a refund through a provider of what is owed back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStart {
    /// A cashier, for each refund.
    #[default]
    ByCashier,
    /// The service itself, up to the amount that one person may refund.
    Automatic,
}

impl PaymentRules {
    /// Whether a provider never captures twice for one attempt; false for unknown providers.
    #[must_use]
    pub fn captures_once(&self, provider: &str) -> bool {
        let provider = partner_name(provider);
        let named = |known: &&ProviderRules| partner_name(&known.name) == provider;
        self.providers.iter().find(named).is_some_and(|known| known.captures_once)
    }

    /// Who begins a refund through a provider; a cashier for unknown providers.
    #[must_use]
    pub fn refund_start(&self, provider: &str) -> RefundStart {
        let provider = partner_name(provider);
        let named = |known: &&ProviderRules| partner_name(&known.name) == provider;
        self.providers.iter().find(named).map_or(RefundStart::ByCashier, |known| known.refunds)
    }

    /// The account on which the fees of a procedure arrive through a provider: one that names the
    /// procedure before one for all, and that of the agency before those of the agencies above.
    #[must_use]
    pub fn account(
        &self,
        provider: &str,
        agency: &AgencyCode,
        procedure: &ProcedureCode,
    ) -> Option<&AccountRules> {
        let provider = partner_name(provider);
        let fits = |account: &&AccountRules| {
            partner_name(&account.partner) == provider
                && account.agency.covers(agency)
                && (account.procedures.is_empty() || account.procedures.contains(procedure))
        };
        self.accounts
            .iter()
            .filter(fits)
            .max_by_key(|account| (!account.procedures.is_empty(), account.agency.as_str().len()))
    }

    /// The account of an agency with this code.
    #[must_use]
    pub fn account_named(&self, agency: &AgencyCode, code: &str) -> Option<&AccountRules> {
        self.accounts.iter().find(|account| account.agency == *agency && account.code == code)
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

    #[test]
    fn fees_arrive_on_the_nearest_account_and_first_on_that_of_their_procedure() {
        let text = format!(
            "{}\naccounts:\n{}{}{}",
            include_str!("../../procedures/payments.yaml"),
            account("all", "G02", ""),
            account("origin", "G02", "procedures: [CO.D], "),
            account("own", "G02.001", ""),
        );
        let rules: PaymentRules = serde_yaml_ng::from_str(&text).unwrap();
        let code = |provider, agency: &str, procedure: &str| {
            let found = rules.account(provider, &agency.into(), &procedure.into());
            found.map(|account| &*account.code)
        };
        assert_eq!(code("Bank", "G02.001", "CO.D"), Some("origin"));
        assert_eq!(code("bank", "G02.001", "X"), Some("own"));
        assert_eq!(code("bank", "G02.002", "X"), Some("all"));
        assert_eq!((code("bank", "G03", "X"), code("other", "G02", "X")), (None, None));
        assert_eq!(rules.account_named(&"G02.001".into(), "own").unwrap().partner, "bank");
        assert!(rules.account_named(&"G02".into(), "own").is_none());
    }

    fn account(code: &str, agency: &str, procedures: &str) -> String {
        format!(
            "  - {{ code: {code}, partner: bank, agency: {agency}, {procedures}bank: '970436', \
             number: '1', holder: A }}\n"
        )
    }

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
