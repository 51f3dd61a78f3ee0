//! Months in query strings.

use std::fmt;

use dossier::law::Text;
use dossier::text::refused;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

/// A month, for example `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month(Date);

impl Month {
    /// The month of a day.
    pub(crate) fn of(day: Date) -> Self {
        Self(day.first_of_month())
    }

    /// Months from `self` to `other`, both included; less than 1 if `other` is earlier.
    pub(crate) fn until(self, other: Self) -> i32 {
        let months = |date: Date| {
            i32::from(date.year()).saturating_mul(12).saturating_add(i32::from(date.month()))
        };
        months(other.0).saturating_sub(months(self.0)).saturating_add(1)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day = format!("{text}-01").parse::<Date>().ok();
        day.filter(|_| text.len() == 7).map(Self).ok_or_else(|| {
            refused(&Text::new(
                "phải là tháng, ví dụ 2026-11",
                "must be a month, for example 2026-11",
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_month_is_read_and_written_the_same_and_counted() {
        let month = |text: &str| from_value::<Month>(json!(text));
        assert_eq!(month("2026-11").unwrap().to_string(), "2026-11");
        for wrong in ["2026-13", "2026-1", "2026-11-05", "11-2026", ""] {
            assert!(month(wrong).is_err(), "{wrong}");
        }
        let of = |text: &str| month(text).unwrap();
        assert_eq!(of("2026-11").until(of("2027-01")), 3);
        assert_eq!(of("2026-11").until(of("2026-10")), 0);
    }
}
