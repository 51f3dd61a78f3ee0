//! The interface between a service and the process that runs it.

use dossier::Step;
use utoipa::openapi::OpenApi;

use crate::http::Mounted;
use crate::tasks::{KeeperHealth, Progress, ReactionsHealth, Tasks};

/// A service, ready to be served and run.
pub struct Service {
    /// Its name.
    pub name: &'static str,
    /// Its routes.
    pub routes: Vec<Mounted>,
    /// Its background tasks.
    pub tasks: Tasks,
    /// Its document.
    pub openapi: OpenApi,
    /// Its steps.
    pub steps: &'static [Step],
    /// The health of its deadline keepers.
    pub keepers: Vec<KeeperHealth>,
    /// Sources that it publishes: the first part of event kinds.
    pub sources: &'static [&'static str],
    /// Progress of its read models.
    pub views: Vec<Progress>,
    /// Health of its reactions.
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
