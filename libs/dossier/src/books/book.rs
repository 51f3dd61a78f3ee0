//! The state of an account on a day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::BookId;
use crate::access::Resource;
use crate::contract::{
    AgencyCode, BookEvent, BookTotals, Meta, Personal, ProcedureRef, StatementLine, Subject, Vnd,
};
use crate::services::Category;
use crate::step::State;

/// A closing that waits for a second person.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposedClosing {
    pub id: Uuid,
    pub by: Subject,
    pub at: Timestamp,
    pub totals: BookTotals,
    pub counted: Option<Vnd>,
    pub reason: Option<Personal<String>>,
}

/// How a day was closed.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    pub at: Timestamp,
    pub proposed_by: Subject,
    pub by: Subject,
    pub totals: BookTotals,
    pub counted: Option<Vnd>,
    pub reason: Option<Personal<String>>,
}

/// A correction that waits for a second person.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposedCorrection {
    pub by: Subject,
    pub at: Timestamp,
    pub lines: Vec<StatementLine>,
    pub accepts: Vec<String>,
    pub reason: Personal<String>,
}

/// A correction that was entered.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    pub id: Uuid,
    pub at: Timestamp,
    pub proposed_by: Subject,
    pub by: Subject,
    /// Names of the lines that it added.
    pub lines: Vec<String>,
    pub accepts: Vec<String>,
    pub reason: Personal<String>,
}

/// A closing or a correction that was rejected or withdrawn.
#[derive(Debug, Clone, PartialEq)]
pub struct RejectedProposal {
    pub id: Uuid,
    pub at: Timestamp,
    pub by: Subject,
    pub reason: Personal<String>,
}

/// Rejections that are kept for readers; of more, the newest.
const REJECTIONS_KEPT: usize = 100;

/// An account on a day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    /// `None` while the stream is empty.
    pub id: Option<BookId>,
    /// Lines by their names.
    pub lines: BTreeMap<String, Arc<StatementLine>>,
    /// The number of lines that each file brought first.
    pub files: BTreeMap<String, u64>,
    pub closing: Option<ProposedClosing>,
    pub closed: Option<Closed>,
    /// Corrections that wait for a second person.
    pub proposals: BTreeMap<Uuid, ProposedCorrection>,
    pub corrections: Vec<Correction>,
    /// Rejected closings and corrections, oldest first.
    pub rejections: Vec<RejectedProposal>,
    /// Keys of differences that corrections explain.
    pub accepted: BTreeSet<String>,
}

impl Book {
    /// The proposed closing with this id.
    pub(super) fn proposed(&self, closing: Uuid) -> Option<&ProposedClosing> {
        self.closing.as_ref().filter(|proposed| proposed.id == closing)
    }

    fn begin(&mut self, (day, agency, account): (jiff::civil::Date, &AgencyCode, &str)) {
        let begun = || BookId { day, agency: agency.clone(), account: account.to_owned() };
        self.id.get_or_insert_with(begun);
    }

    fn reject(&mut self, id: Uuid, reason: &Personal<String>, meta: &Meta) {
        if self.rejections.len() >= REJECTIONS_KEPT {
            self.rejections.remove(0);
        }
        let (at, by) = (meta.at(), meta.envelope.actor.subject.clone());
        self.rejections.push(RejectedProposal { id, at, by, reason: reason.clone() });
    }

    fn add(&mut self, lines: &[StatementLine]) {
        for line in lines {
            self.lines.entry(line.event.clone()).or_insert_with(|| Arc::new(line.clone()));
        }
    }
}

impl State for Book {
    type Event = BookEvent;
    const CATEGORY: &'static str = Category::Books.as_str();
    const IS_NAMED_BY_DOSSIER: bool = false;

    fn evolve(&mut self, event: &BookEvent, meta: &Meta) {
        let (at, by) = (meta.at(), || meta.envelope.actor.subject.clone());
        match event {
            BookEvent::StatementImported(imported) => {
                self.begin((imported.day, &imported.agency, &imported.account));
                self.add(&imported.lines);
                let count = self.files.entry(imported.file.clone()).or_default();
                *count = count.saturating_add(imported.lines.len() as u64);
            }
            BookEvent::ClosingProposed(proposed) => {
                self.begin((proposed.day, &proposed.agency, &proposed.account));
                self.closing = Some(ProposedClosing {
                    id: proposed.closing,
                    by: by(),
                    at,
                    totals: proposed.totals.clone(),
                    counted: proposed.counted,
                    reason: proposed.reason.clone(),
                });
            }
            BookEvent::ClosingRejected(rejected) => {
                self.closing = None;
                self.reject(rejected.closing, &rejected.reason, meta);
            }
            BookEvent::DayClosed(closed) => {
                let reason = self.closing.take().and_then(|proposed| proposed.reason);
                self.closed = Some(Closed {
                    at,
                    proposed_by: closed.proposed_by.clone(),
                    by: by(),
                    totals: closed.totals.clone(),
                    counted: closed.counted,
                    reason,
                });
            }
            BookEvent::CorrectionProposed(proposed) => {
                self.begin((proposed.day, &proposed.agency, &proposed.account));
                let (lines, accepts) = (proposed.lines.clone(), proposed.accepts.clone());
                let reason = proposed.reason.clone();
                let correction = ProposedCorrection { by: by(), at, lines, accepts, reason };
                self.proposals.insert(proposed.correction, correction);
            }
            BookEvent::CorrectionRejected(rejected) => {
                self.proposals.remove(&rejected.correction);
                self.reject(rejected.correction, &rejected.reason, meta);
            }
            BookEvent::CorrectionEntered(entered) => {
                self.proposals.remove(&entered.correction);
                self.add(&entered.lines);
                self.accepted.extend(entered.accepts.iter().cloned());
                self.corrections.push(Correction {
                    id: entered.correction,
                    at,
                    proposed_by: entered.proposed_by.clone(),
                    by: by(),
                    lines: entered.lines.iter().map(|line| line.event.clone()).collect(),
                    accepts: entered.accepts.clone(),
                    reason: entered.reason.clone(),
                });
            }
        }
    }

    fn resource(&self) -> Option<Resource> {
        let agencies = vec![self.id.as_ref()?.agency.clone()];
        Some(Resource { agencies, ..Resource::default() })
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }
}
