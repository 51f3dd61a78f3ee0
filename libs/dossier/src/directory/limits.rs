//! Limits of the directory of one agency.

/// Units of an agency.
pub const UNITS_MAX: usize = 200;
/// Officers of an agency.
pub const OFFICERS_MAX: usize = 1_000;
/// Records of one unit or officer.
pub const RECORDS_MAX: usize = 50;
/// Bytes of all records of units and officers.
pub const BYTES_MAX: usize = 2 * 1024 * 1024;
/// Absences of one officer that have not ended.
pub const ABSENCES_MAX: usize = 50;
/// Days of an absence, and days from now until its first day.
pub const ABSENCE_DAYS_MAX: i32 = 366;
