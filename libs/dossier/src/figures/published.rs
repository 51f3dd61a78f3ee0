//! The rows of a month that may be published, by agency and group of procedures.

use std::collections::BTreeMap;

use super::anonymity::{Cell, merged, part};
use super::share::Share;
use crate::contract::AgencyCode;

/// What is counted of an agency's dossiers of a group of procedures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MonthCounts {
    /// Submitted in the month.
    pub received: u64,
    /// Handled in the month, whenever they were submitted.
    pub handled: u64,
    /// Of the received ones, those filed online.
    pub received_online: u64,
    /// Of the handled ones, those of online services that were filed online.
    pub handled_online: u64,
    /// Of the handled ones, those with a promised day.
    pub dated: u64,
    /// Of these, those handled on that day or earlier.
    pub in_time: u64,
    /// Rated in the month, whenever they were handled.
    pub rated: u64,
    /// Of these, those rated 4 or 5.
    pub satisfied: u64,
}

/// The first two counts decide which rows are merged. Ratings do not, or few of them would merge
/// much; they are published of rows that have enough.
const POPULATIONS: usize = 2;

/// A row that may be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRow {
    /// One agency, or several that were merged.
    pub agencies: Vec<AgencyCode>,
    /// One group, or several that were merged; all groups if empty.
    pub groups: Vec<String>,
    pub received: u64,
    pub handled: u64,
    /// Of the received dossiers; `None` if it may not be published.
    pub received_online: Option<Share>,
    /// Of the handled dossiers; `None` if it may not be published.
    pub handled_online: Option<Share>,
    /// Of the handled dossiers with a promised day; `None` if it may not be published.
    pub in_time: Option<Share>,
    /// Of the ratings of the month; `None` if it may not be published.
    pub satisfied: Option<Share>,
}

/// The rows that may be published, each about no dossier or at least `k`. `None` if there are
/// dossiers, but too few of them.
///
/// First, agencies that are too small are merged; then the groups within each remaining agency.
#[must_use]
pub fn published(
    counts: &BTreeMap<(AgencyCode, String), MonthCounts>,
    k: u64,
) -> Option<Vec<PublishedRow>> {
    let mut agencies: BTreeMap<&AgencyCode, Vec<Cell<&String>>> = BTreeMap::new();
    for ((agency, group), counts) in counts {
        let cell = Cell { keys: vec![group], counts: counts.list() };
        agencies.entry(agency).or_default().push(cell);
    }
    let totals = agencies.iter().map(|(agency, groups)| {
        let total =
            groups.iter().fold(MonthCounts::default(), |sum, group| sum.plus(&group.counts));
        Cell { keys: vec![*agency], counts: total.list() }
    });
    let totals = merged(totals.collect(), POPULATIONS, k);
    if totals.withheld.is_some() {
        return None;
    }
    let mut rows = Vec::new();
    for total in totals.cells {
        let names: Vec<AgencyCode> = total.keys.iter().map(|code| (*code).clone()).collect();
        match total.keys.as_slice() {
            [agency] => {
                let groups = agencies.remove(agency).unwrap_or_default();
                // The total suffices, so nothing is withheld.
                for cell in merged(groups, POPULATIONS, k).cells {
                    let groups = cell.keys.iter().map(|group| (*group).clone()).collect();
                    rows.push(row(names.clone(), groups, &cell.counts, k));
                }
            }
            _ => rows.push(row(names, Vec::new(), &total.counts, k)),
        }
    }
    Some(rows)
}

fn row(agencies: Vec<AgencyCode>, groups: Vec<String>, counts: &[u64], k: u64) -> PublishedRow {
    let counts = MonthCounts::default().plus(counts);
    let MonthCounts { received, handled, received_online, handled_online, .. } = counts;
    let MonthCounts { dated, in_time, rated, satisfied, .. } = counts;
    let share = |number, whole| part(number, whole, k).map(|number| Share::of(number, whole));
    PublishedRow {
        agencies,
        groups,
        received,
        handled,
        received_online: share(received_online, received),
        handled_online: share(handled_online, handled),
        // Its denominator is a part itself.
        in_time: part(dated, handled, k).and_then(|dated| share(in_time, dated)),
        // Of disjoint rows that have enough ratings each, so have all sums of them.
        satisfied: share(satisfied, rated).filter(|_| rated >= k),
    }
}

