//! A secret permutation of all numbers of eight digits, keyed by the installation's secret, the
//! agency and the day. Known codes reveal nothing about others.
//!
//! It is a Feistel network over two halves of four digits, added modulo 10,000, like FF1 of NIST SP
//! 800-38G, with ten rounds and HMAC-SHA256 instead of AES. Each round can be inverted, so
//! different numbers stay different.

use dossier::contract::AgencyCode;
use hmac::{Hmac, Mac};
use jiff::civil::Date;
use sha2::Sha256;

/// Values of a half: four digits.
const HALF: u32 = 10_000;
/// As many as FF1 has.
const ROUNDS: u8 = 10;

/// The permutations of all days.
#[derive(Clone)]
pub(super) struct Order {
    /// HMAC with the secret, before any input.
    keyed: Hmac<Sha256>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").finish_non_exhaustive()
    }
}

impl Order {
    pub(super) fn new(secret: &[u8]) -> Self {
        let keyed = Hmac::new_from_slice(secret);
        Self { keyed: keyed.expect("HMAC takes a key of any length (RFC 2104, section 2)") }
    }

    /// The permuted number; one of more than eight digits is unchanged.
    pub(super) fn place(&self, agency: &AgencyCode, date: Date, number: u32) -> u32 {
        if number >= HALF * HALF {
            return number;
        }
        let (mut left, mut right) = (number / HALF, number % HALF);
        for round in 0..ROUNDS {
            let moved = (left + self.round(agency, date, round, right)) % HALF;
            (left, right) = (right, moved);
        }
        left * HALF + right
    }

    fn round(&self, agency: &AgencyCode, date: Date, round: u8, half: u32) -> u32 {
        let mut mac = self.keyed.clone();
        // Domain separation from other uses of the secret. Agencies have no slash.
        mac.update(format!("dossier-code/{agency}/{date}/{round}/{half}").as_bytes());
        let digest = mac.finalize().into_bytes();
        let eight = digest.iter().take(8).fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
        u32::try_from(eight % u64::from(HALF)).expect("less than a half")
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const DAY: Date = date(2026, 11, 21);

    fn places(secret: &[u8], agency: &str, date: Date, numbers: u32) -> Vec<u32> {
        let (order, agency) = (Order::new(secret), agency.into());
        (0..numbers).map(|number| order.place(&agency, date, number)).collect()
    }

    #[test]
    fn no_two_numbers_come_to_the_same_place() {
        let mut places = places(b"secret", "G02", DAY, 50_000);
        assert!(places.iter().all(|place| *place < HALF * HALF));
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 50_000);
    }

    #[test]
    fn every_round_can_be_undone() {
        let (order, agency) = (Order::new(b"secret"), "G02".into());
        for number in [0, 1, 9_999, 10_000, 12_345_678, HALF * HALF - 1] {
            let place = order.place(&agency, DAY, number);
            let (mut left, mut right) = (place / HALF, place % HALF);
            for round in (0..ROUNDS).rev() {
                let before = (right + HALF - order.round(&agency, DAY, round, left)) % HALF;
                (left, right) = (before, left);
            }
            assert_eq!(left * HALF + right, number);
        }
    }

    #[test]
    fn an_order_is_that_of_one_secret_one_agency_and_one_day() {
        let own = places(b"secret", "G02", DAY, 100);
        assert_eq!(own, places(b"secret", "G02", DAY, 100));
        for other in [
            places(b"another", "G02", DAY, 100),
            places(b"secret", "G02.001", DAY, 100),
            places(b"secret", "G02", date(2026, 11, 22), 100),
        ] {
            let same = own.iter().zip(&other).filter(|(own, other)| own == other).count();
            assert!(same < 3, "{same} of 100 places are the same");
        }
    }

    #[test]
    fn what_follows_one_another_lies_all_over_the_numbers() {
        let places = places(b"secret", "G02", DAY, 10_000);
        let mut in_tenths = [0_u32; 10];
        for place in &places {
            in_tenths[usize::try_from(place / (HALF * HALF / 10)).unwrap()] += 1;
        }
        // 1,000 each, with a standard deviation of 30.
        assert!(in_tenths.iter().all(|count| (850..1_150).contains(count)), "{in_tenths:?}");
        let close = places.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 1_000).count();
        assert!(close < 10, "{close} of 10,000 neighbours are close");
    }
}
