//! The applicant or an officer confirms having read the messages of the other side. Who read a
//! message first, and when, is recorded.

use serde::Deserialize;
use utoipa::ToSchema;

use super::state::numbered;
use super::{Notes, SIDES, Side};
use crate::contract::{MessagesRead, NoteEvent};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// The messages that were read.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReadMessagesRequest)]
pub struct ReadMessages {
    /// Number of the last message that was read; all unread messages before it become read too.
    #[schema(minimum = 1, example = 3)]
    pub through: u32,
}

refusals! {
    /// Refusals of `read_messages`.
    pub enum Refusal {
        Unknown => 422, "unknown-message" at "/through",
            "hồ sơ không có tin nhắn số này", "the dossier has no message with this number";
    }
}

impl Command for ReadMessages {
    type State = Notes;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "read_messages",
        basis: "quy định nội bộ",
        may: SIDES,
        events: &["notes.MessagesRead.v1"],
        refusals: Refusal::ALL,
    };

    /// Returns no event if no unread message of the other side is among them.
    fn decide(&self, notes: &Notes, facts: &Facts<'_>) -> Result<Decision<NoteEvent>, Refusal> {
        numbered(&notes.messages, self.through).ok_or(Refusal::Unknown)?;
        let other = match Side::of(facts.actor.role) {
            Side::Applicant => Side::Agency,
            Side::Agency => Side::Applicant,
        };
        let is_new = notes.unread(other).any(|message| message.number <= self.through);
        Ok(is_new.then_some(MessagesRead { through: self.through }).map(Into::into).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::notes::add_label::tests::empty;
    use crate::notes::send_message::tests::message;
    use crate::testing::{at, law};

    fn read(through: u32) -> ReadMessages {
        ReadMessages { through }
    }

    #[test]
    fn a_message_is_read_by_the_other_side_once_with_who_and_when() {
        let law = law();
        let mut scene = empty(&law);
        scene.subject = "a1";
        scene.execute("2026-11-20T09:00", Role::Applicant, message("one")).unwrap();
        scene.execute("2026-11-20T09:01", Role::Applicant, message("two")).unwrap();
        assert_eq!(scene.execute("2026-11-20T09:02", Role::Applicant, read(2)), Ok(Vec::new()));
        scene.subject = "clerk-1";
        scene.execute("2026-11-20T09:03", Role::Clerk, message("three")).unwrap();
        scene.execute("2026-11-20T09:04", Role::Clerk, read(1)).unwrap();
        scene.subject = "reviewer-1";
        scene.execute("2026-11-20T09:05", Role::Reviewer, read(3)).unwrap();
        assert_eq!(scene.execute("2026-11-20T09:06", Role::Reviewer, read(3)), Ok(Vec::new()));
        let readers: Vec<_> = scene.state.messages.iter().map(|one| one.read.as_ref()).collect();
        let reading = |place: usize| readers[place].map(|read| (read.by.as_str(), read.at));
        assert_eq!(reading(0), Some(("clerk-1", at("2026-11-20T09:04"))));
        assert_eq!(reading(1), Some(("reviewer-1", at("2026-11-20T09:05"))));
        assert_eq!(reading(2), None, "its own side cannot read it for the applicant");
        assert_eq!(scene.state.unread(Side::Agency).count(), 1);
    }

    #[test]
    fn a_message_that_there_is_not_cannot_be_read() {
        let law = law();
        let mut scene = empty(&law);
        for through in [0, 1] {
            let refused = scene.execute("2026-11-20T09:00", Role::Clerk, read(through));
            assert_eq!(refused, Err(Refusal::Unknown));
        }
    }
}
