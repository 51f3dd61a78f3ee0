//! Events of the series of receipts.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AgencyCode, ChargedLine, DossierId, PaperIssued, PaymentId, Vnd, events, payload};

payload! {
    /// A receipt. It is an event in the stream of its symbol and year, and its number is its
    /// version there: numbers have neither duplicates nor gaps (Decree 254/2026/NĐ-CP, art. 23.2).
    ReceiptIssued for Money {
        /// From 1 in each year.
        number: u64,
        /// The symbol of the series of receipts.
        symbol: String,
        year: i16,
        /// The agency that collects the fee.
        agency: AgencyCode,
        dossier: DossierId,
        payment: PaymentId,
        /// The event that recorded the money.
        source: Uuid => Nobody("internal id"),
        /// The lines of the fee.
        lines: Vec<ChargedLine>,
        amount: Vnd,
        /// The record of the printed receipt; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paper: Option<PaperIssued>,
    }
}

events! {
    /// The events of a series of receipts.
    pub enum ReceiptEvent {
        ReceiptIssued = "payment.ReceiptIssued.v1",
    }
}
