//! All services in one process, through HTTP, and the real binary where the failure is real.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod durability;
mod intake;
mod support;
