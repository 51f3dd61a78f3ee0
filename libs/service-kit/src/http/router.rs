//! Which filter a request goes to. The address is looked up in a table, and only what stands at it is asked: trying some
//! sixty filters one after another took about 8 % of the server's time.

use std::collections::BTreeMap;
use std::convert::Infallible;

use utoipa::openapi::OpenApi;
use warp::reply::Response;
use warp::{Filter, Rejection, Reply as _};

use super::problem::{HEADER_INVALID, METHOD_NOT_ALLOWED, NOT_FOUND};
use super::{Problem, Route};

/// A filter and its address as OpenAPI writes it, for example `/v1/reviews/{dossier}/claim`.
#[derive(Debug)]
pub struct Mounted {
    address: String,
    route: Route,
}

/// Puts a filter at an address.
#[must_use]
pub fn mount(address: &str, route: Route) -> Mounted {
    Mounted { address: address.to_owned(), route }
}

/// Puts a filter where its document says that it is.
#[must_use]
pub fn mount_documented(document: &OpenApi, route: Route) -> Mounted {
    // A handler documents one operation.
    let address = document.paths.paths.keys().next().cloned().unwrap_or_default();
    Mounted { address, route }
}

/// All routes of a process.
#[derive(Debug, Clone)]
pub struct Router {
    /// By number of segments.
    table: BTreeMap<usize, Vec<Place>>,
    nothing: Route,
}

#[derive(Debug, Clone)]
struct Place {
    /// The segments; `None` is a parameter.
    segments: Vec<Option<String>>,
    route: Route,
}

impl Place {
    fn is_at(&self, path: &str) -> bool {
        segments(path).zip(&self.segments).all(|(found, wanted)| match wanted {
            Some(wanted) => found == wanted,
            None => true,
        })
    }
}

impl Router {
    /// All routes as one; what matches none of them is a problem too.
    #[must_use]
    pub fn new(mounted: Vec<Mounted>) -> Self {
        let mut by_address: BTreeMap<Vec<Option<String>>, Route> = BTreeMap::new();
        for Mounted { address, route } in mounted {
            let segments = segments(&address)
                .map(|segment| (!segment.starts_with('{')).then(|| segment.to_owned()));
            let segments = segments.collect();
            let route = match by_address.remove(&segments) {
                Some(other) => other.or(route).unify().boxed(),
                None => route,
            };
            by_address.insert(segments, route);
        }
        let mut table: BTreeMap<usize, Vec<Place>> = BTreeMap::new();
        for (segments, route) in by_address {
            let route = answered(route);
            table.entry(segments.len()).or_default().push(Place { segments, route });
        }
        let nothing = warp::any().and_then(|| async { Err(warp::reject::not_found()) });
        Self { table, nothing: answered(nothing.boxed()) }
    }

    /// What answers at `path`.
    #[must_use]
    pub fn at(&self, path: &str) -> Route {
        self.place(path).map_or(&self.nothing, |place| &place.route).clone()
    }

    /// The address at which `path` is answered, with nothing in the place of its parameters.
    pub(crate) fn address(&self, path: &str) -> String {
        let Some(place) = self.place(path) else { return String::new() };
        let shown = place.segments.iter().map(|segment| segment.as_deref().unwrap_or("{}"));
        shown.fold(String::new(), |address, segment| format!("{address}/{segment}"))
    }

    fn place(&self, path: &str) -> Option<&Place> {
        let places = self.table.get(&segments(path).count()).map_or(&[][..], Vec::as_slice);
        places.iter().find(|place| place.is_at(path))
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.strip_suffix('/').unwrap_or(path).split('/')
}

/// A filter that refuses nothing: what it does not match is a problem.
fn answered(route: Route) -> Route {
    let unmatched =
        |rejection: Rejection| async move { Ok::<_, Infallible>(unmatched(&rejection)) };
    route.recover(unmatched).unify().boxed()
}

/// Why a route did not match, in the words of a problem. Rejections say nothing else here.
fn unmatched(rejection: &Rejection) -> Response {
    let entry = if rejection.is_not_found() {
        NOT_FOUND
    } else if rejection.find::<warp::reject::MethodNotAllowed>().is_some() {
        METHOD_NOT_ALLOWED
    } else {
        HEADER_INVALID
    };
    let mut response = warp::reply().into_response();
    // The language is known only where the request is: see `serve::call`.
    response.extensions_mut().insert(Problem::new(entry));
    response
}
