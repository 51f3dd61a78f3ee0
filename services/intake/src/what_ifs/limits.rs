//! Limits of what-ifs.

use std::time::Duration;

use jiff::SignedDuration;

/// Jobs that run in this process at the same time. Each reads the log at full speed.
pub(super) const RUNNING_MAX: usize = 2;
/// Jobs of one caller that run at the same time.
pub(super) const RUNNING_OF_ONE_MAX: usize = 1;
/// Jobs in memory, ended ones included; the oldest ended one makes room.
pub(super) const JOBS_MAX: usize = 16;
/// How long the result of an ended job is kept.
pub(super) const KEPT_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Longest run of a job.
pub(super) const RUN_MAX: Duration = Duration::from_secs(600);
/// Dossiers of a job. Those that are open are in memory, with about 500 bytes each.
pub(super) const DOSSIERS_MAX: u64 = 2_000_000;
/// Dossiers of each effect that are kept to be listed; all of them are counted.
pub(super) const LISTED_OF_EFFECT_MAX: u64 = 2_500;
