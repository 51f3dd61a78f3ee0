//! All limits of payment.

/// Provider facts recorded per attempt, not counting new captures and the first doubtful report. A
/// capture usually has four reports. Further facts are acknowledged to the provider and not
/// recorded.
pub const ATTEMPT_FACTS_MAX: usize = 200;
/// Kept of a provider's code or reason, in characters. Older events may have longer ones.
pub const PROVIDER_CODE_CHARS_MAX: usize = 500;
