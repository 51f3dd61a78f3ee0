//! Changes as they are shown outside: what the change feed answers and what subscribers are sent.

mod change;
mod cursor;
mod kinds;

pub use change::{Change, ChangeReply, Subject};
pub use cursor::{Cursors, Unusable};
pub use kinds::{Kinds, all};
