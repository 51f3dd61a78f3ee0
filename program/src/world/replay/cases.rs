//! Parses the cases of the log. An invalid line is refused with file, line and reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(rename = "case:concept:name")]
    case: String,
    #[serde(rename = "case:channel")]
    channel: String,
    #[serde(rename = "case:startdate")]
    start: String,
    #[serde(rename = "case:deadline")]
    deadline: String,
    #[serde(rename = "case:enddate")]
    end: String,
    #[serde(rename = "case:department")]
    department: String,
    #[serde(rename = "case:group")]
    group: String,
    #[serde(rename = "concept:name")]
    activity: String,
    #[serde(rename = "org:resource")]
    resource: String,
    #[serde(rename = "time:timestamp")]
    at: String,
}

/// A completed activity.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) activity: String,
    pub(super) resource: String,
    pub(super) at: Timestamp,
}

/// A case of the log.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) filed_by: String,
    pub(super) started_at: Timestamp,
    pub(super) deadline: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) department: String,
    pub(super) group: String,
    /// In order of time.
    pub(super) activities: Vec<Done>,
}

impl Case {
    /// The earlier of its start and its first activity.
    pub(super) fn submitted_at(&self) -> Timestamp {
        let first = self.activities.first().map(|done| done.at);
        first.map_or(self.started_at, |first| first.min(self.started_at))
    }

    /// The procedure's channel for the log's channel.
    pub(super) fn channel(&self) -> &'static str {
        match &*self.filed_by {
            "Internet" | "e-mail" => "online",
            "Post" => "post",
            _ => "counter",
        }
    }
}

/// Line numbers as an editor counts them: the CSV reader attributes line ends and empty lines to
/// the next record, and so reports lower numbers.
struct Lines<'a> {
    content: &'a [u8],
}

impl Lines<'_> {
    fn of(&self, position: Option<&csv::Position>) -> u64 {
        let Some(position) = position else { return 1 };
        let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
        let rest = self.content.get(from..).unwrap_or_default();
        let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        position.line() + ends.filter(|byte| **byte == b'\n').count() as u64
    }
}

/// Detects duplicates: an identical row is the same event; a different row with the same event name
/// is an error in the file.
#[derive(Default)]
struct Seen {
    rows: BTreeSet<String>,
    /// Events by name, with their line.
    named: BTreeMap<String, u64>,
}

impl Seen {
    /// Whether the row is a duplicate.
    fn again(&mut self, record: &csv::StringRecord, name: Option<&str>, line: u64) -> Result<bool> {
        // With length prefixes, so that different rows cannot be equal.
        let row: Vec<String> =
            record.iter().map(|field| format!("{}:{field}", field.len())).collect();
        if !self.rows.insert(row.concat()) {
            return Ok(true);
        }
        if let Some(name) = name.filter(|name| !name.is_empty())
            && let Some(first) = self.named.insert(name.to_owned(), line)
        {
            bail!("event {name} is already in line {first} with other content");
        }
        Ok(false)
    }
}

