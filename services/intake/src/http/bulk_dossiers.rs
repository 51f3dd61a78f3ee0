//! Steps of one kind on several dossiers.

use dossier::access::{May, agency};
use dossier::contract::Role;
use web::Operation;

use super::{accept_dossier, extend_deadline};
use crate::App;

const ROLES: &[May] = &[agency(Role::Clerk), agency(Role::Approver)];

pub(super) fn operation() -> Operation<App> {
    Operation::bulk(
        "/v1/dossiers/bulk",
        "bulk_dossiers",
        "Take a step on several dossiers",
        "`accept_dossier` or `extend_deadline`.",
        ROLES,
        vec![accept_dossier::operation(), extend_deadline::operation()],
    )
}
