//! The conflict of interest of a reader in a complaint about a dossier. The law:
//! `libs/dossier/src/feedback/impartial.rs`.

use std::sync::Arc;

use dossier::Step;
use dossier::access::Caller;
use dossier::contract::{Brief, ComplaintFiled, Envelope};
use dossier::feedback::impartial::{About, Act, conflict};
use dossier::services::{Category, ServiceName};
use engine::envelope;
use events::{ReadError, Recorded};
use uuid::Uuid;

/// What officers did in a dossier.
#[derive(Debug)]
pub(crate) struct Acts(Vec<(Uuid, Arc<str>, Envelope)>);

impl Acts {
    /// Those among events of the dossier; others are left out.
    pub(crate) fn of(recorded: &[Recorded]) -> Result<Self, ReadError> {
        let handling = Category::HANDLING.map(Category::as_str);
        let handled = recorded.iter().filter(|event| handling.contains(&event.stream.category()));
        let act = |event: &Recorded| Ok((event.id, Arc::clone(&event.kind), envelope(event)?));
        handled.map(act).collect::<Result<_, ReadError>>().map(Self)
    }

    /// Whether the caller may not handle a complaint about the dossier.
    pub(crate) fn is_biased(
        &self,
        caller: &Caller,
        filed: &ComplaintFiled,
        brief: Option<&Brief>,
    ) -> bool {
        let acts = self.0.iter().map(|(id, kind, Envelope { actor, cause, .. })| Act {
            id: *id,
            kind,
            actor,
            cause: *cause,
        });
        let acts: Vec<Act<'_>> = acts.collect();
        let modules = ServiceName::ALL.into_iter().flat_map(ServiceName::modules);
        let steps: Vec<&[Step]> = modules.map(|module| module.steps).collect();
        conflict(filed, About { brief, acts: &acts, steps: &steps }, caller).is_some()
    }
}
