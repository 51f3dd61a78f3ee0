//! Tools for operators: they read or copy the log, change rules, or try a running system.

pub(crate) mod backup;
pub(crate) mod bus;
pub(crate) mod check;
pub(crate) mod copy;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod partners;
pub(crate) mod rules;
pub(crate) mod store_suite;
pub(crate) mod token;
pub(crate) mod visit;
pub(crate) mod whatif;
