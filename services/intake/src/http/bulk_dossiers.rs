//! Steps of one kind on several dossiers.

use dossier::access::{May, agency};
use dossier::contract::Role;
use web::Operation;

use super::{accept_dossier, extend_deadline, refuse_dossier, request_supplement};
use crate::App;

const ROLES: &[May] = &[agency(Role::Clerk), agency(Role::Approver)];

pub(super) fn operation() -> Operation<App> {
    Operation::bulk(
        "/v1/dossiers/bulk",
        "bulk_dossiers",
        "Take a step on several dossiers",
        "`accept_dossier`, `refuse_dossier`, `request_supplement` or `extend_deadline`.",
        ROLES,
        vec![
            accept_dossier::operation(),
            refuse_dossier::operation(),
            request_supplement::operation(),
            extend_deadline::operation(),
        ],
    )
}
