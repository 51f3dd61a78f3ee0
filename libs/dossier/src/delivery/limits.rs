//! All limits of result delivery.

use jiff::SignedDuration;

/// Returned parcels after which the applicant has to choose another channel.
pub const PARCELS_MAX: u32 = 5;
/// Carrier facts recorded per parcel, not counting those that change the stage of the result. A
/// parcel around the world is scanned about 40 times.
pub const PARCEL_FACTS_MAX: usize = 200;
/// How long a taken waybill stays reserved for a hand-over that is not recorded yet. Far longer
/// than any request may take.
pub const WAYBILL_HELD_FOR: SignedDuration = SignedDuration::from_mins(10);
/// Maximum age of a taken waybill when the hand-over is recorded. Well below [`WAYBILL_HELD_FOR`],
/// after which another dossier may take it.
pub const WAYBILL_USED_WITHIN: SignedDuration = SignedDuration::from_mins(5);
/// How long a waybill rests after its parcel was delivered or returned, before it may name another
/// parcel; carriers do the same (UPU S10: twelve months). A late notice about the first parcel must
/// not count for the second.
pub const WAYBILL_RESTS_FOR: SignedDuration = SignedDuration::from_hours(24 * 365);
