//! How values are written on a paper: the filters of placeholders, for example `{{due|day}}`.

use jiff::civil::{Date, DateTime};
use serde::Deserialize;
use serde_json::Value;

use crate::words::amount_in_words;

/// A filter of a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Filter {
    /// As it is.
    Plain,
    /// A local date or time as `20/11/2026`.
    Day,
    /// A local time as `09 giờ 05, ngày 20/11/2026`.
    Time,
    /// A local date or time as `ngày 20 tháng 11 năm 2026`.
    LongDay,
    /// A local time as `09:05 on 20 November 2026`.
    EnglishTime,
    /// A local date or time as `20 November 2026`.
    EnglishDay,
    /// A number as `21.000.000`.
    Number,
    /// An amount in đồng as `21.000.000 đồng`.
    Vnd,
    /// An amount in đồng in words.
    Words,
    /// In capital letters.
    Upper,
}

impl Filter {
    /// The filter with this name in templates.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "day" => Self::Day,
            "time" => Self::Time,
            "long_day" => Self::LongDay,
            "english_time" => Self::EnglishTime,
            "english_day" => Self::EnglishDay,
            "number" => Self::Number,
            "vnd" => Self::Vnd,
            "words" => Self::Words,
            "upper" => Self::Upper,
            _ => return None,
        })
    }

    /// The value as text; a value that does not fit the filter is written as it is.
    pub(crate) fn apply(self, value: &Value) -> String {
        let plain = || match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let written = match self {
            Self::Plain => None,
            Self::Day => date(value).map(|date| date.strftime("%d/%m/%Y").to_string()),
            Self::LongDay => {
                date(value).map(|date| date.strftime("ngày %d tháng %m năm %Y").to_string())
            }
            Self::Time => time(value).map(|at| at.strftime("%H giờ %M, ngày %d/%m/%Y").to_string()),
            Self::EnglishTime => {
                time(value).map(|at| at.strftime("%H:%M on %-d %B %Y").to_string())
            }
            Self::EnglishDay => date(value).map(|date| date.strftime("%-d %B %Y").to_string()),
            Self::Number => value.as_i64().map(grouped),
            Self::Vnd => value.as_i64().map(|amount| format!("{} đồng", grouped(amount))),
            Self::Words => value.as_i64().map(amount_in_words),
            Self::Upper => Some(plain().to_uppercase()),
        };
        written.unwrap_or_else(plain)
    }
}

fn date(value: &Value) -> Option<Date> {
    let text = value.as_str()?;
    text.parse().ok().or_else(|| Some(text.parse::<DateTime>().ok()?.date()))
}

fn time(value: &Value) -> Option<DateTime> {
    value.as_str()?.parse().ok()
}

/// Digits in groups of three, separated by full stops as in Vietnamese.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_papers_have_them() {
        for (filter, value, text) in [
            (Filter::Day, json!("2026-11-20"), "20/11/2026"),
            (Filter::Day, json!("2026-11-20T09:05:00"), "20/11/2026"),
            (Filter::Time, json!("2026-11-20T09:05:00"), "09 giờ 05, ngày 20/11/2026"),
            (Filter::LongDay, json!("2026-11-02"), "ngày 02 tháng 11 năm 2026"),
            (Filter::EnglishTime, json!("2026-11-02T09:05:00"), "09:05 on 2 November 2026"),
            (Filter::EnglishDay, json!("2026-11-02T09:05:00"), "2 November 2026"),
            (Filter::Number, json!(1234), "1.234"),
            (Filter::Vnd, json!(21_000_000), "21.000.000 đồng"),
            (Filter::Vnd, json!(-500), "-500 đồng"),
            (Filter::Words, json!(15), "Mười lăm đồng"),
            (Filter::Upper, json!("Sở Công Thương"), "SỞ CÔNG THƯƠNG"),
            (Filter::Plain, json!(null), ""),
            (Filter::Day, json!("no date"), "no date"),
        ] {
            assert_eq!(filter.apply(&value), text);
        }
    }
}
