//! The administrative procedure as pure functions: the recorded events ([`contract`]), the law
//! ([`law`], [`clock`]), one module per service with its state and its steps, and the
//! module of the law as it is issued ([`rules`]). [`services`] lists them. No system clock,
//! no random numbers, no input or output: time, ids and calendars are passed in as [`Facts`], so
//! that the same decision can be computed again years later with the same outcome.
//!
//! Each step has its own file, `<service>/<step>.rs`: the legal basis on top, then the command, its
//! refusals, the decision, and tests whose names are sentences.

#![cfg_attr(
    not(test),
    deny(
        clippy::wildcard_enum_match_arm,
        clippy::float_arithmetic,
        clippy::arithmetic_side_effects
    )
)]

pub mod access;
pub mod changes;
pub mod clock;
pub mod contract;
pub mod figures;
pub mod law;
pub mod papers;
mod proposals;
pub mod search;
pub mod step;
pub mod text;

pub mod books;
pub mod delivery;
pub mod directory;
pub mod exchange;
pub mod feedback;
pub mod intake;
pub mod mandates;
pub mod notes;
pub mod overview;
pub mod payment;
pub mod payment_orders;
pub mod review;
pub mod rules;
pub mod services;
pub mod shape;
pub mod timeline;

pub use step::{
    AnyCommand, Command, Decision, Elsewhere, Facts, Follow, Incoming, LawError, RefusalEntry,
    Refuse, Rule, State, Step, Subscription,
};

#[cfg(test)]
mod testing;
