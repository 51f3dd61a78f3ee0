//! Chance by a seed (SplitMix64): the same seed is the same month.

#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `from` to below `to`.
    pub(crate) fn from(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to - from).unwrap();
        from + i64::try_from(self.next() % width).unwrap()
    }

    /// Whether something happens that happens to so many in a hundred.
    pub(crate) fn of_100(&mut self, percent: i64) -> bool {
        self.from(0, 100) < percent
    }

    /// An index of these weights.
    pub(crate) fn weighed(&mut self, weights: &[i64]) -> usize {
        let mut left = self.from(0, weights.iter().sum());
        for (place, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0 {
                return place;
            }
        }
        unreachable!("the weights are exhausted")
    }
}
