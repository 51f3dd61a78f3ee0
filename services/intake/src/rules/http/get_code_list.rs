//! A list of codes to which forms refer, as valid on a day.

use std::sync::Arc;

use dossier::law::{CodeEntry, Text};
use dossier::search::fold;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Counts, Cursors, Line, Operation, PageRows, Problem, Reply, Request};

use super::CATALOGUE_AGE;
use crate::rules::App;

/// Filters and page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeListQuery {
    /// Day on which the codes are valid; today if absent.
    at: Option<Date>,
    /// Part of the code or of a name, with or without diacritics.
    q: Option<Line<100>>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// A code of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeReply {
    /// As written in forms.
    #[schema(example = "107-44-8")]
    code: String,
    /// Name of what it denotes.
    name: Text,
    /// Class by law; null if the list has none for it.
    #[schema(example = "schedule_1")]
    class: Option<String>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/code-lists/{name}", "get_code_list", "List the codes of a list")
        .describe(
            "Without a token: the codes that are valid on a day, of a list to which a form refers \
             by `x-code-list`.",
        )
        .parameter("name", "The name of the list.")
        .counted(Counts::Published)
        .query::<CodeListQuery>()
        .list::<CodeReply>()
        .pages()
        .cacheable()
        .handle(handle)
}

async fn handle(app: Arc<App>, name: String, request: Request) -> Result<Reply, Problem> {
    let query: CodeListQuery = request.query()?;
    request.catch_up_law().await?;
    let (law, now) = (app.engine.law(), app.engine.clock.now());
    let list = law.code_list(&name, now).ok_or_else(Problem::not_found)?;
    let today = law.agencies().find_map(|agency| law.calendar_of(&agency.code));
    let on = query.at.or_else(|| Some(today?.date_of(now))).ok_or_else(Problem::not_found)?;
    let q = query.q.as_ref().map(|q| fold(&q.0));
    let address = format!("/v1/code-lists/{name}");
    let cursors = Cursors::of(&request, &[&address, &format!("{:?}", (query.at, &q))]);
    let after = query.after.as_deref().map(|after| cursors.read(after)).transpose()?;
    let fits = |entry: &&CodeEntry| {
        after.is_none_or(|after| entry.code.as_str() > after)
            && entry.effective.contains(on)
            && q.as_ref().is_none_or(|q| {
                let known = [&entry.code, &entry.name.vi, &entry.name.en];
                known.iter().any(|text| fold(text).contains(q.as_str()))
            })
    };
    let PageRows(limit) = query.limit.unwrap_or_default();
    let limited = usize::try_from(limit).unwrap_or(usize::MAX);
    let rows: Vec<&CodeEntry> = list.entries.iter().filter(fits).take(limited).collect();
    let next = request.page_after(&address, (&rows, limit), |last| cursors.write(&last.code));
    let shown: Vec<CodeReply> = rows.into_iter().map(CodeReply::from).collect();
    Ok(Reply::cacheable(&request, &shown, CATALOGUE_AGE).next_page(next.as_deref()))
}

impl From<&CodeEntry> for CodeReply {
    fn from(entry: &CodeEntry) -> Self {
        Self { code: entry.code.clone(), name: entry.name.clone(), class: entry.class.clone() }
    }
}
