//! Tax codes as issued by the tax administration (Circular 86/2024/TT-BTC, art. 5): ten digits for
//! an organisation, the last of which is a check digit; thirteen for a dependent unit, written as
//! ten and three; and, since 1 July 2025, the twelve digits of the personal identification number
//! for households and individuals.

use std::fmt;

/// Why a text is not a tax code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxCodeFault {
    /// A character other than digits, or a separator that is not between digits.
    Characters,
    /// Not ten, twelve or thirteen digits; contains the number of digits.
    Length(usize),
    /// The tenth digit is not the check digit of the nine before it.
    CheckDigit,
    /// The number of a dependent unit must be 001 to 999.
    Unit,
    /// The first three digits of a personal number must not be 000: they are a province or a
    /// country.
    Place,
}

impl fmt::Display for TaxCodeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Characters => f.write_str("a tax code has digits only, and one hyphen"),
            Self::Length(digits) => write!(
                f,
                "a tax code has 10 digits, 10 and 3, or the 12 of a personal identification number, not {digits}"
            ),
            Self::CheckDigit => f.write_str("the tenth digit does not check the nine before it"),
            Self::Unit => f.write_str("the unit after the hyphen is 001 to 999"),
            Self::Place => f.write_str("a personal identification number does not begin with 000"),
        }
    }
}

impl TaxCodeFault {
    /// The fault as a message in Vietnamese.
    #[must_use]
    pub fn vi(&self) -> String {
        match self {
            Self::Characters => "mã số thuế chỉ gồm chữ số và một dấu gạch nối".to_owned(),
            Self::Length(digits) => format!(
                "mã số thuế có 10 chữ số, 10 và 3 chữ số, hoặc 12 chữ số của số định danh cá nhân, không phải {digits}"
            ),
            Self::CheckDigit => "chữ số thứ mười không khớp với chín chữ số trước".to_owned(),
            Self::Unit => "số của đơn vị phụ thuộc sau dấu gạch nối là 001 đến 999".to_owned(),
            Self::Place => "số định danh cá nhân không bắt đầu bằng 000".to_owned(),
        }
    }
}

/// Factors of the nine digits; the tenth digit is 10 minus the remainder of the sum divided by 11.
const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

/// Normalises a tax code to the form in which it is recorded and compared: digits, with a hyphen
/// before the three of a dependent unit, as the law writes it.
pub fn tax_code(text: &str) -> Result<String, TaxCodeFault> {
    let mut digits = Vec::with_capacity(13);
    // A separator is only valid after a digit and before one.
    let mut between = true;
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        match c.to_digit(10) {
            Some(digit) => digits.push(digit),
            None if !between && is_separator(c) => {}
            None => return Err(TaxCodeFault::Characters),
        }
        between = !c.is_ascii_digit();
    }
    if between {
        return Err(TaxCodeFault::Characters);
    }
    let text: String = digits.iter().filter_map(|digit| char::from_digit(*digit, 10)).collect();
    match digits.as_slice() {
        [_, _, _, _, _, _, _, _, _, _] => checked(&digits).map(|()| text),
        [ten @ .., a, b, c] if ten.len() == 10 => {
            checked(ten)?;
            if [a, b, c] == [&0, &0, &0] {
                return Err(TaxCodeFault::Unit);
            }
            let (own, unit) = text.split_at(10);
            Ok(format!("{own}-{unit}"))
        }
        [0, 0, 0, ..] if digits.len() == 12 => Err(TaxCodeFault::Place),
        _ if digits.len() == 12 => Ok(text),
        _ => Err(TaxCodeFault::Length(digits.len())),
    }
}

/// Hyphens, dashes and dots.
const fn is_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '\u{2010}'..='\u{2015}')
}

fn checked(ten: &[u32]) -> Result<(), TaxCodeFault> {
    let sum: u32 =
        ten.iter().zip(WEIGHTS).map(|(digit, weight)| digit.saturating_mul(weight)).sum();
    // A remainder of 0 would need the digit 10: no such code is issued.
    let check = 10_u32.saturating_sub(sum % 11);
    if ten.last() == Some(&check) { Ok(()) } else { Err(TaxCodeFault::CheckDigit) }
}

/// The name of a party in the form that is compared: tax codes are normalised, other names
/// unchanged.
#[must_use]
pub fn party_name(name: &str) -> String {
    tax_code(name).unwrap_or_else(|_| name.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_code_has_one_spelling() {
        for text in ["0100233488", " 0100233488 ", "0100 233 488", "01.0023.3488"] {
            assert_eq!(tax_code(text).as_deref(), Ok("0100233488"), "{text}");
        }
        for text in [
            "0314409058-002",
            "0314409058002",
            "0314409058 002",
            "0314409058 - 002",
            "0314409058–002",
        ] {
            assert_eq!(tax_code(text).as_deref(), Ok("0314409058-002"), "{text}");
        }
        assert_eq!(tax_code("001088012345").as_deref(), Ok("001088012345"));
    }

    #[test]
    fn what_cannot_be_a_tax_code_says_why() {
        use TaxCodeFault::{Characters, CheckDigit, Length, Place, Unit};
        for (text, fault) in [
            ("", Characters),
            ("-", Characters),
            ("--------", Characters),
            ("0100233488-", Characters),
            ("0314409058--002", Characters),
            ("01002334a8", Characters),
            ("MST 0100233488", Characters),
            ("010023348", Length(9)),
            ("01002334881", Length(11)),
            ("03144090580021", Length(14)),
            ("0100233489", CheckDigit),
            ("0101234567", CheckDigit),
            ("0101234567-001", CheckDigit),
            ("0314409058-000", Unit),
            ("000088012345", Place),
        ] {
            assert_eq!(tax_code(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_party_is_the_same_by_either_spelling_of_its_code_and_by_no_likeness_else() {
        assert_eq!(party_name("0314409058002"), party_name("0314409058-002"));
        assert_eq!(party_name("citizen 7"), "citizen 7");
        assert_eq!(party_name("0101234567"), "0101234567", "no code, but a name");
    }

    proptest! {
        #[test]
        fn a_canonical_code_is_its_own_canonical_spelling(text in "[0-9 .-]{9,16}") {
            if let Ok(code) = tax_code(&text) {
                prop_assert_eq!(tax_code(&code), Ok(code.clone()));
            }
        }

        #[test]
        fn one_wrong_digit_of_ten_is_always_found(digits in "[0-9]{9}", at in 0usize..9, more in 1u32..10) {
            let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
            let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
            prop_assume!(!sum.is_multiple_of(11));
            let spelt = |digits: &[u32]| -> String {
                digits.iter().chain([&(10 - sum % 11)]).map(ToString::to_string).collect()
            };
            prop_assert!(tax_code(&spelt(&digits)).is_ok());
            let mut wrong = digits.clone();
            wrong[at] = (wrong[at] + more) % 10;
            prop_assert_eq!(tax_code(&spelt(&wrong)), Err(TaxCodeFault::CheckDigit));
        }
    }
}
