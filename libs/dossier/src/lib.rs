//! The administrative procedure, pure: what is recorded ([`contract`]), what the law says ([`law`], [`clock`]), and one
//! module per service with its state and its steps. No clock, no random numbers, no input or output: time, ids and
//! calendars come in as [`Facts`], so that every decision can be taken again years later with the same outcome.
//!
//! A step is one file: `<service>/<step>.rs`, with its legal basis on top, then the command, the reasons for which it
//! is refused, the decision, and tests that read as sentences.

#![cfg_attr(
    not(test),
    deny(
        clippy::wildcard_enum_match_arm,
        clippy::float_arithmetic,
        clippy::arithmetic_side_effects
    )
)]

pub mod access;
pub mod clock;
pub mod contract;
pub mod law;
mod proposals;
pub mod step;
pub mod text;

pub mod delivery;
pub mod feedback;
pub mod intake;
pub mod payment;
pub mod review;

pub use step::{
    AnyCommand, Command, Decision, Elsewhere, Facts, Follow, Incoming, LawError, Obligation,
    RefusalEntry, Refuse, Rule, State, Step, Subscription,
};

#[cfg(test)]
mod testing;
