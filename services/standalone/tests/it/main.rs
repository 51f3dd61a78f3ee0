//! All services in one process, through HTTP, and the real binary where the failure is real.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod complaint;
mod durability;
mod intake;
mod life;
mod payment;
mod reactions;
mod support;
