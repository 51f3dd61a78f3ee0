//! The loads of officers: how many undecided reviews each has. Rules of units consider them, see
//! `libs/dossier/src/law/directory/assignment.rs`, and managers read them.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use dossier::Follow;
use dossier::contract::{Brief, DossierId, ReviewEvent, Subject};
use dossier::law::{ClockStart, Loads, choose, weighed};
use dossier::review::Review;
use dossier::review::open_review::OpenReview;
use dossier::review::resume_review::ResumeReview;
use dossier::review::transfer_review::TransferReview;
use engine::tasks::{Before, BoxFuture, NotApplied, Projection};
use engine::view::{Question, Shape, View, ViewError};
use engine::{Streams, decode, stream_id};
use events::Recorded;
use rusqlite::{Connection, OptionalExtension, params};

/// Assignments of this process that the view may not have yet.
const RECENT_MAX: usize = 1_024;

/// The projection of reviews and their officers.
pub(crate) struct OfficersOfReviews;

impl Projection for OfficersOfReviews {
    const SHAPE: Shape = Shape {
        name: "review-loads",
        version: 1,
        // The officer is null while nobody has the review, and once it has ended.
        tables: "
CREATE TABLE reviews (
  dossier BLOB PRIMARY KEY,
  officer TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX reviews_by_officer ON reviews (officer) WHERE officer IS NOT NULL;",
    };
    const KINDS: &'static [&'static str] = &[
        "review.ReviewOpened.",
        "review.ReviewClaimed.",
        "review.ReviewHandedOver.",
        "review.ReviewReturned.",
        "review.ReviewTransferred.",
        "review.DecisionMade.",
        "review.ReviewCancelled.",
    ];

    fn apply(&self, rows: &Connection, event: &Recorded) -> Result<(), NotApplied> {
        let decoded: ReviewEvent = decode(event)?;
        let officer = match &decoded {
            ReviewEvent::ReviewClaimed(claimed) => Some(claimed.officer.as_str()),
            ReviewEvent::ReviewHandedOver(handed) => Some(handed.to.as_str()),
            ReviewEvent::ReviewOpened(_)
            | ReviewEvent::ReviewReturned(_)
            | ReviewEvent::ReviewTransferred(_)
            | ReviewEvent::DecisionMade(_)
            | ReviewEvent::ReviewCancelled(_) => None,
            _ => return Ok(()),
        };
        rows.prepare_cached(
            "INSERT INTO reviews VALUES (?1, ?2)
             ON CONFLICT (dossier) DO UPDATE SET officer = excluded.officer",
        )?
        .execute(params![stream_id(event)?, officer])?;
        Ok(())
    }
}

/// The loads as the view has them, and what this process has assigned since.
#[derive(Debug)]
pub(crate) struct OfficerLoads {
    view: Arc<View>,
    recent: Mutex<VecDeque<(DossierId, Subject)>>,
}

impl OfficerLoads {
    pub(crate) fn new(view: Arc<View>) -> Self {
        Self { view, recent: Mutex::default() }
    }

    /// The loads of these officers. They may lag behind what other processes have just assigned.
    pub(crate) async fn of(&self, officers: Vec<Subject>) -> Result<Loads, ViewError> {
        let recent: Vec<(DossierId, Subject)> =
            self.recent.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        let read = move |rows: &Connection| {
            let mut loads = Loads::default();
            let mut count =
                rows.prepare_cached("SELECT count(*) FROM reviews WHERE officer = ?1")?;
            for officer in &officers {
                let known = count.query_row(params![officer.as_str()], |row| row.get(0))?;
                loads.0.insert(officer.clone(), known);
            }
            let mut known = rows.prepare_cached("SELECT 1 FROM reviews WHERE dossier = ?1")?;
            for (dossier, officer) in recent {
                let is_known = known.query_row(params![dossier.0], |_| Ok(())).optional()?;
                if let (None, Some(load)) = (is_known, loads.0.get_mut(&officer)) {
                    *load = load.saturating_add(1);
                }
            }
            Ok(loads)
        };
        self.view.query(Question::List, read).await
    }

    fn remember(&self, dossier: DossierId, officer: Subject) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|(known, _)| *known != dossier);
        if recent.len() >= RECENT_MAX {
            recent.pop_front();
        }
        recent.push_back((dossier, officer));
    }
}

/// Reads the loads that a rule considers before reactions open or resume reviews.
#[derive(Debug)]
pub(crate) struct Weighing {
    pub(crate) reviews: Arc<Streams<Review>>,
    pub(crate) loads: Arc<OfficerLoads>,
    /// One at a time, so that each knows what the one before has assigned.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

impl Weighing {
    async fn weigh(&self, follow: &mut Follow<Review>) -> Result<(), &'static str> {
        let brief = match follow.command.get_mut::<OpenReview>() {
            Some(open) => Some(open.brief.clone()),
            None => match follow.command.get_mut::<TransferReview>() {
                Some(transfer) => Some(transfer.brief.clone()),
                None => self.resumed(follow).await?,
            },
        };
        let Some(brief) = brief else { return Ok(()) };
        let engine = self.reviews.engine();
        let at = engine.time().map_err(|_| "the clock is wrong")?;
        let (law, _turn) = (engine.law(), self.turn.lock().await);
        let officers = weighed(&law, &brief, at);
        if officers.is_empty() {
            return Ok(());
        }
        let loads = self.loads.of(officers).await;
        let loads = loads.map_err(|_| "the loads cannot be read now")?;
        let by_fee = law
            .rule(&brief.procedure, &brief.agency, at)
            .is_some_and(|rule| rule.procedure.clock.start == ClockStart::FeeReceived);
        if let Some(open) = follow.command.get_mut::<OpenReview>() {
            // Without the fee, nothing is opened yet.
            let opens = open.clock_started || !by_fee;
            let chosen = choose(&law, &brief, (&BTreeSet::new(), &loads), at);
            if let Some(chosen) = chosen.filter(|_| opens) {
                self.loads.remember(brief.dossier, chosen.officer);
            }
            open.loads = loads;
        } else if let Some(resume) = follow.command.get_mut::<ResumeReview>() {
            resume.loads = loads;
        } else if let Some(transfer) = follow.command.get_mut::<TransferReview>() {
            transfer.loads = loads;
        }
        Ok(())
    }

    /// The brief of a review that is resumed and has no officer.
    async fn resumed(&self, follow: &mut Follow<Review>) -> Result<Option<Brief>, &'static str> {
        if follow.command.get_mut::<ResumeReview>().is_none() {
            return Ok(None);
        }
        let stream = Streams::<Review>::of(follow.dossier.0);
        let loaded =
            self.reviews.load(&stream).await.map_err(|_| "the review cannot be read now")?;
        let brief = loaded.state.brief.as_ref().filter(|_| loaded.state.officer.is_none());
        Ok(brief.map(|brief| (**brief).clone()))
    }
}

impl Before<Review> for Weighing {
    fn before<'a>(
        &'a self,
        follow: &'a mut Follow<Review>,
    ) -> BoxFuture<'a, Result<(), &'static str>> {
        Box::pin(self.weigh(follow))
    }
}
