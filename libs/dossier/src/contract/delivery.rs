//! Events of result delivery: the result, and how it reaches the applicant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Brief, Delivery, DeliveryChannel, DocumentDigest, DocumentName, Outcome, PaperIssued,
    ParcelEnd, ParcelId, PeriodExtended, Personal, Subject, events, payload,
};

payload! {
    /// The dossier is decided; its result can be issued.
    ResultPrepared for Everyone {
        brief: Brief,
        /// The decision.
        outcome: Outcome,
        /// The result's code in the national catalogue.
        result: String,
    }
    /// The result was signed and issued. It is not delivered yet.
    ResultIssued for Everyone {
        /// The number of the result in its register.
        number: String,
        /// The officer who issued it.
        officer: Subject => Staff,
        /// The document, if it was uploaded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<DocumentName> => Content,
        /// The digest of the document's content; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_sha256: Option<DocumentDigest> => Content,
        /// The first instant at which it is no longer valid; absent if it is valid without limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until: Option<Timestamp>,
        /// The duties whose periods begin with the result.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        duties: Vec<DutyOwed>,
    }
    /// A duty of the procedure whose period begins.
    DutyOwed for Everyone {
        /// The code of the duty, as the procedure defines it.
        duty: String,
        /// When its period begins.
        since: Timestamp,
        /// The end of its period.
        due_at: Timestamp,
    }
    /// A duty after the result was met.
    DutyMet for Everyone {
        /// The code of the duty.
        duty: String,
        /// The evidence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<DocumentName> => Content,
        /// The digest of the document's content; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_sha256: Option<DocumentDigest> => Content,
        /// A remark in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Personal<String>> => Content,
        /// The duties whose periods begin with this event.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        duties: Vec<DutyOwed>,
    }
    /// A duty after the result was not met in time. It can still be met.
    DutyMissed for Everyone {
        /// The code of the duty.
        duty: String,
        /// The end of its period.
        due_at: Timestamp,
        /// The delay until the miss was recorded, in milliseconds.
        late_by_ms: i64,
    }
    /// The validity of the result has ended.
    ResultExpired for Everyone {
        /// The end of its validity.
        valid_until: Timestamp,
    }
    /// The applicant requested a renewal of the result.
    RenewalRequested for Everyone {
        /// The applicant's reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>> => Content,
        /// The end of the period for the decision on it.
        decide_by: Timestamp,
    }
    /// The result was renewed.
    ResultRenewed for Everyone {
        /// The new end of its validity.
        valid_until: Timestamp,
    }
    /// The renewal was refused; the validity does not change.
    RenewalRefused for Everyone {
        /// The written reason.
        reason: Personal<String> => Content,
    }
    /// The renewal was not decided in time.
    RenewalOverdue for Everyone {
        /// The end of the period for the decision.
        due_at: Timestamp,
        /// The delay until the miss was recorded, in milliseconds.
        late_by_ms: i64,
    }
    /// The applicant chose another delivery channel.
    DeliveryChannelChosen for Everyone {
        /// The new channel and address.
        delivery: Delivery,
    }
    /// The result was handed to the carrier.
    ResultHandedToCarrier for Result {
        parcel: ParcelId,
        /// The name of the carrier, normalised.
        carrier: String,
        /// The carrier's number of the parcel.
        waybill: String,
        /// Our reference, which the carrier returns: it contains the dossier's id.
        reference: String,
        /// The record of the label; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paper: Option<PaperIssued>,
    }
    /// The carrier reported the parcel's status.
    ParcelTracked for Result {
        parcel: ParcelId,
        /// The carrier's id of this report.
        carrier_event: String,
        /// The status in the carrier's words.
        status: Personal<String> => Content,
        /// The end that the carrier reports, where it has no effect: another parcel is in transit,
        /// or this one had reached its end before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claims: Option<ParcelEnd>,
    }
    /// The carrier returned the parcel.
    ParcelReturned for Result {
        parcel: ParcelId,
        /// The carrier's id of this report.
        carrier_event: String,
        /// The reason in the carrier's words.
        reason: Personal<String> => Content,
    }
    /// The dossier ended without a result: nothing is to be issued or delivered any more.
    ResultCancelled for Everyone {
        /// The event that ended the dossier.
        cause: Uuid => Nobody("internal id"),
    }
    /// The applicant received the result.
    ResultDelivered for Everyone {
        brief: Brief,
        channel: DeliveryChannel,
        /// For post: the parcel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parcel: Option<ParcelId> => Result,
        /// For post: the carrier's id of its report.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        carrier_event: Option<String> => Result,
        /// The recipient, if not the applicant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        received_by: Option<Personal<String>> => Content,
    }
    /// The result was revoked.
    ResultRevoked for Everyone {
        /// The written reason.
        reason: Personal<String> => Content,
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
