//! Exports as CSV (RFC 4180) or as JSON lines. An export is written to a temporary file that has no
//! name, so that its length and digest are known before it is sent, and memory is bounded; the
//! view's snapshot is not held while a slow client reads.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Rows of an export.
pub(crate) const ROWS_MAX: u64 = 1_000_000;
/// Bytes of an export.
const BYTES_MAX: u64 = 512 * 1024 * 1024;

/// The format of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ExportFormat)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// Comma-separated values with a head line, in UTF-8.
    #[default]
    Csv,
    /// One JSON object per line.
    Ndjson,
}

impl Format {
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

/// Why an export was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    #[error(transparent)]
    File(#[from] std::io::Error),
    #[error(transparent)]
    View(#[from] rusqlite::Error),
    /// More rows or bytes than the limit.
    #[error("the export is too large")]
    TooLarge,
}

/// A complete export.
#[derive(Debug)]
pub(crate) struct Exported {
    /// At its beginning.
    pub(crate) file: File,
    pub(crate) bytes: u64,
    /// As in `Content-Digest` (RFC 9530).
    pub(crate) digest: String,
}

/// Writes rows, which all have the same columns.
pub(crate) struct Writer {
    file: BufWriter<File>,
    format: Format,
    columns: Vec<String>,
    digest: Sha256,
    rows: u64,
    bytes: u64,
}

impl Writer {
    /// Begins an export in a temporary file in `folder`; the file vanishes with its last handle.
    pub(crate) fn begin(
        folder: &Path,
        format: Format,
        columns: Vec<String>,
    ) -> Result<Self, ExportError> {
        let file = BufWriter::new(unnamed(folder)?);
        let (digest, rows, bytes) = (Sha256::new(), 0, 0);
        let mut writer = Self { file, format, columns, digest, rows, bytes };
        if format == Format::Csv {
            let head = writer.columns.iter().map(|column| cell(&Value::from(column.as_str())));
            let head = head.collect::<Vec<_>>().join(",");
            writer.line(&head, "\r\n")?;
        }
        Ok(writer)
    }

    /// Writes a row: the values of the columns, which may be in nested objects. A missing value is
    /// empty.
    pub(crate) fn row(&mut self, row: &Value) -> Result<(), ExportError> {
        self.rows += 1;
        if self.rows > ROWS_MAX {
            return Err(ExportError::TooLarge);
        }
        match self.format {
            Format::Csv => {
                let cells = self.columns.iter().map(|column| cell(value(row, column)));
                let line = cells.collect::<Vec<_>>().join(",");
                self.line(&line, "\r\n")
            }
            Format::Ndjson => self.line(&row.to_string(), "\n"),
        }
    }

    fn line(&mut self, line: &str, end: &str) -> Result<(), ExportError> {
        for part in [line.as_bytes(), end.as_bytes()] {
            self.digest.update(part);
            self.bytes += u64::try_from(part.len()).unwrap_or(u64::MAX);
            self.file.write_all(part)?;
        }
        if self.bytes > BYTES_MAX { Err(ExportError::TooLarge) } else { Ok(()) }
    }

    pub(crate) fn finish(self) -> Result<Exported, ExportError> {
        let digest = format!("sha-256=:{}:", STANDARD.encode(self.digest.finalize()));
        let mut file = self.file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Exported { file, bytes: self.bytes, digest })
    }
}

/// A new file without a name: it is removed at once and lives as long as it is open.
fn unnamed(folder: &Path) -> std::io::Result<File> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("export-{}-{number}.tmp", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// The names of all values in a row, sorted; those of nested objects with a dot.
pub(crate) fn columns(row: &Map<String, Value>) -> Vec<String> {
    let nested = row.iter().flat_map(|(name, value)| match value {
        Value::Object(fields) => {
            columns(fields).into_iter().map(|field| format!("{name}.{field}")).collect()
        }
        _ => vec![name.clone()],
    });
    let mut columns: Vec<String> = nested.collect();
    columns.sort_unstable();
    columns
}

fn value<'a>(row: &'a Value, column: &str) -> &'a Value {
    column.split('.').fold(row, |value, name| value.get(name).unwrap_or(&Value::Null))
}

/// A cell of CSV. A text that a spreadsheet would take for a formula begins with an apostrophe.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text.as_str(),
        other => return other.to_string(),
    };
    let is_formula =
        text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    let is_quoted = text.contains(['"', ',', '\r', '\n', ';', '\t']) || text.trim() != text;
    if is_quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use serde_json::json;

    use super::*;

    fn exported(format: Format, rows: &[Value]) -> (String, Exported) {
        let columns = columns(rows[0].as_object().unwrap());
        let mut writer = Writer::begin(&std::env::temp_dir(), format, columns).unwrap();
        for row in rows {
            writer.row(row).unwrap();
        }
        let mut exported = writer.finish().unwrap();
        let mut text = String::new();
        exported.file.read_to_string(&mut text).unwrap();
        (text, exported)
    }

    #[test]
    fn cells_that_a_spreadsheet_would_compute_are_neutralised() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+84", "'+84"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("  =cmd|'/c'!A1", "'  =cmd|'/c'!A1"),
            ("\t=1", "\"'\t=1\""),
            ("a,b", "\"a,b\""),
            ("=\"x\"", "\"'=\"\"x\"\"\""),
            ("Cục Xuất nhập khẩu", "Cục Xuất nhập khẩu"),
        ] {
            assert_eq!(cell(&Value::from(text)), expected);
        }
        assert_eq!(cell(&json!(-2)), "-2", "a number is not a text");
        assert_eq!(cell(&Value::Null), "");
    }

    #[test]
    fn rows_have_the_columns_of_the_head_and_the_digest_is_that_of_the_bytes() {
        let rows = [
            json!({ "key": "a", "in_time": { "numerator": 1, "percent": 50.0 }, "note": null }),
            json!({ "key": "=b", "in_time": null, "note": "x" }),
        ];
        let (text, csv) = exported(Format::Csv, &rows);
        let head = "in_time.numerator,in_time.percent,key,note";
        assert_eq!(text, format!("{head}\r\n1,50.0,a,\r\n,,'=b,x\r\n"));
        let digest = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(&text)));
        assert_eq!((csv.bytes, csv.digest), (text.len() as u64, digest));
        let (lines, _) = exported(Format::Ndjson, &rows);
        let read: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, rows, "JSON needs no apostrophe");
    }
}
