//! Statements as CSV (RFC 4180) with a line of column names, in UTF-8. Lines before the names, as
//! banks have them, are skipped, as are lines without a credit and a debit, as sums.

use std::collections::BTreeSet;

use csv::{ReaderBuilder, StringRecord};

use super::{Format, Line};
use crate::finding::Findings;
use crate::limits::{AMOUNT_MAX, STATEMENT_BYTES_MAX, STATEMENT_LINES_MAX};
use crate::terms::Vnd;
use crate::time::parse;

/// The places of the columns that the format names.
struct Columns {
    account: Option<usize>,
    event: usize,
    credit: usize,
    debit: Option<usize>,
    memo: usize,
    booked_at: usize,
}

/// Counts the lines of a file up to a place that only grows. The reader's own count is one less in
/// files whose lines end with CR LF, because a record begins for it before the LF.
struct Counted<'a> {
    file: &'a [u8],
    to: usize,
    line: u64,
}

impl Counted<'_> {
    /// The number of the line, from 1, that has the first character of the record at `byte`.
    fn line(&mut self, byte: u64) -> u64 {
        let begin = usize::try_from(byte).unwrap_or(usize::MAX);
        let rest = self.file.get(begin..).unwrap_or_default();
        let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let begin = begin.saturating_add(ends);
        let passed = self.file.get(self.to..begin).unwrap_or_default();
        let ends = passed.iter().filter(|byte| matches!(byte, b'\n')).count();
        self.line = self.line.saturating_add(ends as u64);
        self.to = self.to.max(begin);
        self.line
    }
}

/// The lines of a statement.
///
/// # Errors
///
/// All findings, with the number of the line in the file.
pub(crate) fn read(file: &[u8], format: &Format<'_>) -> Result<Vec<Line>, Findings> {
    if file.len() > STATEMENT_BYTES_MAX {
        let (vi, en) = (
            format!("lớn hơn {STATEMENT_BYTES_MAX} byte"),
            format!("has more than {STATEMENT_BYTES_MAX} bytes"),
        );
        return Err(Findings::one("", vi, en));
    }
    // Spreadsheets begin files with a byte order mark.
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let mut reader = ReaderBuilder::new();
    let reader = reader.delimiter(format.separator).flexible(true).has_headers(false);
    let mut records = reader.from_reader(file).into_records();
    let mut found = Findings::default();
    let columns = loop {
        match records.next() {
            Some(Ok(record)) => {
                if let Some(columns) = Columns::of(&record, format) {
                    break columns;
                }
            }
            Some(Err(error)) => {
                let (vi, en) = ("không đọc được", format!("cannot be read: {error}"));
                return Err(Findings::one("", vi, en));
            }
            None => return Err(no_columns(format)),
        }
    };
    let mut counted = Counted { file, to: 0, line: 1 };
    let mut lines: Vec<Line> = Vec::new();
    let mut events = BTreeSet::new();
    for record in records {
        let Ok(record) = record else {
            found.add("", "có dòng không phải UTF-8", "a line is not UTF-8");
            break;
        };
        if lines.len() >= STATEMENT_LINES_MAX {
            let (vi, en) = (
                format!("nhiều hơn {STATEMENT_LINES_MAX} dòng"),
                format!("has more than {STATEMENT_LINES_MAX} lines"),
            );
            found.add("", vi, en);
            break;
        }
        let number = record.position().map_or(0, |position| counted.line(position.byte()));
        if let Some(line) = line(&record, &columns, format, number, &mut found) {
            if !events.insert(line.event.clone()) {
                let (vi, en) = (
                    format!("`{}` đã có ở dòng trước", line.event),
                    format!("`{}` is that of another line", line.event),
                );
                found.add(format!("/{number}/{}", format.event), vi, en);
            }
            lines.push(line);
        }
    }
    found.or(lines)
}

impl Columns {
    /// The columns, if this line has the names of all.
    fn of(record: &StringRecord, format: &Format<'_>) -> Option<Self> {
        let place =
            |name: &str| record.iter().position(|one| !name.is_empty() && one.trim() == name);
        let optional =
            |name: &str| if name.is_empty() { Some(None) } else { place(name).map(Some) };
        Some(Self {
            account: optional(format.account)?,
            event: place(format.event)?,
            credit: place(format.credit)?,
            debit: optional(format.debit)?,
            memo: place(format.memo)?,
            booked_at: place(format.booked_at)?,
        })
    }
}

fn no_columns(format: &Format<'_>) -> Findings {
    let names =
        [format.account, format.event, format.credit, format.debit, format.memo, format.booked_at];
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        let (vi, en) = (
            "tệp đối tác không nêu tên cột của sao kê CSV (`fields`)",
            "the partner's file names no columns of CSV statements (`fields`)",
        );
        return Findings::one("", vi, en);
    }
    let names = names.join("`, `");
    let (vi, en) =
        (format!("không có dòng tên cột `{names}`"), format!("no line has the columns `{names}`"));
    Findings::one("", vi, en)
}

