//! Who owns the subjects of changes at present, by the views and the streams of complaints.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dossier::State;
use dossier::access::{Caller, Resource};
use dossier::contract::{ComplaintId, DossierId, IntakeEvent, Subject as Party};
use dossier::feedback::Complaint;
use dossier::overview::Task;
use dossier::services::Category;
use engine::view::Question;
use engine::{Streams, decode, fold};
use events::{Recorded, StreamName};
use rusqlite::params;
use web::Problem;

use super::Feed;
use super::change::{Change, Subject};
use super::recent::Owners;
use crate::impartial::Acts;
use crate::lists::{self, ListedRow};

/// Complaints of a dossier at most, as on its timeline.
const COMPLAINTS_MAX: u32 = 100;
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
            Subject::Rules(_) | Subject::Outage(_) => {
                owners.insert(subject.clone(), Arc::default());
            }
        }
    }
    for (id, complaint) in &complaints {
        let owner = complaint.resource().map(Arc::new);
        owners.extend(owner.map(|owner| (Subject::Complaint(*id), owner)));
    }
    let about = complaints_about(feed, dossiers.clone()).await?;
    for (dossier, row) in rows(feed, dossiers).await? {
        let mut owner = owner_of(&row);
        for id in about.get(&dossier).into_iter().flatten() {
            let complaint = match complaints.get(id) {
                Some(complaint) => complaint,
                None => complaints.entry(*id).or_insert(complaint(feed, *id).await?),
            };
            owner.complained.extend(complaint.dealt_with_by().cloned());
        }
        owners.insert(Subject::Dossier(dossier), Arc::new(owner));
    }
    Ok(owners)
}

/// The parties and the agencies of a dossier. An agency is consulted while it has the task to
/// answer.
fn owner_of(row: &ListedRow) -> Resource {
    let consulted = |task: &&Task| task.kind.roles().contains(&dossier::contract::Role::Consultee);
    Resource {
        owners: vec![row.applicant.as_str().into()],
        representatives: row.filed_by.iter().map(|party| Party::from(party.as_str())).collect(),
        procedure: Some(row.procedure.code.clone()),
        agencies: vec![row.agency.clone()],
        consulted: row.tasks.iter().filter(consulted).map(|task| task.agency.clone()).collect(),
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

/// The complaints about dossiers.
async fn complaints_about(
    feed: &Feed,
    dossiers: BTreeSet<DossierId>,
) -> Result<BTreeMap<DossierId, Vec<ComplaintId>>, Problem> {
    if dossiers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let about = feed.dossiers.0.query(Question::LookUp, move |rows| {
        let mut statement = rows
            .prepare_cached("SELECT id FROM complaints WHERE dossier = ?1 ORDER BY id LIMIT ?2")?;
        let mut about: BTreeMap<DossierId, Vec<ComplaintId>> = BTreeMap::new();
        for dossier in dossiers {
            let ids = statement
                .query_map(params![dossier.to_string(), COMPLAINTS_MAX], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<String>>>()?;
            let ids: Vec<ComplaintId> =
                ids.iter().filter_map(|id| id.parse().ok().map(ComplaintId)).collect();
            if !ids.is_empty() {
                about.insert(dossier, ids);
            }
        }
        Ok(about)
    });
    Ok(about.await?)
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
