//! Finds the operation of a request and checks its caller, both from the head, before any of the
//! body is read. A table leads from the address to the operation: trying some 60 warp filters in
//! turn took about 8 % of the server's time.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use dossier::access::{self, Caller};
use http::header::{
    ALLOW, CONTENT_ENCODING as CONTENT_ENCODING_HEADER, CONTENT_LENGTH, HeaderValue,
};
use http::{HeaderMap, Method};
use hyper::body::Body;
use platform::metrics::RouteLabels;
use warp::reply::Response;
use warp::{Filter, Rejection, Reply as _};

use super::body::Takes;
use super::mandate::Invoked;
use super::operation::{Answers, COMMON, Mounted, Route};
use super::path::segments;
use super::problem::{
    CONTENT_ENCODING, HEADER_INVALID, INTERNAL, METHOD_NOT_ALLOWED, NOT_FOUND, QUERY_INVALID,
};
use super::request::{Head, check_token};
use super::{Access, Context, Counts, Language, Problem, query};
use crate::auth::Bearer;
use crate::quotas::{Admission, Uses};

/// All routes of a process.
#[derive(Debug, Clone)]
pub struct Router {
    context: Arc<Context>,
    /// Places by number of segments.
    table: BTreeMap<usize, Vec<Place>>,
}

#[derive(Debug, Clone)]
struct Place {
    /// `None` is a parameter.
    segments: Vec<Option<String>>,
    operations: Vec<Operation>,
}

/// A method at an address.
#[derive(Debug, Clone)]
struct Operation {
    method: Method,
    /// Method and address, for example `POST /v1/reviews/{dossier}/claim`.
    name: Arc<str>,
    address: Arc<str>,
    service: &'static str,
    probe: bool,
    access: Access,
    takes: Takes,
    counts: Counts,
    query: Option<Vec<String>>,
    answers: Answers,
}

impl Operation {
    /// The problem of a query string with an unknown parameter. Ignoring it would hide that, for
    /// example, a filter has no effect.
    /// An operation that has parameters parses them, and reports unknown ones with all others that
    /// are invalid.
    fn unknown_parameter(&self, query: Option<&str>) -> Option<Problem> {
        let (known, query) = (self.query.as_ref()?, query?);
        let found = if known.is_empty() { query::none_accepted(query) } else { Vec::new() };
        (!found.is_empty()).then(|| Problem::fields(QUERY_INVALID, found))
    }

    /// What the request uses of the caller's quotas.
    fn uses(&self, context: &Context, caller: Option<&Caller>, headers: &HeaderMap) -> Uses {
        match (self.counts, self.takes, caller) {
            (Counts::LookUp, ..) | (Counts::Published, _, None) => Uses::LookUp,
            (Counts::Published, _, Some(_)) => Uses::Read,
            (Counts::Message, ..) => Uses::Message,
            (_, _, None) => Uses::Nothing,
            (_, Takes::Upload, Some(caller)) => {
                Uses::Upload { bytes: length(headers), unfinished: unfinished(context, caller) }
            }
            (Counts::Filing, Takes::Body, Some(_)) => Uses::Submission,
            (Counts::Following, Takes::Body, Some(_)) => Uses::Following,
            (Counts::Usual, Takes::Body, Some(_)) if self.method == Method::GET => Uses::Read,
            (Counts::Usual, Takes::Body, Some(_)) => Uses::Step,
        }
    }
}

impl Place {
    fn is_at(&self, path: &str) -> bool {
        segments(path).zip(&self.segments).all(|(found, wanted)| match wanted {
            Some(wanted) => found == wanted,
            None => true,
        })
    }

    /// The operation of a method; `HEAD` uses that of `GET`.
    fn operation(&self, method: &Method) -> Option<&Operation> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.operations.iter().find(|operation| operation.method == *method)
    }

    fn allow(&self) -> HeaderValue {
        let mut allowed = Vec::new();
        for Operation { method, .. } in &self.operations {
            allowed.push(method.as_str());
            if *method == Method::GET {
                allowed.push(Method::HEAD.as_str());
            }
        }
        HeaderValue::from_str(&allowed.join(", ")).unwrap_or(HeaderValue::from_static(""))
    }
}

/// A request whose head was accepted.
#[derive(Debug)]
pub(crate) struct Admitted<'a> {
    operation: &'a Operation,
    head: Head,
    invoked: Invoked,
    quota: Admission,
}

impl Admitted<'_> {
    /// How the operation reads its body.
    pub(crate) fn takes(&self) -> Takes {
        self.operation.takes
    }
}

