//! Dates of the Vietnamese lunar calendar, reckoned at UTC+7 (Decision 121/CP of 8 August 1967).
//! The rules are those of the Chinese calendar at UTC+8, so that in some years (1985, 2007, 2030,
//! 2053) the new year falls on another day than there.
//!
//! 1. A month begins on the day of a new moon. 2. The winter solstice lies in month 11. 3. If
//!    thirteen months lie between two months 11, the first of them in which the sun enters no
//!    further twelfth of its course repeats the number before it.
//!
//! New moons: Meeus, *Astronomical Algorithms*, 2nd edition, chapter 49, to about 20 s; longitude
//! of the sun: chapter 25, to 0.01°, which is a quarter of an hour. `known_dates` compares both
//! with published tables.

#![expect(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "astronomy; the years are bounded, so that every number is small"
)]

use jiff::ToSpan;
use jiff::civil::{Date, date};

/// The years for which the formulas hold.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;
/// Hours of the meridian 105° east ahead of Greenwich.
const ZONE_HOURS: f64 = 7.0;
/// How far the earth's rotation is behind uniform time, in seconds: 54 in 1985, 69 in 2026, less
/// than 200 in 2100. No new moon from which a month 1 or 3 of these years begins is nearer to
/// midnight.
const DELTA_T_S: f64 = 69.0;
/// Julian day number of 1 January 1970.
const JD_1970: i64 = 2_440_588;

/// The date of a day of one of the lunar months 1 to 10, which may follow a leap month but is none;
/// nothing outside 1900 to 2199.
pub(crate) fn lunar_date(year: i16, month: u8, day: u8) -> Option<Date> {
    if !YEARS.contains(&year) || !(1..=10).contains(&month) || !(1..=30).contains(&day) {
        return None;
    }
    let eleventh = month_eleven(year - 1)?;
    let mut index = i64::from(month) + 1;
    if month_eleven(year)? - eleventh == 13 {
        let leap = (1..13).find(|at| twelfth(eleventh + at) == twelfth(eleventh + at + 1))?;
        index += i64::from(leap <= index);
    }
    new_moon_day(eleventh + index)?.checked_add(i64::from(day - 1).days()).ok()
}

/// The number of the new moon that begins the month with the winter solstice of `year`, counted
/// from that of 6 January 2000.
fn month_eleven(year: i16) -> Option<i64> {
    // That of the following January at the latest, or one too late.
    let mut moon = ((f64::from(year) + 1.0 - 2000.0) * 12.3685).floor() as i64 + 1;
    for _ in 0..4 {
        if (6..=8).contains(&twelfth(moon)?) {
            return Some(moon);
        }
        moon -= 1;
    }
    None
}

/// In which twelfth of its course the sun stands when the day of a new moon begins: 0 from the
/// equinox of March on.
fn twelfth(moon: i64) -> Option<i64> {
    let days = i64::from(new_moon_day(moon)?.since(date(1970, 1, 1)).ok()?.get_days());
    let midnight = (days + JD_1970) as f64 - 0.5 - ZONE_HOURS / 24.0;
    Some((sun_longitude(midnight + DELTA_T_S / 86_400.0) / 30.0).floor() as i64)
}

/// The local day of a new moon.
fn new_moon_day(moon: i64) -> Option<Date> {
    let local = new_moon(moon as f64) - DELTA_T_S / 86_400.0 + ZONE_HOURS / 24.0;
    let days = (local + 0.5).floor() as i64 - JD_1970;
    date(1970, 1, 1).checked_add(days.days()).ok()
}

/// The Julian ephemeris day of new moon number `k`; chapter 49.
#[expect(clippy::many_single_char_names, reason = "the names of the source")]
fn new_moon(k: f64) -> f64 {
    let t = k / 1236.85;
    let (t2, t3, t4) = (t * t, t * t * t, t * t * t * t);
    let mean = 2_451_550.097_66 + 29.530_588_861 * k + 0.000_154_37 * t2 - 0.000_000_150 * t3
        + 0.000_000_000_73 * t4;
    // The eccentricity of the earth's orbit; the anomalies of the sun and of the moon; the moon's
    // argument of latitude.
    let e = 1.0 - 0.002_516 * t - 0.000_007_4 * t2;
    let m = 2.5534 + 29.105_356_70 * k - 0.000_001_4 * t2 - 0.000_000_11 * t3;
    let n =
        201.5643 + 385.816_935_28 * k + 0.010_758_2 * t2 + 0.000_012_38 * t3 - 0.000_000_058 * t4;
    let f =
        160.7108 + 390.670_502_84 * k - 0.001_611_8 * t2 - 0.000_002_27 * t3 + 0.000_000_011 * t4;
    let node = 124.7746 - 1.563_755_88 * k + 0.002_067_2 * t2 + 0.000_002_15 * t3;
    let periodic: f64 = PERIODIC
        .iter()
        .map(|(size, power, [of_m, of_n, of_f])| {
            size * e.powi(*power) * sin(of_m * m + of_n * n + of_f * f)
        })
        .sum();
    let planets: f64 =
        PLANETS.iter().map(|(size, at, speed)| size * sin(at + speed * k)).sum::<f64>()
            + 0.000_325 * sin(299.77 + 0.107_408 * k - 0.009_173 * t2);
    mean + periodic - 0.000_17 * sin(node) + planets
}

