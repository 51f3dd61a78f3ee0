//! Whether a dossier is that of a citizen or of a business.

use serde::{Deserialize, Serialize};

use crate::contract::tax_code;

/// For whom a dossier was filed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ApplicantKind {
    /// A person, or a household.
    Citizen,
    /// A firm or another organisation.
    Business,
}

impl ApplicantKind {
    /// By the parties of a dossier. A tax code of ten digits, or ten and three, is that of an
    /// organisation; one of twelve is a personal number (Circular 86/2024/TT-BTC, art. 5). Whoever
    /// is represented by somebody and has no personal number is counted as a business.
    #[must_use]
    pub fn of(applicant: &str, is_represented: bool) -> Self {
        match tax_code(applicant) {
            Ok(code) if code.len() == 12 => Self::Citizen,
            Ok(_) => Self::Business,
            Err(_) if is_represented => Self::Business,
            Err(_) => Self::Citizen,
        }
    }

    /// The name as it is shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Citizen => "citizen",
            Self::Business => "business",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tax_codes_of_organisations_and_represented_parties_are_businesses() {
        assert_eq!(ApplicantKind::of("0101234565", false), ApplicantKind::Business);
        assert_eq!(ApplicantKind::of("0101234565-001", false), ApplicantKind::Business);
        assert_eq!(
            ApplicantKind::of("001099012345", true),
            ApplicantKind::Citizen,
            "a personal number"
        );
        assert_eq!(ApplicantKind::of("person-7", false), ApplicantKind::Citizen);
        assert_eq!(ApplicantKind::of("company-7", true), ApplicantKind::Business);
    }
}