impl Router {
    /// Builds the table of routes.
    #[must_use]
    pub fn new(context: &Arc<Context>, mounted: Vec<Mounted>) -> Self {
        let mut by_address: BTreeMap<Vec<Option<String>>, Vec<Operation>> = BTreeMap::new();
        for Mounted { address, method, route, query, service } in mounted {
            let segments = segments(&address)
                .map(|segment| (!segment.starts_with('{')).then(|| segment.to_owned()));
            let name = format!("{method} {address}").into();
            let Route { access, takes, counts, answers, probe, .. } = route;
            let answers = answered(answers);
            by_address.entry(segments.collect()).or_default().push(Operation {
                method,
                name,
                address: address.into(),
                service,
                probe,
                access,
                takes,
                counts,
                query,
                answers,
            });
        }
        let mut table: BTreeMap<usize, Vec<Place>> = BTreeMap::new();
        for (segments, operations) in by_address {
            table.entry(segments.len()).or_default().push(Place { segments, operations });
        }
        // `/v1/reviews/bulk` before `/v1/reviews/{dossier}`.
        for places in table.values_mut() {
            places.sort_by_key(|place| {
                place.segments.iter().map(Option::is_none).collect::<Vec<bool>>()
            });
        }
        Self { context: Arc::clone(context), table }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Every operation, for example `POST /v1/reviews/{dossier}/claim`, and who may call it.
    pub fn operations(&self) -> impl Iterator<Item = (&str, Access)> {
        let places = self.table.values().flatten();
        places
            .flat_map(|place| &place.operations)
            .map(|operation| (&*operation.name, operation.access))
    }

    /// Answers a request; `client` is the address that limits are counted for.
    pub async fn answer<B>(&self, request: http::Request<B>, client: IpAddr) -> Response
    where
        B: Body<Data = Bytes> + Send + Sync + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        match self.admit(request.method(), request.uri().path(), request.headers(), client) {
            Ok(admitted) => self.call(admitted, request).await,
            Err(refused) => refused,
        }
    }

