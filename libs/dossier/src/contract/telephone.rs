//! Normalises telephone numbers to E.164 (`+84243822…`). Vietnamese numbers are checked by kind and
//! length, by the numbering plan (Circular 22/2014/TT-BTTTT and its amendments): fixed lines with
//! their area code (0 2x), mobiles (0 3, 0 5, 0 7, 0 8, 0 9), the army's and other networks (0 6),
//! 1800 and 1900, and short numbers that begin with 1. Foreign numbers are checked by the general
//! rules of E.164: a country code that does not begin with 0, and 7 to 15 digits. Extensions,
//! letters and numbers without their area code are rejected.

use std::fmt;

/// Why a text is not a telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TelephoneFault {
    /// A character that is neither a digit nor a permitted separator.
    Characters,
    /// Not a number of Vietnam's plan, and without a country code.
    Unknown,
    /// Not the 7 to 15 digits of an international number.
    Length,
}

impl fmt::Display for TelephoneFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Characters => "a telephone number has digits, with `+` before them and blanks or `- . ( ) /` between",
            Self::Unknown => {
                "no telephone number of Vietnam: with the area code, such as 024 3822 0000 or 0912 345 678; a foreign one begins with + and the country code"
            }
            Self::Length => "an international number has 7 to 15 digits after the +",
        })
    }
}

impl TelephoneFault {
    /// The fault as a message in Vietnamese.
    #[must_use]
    pub const fn vi(self) -> &'static str {
        match self {
            Self::Characters => {
                "số điện thoại gồm chữ số, có thể có `+` ở đầu và khoảng trắng hoặc `- . ( ) /` ở giữa"
            }
            Self::Unknown => {
                "không phải số điện thoại của Việt Nam: cần cả mã vùng, như 024 3822 0000 hoặc 0912 345 678; số nước ngoài bắt đầu bằng + và mã nước"
            }
            Self::Length => "số quốc tế có 7 đến 15 chữ số sau dấu +",
        }
    }
}

/// Normalises a telephone number: `+` with country code and number; a short number, which E.164
/// does not cover, as its digits.
pub fn telephone(text: &str) -> Result<String, TelephoneFault> {
    let (international, digits) = digits(text.trim())?;
    if international {
        // The 0 of the area code is often kept after the country code: +84 (0)24 ….
        return match digits.strip_prefix("84") {
            Some(national) => {
                let national = national.strip_prefix('0').unwrap_or(national);
                vietnamese(national).ok_or(TelephoneFault::Unknown)
            }
            None if digits.starts_with('0') => Err(TelephoneFault::Unknown),
            None if !(7..=15).contains(&digits.len()) => Err(TelephoneFault::Length),
            None => Ok(format!("+{digits}")),
        };
    }
    let number = match digits.strip_prefix('0') {
        Some(national) if !national.starts_with('1') => vietnamese(national),
        Some(_) => None,
        None => {
            let after_country = digits.strip_prefix("84").filter(|_| digits.len() > 10);
            short(&digits).or_else(|| vietnamese(after_country.unwrap_or(&digits)))
        }
    };
    number.ok_or(TelephoneFault::Unknown)
}

/// Whether the number begins with `+` or `00`, and the digits after that.
fn digits(text: &str) -> Result<(bool, String), TelephoneFault> {
    let mut digits = String::new();
    let mut plus = false;
    let mut open = false;
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() && !plus => plus = true,
            '(' if !open => open = true,
            ')' if open => open = false,
            '-' | '.' | '/' | '\u{2010}'..='\u{2015}' if !digits.is_empty() => {}
            _ if c.is_whitespace() => {}
            _ => return Err(TelephoneFault::Characters),
        }
    }
    if digits.is_empty() || open {
        return Err(TelephoneFault::Characters);
    }
    match digits.strip_prefix("00") {
        Some(rest) if !plus => Ok((true, rest.to_owned())),
        _ => Ok((plus, digits)),
    }
}

/// A Vietnamese number in E.164, from its digits without the leading 0; `None` if it is not in the
/// plan.
fn vietnamese(national: &str) -> Option<String> {
    let kind = national.bytes().next()?;
    let known = match kind {
        b'1' => {
            let service = national.starts_with("1800") || national.starts_with("1900");
            service && (8..=10).contains(&national.len())
        }
        b'2' => national.len() == 10,
        b'6' => (8..=10).contains(&national.len()),
        b'3' | b'5' | b'7' | b'8' | b'9' => national.len() == 9,
        _ => false,
    };
    known.then(|| format!("+84{national}"))
}

/// A short number: three to five digits, the first of which is 1.
fn short(digits: &str) -> Option<String> {
    (digits.starts_with('1') && (3..=5).contains(&digits.len())).then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_one_however_it_is_written() {
        for text in [
            "+84 24 3822 0000",
            "(024) 3822 0000",
            "024.3822.0000",
            "024-3822-0000",
            "02438220000",
            "+84 (0)24 3822 0000",
            "(+84) 24 3822 0000",
            "0084 24 3822 0000",
            "84 24 3822 0000",
            " 024 3822\u{a0}0000 ",
        ] {
            assert_eq!(telephone(text).as_deref(), Ok("+842438220000"), "{text}");
        }
        for (text, number) in [
            ("0912 345 678", "+84912345678"),
            ("912345678", "+84912345678"),
            ("+84 912 345 678", "+84912345678"),
            ("0236 3822 000", "+842363822000"),
            ("1900 6036", "+8419006036"),
            ("1800.1091", "+8418001091"),
            ("1900 545 415", "+841900545415"),
            ("1022", "1022"),
            ("115", "115"),
            ("+1 (202) 555-0123", "+12025550123"),
            ("+44 20 7946 0958", "+442079460958"),
            ("0081 3 1234 5678", "+81312345678"),
        ] {
            assert_eq!(telephone(text).as_deref(), Ok(number), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        use TelephoneFault::{Characters, Length, Unknown};
        for (text, fault) in [
            ("", Characters),
            ("        ", Characters),
            ("++++++++", Characters),
            ("+", Characters),
            ("()", Characters),
            ("(024 3822 0000", Characters),
            ("--024", Characters),
            ("call me 0912345678", Characters),
            ("0912345678 ext 3", Characters),
            ("0", Unknown),
            ("0000000000", Unknown),
            ("0901", Unknown),
            ("0912 345 67", Unknown),
            ("0912 345 6789", Unknown),
            // Mobiles of eleven digits ended in 2018.
            ("0168 345 6789", Unknown),
            // Ambiguous without its area code.
            ("3822 0000", Unknown),
            ("12", Unknown),
            ("+84 24 3822 000", Unknown),
            ("+0 912 345 678", Unknown),
            ("+1 202", Length),
            ("+1234567890123456", Length),
        ] {
            assert_eq!(telephone(text), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_recorded_number_is_its_own_spelling(text in "[+0-9 ().-]{1,20}") {
            if let Ok(number) = telephone(&text) {
                prop_assert_eq!(telephone(&number), Ok(number.clone()));
            }
        }
    }
}
