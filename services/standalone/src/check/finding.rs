//! What a check finds.

use std::fmt;

use events::{Flaw, Recorded};

/// Findings that are listed at the most.
const FINDINGS_MAX: usize = 1_000;

/// Something in the log, or beside it, that cannot be as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of finding, for example `time-backwards`.
    pub kind: &'static str,
    /// The stream; empty where it is none's.
    pub stream: String,
    /// The position of the event; 0 where it is none's.
    pub position: u64,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, stream, position, what } = self;
        match &**stream {
            "" => write!(f, "{kind}: {what}"),
            stream => write!(f, "{position} {stream} {kind}: {what}"),
        }
    }
}

/// The findings so far.
#[derive(Debug, Default)]
pub(super) struct Findings(pub(super) Vec<Finding>);

impl Findings {
    /// Of an event.
    pub(super) fn of(&mut self, event: &Recorded, kind: &'static str, what: impl fmt::Display) {
        let (stream, position) = (event.stream.to_string(), event.position.0);
        self.add(Finding { kind, stream, position, what: format!("{}: {what}", event.kind) });
    }

    /// What the engine finds in the log as it has it.
    pub(super) fn flaw(&mut self, flaw: &Flaw) {
        let (kind, stream, position) = match flaw {
            Flaw::EmptyStream(stream) => ("stream-empty", stream.as_str(), 0),
            Flaw::Gap { before, .. } => ("position-gap", "", before.0),
            Flaw::VersionGap { stream, .. } => ("version-gap", stream.as_str(), 0),
            Flaw::NoStream(position) => ("stream-missing", "", position.0),
            Flaw::End { found, .. } => ("log-lost", "", found.0),
            Flaw::Damaged(_) => ("damaged", "", 0),
        };
        let (stream, what) = (stream.to_owned(), flaw.to_string());
        self.add(Finding { kind, stream, position, what });
    }

    /// Of the log as a whole, or of what lies beside it.
    pub(super) fn about(&mut self, kind: &'static str, what: impl fmt::Display) {
        self.at("", 0, kind, what);
    }

    /// Of what an event names.
    pub(super) fn at(
        &mut self,
        stream: &str,
        position: u64,
        kind: &'static str,
        what: impl fmt::Display,
    ) {
        let (stream, what) = (stream.to_owned(), what.to_string());
        self.add(Finding { kind, stream, position, what });
    }

    fn add(&mut self, finding: Finding) {
        if self.0.len() < FINDINGS_MAX {
            self.0.push(finding);
        }
    }
}
