//! Findings of a check.

use std::fmt;

use events::{Flaw, Recorded};

/// Findings that are kept; further ones are counted.
const FINDINGS_MAX: usize = 1_000;

/// An inconsistency in the log, or in the documents and keys beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Kind of finding, for example `time-backwards`.
    pub kind: &'static str,
    /// The stream; empty if it concerns none.
    pub stream: String,
    /// The event's position; 0 if it concerns none.
    pub position: u64,
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
pub(super) struct Findings {
    /// Those that are listed.
    pub(super) listed: Vec<Finding>,
    /// How many there are.
    pub(super) count: u64,
    /// Kept notes: events that may have been correct when they were recorded.
    pub(super) notes: Vec<Finding>,
    /// How many of these there are.
    pub(super) notes_count: u64,
}

impl Findings {
    /// Adds a finding about an event.
    pub(super) fn of(&mut self, event: &Recorded, kind: &'static str, what: impl fmt::Display) {
        let (stream, position) = (event.stream.to_string(), event.position.0);
        self.add(Finding { kind, stream, position, what: format!("{}: {what}", event.kind) });
    }

    /// Adds a note about an event that may have been correct when it was recorded.
    pub(super) fn note(&mut self, event: &Recorded, kind: &'static str, what: impl fmt::Display) {
        let (stream, position) = (event.stream.to_string(), event.position.0);
        self.add_note(Finding { kind, stream, position, what: format!("{}: {what}", event.kind) });
    }

    pub(super) fn add_note(&mut self, note: Finding) {
        self.notes_count += 1;
        if self.notes.len() < FINDINGS_MAX {
            self.notes.push(note);
        }
    }

    /// Adds a defect that the engine found.
    pub(super) fn flaw(&mut self, flaw: &Flaw) {
        let (kind, stream, position) = match flaw {
            Flaw::EmptyStream(stream) => ("stream-empty", stream.as_str(), 0),
            Flaw::Gap { before, .. } => ("position-gap", "", before.0),
            Flaw::VersionGap { stream, .. } => ("version-gap", stream.as_str(), 0),
            Flaw::NoStream(position) => ("stream-missing", "", position.0),
            Flaw::End { found, .. } => ("log-lost", "", found.0),
            Flaw::Damaged(_) => ("damaged", "", 0),
            Flaw::Foreign { stream, .. } => ("stream-foreign", stream.as_str(), 0),
        };
        let finding = Finding { kind, stream: stream.to_owned(), position, what: flaw.to_string() };
        if matches!(flaw, Flaw::Foreign { .. }) {
            // The log is correct, and the defect cannot be undone: a finding would remain for ever.
            self.add_note(finding);
        } else {
            self.add(finding);
        }
    }

    /// Adds a finding about the whole log, documents or keys.
    pub(super) fn about(&mut self, kind: &'static str, what: impl fmt::Display) {
        self.at("", 0, kind, what);
    }

    /// Adds a finding about something that an event refers to.
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

    pub(super) fn add(&mut self, finding: Finding) {
        self.count += 1;
        if self.listed.len() < FINDINGS_MAX {
            self.listed.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_listed_and_is_no_finding() {
        let mut found = Findings::default();
        found.flaw(&Flaw::Foreign { stream: "dossier.foo bar".to_owned(), events: 2 });
        assert_eq!((found.count, found.notes_count), (0, 1));
        assert_eq!(found.notes[0].kind, "stream-foreign");
    }

    #[test]
    fn findings_are_listed_up_to_a_limit_and_all_counted() {
        let mut found = Findings::default();
        for _ in 0..FINDINGS_MAX + 5 {
            found.about("damaged", "a page");
        }
        assert_eq!((found.listed.len(), found.count), (1_000, 1_005));
    }
}
