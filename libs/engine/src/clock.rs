//! Whether the clock's time may be recorded.

mod gap;
mod guard;

pub use gap::Gap;
pub(crate) use guard::at_of;
pub use guard::{ClockGuard, ClockWrong, following, newest_recorded, off};
