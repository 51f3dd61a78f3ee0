//! Names of persons for the rows of a page. No view has them: they are opened from the streams, for
//! those rows only whose name the caller may read.

use std::collections::BTreeMap;

use dossier::contract::{Audience, DossierId, ParcelId, Role};
use dossier::delivery::DossierResult;
use dossier::intake::{Filed, Intake};
use dossier::papers::{applicant_name, recipient_name};
use engine::{Streams, decode, read_each};
use events::{ReadError, Recorded, StreamName};
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
        let (mut asked, mut streams) = (Vec::new(), BTreeMap::new());
        for (row, role) in rows {
            if Audience::Content.has(role) && role != Role::Consultee {
                asked.push((row.id, role));
                streams.insert(Streams::<Intake>::of(row.id.0), (row.id, row.corrected));
            }
        }
        let filed = filed(app, streams).await?;
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

/// What is filed in these streams. Of a dossier that was neither corrected nor transferred, one
/// event is read.
async fn filed(
    app: &App,
    streams: BTreeMap<StreamName, (DossierId, bool)>,
) -> Result<BTreeMap<DossierId, Filed>, ReadError> {
    let mut filed = BTreeMap::new();
    let mut take = |stream: &StreamName, events: &[Recorded]| match newest(events) {
        Ok(newest) => filed.extend(streams.get(stream).map(|(id, _)| *id).zip(newest)),
        Err(error) => {
            tracing::error!(%stream, %error, "stream cannot be decoded; its name is left out");
            app.engine.metrics.defect("view");
        }
    };
    let of = |corrected: bool| {
        let streams = streams.iter().filter(move |(_, (_, is))| *is == corrected);
        streams.map(|(stream, _)| stream.clone()).collect::<Vec<_>>()
    };
    let submitted = of(false);
    let mut rest = &submitted[..];
    while !rest.is_empty() {
        let firsts = app.engine.store.read_firsts(rest).await?;
        for (stream, first) in rest.iter().zip(&firsts) {
            take(stream, first.as_slice());
        }
        rest = rest.get(firsts.len().max(1)..).unwrap_or_default();
    }
    read_each(&app.engine.store, &of(true), take).await?;
    Ok(filed)
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
