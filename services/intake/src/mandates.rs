//! Mandates and the credentials of firms' programs. The law: `libs/dossier/src/mandates/`.

use std::sync::Arc;

use documents::Documents;
use dossier::mandates::{Credential, Mandate};
use engine::tasks::{Keeper, KeeperHealth, Progress, Projector, Stalled, Tasks};
use engine::view::View;
use engine::{Engine, Streams};

pub(crate) mod http;
mod listed;

use listed::Listed;

/// State shared by the handlers of this module.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) engine: Arc<Engine>,
    pub(crate) documents: Arc<Documents>,
    pub(crate) mandates: Arc<Streams<Mandate>>,
    pub(crate) credentials: Arc<Streams<Credential>>,
    /// All mandates and credentials by party, for lists and limits. Who may act is never decided by
    /// it.
    pub(crate) listed: Arc<View>,
    /// Position that this view has reached.
    pub(crate) shown: Progress,
}

impl App {
    /// Opens the view and the keeper; adds their tasks.
    pub(crate) fn open(
        service: &'static str,
        engine: &Arc<Engine>,
        documents: &Arc<Documents>,
        tasks: &mut Tasks,
    ) -> Result<(Self, KeeperHealth), Stalled> {
        let mandates = Arc::new(Streams::new(Arc::clone(engine)));
        let (keeper, health) = Keeper::open(service, "mandate-deadlines", &mandates, None)?;
        tasks.add(keeper);
        let (lists, listed, shown) = Projector::open(engine, Listed)?;
        tasks.add(lists);
        let credentials = Arc::new(Streams::new(Arc::clone(engine)));
        let (engine, documents) = (Arc::clone(engine), Arc::clone(documents));
        Ok((Self { engine, documents, mandates, credentials, listed, shown }, health))
    }
}
