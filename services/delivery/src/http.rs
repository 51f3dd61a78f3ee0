//! The operations of the API, one file each.

mod bulk_deliveries;
mod choose_channel;
mod collect_result;
mod decide_renewal;
mod download_result;
mod get_delivery;
mod get_label;
mod get_parcel_label;
mod get_parcel_labels;
mod get_parcel_list;
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

use web::Operation;

use crate::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        get_delivery::operation(),
        get_parcel_label::operation(),
        get_label::operation(),
        get_parcel_labels::operation(),
        get_parcel_list::operation(),
        get_result_document::operation(),
        get_result_numbers::operation(),
        issue_result::operation(),
        choose_channel::operation(),
        download_result::operation(),
        collect_result::operation(),
        hand_to_carrier::operation(),
        take_carrier_notice::operation(),
        get_unmatched_parcel_notices::operation(),
        revoke_result::operation(),
        bulk_deliveries::operation(),
        meet_duty::operation(),
        request_renewal::operation(),
        decide_renewal::operation(),
    ]
}
