//! Strings that are signed: queries, pipes, and objects of JSON, with their exact text.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::limits::{MESSAGE_BYTES_MAX, PARAMETERS_MAX};

/// A text as `application/x-www-form-urlencoded` (URL Standard, section 5.2): space is `+`, and all
/// but letters, digits and `*-._` are `%XX` in upper case.
pub(crate) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A parameter of a query: as it was sent, and decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameter<'q> {
    pub(crate) raw: &'q str,
    pub(crate) name: String,
    pub(crate) value: String,
}

/// The parameters of a query. `None` if there are too many, an encoding is broken, or a name occurs
/// twice, because two readers could understand different values.
pub(crate) fn parameters(query: &str) -> Option<Vec<Parameter<'_>>> {
    if query.len() > MESSAGE_BYTES_MAX {
        return None;
    }
    let mut names = BTreeSet::new();
    let mut all = Vec::new();
    for raw in query.split('&').filter(|raw| !raw.is_empty()) {
        let (name, value) = raw.split_once('=').unwrap_or((raw, ""));
        let (name, value) = (decoded(name)?, decoded(value)?);
        if !names.insert(name.clone()) || all.len() >= PARAMETERS_MAX {
            return None;
        }
        all.push(Parameter { raw, name, value });
    }
    Some(all)
}

/// A form-encoded text; `None` if `%` is not followed by two hexadecimal digits, or the result is
/// not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (rest.next()?, rest.next()?);
                let digit = |byte: u8| char::from(byte).to_digit(16);
                u8::try_from(digit(high)?.checked_mul(16)?.checked_add(digit(low)?)?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The members of a JSON object at one level, each with its text as it was sent.
#[derive(Debug, Default)]
pub(crate) struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    /// The members of an object; `None` if the bytes are something else, are too large, or a name
    /// occurs twice.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return None;
        }
        let mut decoder = serde_json::Deserializer::from_slice(bytes);
        let members = Collect.deserialize(&mut decoder).ok()?;
        decoder.end().ok()?;
        Some(members)
    }

    /// The text of a scalar: a string decoded, a number and a truth value as they were sent, and
    /// nothing for `null`, what is missing, arrays and objects.
    pub(crate) fn text(&self, name: &str) -> String {
        let Some((_, raw)) = self.0.iter().find(|(one, _)| one == name) else {
            return String::new();
        };
        let raw = raw.get().trim();
        match raw.bytes().next() {
            Some(b'"') => serde_json::from_str(raw).unwrap_or_default(),
            Some(b'{' | b'[' | b'n') | None => String::new(),
            Some(_) => raw.to_owned(),
        }
    }

    /// [`Members::text()`], unless it is empty.
    pub(crate) fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }
}

struct Collect;

impl<'de> DeserializeSeed<'de> for Collect {
    type Value = Members;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Members, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Collect {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        use serde::de::Error;
        let mut names = BTreeSet::new();
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            if !names.insert(name.clone()) || members.len() >= PARAMETERS_MAX {
                return Err(A::Error::custom("a name occurs twice, or there are too many"));
            }
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

/// Vietnamese text in ASCII, as partners and banks want it: letters without marks, every other
/// character a space, and no two spaces in a row. At most `max` characters.
pub(crate) fn plain(text: &str, max: usize) -> String {
    let mut plain = String::new();
    for letter in text.nfd().filter(|letter| !is_combining_mark(*letter)) {
        let letter = match letter {
            'đ' => 'd',
            'Đ' => 'D',
            letter if letter.is_ascii_alphanumeric() || ".-".contains(letter) => letter,
            _ => ' ',
        };
        if letter != ' ' || !(plain.is_empty() || plain.ends_with(' ')) {
            plain.push(letter);
        }
    }
    plain.truncate(max);
    plain.truncate(plain.trim_end().len());
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_and_kept_as_it_was_sent() {
        let all = parameters("a=x+y&b=x%20y&c=%C4%91&d=&e&f=a%26b%3Dc").unwrap();
        let values: Vec<&str> = all.iter().map(|one| &*one.value).collect();
        assert_eq!(values, ["x y", "x y", "đ", "", "", "a&b=c"]);
        assert_eq!(all[5].raw, "f=a%26b%3Dc");
        for wrong in ["a=1&a=2", "a=1&%61=2", "a=%", "a=%4", "a=%zz", "a=%ff"] {
            assert_eq!(parameters(wrong), None, "{wrong}");
        }
        assert_eq!(encoded("Lệ phí: 5*5~1+2 %"), "L%E1%BB%87+ph%C3%AD%3A+5*5%7E1%2B2+%25");
    }

    #[test]
    fn numbers_of_an_object_keep_their_text() {
        let members = Members::of(br#" {"a": 1.50, "b": "\u0111", "c": null, "d": {"a": 2}} "#);
        let members = members.unwrap();
        let texts = ["a", "b", "c", "d", "e"].map(|name| members.text(name));
        assert_eq!(texts, ["1.50", "đ", "", "", ""]);
        for wrong in [r#"{"a":1,"a":2}"#, r#"{"a":1,"\u0061":2}"#, "[]", "", r#"{"a":1}x"#] {
            assert!(Members::of(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }

    #[test]
    fn vietnamese_becomes_ascii() {
        assert_eq!(
            plain("  Lệ phí hồ sơ số G02.002-26 (Đợt 1)  ", 99),
            "Le phi ho so so G02.002-26 Dot 1"
        );
        assert_eq!(plain("a|b&c", 3), "a b");
        assert_eq!(plain("ab cd", 3), "ab");
    }
}
