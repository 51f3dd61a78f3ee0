//! The directories of agencies: units, officers and absences. The law:
//! `libs/dossier/src/directory/`.

use std::sync::Arc;

use dossier::law::Directory;
use engine::{Engine, Streams};

pub(crate) mod http;

/// State shared by the handlers of this module.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) engine: Arc<Engine>,
    /// One for each agency; the id is its code.
    pub(crate) directories: Arc<Streams<Directory>>,
}

impl App {
    pub(crate) fn new(engine: &Arc<Engine>) -> Self {
        let directories = Arc::new(Streams::new(Arc::clone(engine)));
        Self { engine: Arc::clone(engine), directories }
    }
}
