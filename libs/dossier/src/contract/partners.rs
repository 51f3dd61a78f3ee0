//! Names of partners, partners' notices that match nothing, and the assignment of waybills.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{DossierId, Personal, Subject, Vnd, events, payload};

/// The name of a carrier or provider in the form that is compared and recorded: without white
/// space, in lower case.
#[must_use]
pub fn partner_name(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// A waybill number in the form that is compared and recorded: without white space, in upper case.
#[must_use]
pub fn waybill_number(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect()
}

/// The end of a parcel, as reported by the carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParcelEnd {
    /// The recipient took it.
    Delivered,
    /// The carrier returned it to the sender.
    Returned,
}

/// What an operator did with a request to a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestChange {
    /// It is not sent again.
    Cancelled,
    /// It is sent again.
    Replayed,
}

payload! {
    /// An operator cancelled a request to a partner, or had it sent again. It moves no money: what
    /// is sent again has the same id, and only as long as the log owes it.
    PartnerRequestChanged for Operators {
        /// The id of the request.
        request: String,
        partner: String,
        /// What the operator did.
        change: RequestChange,
        /// The operator.
        by: Subject,
    }
    /// A provider's notice that matches none of our payments. A cashier has to match it.
    NoticeUnmatched for Notices {
        provider: String,
        /// The provider's id of the notice.
        provider_event: String,
        /// The reference in the notice.
        reference: String,
        amount: Vnd,
        /// The reported outcome: `captured`, `failed`, `pending`, `refunded`, `reversed`,
        /// `disputed`, or `impossible` if the content cannot be understood.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
        /// The provider's number of the transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// When the money moved, by the provider's clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paid_at: Option<Timestamp>,
        /// What cannot be understood, with the place in the message.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        findings: Vec<String>,
        /// The provider's message as it was sent; absent if it came with a token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Personal<String>> => Nobody("evidence, kept in the log; the list shows what is wrong with it"),
    }
    /// A notice that matched no payment was assigned to a dossier, in a stream of its own: no other
    /// dossier can count its money. The newest assignment counts.
    NoticeAssigned for Nobody("so that no notice is counted twice; the payment shows it") {
        /// The event that recorded the notice.
        notice: Uuid,
        dossier: DossierId,
    }
    /// A carrier's notice that matches none of our parcels. An operator has to examine it.
    CarrierNoticeUnmatched for Operators {
        carrier: String,
        /// The carrier's id of the notice.
        carrier_event: String,
        /// The reference in the notice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// The waybill in the notice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waybill: Option<String>,
        /// The reported end of the parcel; absent if it is in transit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<ParcelEnd>,
        /// The status in the carrier's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Personal<String>> => Operators,
    }
    /// A carrier's waybill was assigned to a result that is about to be handed over.
    WaybillTaken for Nobody("so that no waybill is used twice; the hand-over to the carrier shows it") {
        carrier: String,
        /// The carrier's number of the parcel.
        waybill: String,
        /// The dossier whose result it is.
        dossier: DossierId,
    }
}

events! {
    /// The events of the streams of unmatched notices: one stream for each service, and one for
    /// each notice that was assigned.
    pub enum UnmatchedEvent {
        NoticeUnmatched = "payment.NoticeUnmatched.v1",
        NoticeAssigned = "payment.NoticeAssigned.v1",
        CarrierNoticeUnmatched = "delivery.CarrierNoticeUnmatched.v1",
    }
}

events! {
    /// The events of a waybill's stream.
    pub enum WaybillEvent {
        WaybillTaken = "delivery.WaybillTaken.v1",
    }
}

events! {
    /// The events of the stream of a request to a partner.
    pub enum PartnerRequestEvent {
        PartnerRequestChanged = "payment.PartnerRequestChanged.v1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_whatever_case_and_blanks_it_comes_in() {
        for name in ["vnpost", "VnPost ", " VN Post", "VNPOST\u{a0}"] {
            assert_eq!(partner_name(name), "vnpost");
        }
        for number in ["EA123456789VN", " ea 123 456 789 vn"] {
            assert_eq!(waybill_number(number), "EA123456789VN");
        }
    }
}
