//! Papers: slips, receipts, letters and labels. A [`Template`] and the data of a paper give a
//! [`Document`]; a document has a text, the digest of that text, and a PDF.
//!
//! Everything is pure. The same template and data give the same document, and the same version of
//! this program gives the same bytes: a PDF has no date and no random id. The digest is taken of
//! the text, not of the PDF, so that it can be compared after the PDF writer has changed.

mod document;
mod fields;
mod font;
mod format;
mod layout;
mod pdf;
mod template;
mod words;

pub use document::{Align, Block, Column, Document, PageSize, Paragraph, Span, Table};
pub use fields::Fields;
pub use pdf::pdf_of;
pub use template::{Template, TemplateError, TemplateFault, TemplateHead, TemplateLine};
pub use words::amount_in_words;
