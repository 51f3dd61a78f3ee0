//! Access to the notes of a dossier, which intake's present state of the dossier decides, and pages
//! of their lists.

use std::sync::Arc;

use dossier::access::{self, May};
use dossier::contract::{DossierId, Role};
use dossier::intake::Intake;
use dossier::notes::Notes;
use dossier::{Command, State};
use engine::{Loaded, Streams};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, On, PageRows, Problem, Reply, Request, send};

use crate::notes::App;

/// A dossier, and the role in which the caller acts on it.
pub(super) struct OnDossier {
    pub(super) id: DossierId,
    pub(super) intake: Arc<Loaded<Intake>>,
    pub(super) role: Role,
}

/// Page of a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotesQuery {
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// The dossier, as intake has it once it has what the client has seen.
async fn load(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Arc<Loaded<Intake>>, Problem> {
    let stream = Streams::<Intake>::name(&dossier.to_string());
    let stream = stream.map_err(|_| Problem::not_found())?;
    request.catch_up(app.dossiers.reactions()).await?;
    Ok(app.dossiers.load(&stream).await?)
}

impl OnDossier {
    /// For a step that `mays` allow.
    pub(super) async fn to_change(
        app: &App,
        id: DossierId,
        request: &Request,
        mays: &[May],
    ) -> Result<Self, Problem> {
        let caller = request.caller()?;
        let intake = load(app, id, request).await?;
        let resource = intake.state.resource().ok_or_else(Problem::not_found)?;
        let role = access::decide(caller, mays, Some(&resource))?.role;
        Ok(Self { id, intake, role })
    }

    /// For a read that `mays` allow, with the notes.
    pub(super) async fn to_read(
        app: &App,
        id: DossierId,
        request: &Request,
        mays: &[May],
    ) -> Result<(Self, Arc<Loaded<Notes>>), Problem> {
        request.caller()?;
        let intake = load(app, id, request).await?;
        let resource = intake.state.resource().ok_or_else(Problem::not_found)?;
        let role = request.read_as(mays, &resource)?.role;
        let stream = Streams::<Notes>::name(&id.to_string()).map_err(|_| Problem::not_found())?;
        Ok((Self { id, intake, role }, app.notes.load(&stream).await?))
    }

    /// Takes a step in the role in which the caller acts on the dossier.
    pub(super) async fn take<C: Command<State = Notes>>(
        &self,
        app: &App,
        request: &Request,
        command: &C,
    ) -> Result<Arc<Loaded<Notes>>, Problem> {
        let mays = C::STEP.may.iter().filter(|may| may.role == self.role);
        let mays: Vec<May> = mays.copied().collect();
        let id = self.id.to_string();
        let on = On::stream(&id, Some(self.id)).existing_or_new().by(&mays);
        send(&app.notes, request, on, command).await
    }

    /// A page of numbered rows, in the order of their numbers.
    pub(super) fn page<T, R: Serialize>(
        &self,
        (request, query): (&Request, &NotesQuery),
        (address, rows): (&str, impl Iterator<Item = T>),
        number: impl Fn(&T) -> u32,
        reply: impl Fn(&T) -> R,
    ) -> Result<Reply, Problem> {
        let address = address.replace("{dossier}", &self.id.to_string());
        let cursors = Cursors::of(request, &[&address]);
        let after = query
            .after
            .as_deref()
            .map(|after| cursors.read(after)?.parse::<u32>().map_err(|_| Cursors::invalid()));
        let after = after.transpose()?.unwrap_or(0);
        let PageRows(limit) = query.limit.unwrap_or_default();
        let limit_rows = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut rows = rows.filter(|row| number(row) > after);
        let page: Vec<T> = rows.by_ref().take(limit_rows).collect();
        let last = page.last().filter(|_| rows.next().is_some());
        let next =
            last.map(|last| request.next_page(&address, &cursors.write(&number(last).to_string())));
        let replies: Vec<R> = page.iter().map(reply).collect();
        Ok(Reply::ok(&replies).next_page(next.as_deref()))
    }
}