/// Size in days, power of the eccentricity, multiples of the sun's anomaly, the moon's, and the
/// argument of latitude.
const PERIODIC: [(f64, i32, [f64; 3]); 24] = [
    (-0.407_20, 0, [0.0, 1.0, 0.0]),
    (0.172_41, 1, [1.0, 0.0, 0.0]),
    (0.016_08, 0, [0.0, 2.0, 0.0]),
    (0.010_39, 0, [0.0, 0.0, 2.0]),
    (0.007_39, 1, [-1.0, 1.0, 0.0]),
    (-0.005_14, 1, [1.0, 1.0, 0.0]),
    (0.002_08, 2, [2.0, 0.0, 0.0]),
    (-0.001_11, 0, [0.0, 1.0, -2.0]),
    (-0.000_57, 0, [0.0, 1.0, 2.0]),
    (0.000_56, 1, [1.0, 2.0, 0.0]),
    (-0.000_42, 0, [0.0, 3.0, 0.0]),
    (0.000_42, 1, [1.0, 0.0, 2.0]),
    (0.000_38, 1, [1.0, 0.0, -2.0]),
    (-0.000_24, 1, [-1.0, 2.0, 0.0]),
    (-0.000_07, 0, [2.0, 1.0, 0.0]),
    (0.000_04, 0, [0.0, 2.0, -2.0]),
    (0.000_04, 0, [3.0, 0.0, 0.0]),
    (0.000_03, 0, [1.0, 1.0, -2.0]),
    (0.000_03, 0, [0.0, 2.0, 2.0]),
    (-0.000_03, 0, [1.0, 1.0, 2.0]),
    (0.000_03, 0, [-1.0, 1.0, 2.0]),
    (-0.000_02, 0, [-1.0, 1.0, -2.0]),
    (-0.000_02, 0, [1.0, 3.0, 0.0]),
    (0.000_02, 0, [0.0, 4.0, 0.0]),
];

/// Size in days, angle at the first new moon and advance with each, in degrees.
const PLANETS: [(f64, f64, f64); 13] = [
    (0.000_165, 251.88, 0.016_321),
    (0.000_164, 251.83, 26.651_886),
    (0.000_126, 349.42, 36.412_478),
    (0.000_110, 84.66, 18.206_239),
    (0.000_062, 141.74, 53.303_771),
    (0.000_060, 207.14, 2.453_732),
    (0.000_056, 154.84, 7.306_860),
    (0.000_047, 34.52, 27.261_239),
    (0.000_042, 207.19, 0.121_824),
    (0.000_040, 291.34, 1.844_379),
    (0.000_037, 161.72, 24.198_154),
    (0.000_035, 239.56, 25.513_099),
    (0.000_023, 331.55, 3.592_518),
];

/// The apparent longitude of the sun at a Julian ephemeris day, 0 to 360 degrees; chapter 25.
fn sun_longitude(jde: f64) -> f64 {
    let t = (jde - 2_451_545.0) / 36_525.0;
    let mean = 280.466_46 + 36_000.769_83 * t + 0.000_303_2 * t * t;
    let m = 357.529_11 + 35_999.050_29 * t - 0.000_153_7 * t * t;
    let centre = (1.914_602 - 0.004_817 * t - 0.000_014 * t * t) * sin(m)
        + (0.019_993 - 0.000_101 * t) * sin(2.0 * m)
        + 0.000_289 * sin(3.0 * m);
    let apparent = mean + centre - 0.005_69 - 0.004_78 * sin(125.04 - 1_934.136 * t);
    apparent.rem_euclid(360.0)
}

fn sin(degrees: f64) -> f64 {
    degrees.rem_euclid(360.0).to_radians().sin()
}

#[cfg(test)]
#[path = "lunar/known_dates.rs"]
mod known_dates;
