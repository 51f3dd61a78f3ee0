//! All limits of payment.

/// Provider facts recorded per attempt, not counting new captures and the first doubtful report. A
/// capture usually has four reports. Further facts are acknowledged to the provider and not
/// recorded.
pub const ATTEMPT_FACTS_MAX: usize = 200;
