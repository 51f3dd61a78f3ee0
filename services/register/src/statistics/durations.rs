//! Percentiles of the time from submission to handling.

use std::collections::BTreeMap;

use rusqlite::{Connection, params_from_iter};

use super::counts::Keys;

/// Percentiles in seconds; `None` if no dossier was handled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Durations {
    pub(super) median: Option<i64>,
    pub(super) p90: Option<i64>,
    pub(super) p99: Option<i64>,
}

/// The place, from 0, of a percentile among `count` values in their order: the nearest that is not
/// above it.
const fn place(percent: i64, count: i64) -> i64 {
    (count - 1) * percent / 100
}

impl Durations {
    /// Takes a value at a place among `count` ones, if it is one of the percentiles.
    fn take(&mut self, seconds: i64, (at, count): (i64, i64)) {
        for (percent, percentile) in
            [(50, &mut self.median), (90, &mut self.p90), (99, &mut self.p99)]
        {
            if at == place(percent, count) {
                *percentile = Some(seconds);
            }
        }
    }
}

/// The percentiles of each group, and of all rows: the rows are read once.
pub(super) fn durations(
    rows: &Connection,
    keys: &Keys<'_>,
) -> rusqlite::Result<(BTreeMap<String, Durations>, Durations)> {
    let (Keys { key, conditions, .. }, h) = (keys, &keys.scope.handled);
    let places = |n: &str| {
        let place = |percent: u32| format!("({n} - 1) * {percent} / 100");
        [50, 90, 99].map(place).join(", ")
    };
    let sql = format!(
        "SELECT k, d, place, n, place_of_all, n_of_all
         FROM (SELECT {key} AS k, (handled_at - submitted_at) / 1000 AS d,
                 row_number() OVER (PARTITION BY {key} ORDER BY handled_at - submitted_at) - 1
                   AS place,
                 count(*) OVER (PARTITION BY {key}) AS n,
                 row_number() OVER (ORDER BY handled_at - submitted_at) - 1 AS place_of_all,
                 count(*) OVER () AS n_of_all
               FROM dossiers WHERE {conditions} AND {h})
         WHERE place IN ({}) OR place_of_all IN ({})",
        places("n"),
        places("n_of_all")
    );
    let (mut groups, mut all) = (BTreeMap::<String, Durations>::new(), Durations::default());
    let mut statement = rows.prepare(&sql)?;
    let mut found = statement.query(params_from_iter(&keys.values))?;
    while let Some(row) = found.next()? {
        let seconds = row.get(1)?;
        groups.entry(row.get(0)?).or_default().take(seconds, (row.get(2)?, row.get(3)?));
        all.take(seconds, (row.get(4)?, row.get(5)?));
    }
    Ok((groups, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_value_that_is_not_above_it() {
        let of = |values: &[i64]| {
            let mut durations = Durations::default();
            let count = i64::try_from(values.len()).unwrap();
            for (at, value) in (0..).zip(values) {
                durations.take(*value, (at, count));
            }
            (durations.median, durations.p90, durations.p99)
        };
        assert_eq!(of(&[]), (None, None, None));
        assert_eq!(of(&[7]), (Some(7), Some(7), Some(7)));
        // Of ten values the places are 4.5, 8.1 and 8.91.
        assert_eq!(of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), (Some(5), Some(9), Some(9)));
    }
}
