//! What partners are called, what they say that belongs to nothing of ours, and who has a waybill.

use serde::{Deserialize, Serialize};

use super::{DossierId, Personal, Vnd, events, payload};

/// The name of a carrier or a provider as it is compared and recorded: without blanks, in lower case.
#[must_use]
pub fn partner_name(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// A carrier's number of a parcel as it is compared and recorded: without blanks, in upper case.
#[must_use]
pub fn waybill_number(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect()
}

/// What a carrier says that a parcel came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParcelEnd {
    /// Somebody took it.
    Delivered,
    /// It came back.
    Returned,
}

payload! {
    /// A provider's notice that names none of our payments, for an operator to look at.
    NoticeUnmatched {
        /// Which provider.
        provider: String,
        /// The provider's own name of this fact.
        provider_event: String,
        /// What it names.
        reference: String,
        /// How much.
        amount: Vnd,
        /// What the provider says of it: `captured`, `failed` or `pending`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
        /// The provider's number of the transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
    }
    /// A carrier's notice that names none of our parcels, for an operator to look at.
    CarrierNoticeUnmatched {
        /// Which carrier.
        carrier: String,
        /// The carrier's own name of this fact.
        carrier_event: String,
        /// The reference that it names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// The waybill that it names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waybill: Option<String>,
        /// What the parcel came to; absent if it is only on its way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<ParcelEnd>,
        /// The carrier's own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Personal<String>>,
    }
    /// A carrier's waybill is given to a result that is about to be handed over.
    WaybillTaken {
        /// Which carrier.
        carrier: String,
        /// The carrier's own number.
        waybill: String,
        /// The dossier whose result it is.
        dossier: DossierId,
    }
}

events! {
    /// The events of the streams of unmatched notices, one stream for each service.
    pub enum UnmatchedEvent {
        NoticeUnmatched = "payment.NoticeUnmatched.v1",
        CarrierNoticeUnmatched = "delivery.CarrierNoticeUnmatched.v1",
    }
}

events! {
    /// The events of a waybill's stream.
    pub enum WaybillEvent {
        WaybillTaken = "delivery.WaybillTaken.v1",
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
