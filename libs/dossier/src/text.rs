//! Checks of text from outside. It is stored in Unicode normalisation form C, so that equal-looking
//! texts are equal, and must not contain invisible characters that change how other text is
//! displayed.

use std::borrow::Cow;
use std::fmt;

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

mod limited;
mod list;
mod schema;

pub use limited::{FILE_NAME_CHARS_MAX, FileName, Line, ParcelNumber, Partner, Phone, Text};
pub use list::List;

/// Why a text is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A control character other than line break and tab.
    Control(char),
    /// A character that overrides the direction of the text after it.
    Direction(char),
    /// A code point that is permanently reserved as a noncharacter.
    Noncharacter(char),
    /// The text has no visible character.
    Invisible,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Control(c) => {
                write!(f, "contains the control character U+{:04X}", u32::from(c))
            }
            Self::Direction(c) => {
                write!(f, "contains U+{:04X}, which overrides the direction of text", u32::from(c))
            }
            Self::Noncharacter(c) => write!(f, "contains U+{:04X}, no character", u32::from(c)),
            Self::Invisible => f.write_str("contains only invisible characters"),
        }
    }
}

impl Fault {
    /// The fault as a message in Vietnamese and English.
    #[must_use]
    pub fn said(self) -> calendar::Text {
        let vi = match self {
            Self::Control(c) => format!("có ký tự điều khiển U+{:04X}", u32::from(c)),
            Self::Direction(c) => format!("có U+{:04X} làm đổi chiều chữ", u32::from(c)),
            Self::Noncharacter(c) => format!("có U+{:04X}, không phải ký tự", u32::from(c)),
            Self::Invisible => "chỉ có ký tự không nhìn thấy".to_owned(),
        };
        calendar::Text::new(vi, self.to_string())
    }
}

/// An error of a parser with a message in both languages, see [`told`].
#[must_use]
pub fn refused<E: serde::de::Error>(why: &calendar::Text) -> E {
    E::custom(format_args!("{}{IN_VIETNAMESE}{}]", why.en, why.vi))
}

/// The message of an error that [`refused`] made.
#[must_use]
pub fn told(message: &str) -> Option<calendar::Text> {
    let (en, rest) = message.split_once(IN_VIETNAMESE)?;
    // A parser may have added the place.
    let (vi, _) = rest.rsplit_once(']')?;
    Some(calendar::Text::new(vi, en))
}

const IN_VIETNAMESE: &str = " [vi: ";

/// The text in Unicode normalisation form C.
#[must_use]
pub fn normalised(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// The first fault of a text; `None` if there is none. An empty text has none.
#[must_use]
pub fn fault(text: &str) -> Option<Fault> {
    let found = text.chars().find_map(|c| match c {
        '\n' | '\r' | '\t' => None,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some(Fault::Direction(c)),
        '\u{2028}' | '\u{2029}' => Some(Fault::Control(c)),
        '\u{fdd0}'..='\u{fdef}' => Some(Fault::Noncharacter(c)),
        _ if c.is_control() => Some(Fault::Control(c)),
        _ if u32::from(c) & 0xfffe == 0xfffe => Some(Fault::Noncharacter(c)),
        _ => None,
    });
    let unseen = || !text.is_empty() && text.chars().all(is_invisible);
    found.or_else(|| unseen().then_some(Fault::Invisible))
}

/// Whether the character displays nothing.
fn is_invisible(c: char) -> bool {
    // Unicode classifies the blank Braille pattern as a symbol.
    c.is_whitespace()
        || c == '\u{2800}'
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// The text without white space and other invisible characters.
#[must_use]
pub fn visible(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c)).collect()
}

/// Whether the text has no line breaks and no tabs.
#[must_use]
pub fn is_one_line(text: &str) -> bool {
    !text.contains(['\n', '\r', '\t'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_the_same_is_the_same() {
        let (composed, decomposed) = ("\u{1ec5}", "e\u{302}\u{303}");
        assert_eq!(normalised(decomposed), composed);
        assert!(matches!(normalised("Nguy\u{1ec5}n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_text_that_nobody_sees_or_that_turns_others_around_is_found() {
        for invisible in
            ["\u{200b}", " \u{3164} ", "\u{2800}", "\u{feff}\u{2060}", "\t\n", "\u{a0}"]
        {
            assert_eq!(fault(invisible), Some(Fault::Invisible), "{invisible:?}");
        }
        assert_eq!(fault("a\0b"), Some(Fault::Control('\0')));
        assert_eq!(fault("a\u{85}b"), Some(Fault::Control('\u{85}')));
        assert_eq!(fault("gpj.\u{202e}exe"), Some(Fault::Direction('\u{202e}')));
        assert_eq!(fault("a\u{2067}b"), Some(Fault::Direction('\u{2067}')));
        assert_eq!(fault("a\u{ffff}"), Some(Fault::Noncharacter('\u{ffff}')));
    }

    #[test]
    fn ordinary_text_has_no_fault() {
        for text in ["", "Hà Nội", "hai\ndòng\tmột", "👩‍👩‍👧", "\u{644}\u{200d}\u{627}", "0"]
        {
            assert_eq!(fault(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn normalised_text_stays_as_it_is(text in "\\PC{0,40}") {
            let once = normalised(&text).into_owned();
            prop_assert_eq!(&*normalised(&once), &*once);
        }
    }
}
