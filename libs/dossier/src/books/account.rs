//! The name of an account on a day: `2026-11-20_G02.001_sandbox`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::contract::{AgencyCode, Brief, partner_name};
use crate::law::{Law, TILL, is_account};

/// An account on a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BookId {
    pub day: Date,
    pub agency: AgencyCode,
    /// The code of an account in the payment rules, the name of a provider, or [`TILL`].
    pub account: String,
}

impl BookId {
    /// Whether it is the till of an agency.
    #[must_use]
    pub fn is_till(&self) -> bool {
        self.account == TILL
    }
}

impl fmt::Display for BookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, agency, account } = self;
        write!(f, "{day}_{agency}_{account}")
    }
}

/// The accounts of an agency that statements may be about: those in the payment rules, and one for
/// each provider.
#[must_use]
pub fn accounts(law: &Law, agency: &AgencyCode, at: Timestamp) -> Vec<String> {
    let Some(rules) = law.payments(at) else { return Vec::new() };
    let of_agency = rules.accounts.iter().filter(|account| account.agency == *agency);
    let providers = rules.providers.iter().map(|provider| partner_name(&provider.name));
    of_agency.map(|account| account.code.clone()).chain(providers).collect()
}

/// The provider whose payments an account of an agency has.
#[must_use]
pub fn partner_of(law: &Law, agency: &AgencyCode, account: &str, at: Timestamp) -> String {
    let named = law.payments(at).and_then(|rules| rules.account_named(agency, account));
    named.map_or_else(|| account.to_owned(), |account| partner_name(&account.partner))
}

/// The agency and the name of the account on which a payment through a provider arrives.
#[must_use]
pub fn account_of(law: &Law, brief: &Brief, provider: &str, at: Timestamp) -> (AgencyCode, String) {
    let of_rules = law
        .payments(at)
        .and_then(|rules| rules.account(provider, &brief.agency, &brief.procedure.code));
    match of_rules {
        Some(account) => (account.agency.clone(), account.code.clone()),
        None => (brief.agency.clone(), partner_name(provider)),
    }
}

/// The text names no account on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("names no account on a day")]
pub struct NoBook;

impl FromStr for BookId {
    type Err = NoBook;

    fn from_str(text: &str) -> Result<Self, NoBook> {
        let mut parts = text.splitn(3, '_');
        let (Some(day), Some(agency), Some(account)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(NoBook);
        };
        let (day, agency) = (day.parse().map_err(|_| NoBook)?, AgencyCode::from(agency));
        let id = Self { day, agency, account: account.to_owned() };
        // One spelling each: the name is that of a stream.
        let is_canonical = id.to_string() == text;
        let is_named = id.agency.is_well_formed() && is_account(account) && is_canonical;
        if is_named { Ok(id) } else { Err(NoBook) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_on_a_day_has_one_name() {
        let text = "2026-11-20_G02.001_vietcombank-1";
        let id: BookId = text.parse().unwrap();
        assert_eq!((&*id.account, id.agency.as_str()), ("vietcombank-1", "G02.001"));
        assert_eq!(id.to_string(), text);
        for wrong in [
            "",
            "2026-11-20",
            "2026-11-20_G02",
            "20261120_G02_a",
            "2026-11-20_g02_a",
            "2026-11-20_G02_A",
            "2026-11-20_G02_a_b",
            "2026-11-20T00:00_G02_a",
            "2026-11-31_G02_a",
        ] {
            assert_eq!(wrong.parse::<BookId>(), Err(NoBook), "{wrong}");
        }
    }
}
