//! Identifiers. They are compared, never parsed for information.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::tax_code;

macro_rules! uuids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[derive(utoipa::ToSchema)]
        #[schema(example = "018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e")]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            /// Accepts only the hyphenated form, so that each resource has one address.
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse::<uuid::fmt::Hyphenated>().map(|id| Self(id.into_uuid()))
            }
        }
    )+};
}

uuids! {
    /// A dossier (hồ sơ).
    DossierId,
    /// An attempt to pay.
    PaymentId,
    /// A parcel with a result.
    ParcelId,
    /// A complaint or petition (phản ánh, kiến nghị).
    ComplaintId,
    /// A request to another agency for its opinion.
    ConsultationId,
    /// An outage declared for an agency.
    OutageId,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[derive(utoipa::ToSchema)]
        $(#[$doc])*
        #[schema(value_type = String)]
        #[serde(transparent)]
        pub struct $name(pub Arc<str>);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }
    )+};
}

texts! {
    /// A person or firm, as the identity provider names it: opaque, not a person's name.
    #[schema(example = "citizen-1")]
    Subject,
    /// An agency (Decision 20/2020/QĐ-TTg): at most 35 of `0-9A-Z.`, levels separated by dots, the
    /// highest level first.
    #[schema(example = "G02", max_length = 35, pattern = r"^[0-9A-Z]+(\.[0-9A-Z]+)*$")]
    AgencyCode,
    /// The code of a dossier, printed on its slips (Circular 03/2025/TT-VPCP, art. 13).
    #[schema(example = "G02.001-261126-0200000042")]
    DossierCode,
    /// The code of a procedure in the national catalogue, for example `2.000004`.
    #[schema(example = "2.000004")]
    ProcedureCode,
    /// A component of a dossier (thành phần hồ sơ), as the procedure names it.
    #[schema(example = "application-form")]
    ComponentCode,
    /// The keyed digest under which an uploaded document is stored.
    #[schema(example = "9f2b5c0e7d1a4f6388b1c2d3e4f5a6b79f2b5c0e7d1a4f6388b1c2d3e4f5a6b7")]
    DocumentName,
    /// SHA-256 of a document's content: 64 hexadecimal digits in lower case.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", pattern = "^[0-9a-f]{64}$")]
    DocumentDigest,
}

impl DossierCode {
    /// The code `AGENCY-YYMMDD-AAXXXX` (Circular 03/2025/TT-VPCP, art. 13) of a dossier: the day of
    /// its submission, the two digits of the `system` that received it, and its number, which has
    /// at least four digits; here it has eight or more.
    #[must_use]
    pub fn new(agency: &AgencyCode, date: Date, system: &str, number: u32) -> Self {
        Self(format!("{agency}-{}-{system}{number:08}", date.strftime("%y%m%d")).into())
    }
}

impl AgencyCode {
    /// Whether `self` is `other` or an agency above it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.0.strip_prefix(&*self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Whether the text has the form of an agency code.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let code = &*self.0;
        (1..=35).contains(&code.len())
            && code.split('.').all(|level| {
                !level.is_empty()
                    && level.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
            })
    }
}

/// The reference of something in a dossier, for partners: it contains both ids.
#[must_use]
pub fn reference(dossier: DossierId, thing: Uuid) -> String {
    format!("DSR-{}-{}", dossier.0.simple(), thing.simple())
}

/// The dossier and the id in a reference; `None` if the text was not made by [`reference()`].
#[must_use]
pub fn parse_reference(reference: &str) -> Option<(DossierId, Uuid)> {
    let (dossier, thing) = reference.strip_prefix("DSR-")?.split_once('-')?;
    let parse =
        |text: &str| text.parse::<uuid::fmt::Simple>().ok().map(uuid::fmt::Simple::into_uuid);
    Some((DossierId(parse(dossier)?), parse(thing)?))
}

/// A procedure in a particular version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
pub struct ProcedureRef {
    /// The code in the national catalogue.
    pub code: ProcedureCode,
    /// The number of the version, which increases with every change.
    pub version: u32,
}

impl Subject {
    /// Whether both name the same party: they are equal, or spellings of the same tax code.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let same_code = || {
            let codes = (tax_code(self.as_str()), tax_code(other.as_str()));
            matches!(codes, (Ok(own), Ok(theirs)) if own == theirs)
        };
        self == other || self.as_str().starts_with(|c: char| c.is_ascii_digit()) && same_code()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agency_covers_itself_and_what_stands_below_it() {
        let ministry = AgencyCode::from("G02");
        assert!(ministry.covers(&ministry));
        assert!(ministry.covers(&"G02.001".into()));
        assert!(!ministry.covers(&"G021".into()));
        assert!(!AgencyCode::from("G02.001").covers(&ministry));
    }

    #[test]
    fn an_agency_code_has_the_form_of_the_decision() {
        for code in ["G02", "G02.001", "H21.17.03"] {
            assert!(AgencyCode::from(code).is_well_formed(), "{code}");
        }
        for code in ["", "g02", "G02.", "G02..1", "G02-1", &"A".repeat(36)] {
            assert!(!AgencyCode::from(code).is_well_formed(), "{code}");
        }
    }
}
