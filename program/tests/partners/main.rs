//! A real process of ours against payment partners that are processes of their own: payments, reports,
//! queries, and every fault in between, kill -9 included. At the end the partners' books are ours.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod faults;
mod installation;
mod killed;
mod refunds;
mod statements;
mod trade;

#[expect(dead_code, reason = "the vocabulary of the other tests")]
#[path = "../it/support.rs"]
mod support;
