//! The interface between a service and the process that runs it.

use engine::tasks::{KeeperHealth, Progress, ReactionsHealth, Tasks};
use utoipa::openapi::OpenApi;

use crate::Mounted;

/// A service, ready to be served and run.
pub struct Service {
    pub name: &'static str,
    pub routes: Vec<Mounted>,
    pub tasks: Tasks,
    pub openapi: OpenApi,
    pub keepers: Vec<KeeperHealth>,
    /// Sources of its events: the first parts of their kinds, for example `intake`.
    pub sources: &'static [&'static str],
    pub views: Vec<Progress>,
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
