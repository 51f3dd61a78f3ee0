//! Events of result delivery: the result, and how it reaches the applicant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Brief, Delivery, DeliveryChannel, DocumentDigest, DocumentName, Outcome, ParcelEnd, ParcelId,
    PeriodExtended, Personal, Subject, events, payload,
};

payload! {
    /// The dossier is decided; its result can be issued.
    ResultPrepared {
        brief: Brief,
        /// The decision.
        outcome: Outcome,
        /// The result's code in the national catalogue.
        result: String,
    }
    /// The result was signed and issued. It is not delivered yet.
    ResultIssued {
        /// The number of the result in its register.
        number: String,
        /// The officer who issued it.
        officer: Subject,
        /// The document, if it was uploaded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<DocumentName>,
        /// The digest of the document's content; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_sha256: Option<DocumentDigest>,
        /// The first instant at which it is no longer valid; absent if it is valid without limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until: Option<Timestamp>,
        /// The duties whose periods begin with the result.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        duties: Vec<DutyOwed>,
    }
    /// A duty of the procedure whose period begins.
    DutyOwed {
        /// The code of the duty, as the procedure defines it.
        duty: String,
        /// When its period begins.
        since: Timestamp,
        /// The end of its period.
        due_at: Timestamp,
    }
    /// A duty after the result was met.
    DutyMet {
        /// The code of the duty.
        duty: String,
        /// The evidence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<DocumentName>,
        /// The digest of the document's content; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_sha256: Option<DocumentDigest>,
        /// A remark in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Personal<String>>,
        /// The duties whose periods begin with this event.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        duties: Vec<DutyOwed>,
    }
    /// A duty after the result was not met in time. It can still be met.
    DutyMissed {
        /// The code of the duty.
        duty: String,
        /// The end of its period.
        due_at: Timestamp,
        /// The delay until the miss was recorded, in milliseconds.
        late_by_ms: i64,
    }
    /// The validity of the result has ended.
    ResultExpired {
        /// The end of its validity.
        valid_until: Timestamp,
    }
    /// The applicant requested a renewal of the result.
    RenewalRequested {
        /// The applicant's reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
        /// The end of the period for the decision on it.
        decide_by: Timestamp,
    }
    /// The result was renewed.
    ResultRenewed {
        /// The new end of its validity.
        valid_until: Timestamp,
    }
    /// The renewal was refused; the validity does not change.
    RenewalRefused {
        /// The written reason.
        reason: Personal<String>,
    }
    /// The renewal was not decided in time.
    RenewalOverdue {
        /// The end of the period for the decision.
        due_at: Timestamp,
        /// The delay until the miss was recorded, in milliseconds.
        late_by_ms: i64,
    }
    /// The applicant chose another delivery channel.
    DeliveryChannelChosen {
        /// The new channel and address.
        delivery: Delivery,
    }
    /// The result was handed to the carrier.
    ResultHandedToCarrier {
        parcel: ParcelId,
        /// The name of the carrier, normalised.
        carrier: String,
        /// The carrier's number of the parcel.
        waybill: String,
        /// Our reference, which the carrier returns: it contains the dossier's id.
        reference: String,
    }
    /// The carrier reported the parcel's status.
    ParcelTracked {
        parcel: ParcelId,
        /// The carrier's id of this report.
        carrier_event: String,
        /// The status in the carrier's words.
        status: Personal<String>,
        /// The end that the carrier reports, where it has no effect: another parcel is in transit,
        /// or this one had reached its end before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claims: Option<ParcelEnd>,
    }
    /// The carrier returned the parcel.
    ParcelReturned {
        parcel: ParcelId,
        /// The carrier's id of this report.
        carrier_event: String,
        /// The reason in the carrier's words.
        reason: Personal<String>,
    }
    /// The dossier ended without a result: nothing is to be issued or delivered any more.
    ResultCancelled {
        /// The event that ended the dossier.
        cause: Uuid,
    }
    /// The applicant received the result.
    ResultDelivered {
        brief: Brief,
        channel: DeliveryChannel,
        /// For post: the parcel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parcel: Option<ParcelId>,
        /// For post: the carrier's id of its report.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        carrier_event: Option<String>,
        /// The recipient, if not the applicant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        received_by: Option<Personal<String>>,
    }
    /// The result was revoked.
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
