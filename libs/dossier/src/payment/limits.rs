//! Every limit of payment.

/// Facts of a provider that are recorded of one attempt, not counting those that bring money or raise the first doubt. A
/// capture has four names; a provider that sends the same under ever new ones is told that all is well.
pub const ATTEMPT_FACTS_MAX: usize = 200;
