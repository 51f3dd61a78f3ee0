//! Names of persons for the rows of a page. No view has them: they are opened from the streams, for
//! those rows only whose name the caller may read.

use std::collections::{BTreeMap, BTreeSet};

use dossier::contract::{Audience, DossierId, ParcelId, Role};
use dossier::delivery::DossierResult;
use dossier::intake::{Filed, Intake};
use dossier::papers::{applicant_name, recipient_name};
use engine::{Streams, decode, read_each};
use events::{ReadError, Recorded};
use web::Problem;

use crate::App;
use crate::lists::ListedRow;
use crate::parcels::ParcelRow;

/// The names of the applicants of a page, by dossier.
#[derive(Debug, Default)]
pub(crate) struct Applicants(BTreeMap<(DossierId, Role), String>);

impl Applicants {
    /// Those of the rows, each as the role beside it may read it.
    pub(crate) async fn of<'r>(
        app: &App,
        rows: impl Iterator<Item = (&'r ListedRow, Role)> + Send,
    ) -> Result<Self, Problem> {
        let asked: Vec<(DossierId, Role)> = rows
            .map(|(row, role)| (row.id, role))
            .filter(|(_, role)| Audience::Content.has(*role) && *role != Role::Consultee)
            .collect();
        let dossiers: BTreeSet<DossierId> = asked.iter().map(|(id, _)| *id).collect();
        let streams: Vec<_> = dossiers.iter().map(|id| Streams::<Intake>::of(id.0)).collect();
        let (mut filed, mut ids) = (BTreeMap::new(), dossiers.into_iter());
        read_each(&app.engine.store, &streams, |stream, events| {
            let read = newest(events).unwrap_or_else(|error| {
                tracing::error!(%stream, %error, "stream cannot be decoded; its name is left out");
                app.engine.metrics.defect("view");
                None
            });
            filed.extend(ids.next().zip(read));
        })
        .await?;
        let name = |(id, role): (DossierId, Role)| {
            let Filed { brief, form } = filed.get(&id)?;
            Some(((id, role), applicant_name(brief, form, role)?))
        };
        Ok(Self(asked.into_iter().filter_map(name).collect()))
    }

    /// The name of the applicant of a row, if this role may read it.
    pub(crate) fn name(&self, row: &ListedRow, role: Role) -> Option<String> {
        self.0.get(&(row.id, role)).cloned()
    }
}

/// What is filed by the events of a stream of intake.
fn newest(events: &[Recorded]) -> Result<Option<Filed>, ReadError> {
    let changing = events.iter().filter(|event| Filed::is_changed_by(&event.kind));
    changing.map(decode).try_fold(None, |filed, event| Ok(Filed::after(filed, event?)))
}

/// The names of the recipients of parcels, if the role may read them.
pub(crate) async fn recipients(
    app: &App,
    rows: &[ParcelRow],
    role: Role,
) -> Result<BTreeMap<ParcelId, String>, Problem> {
    if !Audience::Address.has(role) {
        return Ok(BTreeMap::new());
    }
    let streams = rows.iter().map(|row| Streams::<DossierResult>::of(row.dossier.0));
    let loaded = app.results.load_together(streams.collect::<Vec<_>>()).await?;
    let name = |row: &ParcelRow| {
        let result = loaded.get(&Streams::<DossierResult>::of(row.dossier.0))?;
        Some((row.parcel, recipient_name(&result.state, role)?))
    };
    Ok(rows.iter().filter_map(name).collect())
}