    /// Accepts or refuses a request by its head alone.
    pub(crate) fn admit(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        client: IpAddr,
    ) -> Result<Admitted<'_>, Response> {
        let language = Language::of(headers);
        let refused = |problem: Problem| problem.into_response(language);
        let place = self.place(path).ok_or_else(|| refused(Problem::not_found()))?;
        let Some(operation) = place.operation(method) else {
            let mut response = refused(Problem::new(METHOD_NOT_ALLOWED));
            response.headers_mut().insert(ALLOW, place.allow());
            return Err(response);
        };
        let bearer = self.bearer(operation.access, headers).map_err(refused)?;
        let token_ends_at = bearer.as_ref().map(|bearer| bearer.until);
        let caller = bearer.map(|bearer| Arc::new(bearer.caller));
        if let (Access::Roles(mays), Some(caller)) = (operation.access, &caller) {
            access::decide(caller, mays, None)
                .map_err(|denied| by(refused(denied.into()), Some(caller)))?;
        }
        // Before quotas: a body that is never read uses none.
        if is_encoded(headers) {
            return Err(by(refused(Problem::new(CONTENT_ENCODING)), caller.as_ref()));
        }
        let max = operation.takes.bytes_max();
        if length(headers) > max {
            let problem = Problem::body_too_large(max);
            return Err(by(refused(problem), caller.as_ref()));
        }
        let invoked = match caller {
            Some(_) => Invoked::of(headers).map_err(|p| by(refused(p), caller.as_ref()))?,
            None => Invoked::default(),
        };
        // An operation that is open has no caller, whoever asks; a token that is not valid is none.
        let asking = match (&caller, operation.counts) {
            (None, Counts::Published) => self.context.bearer(headers).ok().map(|b| b.caller),
            _ => None,
        };
        let counted = caller.as_deref().or(asking.as_ref());
        let uses = operation.uses(&self.context, counted, headers);
        let quotas = &self.context.quotas;
        let quota = match counted {
            Some(caller) if !invoked.is_nothing() => quotas.admit_invoking(caller, client, uses),
            caller => quotas.admit(caller, client, uses),
        };
        let quota = quota.map_err(|exceeded| {
            let mut response = by(refused(Problem::quota(&exceeded)), caller.as_ref());
            exceeded.show(response.headers_mut());
            response
        })?;
        let (operation_name, path) = (Arc::clone(&operation.name), path.into());
        let context = Arc::clone(&self.context);
        let head = Head { context, client, operation: operation_name, path, caller, token_ends_at };
        Ok(Admitted { operation, head, invoked, quota })
    }

    /// The authenticated caller; `None` if the operation is open to everybody.
    fn bearer(&self, access: Access, headers: &HeaderMap) -> Result<Option<Bearer>, Problem> {
        let Access::Roles(_) = access else { return Ok(None) };
        self.context.bearer(headers).map(Some)
    }

    /// Replaces the caller by one who acts for the party that the request invokes.
    async fn represented(&self, head: &mut Head, invoked: Invoked) -> Result<(), Problem> {
        if let Some(caller) = head.caller.as_deref().filter(|_| !invoked.is_nothing()) {
            let acting = self.context.representation.acting(caller.clone(), invoked).await?;
            head.caller = Some(Arc::new(acting));
        }
        Ok(())
    }

    /// Calls the handler; a panic in it becomes a 500 of this request alone.
    pub(crate) async fn call<B>(
        &self,
        Admitted { operation, mut head, invoked, quota }: Admitted<'_>,
        mut request: http::Request<B>,
    ) -> Response
    where
        B: Body<Data = Bytes> + Send + Sync + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        use futures_util::FutureExt;
        use hyper::service::Service;

        let language = Language::of(request.headers());
        let caller = head.caller.clone();
        let known = match operation.unknown_parameter(request.uri().query()) {
            Some(problem) => Err(problem),
            None => match check_token(&self.context, head.client, request.headers()).await {
                Ok(()) => self.represented(&mut head, invoked).await,
                refused => refused,
            },
        };
        if let Err(problem) = known {
            let mut response = problem.into_response(language);
            quota.answered(false, response.headers_mut());
            return by(response, caller.as_ref());
        }
        request.extensions_mut().insert(head);
        let service = warp::service(operation.answers.clone());
        let service = hyper_util::service::TowerToHyperService::new(service);
        let calling = std::panic::AssertUnwindSafe(async move { service.call(request).await });
        let mut response = match calling.catch_unwind().await {
            Ok(Ok(response)) => match response.extensions().get::<Problem>() {
                Some(problem) => problem.clone().into_response(language),
                None => response.into_response(),
            },
            Ok(Err(never)) => match never {},
            Err(_) => {
                tracing::error!(operation = &*operation.name, "a handler panicked");
                Problem::new(INTERNAL).into_response(language)
            }
        };
        quota.answered(response.status().is_success(), response.headers_mut());
        by(response, caller.as_ref())
    }

    /// Labels of a request for metrics and the log, and whether it is a probe.
    pub(crate) fn asked(&self, method: &Method, path: &str) -> (RouteLabels, bool) {
        // Clients can send arbitrary methods and addresses; a label value for each would be
        // unbounded.
        let named = match *method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            Method::OPTIONS => "OPTIONS",
            _ => "other",
        };
        let place = self.place(path);
        let found = place.and_then(|place| place.operation(method).or(place.operations.first()));
        match found {
            Some(&Operation { service, ref address, probe, .. }) => {
                (RouteLabels { service, method: named, route: Arc::clone(address) }, probe)
            }
            None => (RouteLabels { service: COMMON, method: named, route: "none".into() }, false),
        }
    }

    fn place(&self, path: &str) -> Option<&Place> {
        let places = self.table.get(&segments(path).count()).map_or(&[][..], Vec::as_slice);
        places.iter().find(|place| place.is_at(path))
    }
}

/// The caller of the request, for the log.
#[derive(Debug, Clone)]
pub(crate) struct By(pub(crate) Arc<Caller>);

fn by(mut response: Response, caller: Option<&Arc<Caller>>) -> Response {
    if let Some(caller) = caller {
        response.extensions_mut().insert(By(Arc::clone(caller)));
    }
    response
}

/// Documents that the caller has uploaded and no step has named yet.
fn unfinished(context: &Context, caller: &Caller) -> u64 {
    context.documents.unnamed_of(&caller.subject) as u64
}

/// Whether the body has a content coding (RFC 9110, 8.4). `identity` is none.
fn is_encoded(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(CONTENT_ENCODING_HEADER).iter();
    let mut codings = codings.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    codings.any(|coding| {
        let coding = coding.trim_ascii();
        !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity")
    })
}

/// The `Content-Length`; 0 if absent, which is refused later.
fn length(headers: &HeaderMap) -> u64 {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

/// The filter with rejections turned into problems.
fn answered(answers: Answers) -> Answers {
    let unmatched =
        |rejection: Rejection| async move { Ok::<_, Infallible>(unmatched(&rejection)) };
    answers.recover(unmatched).unify().boxed()
}

/// The problem of a rejection. Filters here reject for no other reasons.
fn unmatched(rejection: &Rejection) -> Response {
    let entry = if rejection.is_not_found() { NOT_FOUND } else { HEADER_INVALID };
    let mut response = warp::reply().into_response();
    // `Router::call` renders it, because only there the language is known.
    response.extensions_mut().insert(Problem::new(entry));
    response
}
