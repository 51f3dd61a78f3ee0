//! Money that was received or refunded: one row for each event that moved some.

use dossier::contract::{EventSet, PaymentEvent, RefundOutcome, Role, party_name};
use dossier::payment::Payment;
use engine::{Engine, envelope};
use events::Recorded;
use rusqlite::{Connection, params};

/// A row of the table `movements`.
pub(super) struct Movement {
    position: i64,
    dossier: String,
    code: String,
    agency: String,
    applicant: String,
    acted: String,
    kind: &'static str,
    /// In VND; what left the agency is negative.
    amount: i64,
    provider: Option<String>,
    officer: Option<String>,
    /// The date in the agency's time zone.
    day: String,
    /// Unix time in milliseconds.
    at: i64,
}

impl Movement {
    /// `None` if the event moved no money, or cannot be decoded.
    pub(super) fn of(engine: &Engine, payment: &Payment, event: &Recorded) -> Option<Self> {
        let (kind, amount, provider) = match PaymentEvent::decode(&event.kind, &event.data).ok()? {
            PaymentEvent::CashReceived(cash) => ("cash", cash.amount.0, None),
            PaymentEvent::PaymentCaptured(captured) => {
                ("capture", captured.amount.0, Some(captured.provider))
            }
            PaymentEvent::DiscrepancyResolved(resolved) => {
                ("correction", resolved.captured.0.saturating_sub(resolved.counted.0), None)
            }
            PaymentEvent::PaymentRefunded(refunded) => {
                let attempt = refunded.payment.and_then(|id| payment.attempts.get(&id));
                let provider = attempt.map(|attempt| attempt.started.provider.clone());
                ("refund", refunded.amount.0.saturating_neg(), provider)
            }
            PaymentEvent::PaymentReversed(reversed) => {
                ("reversal", reversed.amount.0.saturating_neg(), Some(reversed.provider))
            }
            PaymentEvent::RefundCorrected(corrected)
                if corrected.outcome == RefundOutcome::Refused =>
            {
                ("refund", corrected.amount.0, Some(corrected.provider))
            }
            _ => return None,
        };
        if amount == 0 {
            return None;
        }
        let brief = &payment.assessed()?.brief;
        let recorded = envelope(event).ok()?;
        let law = engine.law();
        let day = law.calendar_of(&brief.agency)?.date_of(recorded.at);
        let is_officer =
            recorded.actor.role == Role::Cashier || recorded.actor.role == Role::Approver;
        Some(Self {
            position: event.position.0.cast_signed(),
            dossier: brief.dossier.to_string(),
            code: brief.code.to_string(),
            agency: brief.agency.to_string(),
            applicant: party_name(brief.applicant.as_str()),
            acted: super::acted(payment, brief),
            kind,
            amount,
            provider,
            officer: is_officer.then(|| recorded.actor.subject.to_string()),
            day: day.to_string(),
            at: recorded.at.as_millisecond(),
        })
    }

    pub(super) fn insert(&self, tables: &Connection) -> rusqlite::Result<()> {
        let mut insert = tables.prepare_cached(
            "INSERT OR REPLACE INTO movements
               (position, dossier, code, agency, applicant, acted, kind, amount, provider,
                officer, day, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?;
        insert
            .execute(params![
                self.position,
                self.dossier,
                self.code,
                self.agency,
                self.applicant,
                self.acted,
                self.kind,
                self.amount,
                self.provider,
                self.officer,
                self.day,
                self.at,
            ])
            .map(drop)
    }
}
