//! Declarations of operations. Each is one value: method, address, parameters, body, reply,
//! permitted callers, and the problems that it can answer with. The route, the item in the OpenAPI
//! document, the test of roles and the catalogue of problems are derived from it. In debug builds
//! and tests, an undeclared answer panics.

use std::any::type_name;
use std::marker::PhantomData;
use std::sync::Arc;

use dossier::access::May;
use dossier::{Command, RefusalEntry, Step};
use http::header::{CACHE_CONTROL, ETAG, LINK, LOCATION};
use http::{HeaderName, Method, StatusCode};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::Takes;
use super::reply::{CONSISTENCY_TOKEN, CONTENT_DIGEST};
use super::{Access, Counts};

mod alternatives;
mod conformance;
mod endpoint;
mod handler;
mod mounted;
mod problems;
mod shape;
#[cfg(test)]
mod tests;

pub(crate) use conformance::Declared;
pub(crate) use endpoint::{Answers, Called};
pub use endpoint::{Route, Upload};
pub(crate) use handler::{Answering, Handler, UploadHandler};
pub(crate) use mounted::COMMON;
pub use mounted::{Mounted, mount};
pub(crate) use problems::{Features, of as problems};
pub(crate) use shape::{Field, Schemas, Shape};

/// An operation of a service; its handlers get an `A`, the state of the service.
#[must_use]
pub struct Operation<A, H = Bound<A>> {
    item: Item,
    handler: H,
    app: PhantomData<fn(&A)>,
}

/// An operation without a handler yet.
#[derive(Debug)]
pub struct Unbound;

/// Makes the route of a running service from the handler.
pub struct Bound<A>(Bind<A>);

type Bind<A> = Box<dyn Fn(&Arc<A>) -> Route + Send + Sync>;

/// The declaration of an operation.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a declaration of its own")]
pub(crate) struct Item {
    pub(crate) method: Method,
    pub(crate) address: &'static str,
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: Option<&'static str>,
    pub(crate) access: Access,
    pub(crate) counts: Counts,
    pub(crate) basis: Option<&'static str>,
    /// Whether it executes a step. If so, the law may refuse it.
    pub(crate) is_step: bool,
    pub(crate) refusals: Vec<RefusalEntry>,
    /// Parameters of the address, in the order of the address.
    pub(crate) path: Vec<Field>,
    /// Descriptions of parameters of the address, by parameter name.
    pub(crate) described: Vec<(&'static str, &'static str)>,
    pub(crate) query: Vec<Field>,
    /// Further request headers, with their descriptions.
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: Option<Content>,
    /// Media types of bytes that are taken instead of JSON.
    pub(crate) or_takes: &'static [&'static str],
    /// Whether `If-Match` is required.
    pub(crate) if_match: bool,
    pub(crate) idempotency_key: bool,
    pub(crate) status: StatusCode,
    pub(crate) reply: Option<Content>,
    /// Media types of bytes in which the reply may be had instead, by `Accept`.
    pub(crate) or_bytes: &'static [&'static str],
    /// An example of the server-sent events in which the reply may be had instead, by `Accept`.
    pub(crate) or_events: Option<&'static str>,
    /// Further statuses of the same reply, and the condition of each.
    pub(crate) also: Vec<(StatusCode, &'static str)>,
    pub(crate) replies_with: Vec<HeaderName>,
    pub(crate) schemas: Schemas,
    pub(crate) probe: bool,
    /// Whether it takes a message in a partner's words, and answers in them.
    pub(crate) is_message: bool,
    /// Why its reply has no personal data; absent if it may have.
    pub(crate) impersonal: Option<&'static str>,
}

impl Item {
    /// Whether it shows personal data to callers who change nothing by it.
    pub(crate) fn is_personal(&self) -> bool {
        let reads = self.method == Method::GET && matches!(self.access, Access::Roles(_));
        reads && self.impersonal.is_none()
    }
}

/// The content of a request or reply body.
#[derive(Clone)]
pub(crate) enum Content {
    Json(Shape),
    /// Bytes of one of these media types.
    Bytes(&'static [&'static str]),
    /// Text: its media type and an example.
    Text(&'static str, &'static str),
}

