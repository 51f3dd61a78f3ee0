//! What a query asks for.

use calendar::Text;

use super::fold::{fold, words};
use super::{QUERY_CHARS_MAX, QUERY_WORDS_MAX, Terms, WORD_CHARS_MIN};

/// A query: a record is found if it has all words, or the number that they are the groups of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    words: Vec<Word>,
    number: Option<String>,
}

/// A word of a query: a record has it if it has all terms of one of the alternatives. A word with
/// separators is looked up without them, and as its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(pub Vec<Vec<String>>);

/// Why a text is not a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryFault {
    /// No word has two characters.
    Short,
    /// More than 100 characters.
    Long,
    /// More than eight words.
    Words(usize),
}

impl QueryFault {
    /// The fault as a message.
    #[must_use]
    pub fn said(self) -> Text {
        match self {
            Self::Short => Text::new(
                format!("cần ít nhất một từ có từ {WORD_CHARS_MIN} chữ cái hoặc chữ số trở lên"),
                format!("must have a word of at least {WORD_CHARS_MIN} letters or digits"),
            ),
            Self::Long => Text::new(
                format!("nhiều nhất {QUERY_CHARS_MAX} ký tự"),
                format!("must have at most {QUERY_CHARS_MAX} characters"),
            ),
            Self::Words(count) => Text::new(
                format!("có {count} từ, nhiều nhất {QUERY_WORDS_MAX}"),
                format!("has {count} words; at most {QUERY_WORDS_MAX} are allowed"),
            ),
        }
    }
}

impl Query {
    /// Parses a text from outside.
    pub fn parse(text: &str) -> Result<Self, QueryFault> {
        if text.chars().count() > QUERY_CHARS_MAX {
            return Err(QueryFault::Long);
        }
        let folded = fold(text);
        let longest = words(&folded).map(|word| word.chars().count()).max();
        if longest.is_none_or(|chars| chars < WORD_CHARS_MIN) {
            return Err(QueryFault::Short);
        }
        let count = words(&folded).count();
        if count > QUERY_WORDS_MAX {
            return Err(QueryFault::Words(count));
        }
        let mut all: Vec<Word> = Vec::new();
        let mut digits: Vec<&str> = Vec::new();
        for word in folded.split_whitespace() {
            // A number is often written in groups: `0912 345 678`.
            if is_number(word) {
                digits.push(word);
                continue;
            }
            all.extend(Word::of(&std::mem::take(&mut digits)));
            all.extend(Word::of(&[word]));
        }
        all.extend(Word::of(&digits));
        // Letters and digits of one number may be in groups, too: `EA 123 456 789 VN`.
        let is_number = all.len() > 1 && folded.contains(|c: char| c.is_ascii_digit());
        let number = is_number.then(|| words(&folded).collect());
        Ok(Self { words: all, number })
    }

    /// A record has each of them, or [`Query::number`].
    #[must_use]
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// All words as one number, if it may be one.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// Whether a record with these terms is found.
    #[must_use]
    pub fn matches(&self, terms: &Terms) -> bool {
        let has = |term: &String| terms.iter().any(|own| own == term);
        let has_all = |Word(any): &Word| any.iter().any(|all| all.iter().all(has));
        self.words.iter().all(has_all) || self.number.as_ref().is_some_and(has)
    }
}

impl Word {
    /// The word that is written in these groups; `None` if they have no letters and digits.
    fn of(groups: &[&str]) -> Option<Self> {
        let parts: Vec<String> =
            groups.iter().flat_map(|group| words(group)).map(str::to_owned).collect();
        let whole = parts.concat();
        // The international prefix, dialled.
        let dialled = whole.strip_prefix("0084").map(|national| format!("84{national}"));
        let mut any = vec![vec![dialled.unwrap_or_else(|| whole.clone())]];
        if parts.len() > 1 {
            any.push(parts);
        }
        (!whole.is_empty()).then_some(Self(any))
    }
}

/// Whether a word has digits and separators only.
fn is_number(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit()) && !word.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_refused_if_it_is_too_short_or_too_long() {
        let fault = |text: &str| Query::parse(text).unwrap_err();
        for text in ["", " ", "a", "a b", "-- ..", "ă"] {
            assert_eq!(fault(text), QueryFault::Short, "{text}");
        }
        assert_eq!(fault(&"a".repeat(101)), QueryFault::Long);
        assert_eq!(fault("an b c d e f g h i"), QueryFault::Words(9));
        assert_eq!(fault("an-b-c-d-e-f-g-h-i"), QueryFault::Words(9));
        assert_ne!(QueryFault::Short.said().vi, QueryFault::Short.said().en);
    }

    #[test]
    fn letters_and_digits_in_groups_are_one_number_or_several_words() {
        let query = Query::parse("EA 123 456 789 VN").unwrap();
        assert_eq!((query.words().len(), query.number()), (3, Some("ea123456789vn")));
        assert_eq!(Query::parse("nguyen van").unwrap().number(), None);
        assert_eq!(Query::parse("0912 345 678").unwrap().number(), None);
    }

    #[test]
    fn digits_in_groups_are_one_number_or_several() {
        let query = Query::parse("An 0912 345 678").unwrap();
        let [an, number] = query.words() else { panic!("{query:?}") };
        assert_eq!(an.0, [["an"]]);
        assert_eq!(number.0, [vec!["0912345678"], vec!["0912", "345", "678"]]);
    }
}
