//! Who owns the subjects of changes at present, by the views and the streams of complaints and
//! mandates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dossier::State;
use dossier::access::{Caller, Resource};
use dossier::contract::{AgencyCode, ComplaintId, DossierId, IntakeEvent, Subject as Party};
use dossier::feedback::Complaint;
use dossier::mandates::Mandate;
use dossier::services::Category;
use engine::view::Question;
use engine::{Streams, decode, fold};
use events::{Recorded, StreamName};
use web::Problem;

use super::Feed;
use super::recent::Owners;
use crate::impartial::Acts;
use crate::lists::{self, ListedRow};
use web::changes::{Change, Subject};

/// Complaints into which a complaint was merged, one after the other.
const MERGERS_MAX: usize = 10;

/// The owners of the subjects of changes, and of the dossiers that these complaints are about:
/// who handles a complaint may read its dossier.
pub(super) async fn of(feed: &Feed, changes: &[Change]) -> Result<Owners, Problem> {
    let (mut owners, mut dossiers) = (Owners::new(), BTreeSet::new());
    let mut complaints: BTreeMap<ComplaintId, Complaint> = BTreeMap::new();
    for subject in changes.iter().map(|change| &change.subject) {
        match subject {
            Subject::Dossier(dossier) => {
                dossiers.insert(*dossier);
            }
            Subject::Complaint(id) if !complaints.contains_key(id) => {
                let complaint = complaint(feed, *id).await?;
                dossiers.extend(complaint.filed.as_ref().and_then(|filed| filed.dossier));
                complaints.insert(*id, complaint);
            }
            Subject::Complaint(_) => {}
            Subject::Mandate(id) => {
                if !owners.contains_key(subject) {
                    let stream = Streams::<Mandate>::of(id.0);
                    let mandate: Mandate = fold(&feed.engine.store.read_whole(&stream).await?)?;
                    let owner = mandate.resource().map(Arc::new);
                    owners.extend(owner.map(|owner| (subject.clone(), owner)));
                }
            }
            Subject::Rules(_) | Subject::Outage(_) => {
                owners.insert(subject.clone(), Arc::default());
            }
        }
    }
    for (id, complaint) in &complaints {
        let owner = complaint.resource().map(Arc::new);
        owners.extend(owner.map(|owner| (Subject::Complaint(*id), owner)));
    }
    let mut handlers = handlers(feed, dossiers.clone()).await?;
    for (dossier, row) in rows(feed, dossiers).await? {
        let complained = handlers.remove(&dossier).unwrap_or_default();
        let owner = Resource { complained, ..owner_of(&row) };
        owners.insert(Subject::Dossier(dossier), Arc::new(owner));
    }
    Ok(owners)
}

/// The parties and the agencies of a dossier. A consulted agency is one also after it has answered,
/// as in the review: it receives the change by its own answer.
fn owner_of(row: &ListedRow) -> Resource {
    Resource {
        owners: vec![row.applicant.as_str().into()],
        representatives: row.acted.iter().map(|party| Party::from(party.as_str())).collect(),
        procedure: Some(row.procedure.code.clone()),
        agencies: vec![row.agency.clone()],
        consulted: row.consulted.clone(),
        informed: row.receiver.iter().cloned().collect(),
        ..Resource::default()
    }
}

async fn rows(
    feed: &Feed,
    dossiers: BTreeSet<DossierId>,
) -> Result<Vec<(DossierId, ListedRow)>, Problem> {
    if dossiers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = feed.lists.0.query(Question::LookUp, move |tables| {
        let mut rows = Vec::new();
        for dossier in dossiers {
            rows.extend(lists::find(tables, dossier)?.map(|row| (dossier, row)));
        }
        Ok(rows)
    });
    Ok(rows.await?)
}

/// The agencies that handle open complaints about dossiers.
async fn handlers(
    feed: &Feed,
    dossiers: BTreeSet<DossierId>,
) -> Result<BTreeMap<DossierId, Vec<AgencyCode>>, Problem> {
    if dossiers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let handlers = feed.dossiers.0.query(Question::LookUp, move |rows| {
        let mut handlers = BTreeMap::new();
        for dossier in dossiers {
            let agencies = crate::dossiers::handlers(rows, &dossier.to_string())?;
            handlers.insert(dossier, agencies);
        }
        Ok(handlers)
    });
    Ok(handlers.await?)
}

async fn complaint(feed: &Feed, id: ComplaintId) -> Result<Complaint, Problem> {
    let stream = Streams::<Complaint>::of(id.0);
    Ok(fold(&feed.engine.store.read_whole(&stream).await?)?)
}

/// Whether the caller may not handle the complaint, or the one that answers it: it is about an act
/// of theirs.
pub(super) async fn is_biased(
    feed: &Feed,
    complaint: ComplaintId,
    caller: &Caller,
) -> Result<bool, Problem> {
    let mut next = Some(complaint);
    for _ in 0..MERGERS_MAX {
        let Some(id) = next else { break };
        let state = self::complaint(feed, id).await?;
        let Some(filed) = &state.filed else { break };
        if let Some(dossier) = filed.dossier {
            let mut events: Vec<Recorded> = Vec::new();
            for category in Category::HANDLING {
                let stream = StreamName::of(category.as_str(), dossier.0);
                events.extend(feed.engine.store.read_whole(&stream).await?);
            }
            let brief = match events.first().map(decode).transpose()? {
                Some(IntakeEvent::DossierSubmitted(submitted)) => Some(submitted.brief),
                _ => None,
            };
            if Acts::of(&events)?.is_biased(caller, filed, brief.as_ref()) {
                return Ok(true);
            }
        }
        next = state.merged_into();
    }
    Ok(false)
}
