//! The routes, one file each.

mod choose_channel;
mod collect_result;
mod decide_renewal;
mod download_result;
mod get_delivery;
mod get_result_document;
mod get_result_numbers;
mod get_unmatched_parcel_notices;
mod hand_to_carrier;
mod issue_result;
mod meet_duty;
pub(crate) mod reply;
mod request_renewal;
mod revoke_result;
mod take_carrier_notice;

service_kit::routes!(App:
    get_delivery,
    get_result_document,
    get_result_numbers,
    issue_result,
    choose_channel,
    download_result,
    collect_result,
    hand_to_carrier,
    take_carrier_notice,
    get_unmatched_parcel_notices,
    revoke_result,
    meet_duty,
    request_renewal,
    decide_renewal,
);
