//! Whether a start may use the machine's clock (ADR 12).

use anyhow::{Result, bail};
use engine::clock::{Gap, newest_recorded};
use engine::limits::{CLOCK_BACK_MAX, CLOCK_OFF_MAX};
use events::EventStore;
use platform::TimeSource;

use super::{CONFIRM_CLOCK, DataDirectory, Time};

impl DataDirectory {
    /// The clock, and whether the gap since the end of the log needs an operator's confirmation
    /// before anything is enforced.
    pub(super) async fn clock(&self, store: &EventStore, time: Time) -> Result<(TimeSource, bool)> {
        let (confirmed, live) = match time {
            Time::Virtual(start) => return Ok((TimeSource::manual(start), false)),
            Time::Machine { confirmed, live } => (confirmed, live),
        };
        if let Some(end) = self.virtual_end()?.filter(|_| !live) {
            return Ok((TimeSource::manual(end), false));
        }
        let off = engine::clock::off(&TimeSource::System, store).await?;
        if off.abs() > CLOCK_OFF_MAX {
            bail!(
                "this machine's clock differs from the event store's by {off:#}; correct it, or every recorded time \
                 and every enforced deadline will be wrong"
            );
        }
        let now = TimeSource::System.now();
        let Some(last) = newest_recorded(store).await? else {
            return Ok((TimeSource::System, false));
        };
        // If the store's server has a clock of its own, two clocks agree: the last event was
        // recorded by a wrong one.
        if now < last && store.time().await?.is_none() {
            bail!(
                "this machine's clock shows {now}, but the log ends later, at {last}; correct the clock"
            );
        }
        if last.duration_since(now) > CLOCK_BACK_MAX {
            tracing::warn!(
                %now,
                until = %last,
                "the newest events are dated in the future; refusing steps until then"
            );
        }
        let gap = Gap::between(last, now);
        if gap == Gap::Odd && !confirmed && store.time().await?.is_none() {
            bail!(
                "this machine's clock shows {now}, but the log ends at {last}, {} days earlier. A wrong clock would \
                 date events wrongly for ever. If the clock is right, start once with {CONFIRM_CLOCK}",
                now.duration_since(last).as_hours() / 24
            );
        }
        Ok((TimeSource::System, gap != Gap::Short && !confirmed))
    }
}