impl<A> Operation<A, Unbound> {
    /// A read operation. `address` is a template, for example `/v1/reviews/{dossier}`; `id` is the
    /// operation's name in clients and the stem of its file; `summary` is one imperative sentence
    /// without a full stop.
    pub fn get(address: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(Method::GET, address, id, summary)
    }

    /// An operation that changes something. An `Idempotency-Key` is required.
    pub fn post(address: &'static str, id: &'static str, summary: &'static str) -> Self {
        let mut new = Self::new(Method::POST, address, id, summary);
        new.item.idempotency_key = true;
        new
    }

    /// A question whose details are a body: like a read, it changes nothing and needs no
    /// `Idempotency-Key`.
    pub fn ask(address: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(Method::POST, address, id, summary)
    }

    fn new(method: Method, address: &'static str, id: &'static str, summary: &'static str) -> Self {
        let item = Item {
            method,
            address,
            id,
            summary,
            description: None,
            access: Access::Open,
            counts: Counts::Usual,
            basis: None,
            is_step: false,
            refusals: Vec::new(),
            path: Vec::new(),
            described: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            or_takes: &[],
            if_match: false,
            idempotency_key: false,
            status: StatusCode::OK,
            reply: None,
            or_bytes: &[],
            or_events: None,
            also: Vec::new(),
            replies_with: Vec::new(),
            schemas: Schemas::default(),
            probe: false,
            is_message: false,
            impersonal: None,
        };
        Self { item, handler: Unbound, app: PhantomData }
    }

    /// Adds a description: details that the summary does not have.
    pub fn describe(mut self, description: &'static str) -> Self {
        self.item.description = Some(description);
        self
    }

    /// Takes the permitted callers, the legal basis and the refusals from a step.
    pub fn step(mut self, step: &Step) -> Self {
        self.item.access = Access::Roles(step.may);
        self.item.basis = Some(step.basis);
        self.item.is_step = true;
        self.item.replies_with.extend([ETAG, CONSISTENCY_TOKEN]);
        self.refusals(step.refusals)
    }

    /// Takes the step of the command, with the command as the request body.
    pub fn command<C: Command + ToSchema>(self) -> Self {
        self.step(&C::STEP).body::<C>()
    }

    /// Restricts the callers, where no step does so. Without roles and without a step, an operation
    /// is open to everybody.
    pub fn roles(mut self, mays: &'static [May]) -> Self {
        self.item.access = Access::Roles(mays);
        self
    }

    /// Restricts the callers as another operation does.
    pub(crate) fn accessed(mut self, access: Access) -> Self {
        self.item.access = access;
        self
    }

    /// Adds problems that the handler can answer with.
    pub fn refusals(mut self, entries: &[RefusalEntry]) -> Self {
        self.item.refusals.extend_from_slice(entries);
        self
    }

    /// Describes a parameter of the address that is not in the list of common ones.
    pub fn parameter(mut self, name: &'static str, description: &'static str) -> Self {
        self.item.described.push((name, description));
        self
    }

    /// The query string: each field of `Q` is a parameter.
    pub fn query<Q: ToSchema>(mut self) -> Self {
        self.item.query = self.item.schemas.fields_of::<Q>();
        self
    }

    /// A request header that only this operation reads.
    pub fn header(mut self, name: &'static str, description: &'static str) -> Self {
        self.item.headers.push((name, description));
        self
    }

    /// The request body, as JSON. If the address has a parameter, `If-Match` is required too.
    pub fn body<B: ToSchema>(mut self) -> Self {
        self.item.if_match = self.item.address.contains('{');
        self.item.body = Some(Content::Json(self.item.schemas.shape_of::<B>()));
        self
    }

    /// An example of the request body; the default is composed of the examples of its fields.
    pub fn body_example(mut self, example: Value) -> Self {
        if let Some(Content::Json(shape)) = &mut self.item.body {
            shape.example = Some(example);
        }
        self
    }

    /// `If-Match` is not required: the step is possible once, at any version.
    pub fn unseen(mut self) -> Self {
        self.item.if_match = false;
        self
    }

    /// A reply with status 200 and a JSON body.
    pub fn reply<R: ToSchema>(mut self) -> Self {
        let shape = self.item.schemas.shape_of::<R>();
        self.replies(StatusCode::OK, Content::Json(shape))
    }

