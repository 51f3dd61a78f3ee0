//! Every engine against the contract, and each against what only it can suffer.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod beside;
mod bus;
mod contract;
#[cfg(feature = "postgres")]
mod database;
mod errors;
#[cfg(feature = "eventstoredb")]
mod eventstoredb;
#[cfg(feature = "eventstoredb")]
mod eventstoredb_opening;
#[cfg(feature = "eventstoredb")]
mod eventstoredb_shared;
#[cfg(feature = "eventstoredb")]
mod eventstoredb_trouble;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "nats")]
mod nats_large;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres_beside;
#[cfg(feature = "postgres")]
mod postgres_trouble;
mod sqlite;
