//! Individual dossiers of the demo, one for each situation that needs attention.

use anyhow::{Context, Result};
use dossier::contract::Role;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::citizen::Step;
use crate::world::office::Office;

/// The applicant of all stories.
pub(super) const APPLICANT: &str = "company-1";

/// A dossier that needs attention.
pub(super) struct Story {
    /// Description of the situation.
    pub(super) what: &'static str,
    /// The same in Vietnamese.
    pub(super) vi: &'static str,
    /// Id of the person of the desk who should look at it.
    pub(super) person: &'static str,
    pub(super) procedure: &'static str,
    pub(super) submitted_at: &'static str,
    /// The step that is never taken.
    pub(super) stays_before: Option<Step>,
    /// Replaces one step by another.
    pub(super) instead: Option<(Step, Step)>,
    /// Role and path of the request to look at it; `ID` in the path stands for the dossier's id.
    pub(super) look: (Role, &'static str),
}

impl Story {
    /// The agency of that role.
    pub(super) const fn agency(&self) -> &'static str {
        match self.look.0 {
            Role::Applicant | Role::Operator => "",
            Role::Cashier => "G02.001",
            _ => "G02.002",
        }
    }
}

pub(super) const STORIES: [Story; 5] = [
    Story {
        what: "overdue: an officer claimed it and did nothing",
        vi: "quá hạn: cán bộ đã nhận thụ lý nhưng không làm gì",
        person: "approver-ha",
        procedure: "ENERGY.LABEL",
        submitted_at: "2026-11-05T08:30:00+07:00",
        stays_before: Some(Step::Work),
        instead: None,
        look: (Role::Clerk, "/v1/dossiers/ID/deadline"),
    },
    Story {
        what: "waiting for a supplement from the applicant",
        vi: "chờ người nộp bổ sung",
        person: APPLICANT,
        procedure: "2.000004",
        submitted_at: "2026-11-17T09:00:00+07:00",
        stays_before: Some(Step::Supply),
        instead: None,
        look: (Role::Applicant, "/v1/dossiers/ID"),
    },
    Story {
        what: "extended by an outage that began before its due date",
        vi: "được gia hạn vì sự cố bắt đầu trước ngày hẹn",
        person: "clerk-lan",
        procedure: "MLM.CERTIFICATE",
        submitted_at: "2026-10-28T09:00:00+07:00",
        stays_before: None,
        instead: Some((Step::Work, Step::BreakDown)),
        look: (Role::Operator, "/v1/outages"),
    },
    Story {
        what: "disputed payment: the amount differs from the fee",
        vi: "sai lệch thanh toán: số tiền khác mức phí",
        person: "cashier-tuan",
        procedure: "CO.D",
        submitted_at: "2026-11-19T09:00:00+07:00",
        stays_before: None,
        instead: Some((Step::Pay, Step::PayWrong)),
        look: (Role::Cashier, "/v1/payment-tasks"),
    },
    Story {
        what: "complaint: it was accepted and no officer claimed it",
        vi: "có phản ánh: đã tiếp nhận nhưng chưa ai thụ lý",
        person: "reviewer-minh",
        procedure: "PRECURSOR.IMPORT",
        submitted_at: "2026-11-12T10:00:00+07:00",
        stays_before: None,
        instead: Some((Step::Claim, Step::Complain)),
        look: (Role::Applicant, "/v1/register/dossiers/ID/timeline"),
    },
];

/// Waits until shortly before the promised date, then declares an outage beyond it.
pub(super) async fn break_down(
    office: &mut Office,
    id: &str,
    agency: &str,
) -> Result<Option<(Step, u32)>> {
    let clerk = (Role::Clerk, "clerk-1", agency);
    let shown = office.get(&format!("/v1/dossiers/{id}"), clerk).await?.granted()?;
    let due_at = shown.get("due_at").and_then(Value::as_str).context("no promised date")?;
    let due_at: Timestamp = due_at.parse()?;
    // A few hours before the end of the last day.
    let from = due_at.checked_sub(SignedDuration::from_hours(10))?;
    if office.now() < from {
        return Ok(Some((Step::BreakDown, 1)));
    }
    let now = office.now();
    let outage = json!({
        "agency": agency, "from": now, "planned": false, "notice_at": now,
        "reason": "Mất điện tại trung tâm dữ liệu / power cut in the data centre",
    });
    office
        .post("/v1/outages", (Role::Operator, "operator-1", "G02"), "", &outage)
        .await?
        .granted()?;
    office.settle().await?;
    Ok(None)
}

pub(super) async fn complain(
    office: &mut Office,
    id: &str,
    agency: &str,
    applicant: (Role, &str, &str),
) -> Result<()> {
    let complaint = json!({
        "agency": agency, "dossier": id, "name": "Công ty Sao Mai", "address": "Nam Định",
        "phone": "02283600000", "text": "Hồ sơ đã được tiếp nhận nhưng chưa ai xử lý.",
    });
    office.post("/v1/complaints", applicant, "", &complaint).await?.granted()?;
    office.settle().await
}
