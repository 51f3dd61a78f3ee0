//! Every limit of result delivery.

use jiff::SignedDuration;

/// Parcels that may come back before the applicant has to choose another way.
pub const PARCELS_MAX: u32 = 5;
/// Facts of a carrier that are recorded of one parcel, not counting those that move the result. A parcel on its way around
/// the world is scanned some forty times.
pub const PARCEL_FACTS_MAX: usize = 200;
/// How long a waybill stays with a hand-over that was begun and is not recorded: far beyond the time that a request may take.
pub const WAYBILL_HELD_FOR: SignedDuration = SignedDuration::from_mins(10);
/// How old what was taken for a hand-over may be when it is recorded: well before anybody else may take it.
pub const WAYBILL_USED_WITHIN: SignedDuration = SignedDuration::from_mins(5);
/// How long a waybill rests before it may name another parcel, as carriers do themselves (UPU S10: twelve months): what is
/// said late of one parcel must not count as another one's.
pub const WAYBILL_RESTS_FOR: SignedDuration = SignedDuration::from_hours(24 * 365);
