//! The tasks of unread messages. A dossier never waits on them.

use super::{DossierStates, Task, TaskKind};
use crate::contract::AgencyCode;
use crate::notes::Side;

/// A task for each side that has unread messages, about the oldest of them. An applicant's message
/// is a task of the officer who has the review, or of any while nobody has it.
pub(super) fn tasks(states: &DossierStates, agency: &AgencyCode) -> Vec<Task> {
    let unread = |from, kind| {
        let oldest = states.notes.unread(from).next()?;
        Some(Task::new(kind, agency).about(oldest.number))
    };
    let mut tasks = Vec::new();
    if let Some(mut task) = unread(Side::Applicant, TaskKind::ReadApplicantMessage) {
        task.officer.clone_from(&states.review.officer);
        tasks.push(task);
    }
    tasks.extend(unread(Side::Agency, TaskKind::ReadAgencyMessage));
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::notes::Notes;
    use crate::notes::add_note::AddNote;
    use crate::notes::read_messages::ReadMessages;
    use crate::notes::send_message::SendMessage;
    use crate::testing::{Scene, law};

    fn message() -> SendMessage {
        let agency = "G02.001".into();
        SendMessage { agency, ended_at: None, text: "a question".into(), documents: Vec::new() }
    }

    #[test]
    fn the_oldest_unread_message_of_each_side_is_a_task_of_the_other_until_it_is_read() {
        let law = law();
        let mut scene = Scene::<Notes>::new(&law, "CO.D", "G02.001");
        let open = |notes: &Notes| {
            let mut states = DossierStates { notes: notes.clone(), ..DossierStates::default() };
            states.review.officer = Some("r1".into());
            let found = tasks(&states, &"G02.001".into()).into_iter();
            let found = found.map(|task| (task.kind, task.subject.unwrap(), task.officer));
            found.collect::<Vec<_>>()
        };
        let at = "2026-11-20T09:00";
        scene.execute(at, Role::Clerk, AddNote { note: "internal".into() }).unwrap();
        assert_eq!(open(&scene.state), []);
        scene.execute(at, Role::Applicant, message()).unwrap();
        scene.execute(at, Role::Applicant, message()).unwrap();
        scene.execute(at, Role::Clerk, message()).unwrap();
        let theirs = (TaskKind::ReadApplicantMessage, "1".to_owned(), Some("r1".into()));
        let own = (TaskKind::ReadAgencyMessage, "3".to_owned(), None);
        assert_eq!(open(&scene.state), [theirs, own.clone()]);
        scene.execute(at, Role::Reviewer, ReadMessages { through: 3 }).unwrap();
        assert_eq!(open(&scene.state), [own]);
        scene.execute(at, Role::Applicant, ReadMessages { through: 3 }).unwrap();
        assert_eq!(open(&scene.state), []);
    }

    #[test]
    fn no_dossier_waits_on_a_message() {
        for kind in [TaskKind::ReadApplicantMessage, TaskKind::ReadAgencyMessage] {
            assert!(kind.is_optional() && !Task::new(kind, &"G02.001".into()).blocks);
        }
    }
}
