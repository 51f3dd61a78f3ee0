//! Checks answers against the declaration of their operation. The API document is derived from
//! declarations, so in debug builds, and thus in every test, an undeclared answer panics.

use std::sync::Arc;

use http::StatusCode;
use http::header::{ETAG, HeaderName, LINK, LOCATION};

use super::{Content, Item, problems};
use crate::reply::CONSISTENCY_TOKEN;
use crate::{Problem, Reply};

/// The declared answers of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Declared(Arc<Answers>);

#[derive(Debug)]
struct Answers {
    operation: &'static str,
    address: &'static str,
    statuses: Vec<StatusCode>,
    /// The Rust type of a JSON reply.
    shape: Option<&'static str>,
    headers: Vec<HeaderName>,
    problems: Vec<&'static str>,
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
            address: item.address,
            statuses: also.chain([item.status]).collect(),
            shape,
            headers: item.replies_with.clone(),
            problems: problems(item).iter().map(|problem| problem.code).collect(),
        }))
    }

    /// The values of the address parameters in a path that matches the address.
    pub(crate) fn values<'a>(&self, path: &'a str) -> Vec<&'a str> {
        let wanted = crate::router::segments(self.0.address);
        let found = crate::router::segments(path);
        let pairs = wanted.zip(found).filter(|(wanted, _)| wanted.starts_with('{'));
        pairs.map(|(_, value)| value).collect()
    }

    /// # Panics
    ///
    /// In debug builds, if the answer was not declared.
    pub(crate) fn check(&self, answer: &Result<Reply, Problem>) {
        if cfg!(debug_assertions)
            && let Some(wrong) = self.wrong(answer)
        {
            panic!("{}: {wrong}; its declaration does not say so", self.0.operation);
        }
    }

    fn wrong(&self, answer: &Result<Reply, Problem>) -> Option<String> {
        let Answers { statuses, shape, headers, problems, .. } = &*self.0;
        let reply = match answer {
            Ok(reply) => reply,
            Err(problem) => {
                let known = problems.contains(&problem.code());
                return (!known).then(|| format!("it answers the problem {}", problem.code()));
            }
        };
        if !statuses.contains(&reply.status()) {
            return Some(format!("it answers {}", reply.status()));
        }
        if let (Some(shape), Some(found)) = (shape, reply.shape())
            && *shape != found
        {
            return Some(format!("it answers a {found}"));
        }
        let optional = [ETAG, CONSISTENCY_TOKEN, LINK, LOCATION];
        let mut sent = optional.iter().filter(|name| reply.headers().contains_key(*name));
        sent.find(|name| !headers.contains(name)).map(|name| format!("it answers with {name}"))
    }
}
