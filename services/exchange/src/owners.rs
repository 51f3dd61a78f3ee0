//! The present owners of what changes are about, derived from the streams: this service has no view
//! of dossiers.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use dossier::State;
use dossier::access::Resource;
use dossier::feedback::Complaint;
use dossier::intake::Intake;
use dossier::mandates::Mandate;
use dossier::review::Review;
use engine::{Engine, Streams};
use events::{ReadError, StreamName};
use web::changes::{Change, Subject};

/// The streams that owners are derived from; recently used states are in memory.
#[derive(Debug)]
pub(crate) struct Owners {
    intakes: Streams<Intake>,
    reviews: Streams<Review>,
    complaints: Streams<Complaint>,
    mandates: Streams<Mandate>,
}

/// The owners of some subjects.
pub(crate) type Known = HashMap<Subject, Arc<Resource>>;

impl Owners {
    pub(crate) fn new(engine: &Arc<Engine>) -> Self {
        let engine = || Arc::clone(engine);
        Self {
            intakes: Streams::new(engine()),
            reviews: Streams::new(engine()),
            complaints: Streams::new(engine()),
            mandates: Streams::new(engine()),
        }
    }

    /// The owners of the subjects of changes. One that has none is left out.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub(crate) async fn of(
        &self,
        changes: impl Iterator<Item = &Change>,
    ) -> Result<Known, ReadError> {
        let subjects: Vec<&Subject> = changes.map(|change| &change.subject).collect();
        let (mut dossiers, mut complaints, mut mandates, mut known) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), Known::new());
        for subject in subjects {
            match subject {
                Subject::Dossier(id) => drop(dossiers.insert(*id)),
                Subject::Complaint(id) => drop(complaints.insert(*id)),
                Subject::Mandate(id) => drop(mandates.insert(*id)),
                Subject::Rules(_) | Subject::Outage(_) => {
                    known.insert(subject.clone(), Arc::default());
                }
            }
        }
        let names = |name: fn(uuid::Uuid) -> StreamName| dossiers.iter().map(move |id| name(id.0));
        let intakes = self.intakes.load_together(names(Streams::<Intake>::of)).await?;
        let reviews = self.reviews.load_together(names(Streams::<Review>::of)).await?;
        for id in dossiers {
            let intake = intakes.get(&Streams::<Intake>::of(id.0));
            let Some(mut owner) = intake.and_then(|one| one.state.resource()) else { continue };
            let review = reviews.get(&Streams::<Review>::of(id.0));
            let review = review.and_then(|one| one.state.resource());
            owner.consulted = review.map(|review| review.consulted).unwrap_or_default();
            known.insert(Subject::Dossier(id), Arc::new(owner));
        }
        let names = complaints.iter().map(|id| Streams::<Complaint>::of(id.0));
        let loaded = self.complaints.load_together(names).await?;
        for id in complaints {
            let owner = loaded.get(&Streams::<Complaint>::of(id.0));
            let owner = owner.and_then(|one| one.state.resource()).map(Arc::new);
            known.extend(owner.map(|owner| (Subject::Complaint(id), owner)));
        }
        let names = mandates.iter().map(|id| Streams::<Mandate>::of(id.0));
        let loaded = self.mandates.load_together(names).await?;
        for id in mandates {
            let owner = loaded.get(&Streams::<Mandate>::of(id.0));
            let owner = owner.and_then(|one| one.state.resource()).map(Arc::new);
            known.extend(owner.map(|owner| (Subject::Mandate(id), owner)));
        }
        Ok(known)
    }
}
