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
pub(super) struct Findings {
    /// Those that are listed.
    pub(super) listed: Vec<Finding>,
    /// How many there are.
    pub(super) count: u64,
    /// What may have been right when it was recorded, as far as it is listed.
    pub(super) notes: Vec<Finding>,
    /// How many of these there are.
    pub(super) notes_count: u64,
}

impl Findings {
    /// Of an event.
    pub(super) fn of(&mut self, event: &Recorded, kind: &'static str, what: impl fmt::Display) {
        let (stream, position) = (event.stream.to_string(), event.position.0);
        self.add(Finding { kind, stream, position, what: format!("{}: {what}", event.kind) });
    }

    /// Of an event, something that may have been right when it was recorded.
    pub(super) fn note(&mut self, event: &Recorded, kind: &'static str, what: impl fmt::Display) {
        let (stream, position) = (event.stream.to_string(), event.position.0);
        self.add_note(Finding { kind, stream, position, what: format!("{}: {what}", event.kind) });
    }

    fn add_note(&mut self, note: Finding) {
        self.notes_count += 1;
        if self.notes.len() < FINDINGS_MAX {
            self.notes.push(note);
        }
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
            Flaw::Foreign { stream, .. } => ("stream-foreign", stream.as_str(), 0),
        };
        let finding = Finding { kind, stream: stream.to_owned(), position, what: flaw.to_string() };
        if matches!(flaw, Flaw::Foreign { .. }) {
            // Nothing of the log is wrong, and it cannot be taken back: a finding would stay for ever.
            self.add_note(finding);
        } else {
            self.add(finding);
        }
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
