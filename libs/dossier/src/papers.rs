//! The papers of a dossier: slips 01 to 07 (Circular 03/2025/TT-VPCP, annex I), receipts, letters,
//! labels. The data of each paper is a pure function of recorded events; a template makes a paper
//! of the data.
//!
//! A slip, receipt, letter or label is issued by an event, which records its digest
//! ([`PaperIssued`]). It is not stored: it
//! is made again from the log, by the version of the template that it was issued with, and compared
//! with the digest. Only an erasure of personal data may make a difference.

use std::sync::Arc;

use ::papers::{Document, Template};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{May, agency, informed, own};
use crate::contract::{Envelope, Meta, PaperIssued, Personal, Role};
pub use crate::law::PaperForm as Form;
use crate::law::{Issuer, Law, Text};
use crate::step::Facts;

mod applicant;
mod book;
mod control;
mod letters;
mod parcels;
mod receipts;
mod slips;

pub use applicant::{Applicant, applicant_name};
pub use book::{Book, BookRow, READ_BOOK, book, book_row};
pub use control::{ControlSlip, ControlStep, Handled, READ_CONTROL, control_slip};
pub(crate) use letters::letter_record;
pub use letters::{Letter, READ_LETTER, letter, verify_letter};
pub(crate) use parcels::issue_labels;
pub use parcels::{
    LISTED_MAX, Label, PRINT_LABELS, ParcelList, ParcelRow, READ_PARCEL_LISTS, READ_PARCELS,
    Recipient, label, parcel_list, parcel_row, recipient_name, verify_label,
};
pub use receipts::{Receipt, ReceiptLine, receipt};
pub(crate) use slips::issue;
pub use slips::{Slip, SlipComponent, SlipForm, SlipPaper, slip_in, slips, verify};

/// Permissions to read slips, whose text has the applicant's name and the officers' reasons.
pub const READ_SLIPS: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::ComplaintHandler),
    agency(Role::Auditor),
    informed(Role::Clerk),
];

/// Printed in place of an erased value.
pub const ERASED: &str = "[đã xóa]";

/// The language in which a paper is read. The Vietnamese text is the one that is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaperLanguage {
    #[default]
    Vietnamese,
    English,
}

impl PaperLanguage {
    /// The text in this language.
    pub(crate) fn of_text(self, text: &Text) -> &str {
        match self {
            Self::Vietnamese => &text.vi,
            Self::English => &text.en,
        }
    }

    /// The first in Vietnamese, the second in English.
    const fn pick(self, [vi, en]: [&'static str; 2]) -> &'static str {
        match self {
            Self::Vietnamese => vi,
            Self::English => en,
        }
    }
}

/// A paper made from its data.
#[derive(Debug, Clone)]
pub struct Paper {
    template: Arc<Template>,
    document: Document,
    /// Whether a value of it was erased.
    erased: bool,
    /// The record of its issue; absent for papers that are not recorded, and in older events.
    recorded: Option<PaperIssued>,
    /// The comparison of the Vietnamese paper, if this is a translation of it.
    original: Option<Comparison>,
    stamp: Option<&'static str>,
}

/// The result of the comparison of a paper with the record of its issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PaperComparison)]
pub enum Comparison {
    /// It has the recorded digest.
    Same,
    /// Personal data in it was erased after its issue.
    Erased,
    /// Its digest was not recorded.
    NotRecorded,
    /// It has another digest than the recorded one: a defect.
    Differs,
}

impl Paper {
    /// Makes a paper by the template that `recorded` names, otherwise by that of its issuer. `None`
    /// if the recorded template is known neither to the law nor to this version of the program.
    fn new<D: Serialize>(
        form: Form,
        (data, erased): (&D, bool),
        issuer: &Issuer<'_>,
        recorded: Option<&PaperIssued>,
    ) -> Option<Self> {
        let template = match recorded {
            Some(issued) => issuer.law.template_of(form, issued)?,
            None => issuer.law.template(form, issuer),
        };
        let data = serde_json::to_value(data).ok()?;
        let document = template.fill(&data);
        let recorded = recorded.cloned();
        Some(Self { template, document, erased, recorded, original: None, stamp: None })
    }

    /// The English translation of `original`, from the same data in English. Its comparison is that
    /// of the original. `None` if the template has no translation.
    fn translated<D: Serialize>(
        form: Form,
        data: &D,
        (original, law): (&Self, &Law),
    ) -> Option<Self> {
        let template = law.translation_of(form, &original.template)?;
        let document = template.fill(&serde_json::to_value(data).ok()?);
        let compared = Some(original.comparison());
        Some(Self { template, document, original: compared, ..original.clone() })
    }

    /// The name of its template.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template.name
    }

    /// The version of its template.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.template.version
    }

