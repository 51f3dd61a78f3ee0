//! Steps of one kind on several reviews.

use dossier::access::{May, agency};
use dossier::contract::Role;
use web::Operation;

use super::{
    approve_decision, assign_review, claim_review, complete_activity, hand_over_review,
    return_review,
};
use crate::App;

const ROLES: &[May] = &[agency(Role::Reviewer), agency(Role::Approver)];

pub(super) fn operation() -> Operation<App> {
    Operation::bulk(
        "/v1/reviews/bulk",
        "bulk_reviews",
        "Take a step on several reviews",
        "`claim_review`, `assign_review`, `hand_over_review`, `return_review`, \
         `complete_activity` or `approve_decision`.",
        ROLES,
        vec![
            claim_review::operation(),
            assign_review::operation(),
            hand_over_review::operation(),
            return_review::operation(),
            complete_activity::operation(),
            approve_decision::operation(),
        ],
    )
}