    /// A reply with status 201, a JSON body, and the address of the new resource in `Location`.
    pub fn created<R: ToSchema>(mut self) -> Self {
        let shape = self.item.schemas.shape_of::<R>();
        self.item.replies_with.push(LOCATION);
        self.replies(StatusCode::CREATED, Content::Json(shape))
    }

    /// A reply with status 202, a JSON body, and the address of work that goes on in `Location`.
    pub fn accepted<R: ToSchema>(mut self) -> Self {
        let shape = self.item.schemas.shape_of::<R>();
        self.item.replies_with.push(LOCATION);
        self.replies(StatusCode::ACCEPTED, Content::Json(shape))
    }

    /// A reply with a JSON array; handlers return a `Vec<R>`.
    pub fn list<R: ToSchema>(mut self) -> Self {
        let shape = self.item.schemas.list_of::<R>();
        self.replies(StatusCode::OK, Content::Json(shape))
    }

    /// A reply with bytes of one of these media types.
    pub fn bytes(self, media_types: &'static [&'static str]) -> Self {
        self.replies(StatusCode::OK, Content::Bytes(media_types))
    }

    /// The same reply may have another status, on the condition `when`.
    pub fn also(mut self, status: StatusCode, when: &'static str) -> Self {
        self.item.also.push((status, when));
        self
    }

    /// A redirection (303) to the address in `Location`, with any parameters; counted by address.
    pub fn redirects(mut self) -> Self {
        self.item.is_message = true;
        self.item.counts = Counts::Message;
        self.item.status = StatusCode::SEE_OTHER;
        self.item.replies_with.push(LOCATION);
        self
    }

    /// A reply with text, and an example of it.
    pub fn text(self, media_type: &'static str, example: &'static str) -> Self {
        self.replies(StatusCode::OK, Content::Text(media_type, example))
    }

    /// An example of the reply; the default is composed of the examples of its fields.
    pub fn reply_example(mut self, example: Value) -> Self {
        if let Some(Content::Json(shape)) = &mut self.item.reply {
            shape.example = Some(example);
        }
        self
    }

    fn replies(mut self, status: StatusCode, content: Content) -> Self {
        self.item.status = status;
        self.item.reply = Some(content);
        self
    }

    /// The reply has the version of the resource (`ETag`) and its position in the log
    /// (`Consistency-Token`).
    pub fn versioned(mut self) -> Self {
        self.item.replies_with.extend([ETAG, CONSISTENCY_TOKEN]);
        self
    }

    /// The reply has a position in the log (`Consistency-Token`) if it changed something.
    pub(crate) fn positioned(mut self) -> Self {
        self.item.replies_with.push(CONSISTENCY_TOKEN);
        self
    }

    /// Its answers, for comparison.
    pub(crate) fn declared(&self) -> Declared {
        Declared::of(&self.item)
    }

    /// The reply may be cached: it has `Cache-Control` and an `ETag` of its content, and if the
    /// request has that in `If-None-Match`, it is a 304 without content (RFC 9110, 13.1.2).
    pub fn cacheable(mut self) -> Self {
        self.item.replies_with.extend([ETAG, CACHE_CONTROL]);
        self.also(StatusCode::NOT_MODIFIED, "The content still has the tag in `If-None-Match`.")
            .header("If-None-Match", "The `ETag` of the content that the client has.")
    }

    /// The reply has the digest of its content (`Content-Digest`, RFC 9530).
    pub fn digested(mut self) -> Self {
        self.item.replies_with.push(CONTENT_DIGEST);
        self
    }

    /// The reply is a page, with a `Link` to the next page if there is one.
    pub fn pages(mut self) -> Self {
        self.item.replies_with.push(LINK);
        self
    }

    /// Its reply has no personal data, for this reason, so reads of it are not recorded. Every
    /// other read with a token is recorded before it is answered: who read whose data, in which
    /// role.
    pub fn impersonal(mut self, why: &'static str) -> Self {
        self.item.impersonal = Some(why);
        self
    }

    /// Counts it differently in quotas; the default is [`Counts::Usual`].
    pub fn counted(mut self, counts: Counts) -> Self {
        self.item.counts = counts;
        self
    }

    /// Sets the handler: a function of the service's state, the parameters of the address, and the
    /// request.
    ///
    /// # Panics
    ///
    /// The address and the function have different numbers of parameters.
    pub fn handle<P, H: Handler<A, P>>(mut self, handler: H) -> Operation<A>
    where
        A: Send + Sync + 'static,
    {
        self.item.path = shape::path(self.item.address, &H::schemas());
        let declared = Declared::of(&self.item);
        self.called(move |app: &Arc<A>| endpoint::called(app, &declared, &handler))
    }

    /// Sets the handler, bound to the state of a running service.
    pub(crate) fn called(
        self,
        called: impl Fn(&Arc<A>) -> Called + Send + Sync + 'static,
    ) -> Operation<A> {
        let bound = move |app: &Arc<A>| {
            let called = called(app);
            (endpoint::answering(&called), Some(called))
        };
        self.bound(bound, Takes::Body)
    }

    /// Takes a message of a partner as its exact bytes, up to [`crate::limits::MESSAGE_BYTES_MAX`],
    /// with any parameters and without a key, and answers in the partner's words: any status, and
    /// bytes of one of these media types.
    pub fn message(mut self, media_types: &'static [&'static str]) -> Self {
        self.item.is_message = true;
        self.item.idempotency_key = false;
        self.item.counts = Counts::Message;
        if self.item.method == Method::POST {
            self.item.body = Some(Content::Bytes(media_types));
        }
        self.bytes(media_types)
    }

    /// Sets a warp filter that answers a probe: not counted, not logged, and open to everybody.
    pub fn probe(
        mut self,
        route: impl Fn(&Arc<A>) -> Route + Send + Sync + 'static,
    ) -> Operation<A> {
        self.item.probe = true;
        let handler = Bound(Box::new(move |app: &Arc<A>| route(app).probe()));
        Operation { item: self.item, handler, app: PhantomData }
    }

    /// Sets the handler of an upload of one of these media types. The body is a stream.
    pub fn upload<H: UploadHandler<A>>(
        mut self,
        media_types: &'static [&'static str],
        handler: H,
    ) -> Operation<A>
    where
        A: Send + Sync + 'static,
    {
        self.item.body = Some(Content::Bytes(media_types));
        let declared = Declared::of(&self.item);
        let bound = move |app: &Arc<A>| (endpoint::taking(app, &declared, &handler), None);
        self.bound(bound, Takes::Upload)
    }

    fn bound(
        self,
        answers: impl Fn(&Arc<A>) -> (Answers, Option<Called>) + Send + Sync + 'static,
        takes: Takes,
    ) -> Operation<A> {
        let Item { access, counts, probe, .. } = self.item;
        let bound = move |app: &Arc<A>| {
            let (answers, called) = answers(app);
            Route { access, takes, counts, answers, called, probe }
        };
        Operation { item: self.item, handler: Bound(Box::new(bound)), app: PhantomData }
    }
}

