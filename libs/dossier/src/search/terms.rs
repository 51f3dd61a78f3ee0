//! The terms under which a record is found.

use std::collections::BTreeSet;

use super::LAST_CHARS_MIN;
use super::fold::{compact, fold, words};

/// Terms of one record at most: those of a form of usual length, several times over.
const TERMS_MAX: usize = 512;
/// Words of one text that become terms.
const TEXT_WORDS_MAX: usize = 40;
/// Characters of a word by whose beginning it is found; a longer word also as a whole.
const BEGINNING_CHARS_MAX: usize = 16;
/// Characters of a number by whose end it is found.
const ENDING_CHARS_MAX: usize = 12;
/// Characters of a number that are kept.
const NUMBER_CHARS_MAX: usize = 64;

/// The terms under which a record is found, at most 512.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms(BTreeSet<String>);

impl Terms {
    /// The terms, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is no term.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a text in words, for example a name. Each word is found by its first two or more
    /// characters, one with digits also by its last four or more.
    pub fn text(&mut self, text: &str) {
        for word in words(&fold(text)).take(TEXT_WORDS_MAX) {
            self.beginnings(word, 2);
            if word.chars().filter(char::is_ascii_digit).count() >= LAST_CHARS_MIN {
                self.endings(word);
            }
        }
    }

    /// Adds a number or code: a tax code, a telephone number, the number of a document. It is found
    /// with and without separators, by its parts, and by its first or last four or more characters.
    /// A Vietnamese telephone number is found with 0 and with 84 in front.
    pub fn number(&mut self, number: &str) {
        if let Some(national) = number.strip_prefix("+84") {
            self.add(&compact(number));
            self.number(&format!("0{national}"));
            return;
        }
        let whole = self.parts(number);
        self.beginnings(&whole, LAST_CHARS_MIN);
        self.endings(&whole);
    }

    /// Adds the code of a dossier. It is found with and without separators, by its parts, and by
    /// its last four or more digits, but not by the beginning of its agency, which most dossiers
    /// share.
    pub fn code(&mut self, code: &str) {
        let whole = self.parts(code);
        self.endings(&whole);
    }

    /// Adds an id that is found as a whole only.
    pub fn id(&mut self, id: &str) {
        let id = compact(id);
        self.add(&id);
    }

    /// Adds the whole number, its parts, and what begins or ends at one of its separators. Returns
    /// the whole number without separators.
    fn parts(&mut self, number: &str) -> String {
        let folded: String = fold(number).chars().take(NUMBER_CHARS_MAX).collect();
        let parts: Vec<&str> = words(&folded).collect();
        let whole = parts.concat();
        let mut at = 0_usize;
        for part in parts {
            self.add(part);
            self.add(whole.get(at..).unwrap_or_default());
            at = at.saturating_add(part.len());
            self.add(whole.get(..at).unwrap_or_default());
        }
        whole
    }

    /// Adds a word's beginnings of `least` or more characters, and the word.
    fn beginnings(&mut self, word: &str, least: usize) {
        let ends = word.char_indices().map(|(at, c)| at.saturating_add(c.len_utf8()));
        let skipped = least.saturating_sub(1);
        for end in ends.take(BEGINNING_CHARS_MAX).skip(skipped) {
            self.add(word.get(..end).unwrap_or_default());
        }
        self.add(word);
    }

    /// Adds a word's last characters, four or more.
    fn endings(&mut self, word: &str) {
        let begins = word.char_indices().rev().map(|(at, _)| at);
        for begin in begins.take(ENDING_CHARS_MAX).skip(LAST_CHARS_MIN.saturating_sub(1)) {
            self.add(word.get(begin..).unwrap_or_default());
        }
    }

    fn add(&mut self, term: &str) {
        if !term.is_empty() && self.0.len() < TERMS_MAX {
            self.0.insert(term.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Query;

    fn found(add: impl FnOnce(&mut Terms), query: &str) -> bool {
        let mut terms = Terms::default();
        add(&mut terms);
        Query::parse(query).unwrap().matches(&terms)
    }

    #[test]
    fn a_name_is_found_by_words_in_any_order_and_by_their_beginnings() {
        for query in
            ["nguyen van", "Nguyễn Văn", "van nguyen", "NGUYỄN", "ng", "anh", "an", "Văn A"]
        {
            assert!(found(|terms| terms.text("Nguyễn Văn Anh A"), query), "{query}");
        }
        for query in ["nguyen thi", "nh", "uyen", "vana"] {
            assert!(!found(|terms| terms.text("Nguyễn Văn Anh A"), query), "{query}");
        }
    }

    #[test]
    fn a_firm_is_found_by_parts_of_its_name_with_and_without_separators() {
        for query in ["dệt may", "Dệt-May", "det may nam", "tnhh nam dinh"] {
            assert!(found(|terms| terms.text("Công ty TNHH Dệt - May Nam Định"), query), "{query}");
        }
    }

    #[test]
    fn a_tax_code_is_found_by_its_beginning_its_end_and_its_unit() {
        let code = "0312345678-001";
        for query in ["0312345678", "0312345678-001", "0312345678001", "0312", "5678-001", "8001"] {
            assert!(found(|terms| terms.number(code), query), "{query}");
        }
        assert!(!found(|terms| terms.number(code), "031"), "fewer than four characters");
        assert!(!found(|terms| terms.number(code), "3456"), "from the middle");
    }

    #[test]
    fn a_telephone_number_is_found_however_it_is_written() {
        let number = "+84912345678";
        for query in [
            "0912345678",
            "0912 345 678",
            "0912.345.678",
            "+84 912 345 678",
            "84912345678",
            "0084912345678",
            "5678",
            "345678",
            "0912",
        ] {
            assert!(found(|terms| terms.number(number), query), "{query}");
        }
        assert!(found(|terms| terms.number("+12025550123"), "0123"));
    }

    #[test]
    fn a_dossier_is_found_by_its_code_with_and_without_separators() {
        let code = "G02.001-261126-0200000042";
        for query in [
            code,
            "g02.001-261126-0200000042",
            "G02001 261126 0200000042",
            "G020012611260200000042",
            "261126-0200000042",
            "0200000042",
            "0042",
            "G02.001 261126",
            "G02.001-261126",
        ] {
            assert!(found(|terms| terms.code(code), query), "{query}");
        }
        assert!(!found(|terms| terms.code(code), "0043"));
    }

    #[test]
    fn a_result_is_found_by_its_number_and_year() {
        let number = "12/2026/G02.001-KQ.G02.000101";
        for query in [number, "12/2026", "12/2026/G02.001", "000101", "0101"] {
            assert!(found(|terms| terms.number(number), query), "{query}");
        }
        assert!(!found(|terms| terms.number(number), "13/2026"));
    }

    #[test]
    fn the_terms_of_a_record_are_limited() {
        let mut terms = Terms::default();
        for n in 0..1_000 {
            terms.text(&format!("word{n} other{n}"));
        }
        assert_eq!(terms.iter().count(), TERMS_MAX);
        let mut long = Terms::default();
        long.text(&"x".repeat(10_000));
        assert!(long.iter().count() <= BEGINNING_CHARS_MAX);
    }
}
