//! Search by words: the terms under which a dossier is found ([`Terms`]), the fields of a form that
//! have them ([`Fields`]), and the terms that a query asks for ([`Query`]). Both sides fold texts
//! in the same way: case, Vietnamese diacritics and separators make no difference.
//!
//! A word of a text is found by its beginning, a number also by its last characters. Terms are
//! plain text here; an index stores digests of them.

mod fields;
mod fold;
mod query;
mod terms;

pub(crate) use fields::one_item;
pub use fields::{FIELDS_MAX, Fields};
pub use fold::{compact, fold};
pub use query::{Query, QueryFault, Word};
pub use terms::Terms;

/// Characters of a query at most.
pub const QUERY_CHARS_MAX: usize = 100;
/// Words of a query at most.
pub const QUERY_WORDS_MAX: usize = 8;
/// Characters of the longest word of a query at least.
pub const WORD_CHARS_MIN: usize = 2;
/// Last characters by which a number is found at least.
pub const LAST_CHARS_MIN: usize = 4;
