//! All limits of payment orders.

/// Fewest dossiers of an order: one alone is paid by an attempt.
pub const MEMBERS_MIN: usize = 2;
/// Most dossiers of an order.
pub const MEMBERS_MAX: usize = 100;
