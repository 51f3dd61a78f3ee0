//! Turns declared handlers into warp filters. Handlers return a reply or a problem; these filters
//! never reject.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use documents::Interrupted;
use futures_util::Stream;
use http::HeaderMap;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Rejection};

use super::{Answering, Declared, Handler, UploadHandler};
use crate::body::{BrokenOff, Takes};
use crate::reads::Reading;
use crate::request::Head;
use crate::{Access, Counts, Language, Problem, Reply, Request};

/// The filter that answers an operation.
pub(crate) type Answers = BoxedFilter<(Response,)>;

/// An operation without address and method.
#[derive(Clone)]
pub struct Route {
    pub(crate) access: Access,
    pub(crate) takes: Takes,
    pub(crate) counts: Counts,
    pub(crate) answers: Answers,
    /// The handler itself; absent for uploads and plain filters.
    pub(crate) called: Option<Called>,
    /// Whether it is a probe, which is neither counted nor logged.
    pub(crate) probe: bool,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { access, takes, counts, probe, .. } = self;
        f.debug_struct("Route")
            .field("access", access)
            .field("takes", takes)
            .field("counts", counts)
            .field("probe", probe)
            .finish_non_exhaustive()
    }
}

impl Route {
    /// A route that is open to everybody, from a warp filter. The router checks address and method.
    #[must_use]
    pub fn open(answers: BoxedFilter<(Response,)>) -> Self {
        let (takes, counts) = (Takes::Body, Counts::Usual);
        Self { access: Access::Open, takes, counts, answers, called: None, probe: false }
    }

    /// Marks it as a probe: neither counted nor logged, so that the frequency of monitoring does
    /// not change the request metrics.
    #[must_use]
    pub fn probe(self) -> Self {
        Self { probe: true, ..self }
    }
}

fn request() -> impl Filter<Extract = (Request,), Error = Rejection> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::ext::get()
        .and(warp::header::headers_cloned())
        .and(query)
        .and(warp::body::bytes())
        .map(Request::new)
}

fn answer(language: Language, answered: Result<Reply, Problem>) -> Response {
    match answered {
        Ok(reply) => reply.into_response(),
        Err(problem) => problem.into_response(language),
    }
}

/// A handler bound to the state of a running service, without HTTP.
pub(crate) type Called = Arc<dyn Fn(Request) -> Answering + Send + Sync>;

/// The handler of a declared operation; its answers are compared with the declaration.
pub(super) fn called<A, P, H>(app: &Arc<A>, declared: &Declared, handler: &H) -> Called
where
    A: Send + Sync + 'static,
    H: Handler<A, P>,
{
    let (app, declared, handler) = (Arc::clone(app), declared.clone(), handler.clone());
    Arc::new(move |request: Request| {
        let path = Arc::clone(&request.path);
        let values = declared.values(&path);
        // No id is empty.
        let named = !values.iter().any(|value| value.is_empty());
        let reading = declared.reading(&request, &values);
        let answering = if named { handler.answer(&app, &values, request) } else { None };
        let declared = declared.clone();
        Box::pin(async move {
            let answered = match answering {
                Some(answering) => recorded(reading, answering.await).await,
                None => Err(Problem::not_found()),
            };
            declared.check(&answered);
            answered
        })
    })
}

/// The filter of a handler.
pub(super) fn answering(called: &Called) -> Answers {
    let called = Arc::clone(called);
    let answered = move |request: Request| {
        let (language, answering) = (request.language(), called(request));
        async move { answer(language, answering.await) }
    };
    request().then(answered).boxed()
}

/// Records a read of personal data before it is answered.
async fn recorded(
    reading: Option<Reading>,
    answered: Result<Reply, Problem>,
) -> Result<Reply, Problem> {
    match (reading, answered?) {
        (Some(reading), reply) => reading.record(reply).await,
        (None, reply) => Ok(reply),
    }
}

/// The filter of a declared operation that takes an upload.
pub(super) fn taking<A, H>(app: &Arc<A>, declared: &Declared, handler: &H) -> Answers
where
    A: Send + Sync + 'static,
    H: UploadHandler<A>,
{
    let (app, declared, handler) = (Arc::clone(app), declared.clone(), handler.clone());
    let answered = move |head: Head, headers: HeaderMap, content| {
        let content: Upload = Box::pin(UploadStream(content));
        let request = Request::new(head, headers, String::new(), Bytes::new());
        let language = request.language();
        let (answering, declared) = (handler.answer(&app, request, content), declared.clone());
        async move {
            let answered = answering.await;
            declared.check(&answered);
            answer(language, answered)
        }
    };
    warp::ext::get()
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(answered)
        .boxed()
}

/// The body of an upload, in chunks.
pub type Upload = std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, Interrupted>> + Send>>;

struct UploadStream<S>(S);

impl<S, B> Stream for UploadStream<S>
where
    S: Stream<Item = Result<B, warp::Error>> + Unpin,
    B: Buf,
{
    type Item = Result<Bytes, Interrupted>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::pin::Pin::new(&mut self.0).poll_next(context).map(|item| {
            item.map(|part| match part {
                Ok(mut part) => Ok(part.copy_to_bytes(part.remaining())),
                Err(error) => Err(interrupted(&error)),
            })
        })
    }
}

/// Why an upload ended early.
fn interrupted(error: &warp::Error) -> Interrupted {
    let error: &(dyn std::error::Error + 'static) = error;
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    let slow = |cause: &(dyn std::error::Error + 'static)| {
        matches!(cause.downcast_ref(), Some(BrokenOff::Slow))
    };
    if causes.any(slow) { Interrupted::Slow } else { Interrupted::Gone }
}
