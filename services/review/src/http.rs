//! The routes, one file each.

mod answer_consultation;
mod approve_decision;
mod claim_review;
mod complete_activity;
mod consult_agency;
mod get_review;
mod hand_over_review;
mod need_supplement;
mod propose_decision;
mod record_verification;
mod reject_proposal;
pub(crate) mod reply;
mod return_review;

service_kit::routes!(App:
    get_review,
    claim_review,
    complete_activity,
    return_review,
    hand_over_review,
    consult_agency,
    answer_consultation,
    record_verification,
    need_supplement,
    propose_decision,
    approve_decision,
    reject_proposal,
);
