//! Lists the credentials of a firm's programs.

use std::sync::Arc;

use dossier::access::Resource;
use dossier::mandates::{Credential, LIST};
use engine::Streams;
use engine::view::Question;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request};

use super::reply::{ACTS_FOR_OTHERS, CredentialReply, of_credential, party};
use crate::mandates::App;
use crate::mandates::listed::{CredentialKey, credentials_of, name};

const ADDRESS: &str = "/v1/credentials";

/// Page of credentials.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CredentialsQuery {
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_credentials", "List the programs of a firm")
        .describe("Those of the caller's firm, the newest first, also those that were revoked.")
        .roles(LIST)
        .refusals(&[ACTS_FOR_OTHERS])
        .query::<CredentialsQuery>()
        .list::<CredentialReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: CredentialsQuery = request.query()?;
    let caller = request.caller()?;
    let of = name(party(caller)?);
    request.read_as(LIST, &Resource::own(caller))?;
    request.catch_up(Some(&app.shown)).await?;
    let cursors = Cursors::of(&request, &[ADDRESS, &of]);
    let before = query.after.as_deref().map(|after| key(cursors.read(after)?)).transpose()?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let keys =
        app.listed.query(Question::List, move |rows| credentials_of(rows, &of, before, limit));
    let keys = keys.await?;
    let (mut replies, now) = (Vec::new(), app.engine.clock.now());
    for (_, id) in &keys {
        let id: Uuid = id.parse().map_err(|_| Problem::not_found())?;
        let loaded = app.credentials.load(&Streams::<Credential>::of(id)).await?;
        replies.push(of_credential(&loaded.state, now)?);
    }
    let next = request
        .page_after(ADDRESS, (&keys, limit), |(at, id)| cursors.write(&format!("{at}_{id}")));
    Ok(Reply::ok(&replies).next_page(next.as_deref()))
}

/// The key in a cursor.
fn key(text: &str) -> Result<CredentialKey, Problem> {
    let (at, id) = text.split_once('_').ok_or_else(Cursors::invalid)?;
    Ok((at.parse().map_err(|_| Cursors::invalid())?, id.to_owned()))
}
