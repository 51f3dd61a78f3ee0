//! Dossiers that are made up one by one, so that whoever looks at the demo finds each thing that an office has to deal with.

use anyhow::{Context, Result};
use dossier::contract::Role;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::citizen::Step;
use crate::office::Office;

/// Whose dossiers they all are.
pub(super) const APPLICANT: &str = "company-1";

/// A dossier that somebody has to deal with.
pub(super) struct Story {
    /// What is the matter with it.
    pub(super) what: &'static str,
    pub(super) procedure: &'static str,
    pub(super) submitted_at: &'static str,
    /// The step that nobody takes.
    pub(super) stays_before: Option<Step>,
    /// What happens in the place of a step.
    pub(super) instead: Option<(Step, Step)>,
    /// Who looks at it first, and where: an address in which `ID` stands for the dossier's.
    pub(super) look: (Role, &'static str),
}

impl Story {
    /// The agency of whoever looks at it first.
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
        what: "overdue: claimed, and nobody works on it",
        procedure: "ENERGY.LABEL",
        submitted_at: "2026-11-05T08:30:00+07:00",
        stays_before: Some(Step::Work),
        instead: None,
        look: (Role::Clerk, "/v1/dossiers/ID/deadline"),
    },
    Story {
        what: "waits for a supplement from the applicant",
        procedure: "2.000004",
        submitted_at: "2026-11-17T09:00:00+07:00",
        stays_before: Some(Step::Supply),
        instead: None,
        look: (Role::Applicant, "/v1/dossiers/ID"),
    },
    Story {
        what: "held by an outage that began before its date",
        procedure: "MLM.CERTIFICATE",
        submitted_at: "2026-10-28T09:00:00+07:00",
        stays_before: None,
        instead: Some((Step::Work, Step::BreakDown)),
        look: (Role::Operator, "/v1/outages"),
    },
    Story {
        what: "disputed: another amount was paid than is due",
        procedure: "CO.D",
        submitted_at: "2026-11-19T09:00:00+07:00",
        stays_before: None,
        instead: Some((Step::Pay, Step::PayWrong)),
        look: (Role::Cashier, "/v1/payment-tasks"),
    },
    Story {
        what: "complained of: it was accepted, and nobody claimed it",
        procedure: "PRECURSOR.IMPORT",
        submitted_at: "2026-11-12T10:00:00+07:00",
        stays_before: None,
        instead: Some((Step::Claim, Step::Complain)),
        look: (Role::Applicant, "/v1/dossiers/ID/timeline"),
    },
];

/// The way to the outage: it is waited for until shortly before the promised date, and then it is there for longer.
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
