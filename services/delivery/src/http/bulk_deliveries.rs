//! Steps of one kind on several results.

use dossier::access::{May, agency};
use dossier::contract::Role;
use web::Operation;

use super::{collect_result, hand_to_carrier, issue_result};
use crate::App;

const ROLES: &[May] = &[agency(Role::Clerk), agency(Role::Approver)];

pub(super) fn operation() -> Operation<App> {
    Operation::bulk(
        "/v1/deliveries/bulk",
        "bulk_deliveries",
        "Take a step on several results",
        "`issue_result`, `hand_to_carrier` or `collect_result`.",
        ROLES,
        vec![issue_result::operation(), hand_to_carrier::operation(), collect_result::operation()],
    )
}
