//! How much work each reviewer of an agency has.

use std::sync::Arc;

use dossier::access;
use dossier::contract::{AgencyCode, Role, Subject, UnitCode};
use dossier::directory::{READ, resource_for};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use crate::App;

/// The work of a reviewer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoadReply {
    officer: Subject,
    /// The code of the officer's unit.
    unit: UnitCode,
    /// The number of the officer's undecided reviews, those of other agencies included.
    undecided: u32,
    /// Whether the officer is absent today.
    absent: bool,
}

/// The agency.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoadsQuery {
    /// The code of the agency.
    agency: AgencyCode,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/reviews/loads", "get_loads", "List the work of each reviewer of an agency")
        .describe("The reviewers in the directory of the agency, by subject. At most 1000.")
        .roles(READ)
        .query::<LoadsQuery>()
        .list::<LoadReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let LoadsQuery { agency } = request.query()?;
    request.catch_up_law().await?;
    access::decide(caller, READ, Some(&resource_for(&agency, caller)))?;
    request.catch_up(Some(&app.shown)).await?;
    let engine = app.reviews.engine();
    let law = engine.law();
    let calendar = law.calendar_of(&agency).ok_or_else(Problem::not_found)?;
    let (day, directory) = (calendar.date_of(engine.clock.now()), law.directory(&agency));
    let officers = directory.into_iter().flat_map(|directory| directory.officers_on(day));
    let reviewers: Vec<_> =
        officers.filter(|officer| officer.roles.contains(&Role::Reviewer)).collect();
    let subjects = reviewers.iter().map(|officer| officer.officer.clone()).collect();
    let loads = app.loads.of(subjects).await?;
    let rows = reviewers.into_iter().map(|reviewer| LoadReply {
        officer: reviewer.officer.clone(),
        unit: reviewer.unit.clone(),
        undecided: loads.0.get(&reviewer.officer).copied().unwrap_or(0),
        absent: directory.is_some_and(|known| known.absence(&reviewer.officer, day).is_some()),
    });
    Ok(Reply::ok(&rows.collect::<Vec<_>>()))
}
