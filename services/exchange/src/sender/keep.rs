//! Writes how far the lanes are and what became of messages, many at once.

use std::time::Instant;

use engine::tasks::Stalled;
use jiff::Timestamp;

use super::Sender;
use super::lanes::outside;
use crate::figures::Lanes;
use crate::limits::{PRUNED_AFTER, PRUNED_EVERY, SAVED_POSITIONS};

impl Sender {
    /// Writes what has changed. A lane for which there was nothing is written seldom: then a little
    /// more of the log is read again after a restart.
    pub(super) async fn save(&mut self, now: Timestamp) -> Result<(), Stalled> {
        let mut places = Vec::new();
        for lane in self.lanes.values_mut().filter(|lane| lane.begin > 0) {
            let place = lane.place();
            let (saved, came_back) = &lane.saved;
            let is_new = saved.as_ref().is_none_or(|saved| {
                let moved = place.after.saturating_sub(saved.after);
                *came_back || saved.failing_since != place.failing_since || moved >= SAVED_POSITIONS
            });
            if is_new {
                lane.saved = (Some(place.clone()), false);
                places.push(place);
            }
        }
        self.saved_at = Instant::now();
        self.measure();
        self.kept.places.extend(places);
        if !self.kept.is_empty() {
            // What could not be written is written the next time.
            self.is_unwritten = true;
            let written = self.app.outbox.keep(self.kept.clone()).await;
            written.map_err(|error| outside(&error))?;
            self.kept = outbox::Kept::default();
            self.is_unwritten = false;
        }
        let mut pruned = Vec::new();
        for lane in self.lanes.values_mut() {
            let (count, at) = lane.recorded;
            if count >= PRUNED_AFTER || count > 0 && now.duration_since(at) >= PRUNED_EVERY {
                lane.recorded = (0, now);
                pruned.push(lane.id.to_string());
            }
        }
        if !pruned.is_empty() {
            let done = self.app.outbox.prune_sent(pruned, now).await;
            done.map_err(|error| outside(&error))?;
        }
        Ok(())
    }

    /// Updates the metrics.
    fn measure(&self) {
        let disabled = u64::try_from(self.disabled.len()).unwrap_or(u64::MAX);
        let mut lanes = Lanes { disabled, ..Lanes::default() };
        for lane in self.lanes.values() {
            let waiting = lane.waiting.len().saturating_add(lane.left.len());
            lanes.waiting = lanes.waiting.saturating_add(u64::try_from(waiting).unwrap_or(0));
            let count = if lane.challenge.is_some() {
                &mut lanes.unverified
            } else if lane.failing_since.is_some() {
                &mut lanes.failing
            } else {
                lanes.slowest = Some(lanes.slowest.map_or(lane.done(), |at| at.min(lane.done())));
                &mut lanes.active
            };
            *count = count.saturating_add(1);
        }
        self.app.figures.set(lanes);
        self.totals.show(&self.engine().metrics);
    }
}
