//! Keeps the view of the books up to date with the log.

use std::sync::Arc;

use dossier::State;
use dossier::payment::Payment;
use engine::tasks::{
    Follower, Following, Handled, Handler, Progress, Saved, Source, Stalled, Work,
};
use engine::view::View;
use engine::{Engine, Streams};
use events::{Page, Position, ReadError};

use super::change::{Change, is_book, of_book, of_payment};
use super::shape::SHAPE;
use crate::partners::Partners;

/// Kinds of events that may change the view. All events of a payment may change its sums.
const KINDS: [&str; 2] = ["books.", "payment."];

/// Maintains the view.
#[derive(Debug)]
pub(super) struct Follows {
    engine: Arc<Engine>,
    payments: Arc<Streams<Payment>>,
    partners: Arc<Partners>,
}

impl Handler for Follows {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        let mut changes: Vec<Change> = Vec::new();
        for event in &page.events {
            let of_event = if event.stream.category() == Payment::CATEGORY {
                match self.payments.load(&event.stream).await {
                    Ok(loaded) => {
                        Some(of_payment((&self.engine, &self.partners), &loaded.state, event))
                    }
                    Err(ReadError::Corrupt { .. }) => None,
                    Err(error) => return Err(error.into()),
                }
            } else if is_book(event) {
                of_book(&self.engine, event)
            } else {
                Some(Vec::new())
            };
            // One payment that cannot be read must not hold up the books of all others.
            if of_event.is_none() {
                let kind = &*event.kind;
                tracing::error!(kind, "event could not be projected; left out of the books");
                self.engine.metrics.defect(Work::Shows.name());
            }
            changes.extend(of_event.into_iter().flatten());
        }
        Ok(Handled::Rows(Box::new(move |tables| {
            changes.iter().try_for_each(|change| change.write(tables))
        })))
    }
}

impl Follows {
    pub(super) fn open(
        payments: &Arc<Streams<Payment>>,
        partners: &Arc<Partners>,
    ) -> Result<(Follower<Self>, Arc<View>, Progress), Stalled> {
        let engine = Arc::clone(payments.engine());
        let view = Arc::new(View::open(engine.view_folder(), SHAPE, &engine.store)?);
        let saved = Saved::View(Arc::clone(&view));
        let following = Following::new(SHAPE.name, &KINDS, Source::Every, saved);
        let (payments, partners) = (Arc::clone(payments), Arc::clone(partners));
        let follows = Self { engine: Arc::clone(&engine), payments, partners };
        let follower = Follower::new(&engine, following, follows)?;
        let progress = follower.progress();
        Ok((follower, view, progress))
    }
}
