//! Lists subscribers.

use std::collections::BTreeMap;
use std::sync::Arc;

use dossier::contract::Role;
use dossier::exchange::{READ, Subscriber};
use engine::Streams;
use engine::view::Question;
use outbox::Place;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request};

use super::get_deliveries::{UNAVAILABLE, unavailable};
use super::get_subscriber::IMPERSONAL;
use super::reply::{SubscriberReply, body};
use crate::App;
use crate::listed::{Key, name, page};

const ADDRESS: &str = "/v1/subscribers";

/// Page of subscribers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscribersQuery {
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_subscribers", "List subscribers")
        .describe(
            "Those of the caller, the newest first, also those that have ended; for operators all.",
        )
        .roles(READ)
        .impersonal(IMPERSONAL)
        .refusals(&[UNAVAILABLE])
        .query::<SubscribersQuery>()
        .list::<SubscriberReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: SubscribersQuery = request.query()?;
    let caller = request.caller()?;
    let is_operator = caller.roles.contains(&Role::Operator);
    let of = (!is_operator).then(|| name(caller.party()));
    request.catch_up(Some(&app.shown)).await?;
    let cursors = Cursors::of(&request, &[ADDRESS, of.as_deref().unwrap_or("")]);
    let before = query.after.as_deref().map(|after| key(cursors.read(after)?)).transpose()?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let keys =
        app.listed.query(Question::List, move |rows| page(rows, of.as_deref(), before, limit));
    let keys = keys.await?;
    let places = app.outbox.places().await.map_err(|error| unavailable(&error))?;
    let places: BTreeMap<String, Place> =
        places.into_iter().map(|place| (place.subscriber.clone(), place)).collect();
    let mut replies = Vec::new();
    for (_, id) in &keys {
        let id: Uuid = id.parse().map_err(|_| Problem::not_found())?;
        let loaded = app.subscribers.load(&Streams::<Subscriber>::of(id)).await?;
        replies.push(body(&app, &loaded, false, places.get(&id.to_string()))?);
    }
    let next = request
        .page_after(ADDRESS, (&keys, limit), |(at, id)| cursors.write(&format!("{at}_{id}")));
    Ok(Reply::ok(&replies).next_page(next.as_deref()))
}

/// The key in a cursor.
fn key(text: &str) -> Result<Key, Problem> {
    let (at, id) = text.split_once('_').ok_or_else(Cursors::invalid)?;
    Ok((at.parse().map_err(|_| Cursors::invalid())?, id.to_owned()))
}
