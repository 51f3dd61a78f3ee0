//! Text from outside with a maximum length: normalised (NFC) and with visible characters.

use serde::{Deserialize, Deserializer};

use super::{fault, is_one_line, normalised, refused, visible};
use crate::contract::{Personal, partner_name, telephone, waybill_number};

/// Text of one or more lines: 1 to `MAX` characters, at least one of them visible, without control
/// characters other than line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<const MAX: usize>(pub String);

/// A [`Text`] without line breaks and tabs: a name, a number, a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<const MAX: usize>(pub String);

/// Maximum length of a file name, in characters.
pub const FILE_NAME_CHARS_MAX: usize = 255;

/// A file name: a [`Line`] that cannot refer to another folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(pub String);

/// A waybill number in the form that is compared and recorded: without white space, in upper case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParcelNumber(pub String);

/// The name of a carrier or provider in the form that is compared and recorded: without white
/// space, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner(pub String);

/// A telephone number in the form that is compared and recorded: E.164, see [`telephone()`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone(pub String);

impl<const MAX: usize> Text<MAX> {
    /// The text wrapped as personal data.
    #[must_use]
    pub fn personal(&self) -> Personal<String> {
        Personal::from(self.0.clone())
    }
}

fn said(vi: &str, en: &str) -> calendar::Text {
    calendar::Text::new(vi, en)
}

/// Unchecked, for tests.
#[cfg(test)]
impl<const MAX: usize> From<&str> for Text<MAX> {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
impl<const MAX: usize> From<&str> for Line<MAX> {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let text = normalised(&text);
        let count = text.chars().count();
        if text.is_empty() {
            return Err(refused(&said("không được để trống", "must not be empty")));
        }
        if let Some(fault) = fault(&text) {
            return Err(refused(&fault.said()));
        }
        if count > MAX {
            return Err(refused(&calendar::Text::new(
                format!("có {count} ký tự, nhiều nhất {MAX}"),
                format!("has {count} characters; at most {MAX} are allowed"),
            )));
        }
        Ok(Self(text.into_owned()))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Line<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::<MAX>::deserialize(deserializer)?;
        if is_one_line(&text) {
            Ok(Self(text))
        } else {
            Err(refused(&said(
                "phải nằm trên một dòng, không có ký tự tab",
                "must be one line without tabs",
            )))
        }
    }
}

impl<'de> Deserialize<'de> for FileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Line(name) = Line::<FILE_NAME_CHARS_MAX>::deserialize(deserializer)?;
        if name.contains(['/', '\\']) || name.chars().all(|c| c == '.') {
            return Err(refused(&said(
                "không phải tên tệp: không được có thư mục hay dấu phân cách",
                "must be the name of a file, without folders and separators",
            )));
        }
        Ok(Self(name))
    }
}

impl<'de> Deserialize<'de> for Partner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Line(name) = Line::<50>::deserialize(deserializer)?;
        Ok(Self(partner_name(&visible(&name))))
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Line(number) = Line::<30>::deserialize(deserializer)?;
        telephone(&number).map(Self).map_err(|fault| refused(&said(fault.vi(), &fault.to_string())))
    }
}

impl<'de> Deserialize<'de> for ParcelNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Line(number) = Line::<100>::deserialize(deserializer)?;
        Ok(Self(waybill_number(&visible(&number))))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_length_counts_what_is_read_whatever_form_it_came_in() {
        let three = "e\u{302}\u{303}".repeat(3);
        assert_eq!(from_value::<Text<3>>(json!(three)).unwrap().0, "\u{1ec5}".repeat(3));
        assert!(from_value::<Text<2>>(json!(three)).is_err());
    }

    #[test]
    fn one_line_is_one_line() {
        assert!(from_value::<Text<10>>(json!("a\nb\tc")).is_ok());
        for broken in ["a\nb", "a\tb", "a\rb", "a\u{2028}b", "", " ", "\u{3164}", "a\u{202e}b"] {
            assert!(from_value::<Line<10>>(json!(broken)).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn a_partner_and_a_parcel_are_the_same_however_they_are_spelt() {
        for name in ["vnpost", "VnPost ", "VN\u{200b}Post"] {
            assert_eq!(from_value::<Partner>(json!(name)).unwrap().0, "vnpost");
        }
        let number = from_value::<ParcelNumber>(json!("ea 1\u{2060}23 vn")).unwrap();
        assert_eq!(number.0, "EA123VN");
    }

    #[test]
    fn a_file_name_names_no_folder() {
        assert_eq!(from_value::<FileName>(json!("đơn.pdf")).unwrap().0, "đơn.pdf");
        for name in ["../a.pdf", "c:\\a.pdf", ".", "..", "a\n.pdf", &"a".repeat(256)] {
            assert!(from_value::<FileName>(json!(name)).is_err(), "{name:?}");
        }
    }
}
