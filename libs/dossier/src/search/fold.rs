//! Folding: one spelling for texts that are looked up without regard to case, diacritics and
//! separators.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The text in lower case and without diacritics: `Nguyễn Đức` is `nguyen duc`. Compatible
/// characters, such as full-width digits, become the usual ones.
#[must_use]
pub fn fold(text: &str) -> String {
    let letters = text.nfkd().filter(|c| !is_combining_mark(*c));
    let plain = letters.map(|c| match c {
        'đ' | 'Đ' | 'ð' | 'Ð' => 'd',
        other => other,
    });
    plain.flat_map(char::to_lowercase).filter(|c| !is_combining_mark(*c)).collect()
}

/// The letters and digits of a text, folded: `G02.001-261126` is `g02001261126`.
#[must_use]
pub fn compact(text: &str) -> String {
    let mut folded = fold(text);
    folded.retain(char::is_alphanumeric);
    folded
}

/// The words of a folded text: its runs of letters and digits.
pub(super) fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_folds_to_one_spelling_however_it_is_typed() {
        let decomposed: String = "Nguyễn Đức".nfd().collect();
        for text in ["Nguyễn Đức", "NGUYỄN ĐỨC", "nguyen duc", &decomposed, "Ｎguyễn Ðức"]
        {
            assert_eq!(fold(text), "nguyen duc", "{text}");
        }
        assert_eq!(fold("Ưu Ơ ăâêô ỷ"), "uu o aaeo y");
        assert_eq!(fold("０３１２"), "0312");
    }

    #[test]
    fn a_code_is_compact_without_its_separators() {
        assert_eq!(compact("G02.001-261126-0200000042"), "g020012611260200000042");
        assert_eq!(compact(" -./ "), "");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
