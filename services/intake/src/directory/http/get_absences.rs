//! The absences of an agency's officers.

use std::sync::Arc;

use dossier::contract::{AbsenceId, Subject};
use dossier::directory::READ;
use dossier::law::{Absence, Directory};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use super::taken::list;
use crate::directory::App;

/// Absences in a reply.
const ABSENCES_SHOWN_MAX: usize = 1_000;

/// An absence of an officer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AbsenceReply {
    absence: AbsenceId,
    officer: Subject,
    /// The first day.
    from: Date,
    /// The last day.
    to: Date,
    /// The officer who acts in the absent one's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    deputy: Option<Subject>,
}

impl From<&Absence> for AbsenceReply {
    fn from(absence: &Absence) -> Self {
        let Absence { id: absence, officer, from, to, deputy } = absence.clone();
        Self { absence, officer, from, to, deputy }
    }
}

/// The first day, and the officer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AbsencesQuery {
    /// Only absences that end on this day or later; today if absent.
    from: Option<Date>,
    /// Only those of this officer.
    officer: Option<Subject>,
}

pub(super) fn operation() -> Operation<App> {
    let address = "/v1/directory/{agency}/absences";
    Operation::get(address, "get_absences", "List the absences of an agency's officers")
        .describe("Present and future ones, by their first day. The first 1000.")
        .parameter("agency", "The code of the agency.")
        .roles(READ)
        .query::<AbsencesQuery>()
        .list::<AbsenceReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, agency: String, request: Request) -> Result<Reply, Problem> {
    let AbsencesQuery { from, officer } = request.query()?;
    let rows = |directory: &Directory, day| {
        let absences = directory.absences().values();
        let mut found: Vec<&Absence> = absences
            .filter(|absence| absence.to >= day)
            .filter(|absence| officer.as_ref().is_none_or(|officer| absence.officer == *officer))
            .collect();
        found.sort_by_key(|absence| (absence.from, absence.id));
        found.into_iter().take(ABSENCES_SHOWN_MAX).map(AbsenceReply::from).collect()
    };
    list(&app, &agency, &request, from, rows).await
}
