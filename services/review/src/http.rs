//! The operations of the API, one file each.

mod answer_consultation;
mod approve_decision;
mod assign_review;
mod bulk_reviews;
mod claim_review;
mod complete_activity;
mod consult_agency;
mod get_letter;
mod get_loads;
mod get_review;
mod hand_over_review;
mod need_supplement;
mod propose_decision;
mod reasons;
mod record_verification;
mod reject_proposal;
mod reply;
mod return_review;

use web::Operation;

use crate::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        get_review::operation(),
        get_letter::operation(),
        claim_review::operation(),
        complete_activity::operation(),
        return_review::operation(),
        hand_over_review::operation(),
        assign_review::operation(),
        consult_agency::operation(),
        answer_consultation::operation(),
        record_verification::operation(),
        need_supplement::operation(),
        propose_decision::operation(),
        approve_decision::operation(),
        reject_proposal::operation(),
        bulk_reviews::operation(),
        get_loads::operation(),
    ]
}
