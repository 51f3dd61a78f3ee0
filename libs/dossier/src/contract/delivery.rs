//! Events of result delivery: the result, and its way to the applicant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Brief, Delivery, DeliveryChannel, DocumentName, Outcome, ParcelId, Personal, Subject, events,
    payload,
};

payload! {
    /// A decision is there; its result is to be issued.
    ResultPrepared {
        /// The dossier.
        brief: Brief,
        /// What was decided.
        outcome: Outcome,
        /// The result's code in the national catalogue.
        result: String,
    }
    /// The result was signed and is there. It is not delivered yet.
    ResultIssued {
        /// Its number.
        number: String,
        /// Who issued it.
        officer: Subject,
        /// The document, if it was uploaded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<DocumentName>,
        /// Until when it is valid; for ever if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until: Option<Timestamp>,
    }
    /// The applicant wants it in another way.
    DeliveryChannelChosen {
        /// How.
        delivery: Delivery,
    }
    /// It was handed to the carrier.
    ResultHandedToCarrier {
        /// The parcel.
        parcel: ParcelId,
        /// Which carrier.
        carrier: String,
        /// The carrier's own number.
        waybill: String,
        /// Our reference, which the carrier sends back: it contains the dossier.
        reference: String,
    }
    /// The carrier says where it is.
    ParcelTracked {
        /// The parcel.
        parcel: ParcelId,
        /// The carrier's own name of this fact.
        carrier_event: String,
        /// The carrier's own words.
        status: Personal<String>,
    }
    /// The carrier brought it back.
    ParcelReturned {
        /// The parcel.
        parcel: ParcelId,
        /// The carrier's own name of this fact.
        carrier_event: String,
        /// The carrier's own words.
        reason: Personal<String>,
    }
    /// The dossier ended otherwise: there is nothing to issue or to deliver any more.
    ResultCancelled {
        /// The event that ended it.
        cause: Uuid,
    }
    /// The applicant has it.
    ResultDelivered {
        /// The dossier.
        brief: Brief,
        /// How.
        channel: DeliveryChannel,
        /// The carrier's own name of this fact, by post.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        carrier_event: Option<String>,
        /// Who took it, if not the applicant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        received_by: Option<Personal<String>>,
    }
    /// It is no longer valid.
    ResultRevoked {
        /// The written reason.
        reason: Personal<String>,
    }
}

events! {
    /// The events of result delivery.
    pub enum DeliveryEvent {
        ResultPrepared = "delivery.ResultPrepared.v1",
        ResultIssued = "delivery.ResultIssued.v1",
        DeliveryChannelChosen = "delivery.DeliveryChannelChosen.v1",
        ResultHandedToCarrier = "delivery.ResultHandedToCarrier.v1",
        ParcelTracked = "delivery.ParcelTracked.v1",
        ParcelReturned = "delivery.ParcelReturned.v1",
        ResultCancelled = "delivery.ResultCancelled.v1",
        ResultDelivered = "delivery.ResultDelivered.v1",
        ResultRevoked = "delivery.ResultRevoked.v1",
    }
}
