//! The clients of a representative: those who have granted it a mandate that is in force.

use std::collections::BTreeMap;

use dossier::access::{Caller, Resource, UnderMandate, own};
use dossier::contract::{MandateId, ProcedureCode, Role};
use dossier::mandates::Mandate;
use engine::Streams;
use engine::view::Question;
use web::{Problem, Request};

use super::listed::party;
use crate::App;
use crate::represented::of;

/// Mandates of one representative over which a list is merged.
const MANDATES_MAX: usize = 500;

/// The mandates of a representative that are in force, by principal.
#[derive(Debug)]
pub(super) struct Clients(BTreeMap<String, Vec<UnderMandate>>);

impl Clients {
    /// Those of the caller, or of the firm for which the caller acts. A mandate is compared with
    /// the newest state of its stream.
    pub(super) async fn of(app: &App, request: &Request) -> Result<Self, Problem> {
        let caller = request.caller()?;
        request.read_as(&[own(Role::Applicant)], &Resource::own(caller))?;
        if caller.mandate.is_some() {
            let vi = "gồm mọi bên ủy quyền: hãy bỏ tiêu đề `Mandate`";
            let en = "is for the clients of all mandates: leave out the header `Mandate`";
            return Err(Problem::parameter("clients", vi, en));
        }
        request.catch_up(Some(&app.represented_progress)).await?;
        let representative = party(caller.party());
        let open = app
            .represented
            .query(Question::List, move |rows| of(rows, &representative, MANDATES_MAX + 1));
        let open = open.await?;
        if open.len() > MANDATES_MAX {
            let vi = "bạn có hơn 500 ủy quyền: hãy xem từng bên bằng tiêu đề `Mandate`";
            let en = "you have more than 500 mandates: list the dossiers of one client with the header `Mandate`";
            return Err(Problem::parameter("clients", vi, en));
        }
        Self::in_force(app, caller, &open).await
    }

    async fn in_force(app: &App, caller: &Caller, open: &[MandateId]) -> Result<Self, Problem> {
        let streams = open.iter().map(|id| Streams::<Mandate>::of(id.0));
        let loaded = app.mandates.load_together(streams.collect::<Vec<_>>()).await?;
        let now = app.engine.clock.now();
        let mut clients: BTreeMap<String, Vec<UnderMandate>> = BTreeMap::new();
        for mandate in loaded.values() {
            let Some((under, terms)) = mandate.state.in_force(now) else { continue };
            if terms.representative.is(caller.party()) {
                clients.entry(party(&terms.principal)).or_default().push(under);
            }
        }
        Ok(Self(clients))
    }

    /// The clients, as parties are compared.
    pub(super) fn parties(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The mandate by which the caller acts for this applicant in this procedure.
    pub(super) fn mandate(&self, party: &str, procedure: &ProcedureCode) -> Option<MandateId> {
        let all = self.0.get(party)?;
        all.iter().find(|under| under.covers(Some(procedure))).map(|under| under.mandate)
    }
}
