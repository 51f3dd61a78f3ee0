//! The cases of the log. A line that cannot be used is refused with file, line and reason.

use std::collections::BTreeMap;
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

/// An activity that was done.
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

    /// The way of filing that the procedure knows for the log's own.
    pub(super) fn channel(&self) -> &'static str {
        match &*self.filed_by {
            "Internet" | "e-mail" => "online",
            "Post" => "post",
            _ => "counter",
        }
    }
}

/// The cases of a file, in the order of their first lines.
pub(super) fn read(file: &Path) -> Result<Vec<Case>> {
    let mut reader = csv::Reader::from_path(file).with_context(|| file.display().to_string())?;
    let mut cases: Vec<Case> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let headers = reader.headers()?.clone();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).with_context(|| file.display().to_string())? {
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = || format!("{}:{line}", file.display());
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
            bail!("{}: an activity without a name or a resource", wrong());
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
        assert!(error.contains("line: 2"), "{error}");
    }
}