impl MonthCounts {
    fn list(&self) -> Vec<u64> {
        let Self { received, handled, received_online, handled_online, .. } = *self;
        let Self { dated, in_time, rated, satisfied, .. } = *self;
        vec![received, handled, received_online, handled_online, dated, in_time, rated, satisfied]
    }

    /// With a list of counts added.
    #[must_use]
    fn plus(mut self, counts: &[u64]) -> Self {
        let own = [
            &mut self.received,
            &mut self.handled,
            &mut self.received_online,
            &mut self.handled_online,
            &mut self.dated,
            &mut self.in_time,
            &mut self.rated,
            &mut self.satisfied,
        ];
        for (own, added) in own.into_iter().zip(counts) {
            *own = own.saturating_add(*added);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell<const N: usize>(
        agency: &str,
        group: &str,
        counts: [u64; N],
    ) -> ((AgencyCode, String), MonthCounts) {
        ((agency.into(), group.to_owned()), MonthCounts::default().plus(&counts))
    }

    fn rows(cells: &[((AgencyCode, String), MonthCounts)]) -> Option<Vec<PublishedRow>> {
        published(&cells.iter().cloned().collect(), 10)
    }

    #[test]
    fn small_agencies_are_merged_and_small_groups_within_the_others() {
        let found = rows(&[
            cell("A", "x", [30, 25, 30, 25, 25, 15]),
            cell("A", "y", [12, 12, 12, 12, 12, 12]),
            cell("A", "z", [1, 0, 0, 0, 0, 0]),
            cell("B", "x", [4, 3, 4, 3, 3, 3]),
            cell("C", "x", [8, 8, 8, 8, 8, 8]),
        ]);
        let found = found.unwrap();
        let shown: Vec<_> = found
            .iter()
            .map(|row| {
                let agencies: Vec<_> = row.agencies.iter().map(AgencyCode::as_str).collect();
                (agencies.join("+"), row.groups.join("+"), row.received, row.handled)
            })
            .collect();
        let expected = [("A", "x", 30, 25), ("A", "y+z", 13, 12), ("B+C", "", 12, 11)];
        let expected = expected.map(|(a, g, r, h)| (a.to_owned(), g.to_owned(), r, h));
        assert_eq!(shown, expected);
        let all: u64 = found.iter().map(|row| row.received).sum();
        assert_eq!(all, 55, "nothing is lost");
    }

    #[test]
    fn a_share_is_left_out_if_it_tells_something_about_a_few() {
        let found = rows(&[cell("A", "x", [30, 25, 29, 25, 24, 14])]).unwrap();
        assert_eq!(found[0].received_online, None, "one was not filed online");
        assert_eq!(found[0].handled_online, Some(Share::of(25, 25)));
        assert_eq!(found[0].in_time, None, "one had no promised day");
        let found = rows(&[cell("A", "x", [30, 25, 30, 25, 25, 15])]).unwrap();
        assert_eq!(found[0].in_time, Some(Share::of(15, 25)));
    }

    #[test]
    fn satisfaction_is_published_where_enough_are_satisfied_and_enough_are_not() {
        let of = |rated, satisfied| {
            let counts = [30, 25, 30, 25, 25, 15, rated, satisfied];
            rows(&[cell("A", "x", counts)]).unwrap()[0].satisfied
        };
        assert_eq!(of(40, 28), Some(Share::of(28, 40)));
        assert_eq!(of(10, 10), Some(Share::of(10, 10)));
        for (rated, satisfied) in [(0, 0), (9, 0), (9, 9), (40, 31), (40, 9)] {
            assert_eq!(of(rated, satisfied), None, "{satisfied} of {rated}");
        }
    }

    #[test]
    fn a_month_of_a_few_dossiers_is_withheld_and_one_of_none_is_empty() {
        assert_eq!(rows(&[cell("A", "x", [9, 0, 9, 0, 0, 0])]), None);
        assert_eq!(rows(&[]), Some(Vec::new()));
    }
}