fn line(
    record: &StringRecord,
    columns: &Columns,
    format: &Format<'_>,
    number: u64,
    found: &mut Findings,
) -> Option<Line> {
    let cell = |place: usize| record.get(place).unwrap_or_default().trim();
    let credit = cell(columns.credit);
    let debit = columns.debit.map_or("", cell);
    if credit.is_empty() && debit.is_empty() {
        return None;
    }
    let mut amount = |name: &str, text: &str| {
        let amount = amount(text, format.thousands);
        if amount.is_none() {
            let (vi, en) = (
                format!("`{text}` không phải số tiền nguyên đồng"),
                format!("`{text}` is not an amount in whole đồng"),
            );
            found.add(format!("/{number}/{name}"), vi, en);
        }
        amount.unwrap_or(0)
    };
    let (credit, debit) = (amount(format.credit, credit), amount(format.debit, debit));
    // Some banks write one column with signs.
    let sum = credit.checked_sub(debit.abs()).filter(|sum| *sum != 0);
    let event = cell(columns.event);
    if event.is_empty() {
        found.add(format!("/{number}/{}", format.event), "không có", "is missing");
    }
    let time = cell(columns.booked_at);
    let booked_at = parse(time, format.time_format);
    if booked_at.is_none() {
        let (vi, en) = (
            format!("`{time}` không theo dạng `{}`", format.time_format),
            format!("`{time}` is not in the form `{}`", format.time_format),
        );
        found.add(format!("/{number}/{}", format.booked_at), vi, en);
    }
    Some(Line {
        place: number,
        account: columns.account.map_or("", cell).to_owned(),
        event: event.to_owned(),
        amount: Vnd(sum?),
        is_reversal: false,
        memo: cell(columns.memo).to_owned(),
        booked_at,
    })
}

/// Whole đồng with separators between thousands and perhaps zero parts; empty is zero.
fn amount(text: &str, thousands: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let parts = if thousands == "." { "," } else { "." };
    let (whole, part) = text.split_once(parts).unwrap_or((text, ""));
    let groups: Vec<&str> =
        if thousands.is_empty() { vec![whole] } else { whole.split(thousands).collect() };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (first, rest) = groups.split_first()?;
    let is_grouped = !first.is_empty() && rest.iter().all(|group| group.len() == 3);
    if !is_grouped
        || !groups.iter().all(|group| is_number(group))
        || !part.trim_matches('0').is_empty()
    {
        return None;
    }
    let amount: i64 = groups.concat().parse().ok()?;
    (amount <= AMOUNT_MAX).then(|| amount.checked_mul(sign)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format<'_> = Format {
        separator: b',',
        thousands: ",",
        time_format: "%d/%m/%Y %H:%M:%S",
        account: "",
        event: "Số GD",
        credit: "Ghi có",
        debit: "Ghi nợ",
        memo: "Nội dung",
        booked_at: "Ngày",
    };

    #[test]
    fn lines_before_the_names_and_sums_are_skipped() {
        let file = "\u{feff}SAO KÊ,,\nTài khoản: 1,\n\nNgày,Số GD,Ghi nợ,Ghi có,Số dư,Nội dung\n\
                    26/11/2026 09:00:01,FT1,,\"30,000\",1,\"a, \"\"b\"\"\"\n\
                    26/11/2026 17:00:00,FT2,\"1,500.00\",,1,hoàn\nCộng,,,,,\n";
        let lines = read(file.as_bytes(), &FORMAT).unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].amount, &*lines[0].memo), (Vnd(30_000), "a, \"b\""));
        assert_eq!(lines[0].booked_at, Some("2026-11-26T02:00:01Z".parse().unwrap()));
        assert_eq!((lines[1].amount, &*lines[1].event), (Vnd(-1_500), "FT2"));
    }

    #[test]
    fn all_wrong_cells_are_found_with_their_lines() {
        let file = "Ngày,Số GD,Ghi nợ,Ghi có,Nội dung\n26-11-2026,FT1,,30.5,a\n\
                    26/11/2026 09:00:01,,,\"3,00\",a\n26/11/2026 09:00:01,FT1,,1,a\n";
        let found = read(file.as_bytes(), &FORMAT).unwrap_err();
        let at: Vec<&str> = found.0.iter().map(|one| &*one.pointer).collect();
        assert_eq!(at, ["/2/Ghi có", "/2/Ngày", "/3/Ghi có", "/3/Số GD"]);
        let found = read(b"a,b\n1,2\n", &FORMAT).unwrap_err();
        assert!(found.0[0].en.contains("no line has the columns"), "{found}");
    }

    #[test]
    fn lines_have_the_same_numbers_however_they_end() {
        let file = "SAO KÊ\n\nNgày,Số GD,Ghi nợ,Ghi có,Nội dung\n\
                    26/11/2026 09:00:01,FT1,,1,\"a\nb\"\n\n26/11/2026 09:00:01,FT2,,30.5,a\n";
        for file in [file.to_owned(), file.replace('\n', "\r\n")] {
            let found = read(file.as_bytes(), &FORMAT).unwrap_err();
            assert_eq!(found.0[0].pointer, "/7/Ghi có", "{file:?}");
            let right = file.replace("30.5", "30");
            let lines = read(right.as_bytes(), &FORMAT).unwrap();
            let places: Vec<u64> = lines.iter().map(|line| line.place).collect();
            assert_eq!(places, [4, 7], "{file:?}");
        }
    }

    #[test]
    fn amounts_have_the_separators_of_the_bank() {
        for (text, thousands, expected) in [
            ("30,000", ",", Some(30_000)),
            ("30.000", ".", Some(30_000)),
            ("30.000,00", ".", Some(30_000)),
            ("30 000", " ", Some(30_000)),
            ("30000.00", "", Some(30_000)),
            ("-30,000", ",", Some(-30_000)),
            ("+1", ",", Some(1)),
            ("30.000", ",", Some(30)),
            ("30.5", ",", None),
            ("3,00", ",", None),
            (",000", ",", None),
            ("--1", ",", None),
            ("1e3", ",", None),
            ("9999999999999999999", "", None),
        ] {
            assert_eq!(amount(text, thousands), expected, "{text} {thousands}");
        }
    }
}
