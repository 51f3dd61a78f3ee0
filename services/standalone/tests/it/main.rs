//! All services in one process, through HTTP, and the real binary where the failure is real.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod after;
mod authority;
mod backup;
mod check;
mod commands;
mod complaint;
mod connections;
mod copy;
mod corrected;
mod documents;
mod doors;
mod durability;
#[cfg(feature = "eventstoredb")]
mod eventstoredb;
mod explain;
mod headers;
mod health;
mod intake;
mod keys;
mod law;
mod life;
mod locked;
mod money;
mod numbers;
mod one_machine;
mod orphans;
mod owners;
mod parcels;
mod parties;
mod payment;
mod personal;
mod private;
mod quotas;
mod reactions;
mod readme;
mod register;
mod replay;
mod requests;
mod restore;
mod rules;
mod services;
mod spelling;
mod start;
mod strictness;
mod support;
mod suspended;
mod tools;
mod trace;
mod upgrade;
mod uploads;
mod virtual_time;
mod visit;
mod whatif;
