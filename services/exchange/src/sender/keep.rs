//! Writes how far the lanes are and what became of messages, many at once.

use std::time::Instant;

use engine::tasks::Stalled;
use jiff::Timestamp;

use super::Sender;
use super::lanes::outside;
use crate::limits::{PRUNED_AFTER, PRUNED_EVERY, SAVED_POSITIONS};

impl Sender {
    /// Writes what has changed. A lane for which there was nothing is written seldom: then a little
    /// more of the log is read again after a restart.
    pub(super) async fn save(&mut self, now: Timestamp) -> Result<(), Stalled> {
        let mut places = Vec::new();
        for lane in self.lanes.values_mut().filter(|lane| lane.begin > 0) {
            let place = lane.place();
            let is_new = lane.saved.as_ref().is_none_or(|saved| {
                let moved = place.after.saturating_sub(saved.after);
                saved.failing_since != place.failing_since
                    || moved >= SAVED_POSITIONS
                    || moved > 0 && lane.recorded.0 > 0
            });
            if is_new {
                lane.saved = Some(place.clone());
                places.push(place);
            }
        }
        self.saved_at = Instant::now();
        self.kept.places.extend(places);
        if !self.kept.is_empty() {
            // What could not be written is written the next time.
            let written = self.app.outbox.keep(self.kept.clone()).await;
            written.map_err(|error| outside(&error))?;
            self.kept = outbox::Kept::default();
        }
        let mut pruned = Vec::new();
        for lane in self.lanes.values_mut() {
            let (count, at) = lane.recorded;
            if count >= PRUNED_AFTER || count > 0 && now.duration_since(at) >= PRUNED_EVERY {
                lane.recorded = (0, now);
                pruned.push(lane.id.to_string());
            }
        }
        for id in pruned {
            let done = self.app.outbox.prune_sent(&id, now).await;
            done.map_err(|error| outside(&error))?;
        }
        Ok(())
    }
}