/// Reads the cases of a file, in the order of their first lines.
pub(super) fn read(file: &Path) -> Result<Vec<Case>> {
    let content = std::fs::read(file).with_context(|| file.display().to_string())?;
    let lines = Lines { content: &content };
    // The number of fields is checked here, where the line is known.
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&content[..]);
    let mut cases: Vec<Case> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let headers = reader.headers().with_context(|| file.display().to_string())?.clone();
    let instance = headers.iter().position(|name| name == "concept:instance");
    let (mut record, mut seen) = (csv::StringRecord::new(), Seen::default());
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let line = lines.of(error.position());
                return Err(error).with_context(|| format!("{}:{line}", file.display()));
            }
        }
        let line = lines.of(record.position());
        let wrong = || format!("{}:{line}", file.display());
        if record.len() != headers.len() {
            bail!("{}: {} fields, not {}", wrong(), record.len(), headers.len());
        }
        let name = instance.and_then(|index| record.get(index));
        if seen.again(&record, name, line).with_context(wrong)? {
            tracing::warn!(line, "duplicate row; counted once");
            continue;
        }
        let row: Row = record.deserialize(Some(&headers)).with_context(wrong)?;
        let time = |name: &str, text: &str| -> Result<Timestamp> {
            let parsed =
                text.parse().with_context(|| format!("{name} `{text}` is not a time with offset"));
            parsed.with_context(wrong)
        };
        let done = Done {
            activity: row.activity,
            resource: row.resource,
            at: time("time:timestamp", &row.at)?,
        };
        if done.activity.is_empty() || done.resource.is_empty() {
            bail!("{}: activity without name or resource", wrong());
        }
        let index = match known.get(&row.case) {
            Some(index) => *index,
            None => {
                known.insert(row.case.clone(), cases.len());
                cases.push(Case {
                    filed_by: row.channel,
                    started_at: time("case:startdate", &row.start)?,
                    deadline: time("case:deadline", &row.deadline)?,
                    ended_at: match &*row.end {
                        "" => None,
                        end => Some(time("case:enddate", end)?),
                    },
                    department: row.department,
                    group: row.group,
                    name: row.case,
                    activities: Vec::new(),
                });
                cases.len() - 1
            }
        };
        if let Some(case) = cases.get_mut(index) {
            case.activities.push(done);
        }
    }
    for case in &mut cases {
        case.activities.sort_by_key(|done| done.at);
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const HEADER: &str = "case:channel,case:concept:name,case:deadline,case:department,case:enddate,\
        case:group,case:startdate,concept:name,org:resource,time:timestamp\n";

    fn read_text(lines: &str) -> Result<Vec<Case>> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "{HEADER}{lines}").unwrap();
        read(file.path())
    }

    #[test]
    fn a_case_is_submitted_at_the_earlier_of_start_and_first_activity() {
        let line = "Desk,c1,2011-12-06 13:41:31.788000+01:00,General,,Group 2,\
            2011-10-11 13:42:22.688000+02:00,T02,R1,2011-10-10 13:45:40.276000+02:00\n";
        let cases = read_text(line).unwrap();
        assert_eq!(cases[0].submitted_at().to_string(), "2011-10-10T11:45:40.276Z");
        assert_eq!((cases[0].channel(), cases[0].ended_at), ("counter", None));
    }

    #[test]
    fn a_bad_line_is_refused_with_file_line_and_reason() {
        let line = "Desk,c1,yesterday,General,,Group 2,2011-10-11 13:42:22+02:00,T02,R1,2011-10-10 13:45:40+02:00\n";
        let error = format!("{:#}", read_text(line).unwrap_err());
        assert!(error.contains(":2: case:deadline `yesterday` is not a time"), "{error}");
        let error = format!("{:#}", read_text("too,few\n").unwrap_err());
        assert!(error.contains(":2: 2 fields, not 10"), "{error}");
    }

    #[test]
    fn the_line_that_is_named_is_that_of_the_file_whatever_ends_its_lines() {
        let good = "Desk,c1,2011-12-06 13:41:31+01:00,General,,Group 2,2011-10-11 13:42:22+02:00,T02,R1,2011-10-10 13:45:40+02:00";
        let also = good.replace("T02", "\"T0\n3\"");
        for bad in [good.replace("2011-10-10 13:45:40+02:00", "yesterday"), "too,few".to_owned()] {
            for end in ["\n", "\r\n"] {
                for (before, line) in [(vec![], 2), (vec![good], 3), (vec![good, "", &also], 6)] {
                    let lines: Vec<&str> = before.into_iter().chain([&*bad]).collect();
                    let text = format!("{HEADER}{}\n", lines.join("\n")).replace('\n', end);
                    let mut file = tempfile::NamedTempFile::new().unwrap();
                    write!(file, "{text}").unwrap();
                    let error = format!("{:#}", read(file.path()).unwrap_err());
                    assert!(error.contains(&format!(":{line}: ")), "{line} {end:?}: {error}");
                }
            }
        }
    }

    #[test]
    fn a_row_that_stands_there_twice_is_one_event_and_another_one_of_its_name_a_mistake() {
        let line = |instance: &str, activity: &str| {
            format!(
                "Desk,c1,2011-12-06 13:41:31+01:00,General,,Group 2,2011-10-11 13:42:22+02:00,{instance},{activity},R1,\
                 2011-10-10 13:45:40+02:00\n"
            )
        };
        let header = HEADER.replace("concept:name,org", "concept:instance,concept:name,org");
        let text = |lines: &[String]| {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            write!(file, "{header}{}", lines.concat()).unwrap();
            read(file.path())
        };
        let (one, two) = (line("task-1", "T02"), line("task-2", "T02"));
        let cases = text(&[one.clone(), two.clone(), one.clone()]).unwrap();
        assert_eq!(cases[0].activities.len(), 2, "two events of one kind, one of them twice");
        let error = text(&[one, two, line("task-1", "T03")]).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains(":4: event task-1 is already in line 2"), "{error}");
    }
}
