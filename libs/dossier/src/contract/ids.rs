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
    /// A payment of the fees of several dossiers at once.
    PaymentOrderId,
    /// A parcel with a result.
    ParcelId,
    /// A complaint or petition (phản ánh, kiến nghị).
    ComplaintId,
    /// A request to another agency for its opinion.
    ConsultationId,
    /// An outage declared for an agency.
    OutageId,
    /// An absence of an officer.
    AbsenceId,
    /// A mandate (ủy quyền): a party acts for another.
    MandateId,
    /// The credential of a program that acts for a firm.
    CredentialId,
    /// A program outside to which changes are sent.
    SubscriberId,
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
    /// A unit of an agency, as its directory names it.
    #[schema(example = "imports", max_length = 40)]
    UnitCode,
    /// The code of a dossier, printed on its slips (Circular 03/2025/TT-VPCP, art. 13).
    #[schema(example = "G02.001-261126-0200000042")]
    DossierCode,
    /// The number of a complaint, for the complainant: day of filing, eight digits, check digit.
    /// See [`ComplaintNumber::new`].
    #[schema(example = "PA-261126-41290735-6")]
    ComplaintNumber,
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

impl ComplaintNumber {
    /// The first part of all numbers.
    pub const SERIES: &str = "PA";

    /// The number that consists of a unique code `PA-YYMMDD-XXXXXXXX` and the Damm check digit of
    /// its digits, which detects each wrong digit and each transposition of neighbours.
    #[must_use]
    pub fn new(code: &str) -> Self {
        Self(format!("{code}-{}", damm(code)).into())
    }

    /// A number as somebody typed it: in any case, with or without spaces. `None` if its check
    /// digit is wrong or it has another form.
    #[must_use]
    pub fn typed(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let text = text.to_ascii_uppercase();
        let (code, _) = text.rsplit_once('-')?;
        let mut parts = code.split('-');
        let series = parts.next() == Some(Self::SERIES);
        let digits = |part: Option<&str>, least: usize| {
            part.is_some_and(|part| part.len() >= least && part.bytes().all(|b| b.is_ascii_digit()))
        };
        let known = series && digits(parts.next(), 6) && digits(parts.next(), 8);
        let number = Self::new(code);
        (known && parts.next().is_none() && number.as_str() == text).then_some(number)
    }
}

/// The check digit of the digits of a text (Damm, 2004): an operation table without fixed points.
fn damm(text: &str) -> u8 {
    const TABLE: [[u8; 10]; 10] = [
        [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
        [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
        [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
        [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
        [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
        [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
        [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
        [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
        [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
        [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
    ];
    let digits = text.chars().filter_map(|digit| usize::try_from(digit.to_digit(10)?).ok());
    digits.fold(0, |interim, digit| {
        TABLE.get(usize::from(interim)).and_then(|row| row.get(digit)).copied().unwrap_or(0)
    })
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

/// The reference of a payment order, for partners that report with a token.
#[must_use]
pub fn order_reference(order: PaymentOrderId) -> String {
    format!("DSO-{}", order.0.simple())
}

/// The payment order in a reference; `None` if the text was not made by [`order_reference()`].
#[must_use]
pub fn parse_order_reference(reference: &str) -> Option<PaymentOrderId> {
    let id = reference.strip_prefix("DSO-")?.parse::<uuid::fmt::Simple>().ok()?;
    Some(PaymentOrderId(id.into_uuid()))
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
    fn a_complaint_number_is_checked_however_it_is_typed() {
        assert_eq!(damm("572"), 4, "the example of the method");
        let number = ComplaintNumber::new("PA-261126-41290735");
        assert_eq!(number.as_str(), "PA-261126-41290735-6");
        for typed in ["PA-261126-41290735-6", " pa-261126 -41290735-6 "] {
            assert_eq!(ComplaintNumber::typed(typed).as_ref(), Some(&number), "{typed}");
        }
        for wrong in [
            "PA-261126-41290753-6",
            "PA-261126-41290736-6",
            "PB-261126-41290735-6",
            "PA-41290735-6",
            "PA-261126-41290735",
            "",
        ] {
            assert_eq!(ComplaintNumber::typed(wrong), None, "{wrong}");
        }
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
