//! Metadata of a stream: the newest event of `$$STREAM`, as JSON.

use std::sync::Arc;

use serde_json::Value;

use super::Record;

#[derive(Debug, Default)]
pub(crate) struct Metadata {
    /// Only this many of the newest events are visible.
    max_count: Option<u64>,
    /// Events before this revision are not visible.
    before: Option<u64>,
    /// Names of users and roles that may read it.
    pub(crate) readers: Option<Vec<String>>,
    /// Names of users and roles that may append to it.
    pub(crate) writers: Option<Vec<String>>,
}

impl Metadata {
    /// Parses metadata; unknown or invalid content is ignored.
    pub(crate) fn read(data: &[u8]) -> Self {
        let said: Value = serde_json::from_slice(data).unwrap_or_default();
        let names = |right: &str| match said.get("$acl")?.get(right)? {
            Value::String(name) => Some(vec![name.clone()]),
            Value::Array(names) => {
                Some(names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
            }
            _ => None,
        };
        Self {
            max_count: said.get("$maxCount").and_then(Value::as_u64),
            before: said.get("$tb").and_then(Value::as_u64),
            readers: names("$r"),
            writers: names("$w"),
        }
    }

    /// The first visible revision of a stream.
    pub(super) fn first(&self, records: &[Arc<Record>]) -> u64 {
        let next = records.last().map_or(0, |last| last.revision + 1);
        let counted = self.max_count.map_or(0, |count| next.saturating_sub(count));
        counted.max(self.before.unwrap_or_default())
    }
}
