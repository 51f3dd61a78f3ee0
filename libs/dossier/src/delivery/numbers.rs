//! Registers of result numbers: one per agency, book and year (Decree 30/2020/NĐ-CP, art. 15:
//! numbers run from 1 January to 31 December, separately for each kind of document).
//!
//! A number is an event in the stream of its register, so that neither duplicates nor gaps are
//! possible with any engine. It is taken before the result is issued; if the result is then not
//! issued, the register names the dossier that explains the unused number. A number of another
//! form, given by an officer, must be unique in its register only: same agency, book and year.

use uuid::Uuid;

use super::{DossierResult, Stage};
use crate::contract::{AgencyCode, DossierId, NumberTaken};
use crate::services::Category;

/// Bytes of a stream name that every engine accepts.
const STREAM_BYTES_MAX: usize = 200;

/// The register of one agency, book and year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberRegister {
    pub agency: AgencyCode,
    /// The result's code in the catalogue.
    pub book: String,
    /// Year by the agency's calendar.
    pub year: i16,
}

/// The fate of a number that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberUse {
    /// The result was issued under it.
    Used,
    /// The result is not issued yet.
    Waits,
    /// The dossier ended without a result.
    Cancelled,
    /// The result was issued under another number.
    OtherNumber,
}

impl NumberRegister {
    /// Name of the register's stream. Neither an agency's code nor a year contains an underscore,
    /// so the parts are unambiguous.
    ///
    /// The book of a procedure that was issued before codes were validated may be any text. If the
    /// name would be invalid, a digest replaces it, after an underscore, with which no agency's
    /// code begins.
    #[must_use]
    pub fn stream(&self) -> String {
        let Self { agency, book, year } = self;
        let name = Category::Numbers.stream(format_args!("{agency}_{book}_{year}"));
        if name.len() <= STREAM_BYTES_MAX && name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return name;
        }
        let digest = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{agency}\n{book}").as_bytes());
        Category::Numbers.stream(format_args!("_{digest}_{year}"))
    }

    /// The number with this sequence, as printed on the result: `12/2026/G02.001-KQ.G02.000101`.
    #[must_use]
    pub fn written(&self, sequence: u64) -> String {
        format!("{sequence}/{}/{}-{}", self.year, self.agency, self.book)
    }

    /// Whether a number given by an officer has the form of this agency's and book's own numbers,
    /// in any year: the register of another year may have assigned it, or will.
    #[must_use]
    pub fn gives(&self, number: &str) -> bool {
        let (number, whose) =
            (compared(number), compared(&format!("/{}-{}", self.agency, self.book)));
        let counted = number.strip_suffix(&*whose).and_then(|counted| counted.split_once('/'));
        counted.is_some_and(|(sequence, year)| {
            [sequence, year].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
        })
    }

    /// Id of the event that takes the next number for a dossier. It is deterministic, so that a
    /// dossier gets one number only.
    #[must_use]
    pub fn event_for(&self, dossier: DossierId) -> Uuid {
        Uuid::new_v5(&dossier.0, format!("{}/next", self.stream()).as_bytes())
    }

    /// Id of the event that takes a number given by an officer. It is deterministic and does not
    /// depend on spelling, so that a register contains a number once.
    #[must_use]
    pub fn event_of(&self, number: &str) -> Uuid {
        let name = format!("{}/{}", self.stream(), compared(number));
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    }

    /// The event that takes a number.
    #[must_use]
    pub fn taken(&self, number: String, sequence: Option<u64>, dossier: DossierId) -> NumberTaken {
        let Self { agency, book, year } = self.clone();
        NumberTaken { agency, book, year, number, sequence, dossier }
    }
}

/// The fate of a number, from the result of the dossier that it was taken for.
#[must_use]
pub fn use_of(taken: &NumberTaken, result: &DossierResult) -> NumberUse {
    match (result.issued(), result.stage()) {
        (Some(issued), _) if compared(&issued.number) == compared(&taken.number) => NumberUse::Used,
        (Some(_), _) => NumberUse::OtherNumber,
        (None, Stage::Cancelled) => NumberUse::Cancelled,
        (None, _) => NumberUse::Waits,
    }
}

