//! Proposed entries in the reply of a payment.

use dossier::contract::{AgencyCode, Entry, Subject, Vnd};
use dossier::law::Law;
use dossier::payment::{Payment, Proposed};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Due;

/// An entry that waits for a second person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposedEntryReply {
    /// Id of the proposal.
    entry: Uuid,
    /// What is to be recorded.
    what: Entry,
    /// Amount in VND.
    amount_vnd: Vnd,
    /// Officer who proposed it; for officers.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed_by: Option<Subject>,
    /// Written reason; for officers, without operators. Absent after its erasure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Sao kê không có khoản hoàn này")]
    reason: Option<String>,
    /// Due instant of the second person's decision.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether it was neither approved nor rejected in time.
    missed: bool,
}

impl ProposedEntryReply {
    pub(super) fn new(law: &Law, agency: &AgencyCode, payment: &Payment) -> Option<Self> {
        let proposal = payment.proposal.as_ref()?;
        let Proposed::Entry(what) = &proposal.what else { return None };
        Some(Self {
            entry: proposal.id,
            what: what.clone(),
            amount_vnd: payment.amount_of(what),
            proposed_by: Some(proposal.by.clone()),
            reason: proposal.reason.known().cloned(),
            due: Due::of(law, agency, proposal.owed.map(|owed| owed.running.due_at)),
            missed: proposal.owed.is_some_and(|owed| owed.missed),
        })
    }

    /// The part for callers who may read the texts of cashiers, and the subjects of officers.
    pub(super) fn for_caller(&mut self, (work, officers): (bool, bool)) {
        self.reason = self.reason.take().filter(|_| work);
        self.proposed_by = self.proposed_by.take().filter(|_| officers);
    }
}
