//! The operations of the API, one file each.

mod answer_dispute;
mod approve_entry;
mod approve_refund;
mod approve_resolution;
mod cancel_partner_request;
mod charge_further_fee;
mod correct_refund;
mod end_dispute;
mod end_refund;
mod entries;
mod get_partner_requests;
mod get_partners;
mod get_payment;
mod get_payment_providers;
mod get_payment_reference;
mod get_payment_tasks;
mod get_receipt;
mod get_till;
mod get_unmatched_payment_notices;
mod match_notice;
mod reasons;
mod record_dispute;
mod refund_payment;
mod reject_entry;
mod reject_refund;
mod reject_resolution;
mod replay_partner_request;
mod reply;
mod report_reversal;
mod request_refund;
mod resolve_discrepancy;
mod return_from_partner;
mod reversals;
mod settle_debt;
pub(crate) mod start_payment;
mod take_cash;
mod take_notice;
mod take_partner_message;
mod write_off_debt;

use web::Operation;

use crate::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        get_payment::operation(),
        get_payment_providers::operation(),
        get_payment_reference::operation(),
        get_receipt::operation(),
        get_payment_tasks::operation(),
        get_unmatched_payment_notices::operation(),
        get_till::operation(),
        charge_further_fee::operation(),
        start_payment::operation(),
        take_cash::operation(),
        resolve_discrepancy::operation(),
        approve_resolution::operation(),
        reject_resolution::operation(),
        refund_payment::operation(),
        approve_refund::operation(),
        reject_refund::operation(),
        request_refund::operation(),
        end_refund::operation(),
        correct_refund::operation(),
        report_reversal::operation(),
        settle_debt::operation(),
        write_off_debt::operation(),
        record_dispute::operation(),
        answer_dispute::operation(),
        end_dispute::operation(),
        approve_entry::operation(),
        reject_entry::operation(),
        take_notice::operation(),
        match_notice::operation(),
        take_partner_message::get(),
        take_partner_message::post(),
        return_from_partner::operation(),
        get_partners::operation(),
        get_partner_requests::operation(),
        replay_partner_request::operation(),
        cancel_partner_request::operation(),
    ]
}