/// A number in the form in which numbers are compared: upper case, without blanks.
fn compared(number: &str) -> String {
    crate::contract::waybill_number(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::DeliveryChannel;
    use crate::delivery::issue_result::tests::issued;
    use crate::delivery::prepare_result::tests::prepared;
    use crate::testing::law;

    fn register() -> NumberRegister {
        NumberRegister { agency: "G02.001".into(), book: "KQ.G02.000101".to_owned(), year: 2026 }
    }

    #[test]
    fn a_number_that_somebody_gives_is_not_one_that_the_register_gives() {
        let register = register();
        for given in [
            "17/2026/G02.001-KQ.G02.000101",
            " 17 / 2026/g02.001-kq.g02.000101",
            "17/2025/G02.001-KQ.G02.000101",
            "1/2027/G02.001-KQ.G02.000101",
        ] {
            assert!(register.gives(given), "{given}");
        }
        for given in [
            "VN-1",
            "A17/2026/G02.001-KQ.G02.000101",
            "17/G02.001-KQ.G02.000101",
            "17/2026/G02.002-KQ.G02.000101",
            "17/2026/GP-BCT",
        ] {
            assert!(!register.gives(given), "{given}");
        }
    }

    #[test]
    fn one_number_is_one_event_however_it_is_spelt_and_in_each_register_another() {
        let register = register();
        let next = NumberRegister { year: 2027, ..register.clone() };
        assert_eq!(register.event_of("VN-1"), register.event_of(" vn-1 "));
        assert_ne!(register.event_of("VN-1"), next.event_of("VN-1"));
        let (one, two) = (DossierId(Uuid::from_u128(1)), DossierId(Uuid::from_u128(2)));
        assert_ne!(register.event_for(one), register.event_for(two));
        let other = NumberRegister { agency: "G02".into(), book: "001_X".to_owned(), year: 2026 };
        let like = NumberRegister { agency: "G02.001".into(), book: "X".to_owned(), year: 2026 };
        assert_ne!(other.stream(), like.stream());
    }

    #[test]
    fn a_book_of_any_text_has_a_stream_and_one_that_was_a_name_keeps_it() {
        assert_eq!(register().stream(), "numbers-G02.001_KQ.G02.000101_2026");
        let long = "K".repeat(300);
        let books = ["Giấy phép 01", "KQ 1", "", &long, "KQ\n1", "_"];
        let named: std::collections::BTreeSet<String> = books
            .into_iter()
            .map(|book| NumberRegister { book: book.to_owned(), ..register() }.stream())
            .collect();
        assert_eq!(named.len(), books.len(), "{named:?}");
        for name in &named {
            let fits = name.len() <= 200 && name.bytes().all(|byte| byte.is_ascii_graphic());
            assert!(fits && name.ends_with("_2026"), "{name}");
        }
    }

    #[test]
    fn what_became_of_a_number_follows_from_the_result() {
        let law = law();
        let scene = prepared(&law, "CO.D", DeliveryChannel::Download);
        let dossier = scene.state.brief().unwrap().dossier;
        let taken = |number: &str| register().taken(number.to_owned(), Some(1), dossier);
        assert_eq!(use_of(&taken("VN-1"), &scene.state), NumberUse::Waits);
        let mut cancelled = scene.state.clone();
        cancelled.progress.cancel();
        assert_eq!(use_of(&taken("VN-1"), &cancelled), NumberUse::Cancelled);
        let scene = issued(&law, DeliveryChannel::Download);
        assert_eq!(use_of(&taken("VN-1"), &scene.state), NumberUse::Used);
        assert_eq!(use_of(&taken("VN-2"), &scene.state), NumberUse::OtherNumber);
    }
}
