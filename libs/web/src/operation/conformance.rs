//! Checks answers against the declaration of their operation. The API document is derived from
//! declarations, so in debug builds, and thus in every test, an undeclared answer panics.

use std::sync::Arc;

use http::StatusCode;
use http::header::{CACHE_CONTROL, ETAG, HeaderName, LINK, LOCATION};

use super::{Content, Item, problems};
use crate::path::segments;
use crate::problem::QUERY_INVALID;
use crate::reads::{Reading, Recording};
use crate::reply::{CONSISTENCY_TOKEN, CONTENT_DIGEST};
use crate::{Problem, Reply, Request};

/// The declared answers of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Declared(Arc<Answers>);

#[derive(Debug)]
struct Answers {
    operation: &'static str,
    is_message: bool,
    address: &'static str,
    statuses: Vec<StatusCode>,
    /// The Rust type of a JSON reply.
    shape: Option<&'static str>,
    headers: Vec<HeaderName>,
    problems: Vec<&'static str>,
    recording: Option<Recording>,
}

/// `None` if its reads are not recorded: a step, an open or an impersonal operation.
fn recording(item: &Item) -> Option<Recording> {
    let parameters: Vec<&str> = item.path.iter().map(|field| &*field.name).collect();
    item.is_personal().then(|| Recording::of(item.id, item.access, &parameters)).flatten()
}

impl Declared {
    pub(crate) fn of(item: &Item) -> Self {
        let shape = match &item.reply {
            Some(Content::Json(shape)) => Some(shape.name),
            _ => None,
        };
        let also = item.also.iter().map(|(status, _)| *status);
        Self(Arc::new(Answers {
            operation: item.id,
            is_message: item.is_message,
            address: item.address,
            statuses: also.chain([item.status]).collect(),
            shape,
            headers: item.replies_with.clone(),
            problems: problems(item).iter().map(|problem| problem.code).collect(),
            recording: recording(item),
        }))
    }

    /// The read to record if the request is answered.
    pub(crate) fn reading(&self, request: &Request, values: &[&str]) -> Option<Reading> {
        self.0.recording.as_ref()?.begin(request, values)
    }

    /// The values of the address parameters in a path that matches the address.
    pub(crate) fn values<'a>(&self, path: &'a str) -> Vec<&'a str> {
        let wanted = segments(self.0.address);
        let found = segments(path);
        let pairs = wanted.zip(found).filter(|(wanted, _)| wanted.starts_with('{'));
        pairs.map(|(_, value)| value).collect()
    }

    /// # Panics
    ///
    /// In debug builds, if the answer was not declared, or refuses an input without naming the
    /// field, parameter or header that must change.
    pub(crate) fn check(&self, answer: &Result<Reply, Problem>) {
        if cfg!(debug_assertions)
            && let Some(wrong) = self.wrong(answer)
        {
            panic!("{}: {wrong}", self.0.operation);
        }
    }

    fn wrong(&self, answer: &Result<Reply, Problem>) -> Option<String> {
        let Answers { statuses, shape, headers, problems, .. } = &*self.0;
        let reply = match answer {
            Ok(reply) => reply,
            Err(problem) => {
                let code = problem.code();
                if !problems.contains(&code) {
                    return Some(format!("the problem {code} is not declared"));
                }
                let is_input = problem.status() == StatusCode::UNPROCESSABLE_ENTITY
                    || problem.is(&QUERY_INVALID);
                let is_unclear = is_input && !problem.names_place();
                return is_unclear.then(|| format!("the problem {code} does not name its place"));
            }
        };
        // A partner's words have a status of their own.
        if !statuses.contains(&reply.status()) && !self.0.is_message {
            return Some(format!("the status {} is not declared", reply.status()));
        }
        if let (Some(shape), Some(found)) = (shape, reply.shape())
            && *shape != found
        {
            return Some(format!("the reply {found} is not the declared one"));
        }
        let optional = [ETAG, CONSISTENCY_TOKEN, LINK, LOCATION, CACHE_CONTROL, CONTENT_DIGEST];
        let mut sent = optional.iter().filter(|name| reply.headers().contains_key(*name));
        sent.find(|name| !headers.contains(name))
            .map(|name| format!("the header {name} is not declared"))
    }
}
