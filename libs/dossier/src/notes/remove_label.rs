//! An officer removes a label from the dossier.

use super::state::numbered;
use super::{Notes, OFFICERS};
use crate::contract::{LabelRemoved, NoteEvent};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Removes a label, whoever added it.
#[derive(Debug, Clone, Copy)]
pub struct RemoveLabel {
    /// Number of the label.
    pub label: u32,
}

refusals! {
    /// Refusals of `remove_label`.
    pub enum Refusal {
        Unknown => 404, "unknown-label", "hồ sơ không có nhãn số này", "the dossier has no label with this number";
    }
}

impl Command for RemoveLabel {
    type State = Notes;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "remove_label",
        basis: "quy định nội bộ",
        may: OFFICERS,
        events: &["notes.LabelRemoved.v1"],
        refusals: Refusal::ALL,
    };

    /// Returns no event if it was removed before.
    fn decide(&self, notes: &Notes, _: &Facts<'_>) -> Result<Decision<NoteEvent>, Refusal> {
        let label = numbered(&notes.labels, self.label).ok_or(Refusal::Unknown)?;
        if label.removed {
            return Ok(Decision::Nothing);
        }
        Ok(Decision::event(LabelRemoved { label: self.label }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::notes::add_label::AddLabel;
    use crate::notes::add_label::tests::empty;
    use crate::testing::law;

    #[test]
    fn any_officer_removes_a_label_and_may_add_it_again() {
        let law = law();
        let mut scene = empty(&law);
        let at = "2026-11-20T09:00";
        let urgent = || AddLabel { label: "gấp".into() };
        scene.execute(at, Role::Clerk, urgent()).unwrap();
        scene.subject = "another";
        scene.execute(at, Role::Approver, RemoveLabel { label: 1 }).unwrap();
        assert!(scene.state.labelled("gap").is_none());
        assert_eq!(scene.execute(at, Role::Clerk, RemoveLabel { label: 1 }), Ok(Vec::new()));
        for label in [0, 2, u32::MAX] {
            let refused = scene.execute(at, Role::Clerk, RemoveLabel { label });
            assert_eq!(refused, Err(Refusal::Unknown), "{label}");
        }
        scene.execute(at, Role::Clerk, urgent()).unwrap();
        assert_eq!(scene.state.labelled("gap").unwrap().number, 2);
    }
}
