//! The time after a result: its validity, the duties that follow from it, and its renewal.

use std::collections::BTreeMap;

use calendar::CalendarError;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::clock::{self, Running};
use crate::contract::{Brief, DeliveryEvent, DutyOwed, Meta};
use crate::law::Duty;
use crate::step::Rule;

/// A period after a result: its validity, a duty, or the decision on a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    pub running: Running,
    /// Whether the deadline was missed; for a validity: whether the result has expired.
    pub missed: bool,
    /// Time at which the duty was met.
    pub met_at: Option<Timestamp>,
}

impl Owed {
    const fn new(running: Running) -> Self {
        Self { running, missed: false, met_at: None }
    }

    pub(super) const fn is_open(&self) -> bool {
        self.met_at.is_none() && !self.missed
    }
}

/// The periods that run after a result.
#[derive(Debug, Clone, Default)]
pub struct After {
    /// Validity of the result; `None` if it does not expire. `missed` means that it has expired.
    pub validity: Option<Owed>,
    /// Duties by their code in the procedure.
    pub duties: BTreeMap<String, Owed>,
    /// The renewal request that waits for a decision.
    pub renewal: Option<Owed>,
    /// Number of renewals so far.
    pub renewals: u32,
}

impl After {
    /// Applies an event; events about the delivery itself have no effect here.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is about the way of the result")]
    pub(super) fn evolve(&mut self, event: &DeliveryEvent, meta: &Meta) {
        match event {
            DeliveryEvent::ResultIssued(issued) => {
                let until = issued.valid_until;
                self.validity = until.map(|until| running(until, meta.at(), meta));
                self.begin(&issued.duties, meta);
            }
            DeliveryEvent::DutyMet(met) => {
                if let Some(owed) = self.duties.get_mut(&met.duty) {
                    owed.met_at = Some(meta.at());
                }
                self.begin(&met.duties, meta);
            }
            DeliveryEvent::DutyMissed(missed) => {
                if let Some(owed) = self.duties.get_mut(&missed.duty) {
                    owed.missed = true;
                }
            }
            DeliveryEvent::ResultExpired(_) => {
                if let Some(validity) = &mut self.validity {
                    validity.missed = true;
                }
            }
            DeliveryEvent::RenewalRequested(requested) => {
                self.renewal = Some(running(requested.decide_by, meta.at(), meta));
            }
            DeliveryEvent::ResultRenewed(renewed) => {
                let since = self.validity.map_or(meta.at(), |old| last_instant(&old));
                self.validity = Some(running(renewed.valid_until, since, meta));
                self.renewals = self.renewals.saturating_add(1);
                self.renewal = None;
            }
            DeliveryEvent::RenewalRefused(_) => self.renewal = None,
            DeliveryEvent::RenewalOverdue(_) => {
                if let Some(renewal) = &mut self.renewal {
                    renewal.missed = true;
                }
            }
            // A revoked or cancelled result has no validity and no duties.
            DeliveryEvent::ResultRevoked(_) | DeliveryEvent::ResultCancelled(_) => {
                *self = Self::default();
            }
            _ => {}
        }
    }

    fn begin(&mut self, duties: &[DutyOwed], meta: &Meta) {
        for DutyOwed { duty, since, due_at } in duties {
            self.duties.insert(duty.clone(), running(*due_at, *since, meta));
        }
    }
}

fn running(due_at: Timestamp, since: Timestamp, meta: &Meta) -> Owed {
    Owed::new(Running::new(due_at, since, meta.id, meta.at()))
}

/// The last instant of a validity. `due_at` is exclusive: midnight at the start of the next date.
pub(super) fn last_instant(validity: &Owed) -> Timestamp {
    let end = validity.running.due_at;
    end.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(end)
}

/// The duties that begin at `now`: with the result (`after` is `None`), or once the duty `after` is
/// met.
pub(super) fn begin(
    rule: Rule<'_>,
    brief: &Brief,
    after: Option<&str>,
    now: Timestamp,
) -> Result<Vec<DutyOwed>, CalendarError> {
    let duties = rule.procedure.result.duties.iter();
    let owed = duties.filter(|duty| duty.after.as_deref() == after).map(|duty| {
        // A duty begins with the result at the earliest.
        let since = start(rule, duty, brief)?.map_or(now, |start| start.max(now));
        let due_at = clock::end_of(rule, since, duty.budget);
        Ok(DutyOwed { duty: duty.code.clone(), since, due_at })
    });
    owed.collect()
}

/// Start of the day in the dossier's data from which a duty counts; `None` if the duty names no
/// field, or the dossier has no date in it.
fn start(rule: Rule<'_>, duty: &Duty, brief: &Brief) -> Result<Option<Timestamp>, CalendarError> {
    let named = duty.field.as_ref().and_then(|field| brief.public.get(field));
    let date: Option<Date> = named.and_then(Value::as_str).and_then(|text| text.parse().ok());
    date.map(|date| rule.calendar.start_of_day(date)).transpose()
}