    /// Its language, as a BCP 47 tag.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.template.language
    }

    /// Its text, see [`Document::text`].
    #[must_use]
    pub fn text(&self) -> String {
        self.document.text()
    }

    /// SHA-256 of its text.
    #[must_use]
    pub fn sha256(&self) -> String {
        self.document.sha256()
    }

    /// It as a PDF.
    #[must_use]
    pub fn pdf(&self) -> Vec<u8> {
        Self::joined(std::slice::from_ref(self))
    }

    /// Several papers as one PDF, one after another.
    #[must_use]
    pub fn joined(papers: &[Self]) -> Vec<u8> {
        let stamped = |paper: &Self| match paper.stamp {
            Some(stamp) => paper.document.clone().stamped(stamp),
            None => paper.document.clone(),
        };
        ::papers::pdf_of(&papers.iter().map(stamped).collect::<Vec<_>>())
    }

    /// It with a line about what happened after its issue, in the PDF only: text and digest are
    /// those of its issue.
    #[must_use]
    pub fn with_stamp(mut self, stamp: Option<&'static str>) -> Self {
        self.stamp = stamp;
        self
    }

    /// The record of its issue.
    #[must_use]
    pub const fn recorded(&self) -> Option<&PaperIssued> {
        self.recorded.as_ref()
    }

    /// Compares it with the record of its issue.
    #[must_use]
    pub fn comparison(&self) -> Comparison {
        if let Some(compared) = self.original {
            return compared;
        }
        match &self.recorded {
            None => Comparison::NotRecorded,
            Some(issued) if issued.sha256 == self.sha256() => Comparison::Same,
            Some(_) if self.erased => Comparison::Erased,
            Some(_) => Comparison::Differs,
        }
    }

    /// The record of its issue now.
    fn record(&self, agency_name: &str) -> PaperIssued {
        PaperIssued {
            template: self.template.name.clone(),
            version: self.template.version,
            language: self.template.language.clone(),
            sha256: self.sha256(),
            agency_name: agency_name.to_owned(),
            agency_tax_code: None,
        }
    }
}

/// The clocks of an agency, and its name.
#[derive(Debug, Clone)]
pub(crate) struct Office<'a> {
    calendar: &'a calendar::Calendar,
    /// As recorded, or as in the registry.
    pub(crate) name: String,
    /// As recorded, or as in the registry.
    pub(crate) tax_code: Option<String>,
    language: PaperLanguage,
}

impl<'a> Office<'a> {
    /// `None` if the registry has no such agency.
    pub(crate) fn of(
        law: &'a Law,
        agency: &crate::contract::AgencyCode,
        at: Timestamp,
        recorded: Option<&PaperIssued>,
    ) -> Option<Self> {
        let calendar = law.calendar_of(agency)?;
        let present = law.agency(law.present(agency, at))?;
        let (name, tax_code) = match recorded {
            Some(recorded) => (recorded.agency_name.clone(), recorded.agency_tax_code.clone()),
            None => (present.name.vi.clone(), present.tax_code.clone()),
        };
        Some(Self { calendar, name, tax_code, language: PaperLanguage::Vietnamese })
    }

    /// The same in a language; in English, with the name in the registry.
    pub(crate) fn written_in(
        self,
        language: PaperLanguage,
        (law, agency, at): (&Law, &crate::contract::AgencyCode, Timestamp),
    ) -> Self {
        let present = law.agency(law.present(agency, at));
        match (language, present) {
            (PaperLanguage::English, Some(present)) => {
                Self { name: present.name.en.clone(), language, ..self }
            }
            _ => self,
        }
    }

    /// The local time to the second, for example `2026-11-20T09:00:00`.
    pub(crate) fn local(&self, at: Timestamp) -> String {
        let (date, time) = (self.calendar.date_of(at), self.calendar.time_of(at));
        date.to_datetime(time).strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }

    /// The last day of a period that ends at this instant.
    pub(crate) fn last_day(&self, end: Timestamp) -> Date {
        self.calendar.last_day(end)
    }

    /// The end of a period in words, for example `hết ngày 03/12/2026` or `the end of 3 December
    /// 2026`.
    pub(crate) fn end(&self, end: Timestamp) -> String {
        self.language.of_text(&crate::clock::words::end(self.calendar, end)).to_owned()
    }
}

/// The metadata that an event of this decision will have, as far as a paper shows it.
fn decided(facts: &Facts<'_>) -> Meta {
    let envelope = Envelope {
        at: facts.at,
        actor: facts.actor.clone(),
        command: facts.command,
        digest: String::new(),
        cause: None,
        dossier: None,
        trace: None,
    };
    Meta { id: Uuid::nil(), version: 0, envelope }
}

/// A personal value as it is printed; `erased` becomes true if it was erased.
pub(crate) fn printed<T: ToString>(value: &Personal<T>, erased: &mut bool) -> String {
    match value {
        Personal::Known(value) => value.to_string(),
        Personal::Erased => {
            *erased = true;
            ERASED.to_owned()
        }
    }
}
