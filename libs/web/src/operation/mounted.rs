//! Routes with their addresses.

use http::Method;

use super::Route;
use crate::Access;

/// A route with its method and address template, for example `/v1/reviews/{dossier}/claim`.
#[derive(Debug)]
pub struct Mounted {
    pub(crate) address: String,
    pub(crate) method: Method,
    pub(crate) route: Route,
    /// Names of its query parameters; not checked if absent.
    pub(crate) query: Option<Vec<String>>,
    pub(crate) service: &'static str,
}

impl Mounted {
    /// A declared operation, with the names of its query parameters.
    pub(crate) fn declared(
        address: &str,
        method: Method,
        route: Route,
        query: Vec<String>,
    ) -> Self {
        // Proxies may add parameters to the addresses of probes.
        let query = (!route.probe).then_some(query);
        Self { address: address.to_owned(), method, route, query, service: COMMON }
    }

    /// Takes parameters that are not declared.
    pub(crate) fn with_any_query(self) -> Self {
        Self { query: None, ..self }
    }

    /// Attributes its requests to a service in metrics and the log.
    #[must_use]
    pub fn of(self, service: &'static str) -> Self {
        Self { service, ..self }
    }
}

/// The service label of everything else: health, documents, and unknown addresses.
pub(crate) const COMMON: &str = "common";

/// Mounts a route for GET.
#[must_use]
pub fn mount(address: &str, route: Route) -> Mounted {
    // Browsers and proxies may add parameters to the addresses of files and probes.
    let query = matches!(route.access, Access::Roles(_)).then(Vec::new);
    Mounted { address: address.to_owned(), method: Method::GET, route, query, service: COMMON }
}
