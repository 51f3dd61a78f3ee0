//! Execution of the steps on a directory, and reading of one.

use dossier::Command;
use dossier::access;
use dossier::contract::AgencyCode;
use dossier::directory::{READ, resource_for};
use dossier::law::{Directory, Law};
use engine::Loaded;
use jiff::civil::Date;
use serde::Serialize;
use web::{On, Problem, Reply, Request, send};

use crate::directory::App;

/// Executes a step on the directory of an agency, after all that was recorded before.
pub(super) async fn take<C: Command<State = Directory>>(
    app: &App,
    (agency, begins): (&AgencyCode, bool),
    request: &Request,
    command: &C,
) -> Result<std::sync::Arc<Loaded<Directory>>, Problem> {
    if !agency.is_well_formed() {
        return Err(Problem::not_found());
    }
    request.catch_up_law().await?;
    let on = On::stream(agency.as_str(), None);
    let on = if begins { on.beginning_without_law() } else { on };
    let loaded = send(&app.directories, request, on, command).await?;
    app.engine.catch_up_law().await?;
    Ok(loaded)
}

/// The reply to a step: what was recorded.
pub(super) fn shown<R: Serialize>(loaded: &Loaded<Directory>, reply: &R) -> Reply {
    Reply::ok(reply).version(loaded.version).position(loaded.position)
}

/// Shows what `rows` finds in the directory of an agency on a day, today if `on` is absent. Empty
/// if nothing is recorded.
pub(super) async fn list<R: Serialize>(
    app: &App,
    agency: &str,
    request: &Request,
    on: Option<Date>,
    rows: impl FnOnce(&Directory, Date) -> Vec<R>,
) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    request.catch_up_law().await?;
    let (law, agency) = (app.engine.law(), AgencyCode::from(agency));
    access::decide(caller, READ, Some(&resource_for(&agency, caller)))?;
    let day = on.or_else(|| today(&law, &agency, app)).ok_or_else(Problem::not_found)?;
    let found = law.directory(&agency).map_or(Vec::new(), |directory| rows(directory, day));
    Ok(Reply::ok(&found))
}

/// The local day in an agency; `None` if there is no such agency.
fn today(law: &Law, agency: &AgencyCode, app: &App) -> Option<Date> {
    Some(law.calendar_of(agency)?.date_of(app.engine.clock.now()))
}