impl<A> Operation<A> {
    pub(crate) const fn item(&self) -> &Item {
        &self.item
    }

    /// The handler bound to the state of a running service; absent for uploads and probes.
    pub(crate) fn bind(&self, app: &Arc<A>) -> Option<Called> {
        let Bound(route) = &self.handler;
        route(app).called
    }

    /// The operation's name in generated clients.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.item.id
    }

    /// Whether reads of its reply are recorded as reads of personal data.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.item.is_personal()
    }

    /// Every registered problem that the operation can answer with.
    #[must_use]
    pub fn problems(&self) -> Vec<RefusalEntry> {
        problems(&self.item)
    }
}

/// Mounts the operations of a service.
#[must_use]
pub fn mount_all<A>(app: &Arc<A>, operations: Vec<Operation<A>>) -> Vec<Mounted> {
    let mounted =
        operations.into_iter().map(|Operation { item, handler: Bound(route), .. }| {
            let query = item.query.iter().map(|field| field.name.clone()).collect();
            let mounted = Mounted::declared(item.address, item.method, route(app), query);
            if item.is_message { mounted.with_any_query() } else { mounted }
        });
    mounted.collect()
}

impl<A, H> std::fmt::Debug for Operation<A, H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Item { method, address, .. } = &self.item;
        write!(f, "{}({method} {address})", type_name::<Self>())
    }
}
