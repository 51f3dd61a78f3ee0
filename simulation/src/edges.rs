//! Request bodies with dates at the limits of what can be computed.

use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) fn verification(from: Timestamp, to: Timestamp) -> Value {
    json!({ "from": from, "to": to, "place": "Hà Nội", "participants": "hai cán bộ", "findings": "đúng" })
}

pub(crate) fn appointment(due_at: Timestamp) -> Value {
    json!({ "due_at": due_at, "reason": "because" })
}

pub(crate) fn fixed(at: Timestamp) -> Value {
    json!({ "at": at, "basis": "Điều 17", "by": "trưởng phòng" })
}

pub(crate) fn outage(
    agency: &str,
    from: Timestamp,
    to: Option<Timestamp>,
    notice_at: Timestamp,
) -> Value {
    json!({
        "agency": agency, "channels": [], "from": from, "to": to, "planned": false,
        "notice_at": notice_at, "reason": "mất điện",
    })
}

/// An outage announced now for the last days that can be represented.
pub(crate) fn planned(agency: &str, now: Timestamp) -> Value {
    json!({
        "agency": agency, "channels": [], "from": "2026-12-01T00:00:00Z", "to": Timestamp::MAX, "planned": true,
        "notice_at": now, "reason": "nâng cấp",
    })
}

pub(crate) fn complaint(agency: &str, dossier: &str) -> Value {
    json!({
        "agency": agency, "dossier": dossier, "name": "Nguyễn Văn A", "address": "Hà Nội", "phone": "0912345678",
        "text": "chậm",
    })
}
