//! Events of result delivery: the result, and its way to the applicant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Brief, Delivery, DeliveryChannel, DocumentDigest, DocumentName, Outcome, ParcelEnd, ParcelId,
    PeriodExtended, Personal, Subject, events, payload,
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
        /// What the document's content was; absent where that was not recorded yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_sha256: Option<DocumentDigest>,
        /// Until when it is valid; for ever if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until: Option<Timestamp>,
        /// What is owed from now on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        duties: Vec<DutyOwed>,
    }
    /// A duty of the procedure that begins.
    DutyOwed {
        /// Its code.
        duty: String,
        /// From when its period counts.
        since: Timestamp,
        /// By when.
        due_at: Timestamp,
    }
    /// What was owed after the result was done.
    DutyMet {
        /// The duty.
        duty: String,
        /// What shows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<DocumentName>,
        /// What the document's content was; absent where that was not recorded yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_sha256: Option<DocumentDigest>,
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Personal<String>>,
        /// What is owed from now on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        duties: Vec<DutyOwed>,
    }
    /// What was owed after the result was not done in time. It can still be done.
    DutyMissed {
        /// The duty.
        duty: String,
        /// When it was due.
        due_at: Timestamp,
        /// How much later this was found, in milliseconds.
        late_by_ms: i64,
    }
    /// The result is no longer valid: its time is over.
    ResultExpired {
        /// Until when it was valid.
        valid_until: Timestamp,
    }
    /// The applicant asked for it to be valid for longer.
    RenewalRequested {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
        /// By when it is to be decided.
        decide_by: Timestamp,
    }
    /// It is valid for longer.
    ResultRenewed {
        /// Until when.
        valid_until: Timestamp,
    }
    /// It stays valid for as long as it was.
    RenewalRefused {
        /// The written reason.
        reason: Personal<String>,
    }
    /// Whether it is valid for longer was not decided in time.
    RenewalOverdue {
        /// By when it was to be decided.
        due_at: Timestamp,
        /// How much later this was found, in milliseconds.
        late_by_ms: i64,
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
        /// What the carrier says that the parcel came to, where that moves nothing: another parcel is on its way, or this
        /// one had come to its end before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claims: Option<ParcelEnd>,
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
        /// Which parcel, by post.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parcel: Option<ParcelId>,
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
        DutyMet = "delivery.DutyMet.v1",
        DutyMissed = "delivery.DutyMissed.v1",
        ResultExpired = "delivery.ResultExpired.v1",
        RenewalRequested = "delivery.RenewalRequested.v1",
        ResultRenewed = "delivery.ResultRenewed.v1",
        RenewalRefused = "delivery.RenewalRefused.v1",
        RenewalOverdue = "delivery.RenewalOverdue.v1",
        PeriodExtended = "delivery.PeriodExtended.v1",
    }
}
