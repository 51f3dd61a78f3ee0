//! Whether a start goes on with the machine's clock (ADR 12).

use anyhow::{Result, bail};
use events::EventStore;
use service_kit::Clock;
use service_kit::clock::{Gap, newest_recorded};
use service_kit::limits::{CLOCK_BACK_MAX, CLOCK_OFF_MAX};

use super::{CONFIRM_CLOCK, DataDirectory, Time};

impl DataDirectory {
    /// The clock, and whether the log ended so long before it that an operator must say so before anything is enforced.
    pub(super) async fn clock(&self, store: &EventStore, time: Time) -> Result<(Clock, bool)> {
        let (confirmed, live) = match time {
            Time::Virtual(start) => return Ok((Clock::manual(start), false)),
            Time::Machine { confirmed, live } => (confirmed, live),
        };
        if let Some(end) = self.virtual_end()?.filter(|_| !live) {
            return Ok((Clock::manual(end), false));
        }
        let off = Clock::System.off(store).await?;
        if off.abs() > CLOCK_OFF_MAX {
            bail!(
                "this machine's clock is {off:#} away from that of the event store's: set the clock right, or every time that \
                 is recorded here and every deadline that is enforced here is wrong"
            );
        }
        let now = Clock::System.now();
        let Some(last) = newest_recorded(store).await? else { return Ok((Clock::System, false)) };
        // Where the store's machine has a clock of its own, two agree: whoever recorded the last event had a wrong one.
        if now < last && store.time().await?.is_none() {
            bail!(
                "the machine's clock says {now}, but the log goes on to {last}: set the clock right"
            );
        }
        if last.duration_since(now) > CLOCK_BACK_MAX {
            tracing::warn!(
                %now,
                until = %last,
                "the end of the log was recorded by a clock that was ahead: nothing is recorded until that time has come"
            );
        }
        let gap = Gap::between(last, now);
        if gap == Gap::Odd && !confirmed && store.time().await?.is_none() {
            bail!(
                "the machine's clock says {now}, but the log ends at {last}, {} days before. A wrong clock would date what is \
                 recorded ahead for good. If the clock is right, start once with {CONFIRM_CLOCK}",
                now.duration_since(last).as_hours() / 24
            );
        }
        Ok((Clock::System, gap != Gap::Short && !confirmed))
    }
}
