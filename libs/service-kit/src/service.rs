//! What a service is to the process that runs it.

use dossier::Step;
use utoipa::openapi::OpenApi;

use crate::http::Mounted;
use crate::tasks::{KeeperHealth, Progress, ReactionsHealth, Tasks};

/// A service, ready to be served and run.
pub struct Service {
    /// Its name, as the deployment calls it.
    pub name: &'static str,
    /// Its routes.
    pub routes: Vec<Mounted>,
    /// What it does without being asked.
    pub tasks: Tasks,
    /// Its document.
    pub openapi: OpenApi,
    /// Its steps.
    pub steps: &'static [Step],
    /// The health of its deadline keepers.
    pub keepers: Vec<KeeperHealth>,
    /// What the kinds of events begin with that it brings onto the bus.
    pub sources: &'static [&'static str],
    /// How far its read models have come.
    pub views: Vec<Progress>,
    /// What its reactions have given up.
    pub reactions: Vec<ReactionsHealth>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("name", &self.name)
            .field("tasks", &self.tasks)
            .finish_non_exhaustive()
    }
}
