//! A component of a dossier that is missing, by its code and by its name in the procedure.

use calendar::Text;

use super::Said;
use crate::contract::{ComponentCode, Document};
use crate::law::Procedure;

/// A component that was not submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingComponent {
    pub code: ComponentCode,
    /// Its name in the procedure.
    pub name: Text,
}

impl MissingComponent {
    /// A component of a procedure; one that the procedure does not have is named by its code.
    #[must_use]
    pub fn of(procedure: &Procedure, code: &ComponentCode) -> Self {
        let component = procedure.documents.iter().find(|component| component.code == *code);
        let name = component.map_or_else(|| Text::same(code.as_str()), |one| one.name.clone());
        Self { code: code.clone(), name }
    }

    /// Those of `wanted` that are not among the documents, each with the JSON Pointer to where its
    /// code would be: after the documents that were given.
    pub(crate) fn among<'c>(
        procedure: &Procedure,
        documents: &[Document],
        wanted: impl IntoIterator<Item = &'c ComponentCode>,
    ) -> Vec<(String, Self)> {
        let is_missing =
            |code: &&ComponentCode| documents.iter().all(|given| given.component != **code);
        let missing = wanted.into_iter().filter(is_missing);
        let placed = (documents.len()..).zip(missing).map(|(place, code)| {
            (format!("/documents/{place}/component"), Self::of(procedure, code))
        });
        placed.collect()
    }
}

impl Said for MissingComponent {
    fn said(&self) -> Text {
        let Self { code, name: Text { vi, en } } = self;
        Text::new(format!("{vi} (`{code}`)"), format!("{en} (`{code}`)"))
    }
}
