//! Limits of mandates and credentials.

use jiff::SignedDuration;

/// Procedures of a mandate.
pub const PROCEDURES_MAX: usize = 100;
/// Mandates of one principal that are offered or in force. Counted from a read model, so that a few
/// more are possible if they are granted at the same time.
pub const OF_PRINCIPAL_MAX: u32 = 200;
/// Mandates of one representative that are offered or in force; counted likewise.
pub const OF_REPRESENTATIVE_MAX: u32 = 50_000;
/// Valid credentials of one firm; counted likewise.
pub const CREDENTIALS_MAX: u32 = 50;
/// Years for which a mandate or a credential is valid if its end is not given: Civil Code
/// 91/2015/QH13, art. 563.
pub const TERM_YEARS: i16 = 1;
/// Years for which a mandate or a credential is valid at most.
pub const TERM_YEARS_MAX: i16 = 5;
/// How long a mandate may be accepted.
pub const ACCEPTED_WITHIN: SignedDuration = SignedDuration::from_hours(30 * 24);
