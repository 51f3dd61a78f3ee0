//! A partner as data: a scheme, and what it needs.

use std::collections::BTreeMap;

use ipnet::IpNet;
use url::Url;

use crate::description::{Description, Setting};
use crate::message::Unable;
use crate::terms::{Answer, Capability, Outcome, Vnd};

/// What a partner does for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Takes payments and reports them.
    PaymentProvider,
    /// Keeps accounts and gives statements.
    Bank,
}

impl Kind {
    /// All kinds with their names in files.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("payment_provider", Self::PaymentProvider), ("bank", Self::Bank)];
}

/// Whether something that the scheme has is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    On,
    Off,
    /// Off, because nothing public says how it works and nobody has tried it.
    Unverified,
}

impl Use {
    /// All uses with their names in files.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("on", Self::On), ("off", Self::Off), ("unverified", Self::Unverified)];
}

/// An account to which an agency's money goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Code of the agency.
    pub agency: String,
    /// Number of the bank (BIN), six digits; another code if the scheme has its own.
    pub bank: String,
    pub number: String,
    pub holder: String,
}

/// Limits of one partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub amount_min: Vnd,
    pub amount_max: Vnd,
    /// Requests to the partner.
    pub calls_per_minute: u32,
    /// Longest wait for a response, in seconds.
    pub timeout_seconds: u32,
    /// How long a request is repeated, in hours.
    pub retry_hours: u32,
}

/// The content of a partner's file, checked.
#[derive(Debug, Clone)]
pub struct Partner {
    /// Name in addresses and events.
    pub name: String,
    /// Counts from 1.
    pub version: u32,
    pub title_vi: String,
    pub title_en: String,
    pub kind: Kind,
    /// Whether it is used at all.
    pub enabled: bool,
    /// Description of its scheme; the scheme itself is [`Partner::scheme()`].
    pub scheme: &'static Description,
    /// Names of the files of its secrets, at most two; the first signs.
    pub secrets: Vec<String>,
    pub capabilities: BTreeMap<Capability, Use>,
    /// Who has tried an unverified capability, when and where.
    pub confirmed: BTreeMap<Capability, String>,
    pub addresses: BTreeMap<Capability, Url>,
    pub settings: BTreeMap<String, String>,
    pub fields: BTreeMap<String, String>,
    pub statuses: BTreeMap<String, Outcome>,
    pub refund_statuses: BTreeMap<String, Outcome>,
    /// Status and body.
    pub replies: BTreeMap<Answer, (u16, String)>,
    pub accounts: Vec<Account>,
    pub limits: Limits,
    /// Networks inside the installation in which the partner's addresses may be.
    pub private_networks: Vec<IpNet>,
    /// Whether addresses without TLS are permitted, as for a simulator.
    pub permits_http: bool,
}

impl Partner {
    /// Whether it offers this now.
    ///
    /// # Errors
    ///
    /// [`Unable::NotOffered`].
    pub fn offers(&self, capability: Capability) -> Result<(), Unable> {
        let is_on = self.capabilities.get(&capability) == Some(&Use::On);
        if self.enabled && is_on { Ok(()) } else { Err(Unable::NotOffered(capability)) }
    }

    /// Whether it returns this amount of a transaction now.
    ///
    /// # Errors
    ///
    /// [`Unable::NotOffered`].
    pub fn returns(&self, amount: Vnd, captured: Vnd) -> Result<(), Unable> {
        self.offers(Capability::Refund)?;
        if amount < captured { self.offers(Capability::RefundPart) } else { Ok(()) }
    }

    /// The account of an agency, or of the nearest agency above it: `G02` is above `G02.002`.
    #[must_use]
    pub fn account(&self, agency: &str) -> Option<&Account> {
        let mut code = agency;
        loop {
            if let Some(account) = self.accounts.iter().find(|one| one.agency == code) {
                return Some(account);
            }
            (code, _) = code.rsplit_once('.')?;
        }
    }

    /// The address to call for something that it offers.
    pub(crate) fn call(&self, capability: Capability) -> Result<&Url, Unable> {
        self.offers(capability)?;
        self.addresses.get(&capability).ok_or(Unable::NotOffered(capability))
    }

    pub(crate) fn setting<'a>(&'a self, scheme: &'static Description, name: &str) -> &'a str {
        value(&self.settings, scheme.settings, name)
    }

    pub(crate) fn field<'a>(&'a self, scheme: &'static Description, name: &str) -> &'a str {
        value(&self.fields, scheme.fields, name)
    }
}

fn value<'a>(
    of_file: &'a BTreeMap<String, String>,
    of_scheme: &'static [Setting],
    name: &str,
) -> &'a str {
    let default = || of_scheme.iter().find(|one| one.name == name).and_then(|one| one.default);
    of_file.get(name).map(String::as_str).or_else(default).unwrap_or_default()
}
