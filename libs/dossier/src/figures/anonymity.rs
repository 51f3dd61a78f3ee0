//! Which counts of small groups may be published (k-anonymity).
//!
//! The published rows are disjoint and no totals of them are published, so each sum of rows is a
//! count of at least `k` dossiers, or of none, and no difference of two answers is about fewer.
//! Groups that are too small are merged with each other; if that is still too small, the smallest
//! sufficient group is merged with them as well (complementary suppression). The sum over all rows
//! stays the true total.

/// A group of dossiers, or several merged ones, with its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell<K> {
    /// The groups that were merged into it, in order.
    pub keys: Vec<K>,
    /// Counts of dossiers, in an order that all cells share.
    pub counts: Vec<u64>,
}

/// The cells that may be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged<K> {
    /// Each may be published.
    pub cells: Vec<Cell<K>>,
    /// All cells together, if even their sum may not be published; `cells` is empty then.
    pub withheld: Option<Cell<K>>,
}

impl<K: Ord> Cell<K> {
    /// Whether the first `populations` counts are each 0 or at least `k`.
    fn is_large(&self, populations: usize, k: u64) -> bool {
        self.counts.iter().take(populations).all(|count| *count == 0 || *count >= k)
    }

    fn size(&self, populations: usize) -> u64 {
        self.counts.iter().take(populations).fold(0, |sum, count| sum.saturating_add(*count))
    }

    fn add(&mut self, other: Self) {
        self.keys.extend(other.keys);
        self.keys.sort();
        for (own, added) in self.counts.iter_mut().zip(other.counts) {
            *own = own.saturating_add(added);
        }
    }
}

/// Merges disjoint cells until each of the first `populations` counts of each is 0 or at least `k`.
/// The other counts are parts of these, which [`part`] judges.
#[must_use]
pub fn merged<K: Ord + Clone>(cells: Vec<Cell<K>>, populations: usize, k: u64) -> Merged<K> {
    let (mut large, small): (Vec<_>, Vec<_>) =
        cells.into_iter().partition(|cell| cell.is_large(populations, k));
    let mut small = small.into_iter();
    let Some(mut rest) = small.next() else { return Merged { cells: large, withheld: None } };
    small.for_each(|cell| rest.add(cell));
    // The smallest is last. Keys decide among equals, so that every replica merges alike.
    large.sort_by(|a, b| {
        let sizes = b.size(populations).cmp(&a.size(populations));
        sizes.then_with(|| b.keys.cmp(&a.keys))
    });
    while !rest.is_large(populations, k) {
        match large.pop() {
            Some(next) => rest.add(next),
            None => return Merged { cells: Vec::new(), withheld: Some(rest) },
        }
    }
    large.push(rest);
    large.sort_by(|a, b| a.keys.cmp(&b.keys));
    Merged { cells: large, withheld: None }
}

/// The number of those in `whole` with a property, if it may be published: both they and the others
/// are none or at least `k`.
#[must_use]
pub fn part(number: u64, whole: u64, k: u64) -> Option<u64> {
    let others = whole.checked_sub(number)?;
    let large = |count: u64| count == 0 || count >= k;
    (large(number) && large(others)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(key: &'static str, received: u64, handled: u64) -> Cell<&'static str> {
        Cell { keys: vec![key], counts: vec![received, handled] }
    }

    fn keys(merged: &Merged<&'static str>) -> Vec<Vec<&'static str>> {
        merged.cells.iter().map(|cell| cell.keys.clone()).collect()
    }

    #[test]
    fn a_single_small_group_takes_the_smallest_sufficient_one_with_it() {
        let found = merged(vec![cell("a", 40, 30), cell("b", 12, 11), cell("c", 2, 1)], 2, 10);
        assert_eq!(keys(&found), [vec!["a"], vec!["b", "c"]]);
        assert_eq!(found.cells.get(1).unwrap().counts, [14, 12]);
    }

    #[test]
    fn small_groups_that_suffice_together_leave_the_others_alone() {
        let found = merged(vec![cell("a", 40, 40), cell("b", 6, 6), cell("c", 5, 4)], 2, 10);
        assert_eq!(keys(&found), [vec!["a"], vec!["b", "c"]]);
        let none = merged(vec![cell("a", 40, 0), cell("b", 10, 10)], 2, 10);
        assert_eq!(keys(&none), [vec!["a"], vec!["b"]], "none is not few");
    }

    #[test]
    fn nothing_is_published_if_all_together_are_too_few() {
        let found = merged(vec![cell("a", 4, 0), cell("b", 3, 1)], 2, 10);
        assert!(found.cells.is_empty());
        assert_eq!(found.withheld.unwrap().counts, [7, 1]);
    }

    /// All partitions of small numbers of dossiers into groups: no row, and no sum or difference of
    /// rows, is about 1 to k - 1 dossiers, and nothing is lost.
    #[test]
    fn every_difference_of_published_rows_is_about_none_or_enough() {
        let k = 4;
        let mut published = 0;
        for code in 0_u64..9_u64.pow(4) {
            let count = |place: u32| code / 9_u64.pow(place) % 9;
            let cells: Vec<_> = ["a", "b", "c", "d"]
                .into_iter()
                .zip(0..)
                .map(|(key, place)| cell(key, count(place), 0))
                .collect();
            let total: u64 = cells.iter().map(|cell| cell.counts[0]).sum();
            let found = merged(cells, 1, k);
            let shown: u64 = found.cells.iter().map(|cell| cell.counts[0]).sum();
            match &found.withheld {
                Some(withheld) => {
                    assert!((1..k).contains(&withheld.counts[0]), "withheld although enough");
                    assert_eq!(shown, 0);
                }
                None => assert_eq!(shown, total),
            }
            published += found.cells.len();
            for subset in 0_u32..1 << found.cells.len() {
                let chosen =
                    found.cells.iter().zip(0..).filter(|(_, place)| subset >> place & 1 == 1);
                let sum: u64 = chosen.map(|(cell, _)| cell.counts[0]).sum();
                assert!(sum == 0 || sum >= k, "{sum} in {code}");
                // What is left of the total when the chosen rows are taken away.
                assert!(shown - sum == 0 || shown - sum >= k, "{} in {code}", shown - sum);
            }
        }
        assert!(published > 10_000, "the rule publishes something");
    }

    #[test]
    fn a_part_is_shown_if_neither_it_nor_the_rest_is_small() {
        assert_eq!(part(0, 30, 10), Some(0));
        assert_eq!(part(30, 30, 10), Some(30));
        assert_eq!(part(12, 30, 10), Some(12));
        assert_eq!(part(1, 30, 10), None);
        assert_eq!(part(29, 30, 10), None, "one would be left");
        assert_eq!(part(31, 30, 10), None);
    }
}
