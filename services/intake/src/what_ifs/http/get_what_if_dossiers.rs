//! The dossiers whose date a what-if would move.

use std::sync::Arc;

use dossier::rules::TRY;
use engine::what_if::{Compared, Effect};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request};

use super::reply::{ELSEWHERE, job};
use crate::what_ifs::App;

/// Filter and page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhatIfDossiersQuery {
    /// Only those with this effect.
    effect: Option<Effect>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

pub(super) fn operation() -> Operation<App> {
    let address = "/v1/what-ifs/{what_if}/dossiers";
    Operation::get(address, "get_what_if_dossiers", "List the dossiers that a what-if would move")
        .describe(
            "In the order in which they ended; open ones last. Of each effect, the first 2500 are \
             listed; `moved` of the what-if counts all. While it runs, those found so far.",
        )
        .impersonal("codes and dates")
        .parameter("what_if", "The id of the what-if.")
        .roles(TRY)
        .refusals(&[ELSEWHERE])
        .query::<WhatIfDossiersQuery>()
        .list::<Compared>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, what_if: String, request: Request) -> Result<Reply, Problem> {
    let query: WhatIfDossiersQuery = request.query()?;
    let job = job(&app, &what_if, &request)?;
    let address = format!("/v1/what-ifs/{what_if}/dossiers");
    let cursors = Cursors::of(&request, &[&address, &format!("{:?}", query.effect)]);
    let after = query
        .after
        .as_deref()
        .map(|after| cursors.read(after)?.parse::<usize>().map_err(|_| Cursors::invalid()));
    let after = after.transpose()?.unwrap_or(0);
    let PageRows(limit) = query.limit.unwrap_or_default();
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let rows = job.found().rows;
    // A row keeps its place: rows are only ever added.
    let shown = rows.iter().enumerate().skip(after);
    let mut shown =
        shown.filter(|(_, row)| query.effect.is_none_or(|effect| row.effect() == effect));
    let page: Vec<(usize, &Compared)> = shown.by_ref().take(limit).collect();
    let last = page.last().filter(|_| shown.next().is_some()).map(|(place, _)| place + 1);
    let next = last.map(|place| request.next_page(&address, &cursors.write(&place.to_string())));
    let replies: Vec<Compared> = page.into_iter().map(|(_, row)| row.clone()).collect();
    Ok(Reply::ok(&replies).next_page(next.as_deref()))
}
