//! Dossiers that are found by words, among those that the caller may list, with the filters of the
//! list.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dossier::contract::DossierId;
use dossier::search::Query;
use engine::view::Question;
use web::Problem;

use crate::App;
use crate::lists::{ListedRow, find};
use crate::search::{Found, Kind, Rights};

/// Dossiers with the words that a page looks at, whatever its filters.
const LOOKED_AT_MAX: usize = 2_000;
/// Those that are looked at together, after the first: these are as many as the page has rows,
/// which is enough if no filter drops one.
const TOGETHER: usize = 200;
/// How long a page is searched for after [`TOGETHER`] dossiers, so that common words with a filter
/// that drops most rows give several short pages and not a slow one.
const SEARCHED_FOR_MAX: Duration = Duration::from_millis(6);

/// The query in a parameter.
pub(super) fn query(words: &str) -> Result<Query, Problem> {
    Query::parse(words).map_err(|fault| {
        let said = fault.said();
        Problem::parameter("q", &said.vi, &said.en)
    })
}

/// A page of the rows for which `shows` is true, the newest first, before the cursor `before`, and
/// the cursor of the next page.
pub(super) async fn page(
    app: &App,
    (query, rights): (&Query, &Rights),
    (mut before, limit): (Option<i64>, usize),
    shows: impl Fn(&ListedRow) -> bool + Send + Sync + 'static,
) -> Result<(Vec<ListedRow>, Option<i64>), Problem> {
    let shows = Arc::new(shows);
    let (mut rows, mut looked_at) = (Vec::new(), 0);
    let (begun, mut together) = (Instant::now(), limit.clamp(1, TOGETHER));
    loop {
        let Found { rows: found, next } =
            app.search.page((Kind::Dossier, query, rights), before, together).await?;
        let (count, last) = (found.len(), found.last().map(|(number, _)| *number));
        let (shows, room) = (Arc::clone(&shows), limit.saturating_sub(rows.len()));
        let kept = app.lists.query(Question::List, move |tables| {
            let mut kept = Vec::new();
            for (number, id) in found {
                let row = find(tables, DossierId(id))?.filter(|row| shows(row));
                kept.extend(row);
                if kept.len() >= room {
                    return Ok((kept, Some(number)));
                }
            }
            Ok((kept, None))
        });
        let (kept, full_at) = kept.await?;
        rows.extend(kept);
        if full_at.is_some() {
            return Ok((rows, full_at.filter(|_| full_at != last || next.is_some())));
        }
        looked_at += count;
        // A search that found fewer has scanned as much as one page may.
        let ends = count < together || looked_at >= LOOKED_AT_MAX;
        let is_over = looked_at >= TOGETHER && begun.elapsed() >= SEARCHED_FOR_MAX;
        if next.is_none() || ends || is_over {
            return Ok((rows, next));
        }
        (before, together) = (next, TOGETHER);
    }
}
