//! The author withdraws an internal note with a reason. The note stays in the log and readable,
//! marked as withdrawn.

use super::state::numbered;
use super::{Notes, OFFICERS};
use crate::contract::{NoteEvent, NoteWithdrawn};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Withdraws a note of the actor.
#[derive(Debug, Clone)]
pub struct WithdrawNote {
    /// Number of the note.
    pub note: u32,
    /// Why it is wrong.
    pub reason: Text<1000>,
}

refusals! {
    /// Refusals of `withdraw_note`.
    pub enum Refusal {
        Unknown => 404, "unknown-note", "hồ sơ không có ghi chú số này", "the dossier has no note with this number";
        NotAuthor => 409, "note-of-another-officer",
            "chỉ người viết được rút ghi chú; hãy viết ghi chú mới",
            "only its author withdraws a note; add a note of your own";
        Withdrawn => 409, "note-already-withdrawn",
            "ghi chú đã được rút", "the note has been withdrawn before";
    }
}

impl Command for WithdrawNote {
    type State = Notes;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "withdraw_note",
        basis: "quy định nội bộ",
        may: OFFICERS,
        events: &["notes.NoteWithdrawn.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, notes: &Notes, facts: &Facts<'_>) -> Result<Decision<NoteEvent>, Refusal> {
        let note = numbered(&notes.notes, self.note).ok_or(Refusal::Unknown)?;
        if note.by != facts.actor.subject {
            return Err(Refusal::NotAuthor);
        }
        if note.withdrawn.is_some() {
            return Err(Refusal::Withdrawn);
        }
        Ok(Decision::event(NoteWithdrawn { note: self.note, reason: self.reason.personal() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::notes::add_label::tests::empty;
    use crate::notes::add_note::tests::note;
    use crate::testing::law;

    #[test]
    fn only_the_author_withdraws_a_note_once_and_it_stays_readable() {
        let law = law();
        let mut scene = empty(&law);
        let at = "2026-11-20T09:00";
        let withdraw = |note| WithdrawNote { note, reason: "wrong dossier".into() };
        scene.execute(at, Role::Clerk, note("called")).unwrap();
        scene.subject = "another";
        assert_eq!(scene.execute(at, Role::Clerk, withdraw(1)), Err(Refusal::NotAuthor));
        assert_eq!(scene.execute(at, Role::Clerk, withdraw(2)), Err(Refusal::Unknown));
        scene.subject = "tester";
        scene.execute(at, Role::Clerk, withdraw(1)).unwrap();
        let note = &scene.state.notes[0];
        assert_eq!(note.text.known().unwrap(), "called");
        let withdrawn = note.withdrawn.as_ref().unwrap();
        assert_eq!(withdrawn.reason.known().unwrap(), "wrong dossier");
        assert_eq!(scene.execute(at, Role::Clerk, withdraw(1)), Err(Refusal::Withdrawn));
    }
}
