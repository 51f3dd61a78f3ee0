//! Quota rules: the shipped ones, with an installation's overrides.

use serde::{Deserialize, Serialize};
use serde_yaml_ng::Value;
use utoipa::ToSchema;

use crate::limits::{QUOTA_MAX, QUOTA_SECONDS_MAX};

const SHIPPED: &str = include_str!("../../quotas.yaml");

/// A number per time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = QuotaRate)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How many, at least one.
    pub count: u64,
    /// Window in seconds.
    pub seconds: u32,
}

/// What an applicant may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ApplicantQuotas)]
#[serde(deny_unknown_fields)]
pub struct OfApplicant {
    /// Steps, whether they are granted or not.
    pub steps: Rate,
    /// What is read.
    pub reads: Rate,
    /// Dossiers and complaints that were filed.
    pub submissions: Rate,
    /// Bytes of uploaded documents.
    pub uploaded_bytes: Rate,
    /// Uploaded documents that no step has named yet.
    pub unfinished_uploads: u64,
}

/// What an officer or a partner may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OfficerQuotas)]
#[serde(deny_unknown_fields)]
pub struct OfOfficer {
    /// Requests in flight at the same time.
    pub in_flight: u64,
}

/// What an address may use without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AddressQuotas)]
#[serde(deny_unknown_fields)]
pub struct OfAddress {
    /// Look-ups of a dossier by its code.
    pub look_ups: Rate,
    /// The same over a longer time.
    pub look_ups_of_a_day: Rate,
    /// Messages of partners, which are signed instead.
    pub partner_messages: Rate,
}

/// All of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Quotas)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// For applicants.
    pub applicant: OfApplicant,
    /// Factor for representatives.
    pub representative_times: u64,
    /// For officers and partners.
    pub officer: OfOfficer,
    /// For addresses.
    pub address: OfAddress,
}

/// Rules that cannot be decoded, or have a number out of range.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRules {
    /// Unknown or missing fields.
    #[error("the quotas cannot be read: {0}")]
    Shape(#[from] serde_yaml_ng::Error),
    /// A number out of range.
    #[error("the quota `{0}` is {1}; it is from 1 to {2}")]
    Range(&'static str, u64, u64),
}

impl Rules {
    /// The shipped rules.
    pub fn shipped() -> Result<Self, InvalidRules> {
        Self::with("")
    }

    /// The shipped rules with the overrides in `own`.
    pub fn with(own: &str) -> Result<Self, InvalidRules> {
        let mut all: Value = serde_yaml_ng::from_str(SHIPPED)?;
        let own: Value = serde_yaml_ng::from_str(own)?;
        if !own.is_null() {
            overlay(&mut all, own);
        }
        let rules: Self = serde_yaml_ng::from_value(all)?;
        rules.check()?;
        Ok(rules)
    }

    fn check(&self) -> Result<(), InvalidRules> {
        let Self { applicant, representative_times, officer, address } = self;
        let rates = [
            ("applicant.steps", applicant.steps),
            ("applicant.reads", applicant.reads),
            ("applicant.submissions", applicant.submissions),
            ("applicant.uploaded_bytes", applicant.uploaded_bytes),
            ("address.look_ups", address.look_ups),
            ("address.look_ups_of_a_day", address.look_ups_of_a_day),
            ("address.partner_messages", address.partner_messages),
        ];
        let counts = rates.map(|(name, rate)| (name, rate.count, QUOTA_MAX));
        let seconds =
            rates.map(|(name, rate)| (name, u64::from(rate.seconds), u64::from(QUOTA_SECONDS_MAX)));
        let others = [
            ("applicant.unfinished_uploads", applicant.unfinished_uploads, QUOTA_MAX),
            ("representative_times", *representative_times, 1_000),
            ("officer.in_flight", officer.in_flight, QUOTA_MAX),
        ];
        for (name, value, max) in counts.into_iter().chain(seconds).chain(others) {
            if !(1..=max).contains(&value) {
                return Err(InvalidRules::Range(name, value, max));
            }
        }
        Ok(())
    }
}

/// Overrides values by those in `own`.
fn overlay(all: &mut Value, own: Value) {
    match (all, own) {
        (Value::Mapping(all), Value::Mapping(own)) => {
            for (key, value) in own {
                match all.get_mut(&key) {
                    Some(known) => overlay(known, value),
                    // Unknown names are refused when the result is decoded.
                    None => _ = all.insert(key, value),
                }
            }
        }
        (all, own) => *all = own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_is_valid_and_an_installation_names_only_what_it_has_otherwise() {
        let shipped = Rules::with("").unwrap();
        assert_eq!(shipped.applicant.steps, Rate { count: 60, seconds: 60 });
        assert_eq!(shipped.applicant.uploaded_bytes.count, 1 << 30);
        let own = Rules::with("applicant: { submissions: { count: 5 } }\nrepresentative_times: 2");
        let own = own.unwrap();
        assert_eq!(own.applicant.submissions, Rate { count: 5, seconds: 86_400 });
        assert_eq!((own.representative_times, own.applicant.reads), (2, shipped.applicant.reads));
    }

    #[test]
    fn what_means_nothing_is_refused_by_name() {
        for (own, why) in [
            ("applicant: { steps: { count: 0 } }", "`applicant.steps` is 0; it is from 1"),
            ("address: { look_ups: { seconds: 999999999 } }", "`address.look_ups` is 999999999"),
            ("officer: { in_flight: -1 }", "-1"),
            ("applicant: { stpes: { count: 1 } }", "stpes"),
            ("applicant: 5", "invalid type"),
            ("[1]", "invalid type"),
        ] {
            let error = Rules::with(own).unwrap_err().to_string();
            assert!(error.contains(why), "{own}: {error}");
        }
    }
}
