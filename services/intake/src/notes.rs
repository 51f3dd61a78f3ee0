//! Labels, internal notes and messages on a dossier. The law: `libs/dossier/src/notes/`.

use std::sync::Arc;

use documents::Documents;
use dossier::intake::Intake;
use dossier::notes::Notes;
use engine::{Engine, Streams};

pub(crate) mod http;

/// State shared by the handlers of this module.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) documents: Arc<Documents>,
    pub(crate) dossiers: Arc<Streams<Intake>>,
    /// One for each dossier that has any; the id is the dossier's.
    pub(crate) notes: Arc<Streams<Notes>>,
}

impl App {
    pub(crate) fn new(
        engine: &Arc<Engine>,
        documents: &Arc<Documents>,
        dossiers: &Arc<Streams<Intake>>,
    ) -> Self {
        let notes = Arc::new(Streams::new(Arc::clone(engine)));
        Self { documents: Arc::clone(documents), dossiers: Arc::clone(dossiers), notes }
    }
}
