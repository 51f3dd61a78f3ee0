//! The date that was promised to the applicant: computed from the ledger of the statutory clock, or
//! fixed by an officer. A change of the law restates it at once, not only when it would end.

use jiff::Timestamp;
use uuid::Uuid;

use super::deadline::Checked;
use super::explanation::{Explanation, explain_computed, explain_fixed, explain_foresight};
use super::{Ledger, is_held, promise};
use crate::contract::{Brief, DeadlineRestated, Promise};
use crate::law::{Law, Outage};
use crate::step::{LawError, Rule};

/// A promised date, with the law that applies to it.
#[derive(Debug, Clone)]
pub struct PromisedDate<'a> {
    pub law: &'a Law,
    pub brief: &'a Brief,
    pub promise: &'a Promise,
    /// The event that made the promise.
    pub made_by: Uuid,
    /// When that event was recorded.
    pub made_at: Timestamp,
    /// The basis of a date that was fixed, not computed from the procedure.
    pub fixed: Option<&'a str>,
    /// Whether the date was kept when the law gave an earlier one.
    pub kept: bool,
    pub ledger: Ledger,
}

impl<'a> PromisedDate<'a> {
    /// The law that applied to the dossier at an instant.
    fn rule(&self, at: Timestamp) -> Result<Rule<'a>, LawError> {
        let Brief { procedure, agency, .. } = self.brief;
        self.law.rule(procedure, agency, at).ok_or(LawError::NotLoaded)
    }

    /// The law by which it was computed, with the calendar of the promise, whatever was announced
    /// since.
    fn rule_of_promise(&self) -> Result<Rule<'a>, LawError> {
        let mut rule = self.rule(self.made_at)?;
        if let Some(version) = self.promise.calendar {
            let calendar = self.law.calendar_in(&self.brief.agency, version);
            rule.calendar = calendar.ok_or(LawError::NotLoaded)?;
        }
        Ok(rule)
    }

    /// Whether an outage that affects a computed date lasts at `now`, so that it is not known yet
    /// whether the date has passed.
    pub(super) fn is_held(&self, now: Timestamp) -> Result<bool, LawError> {
        let rule = self.rule(now)?;
        Ok(self.fixed.is_none() && is_held(rule, self.brief.channel, self.promise.due_at))
    }

    /// The date by the law at `now`, if that is later, or confirms a provisional one; otherwise,
    /// and if the date was fixed, `None`.
    ///
    /// # Errors
    ///
    /// The law is not loaded, or gives no date that can be computed.
    pub fn restatement(&self, now: Timestamp) -> Result<Option<DeadlineRestated>, LawError> {
        if self.fixed.is_some() {
            return Ok(None);
        }
        let (rule, channel, old) = (self.rule(now)?, self.brief.channel, self.promise);
        let Some(computed) = promise(rule, channel, &self.ledger)? else { return Ok(None) };
        let later = computed.due_at > old.due_at;
        if !later && (computed.provisional || !old.provisional) {
            return Ok(None);
        }
        let hit = rule.outages.iter().filter(|outage| outage.hits(channel));
        let outages = hit
            .filter(|outage| outage.span().is_some_and(|span| span.to > self.ledger.started_at))
            .filter(|outage| outage.from < computed.due_at)
            .map(|outage| outage.id)
            .collect();
        let calendar = computed.calendar.filter(|version| Some(*version) != old.calendar);
        let promise = if later { computed } else { Promise { provisional: false, ..old.clone() } };
        let version = rule.procedure.version;
        let procedure = (version != self.brief.procedure.version).then_some(version);
        let was_due_at = old.due_at;
        Ok(Some(DeadlineRestated { promise, was_due_at, calendar, procedure, outages }))
    }

    /// How the date was computed.
    pub(super) fn explanation(&self) -> Result<Option<Explanation>, LawError> {
        let mut rule = self.rule_of_promise()?;
        let known = |outage: &&Outage| outage.recorded_at <= self.made_at;
        let outages: Vec<Outage> = rule.outages.iter().filter(known).cloned().collect();
        rule.outages = &outages;
        match self.fixed {
            Some(basis) => {
                Ok(Some(explain_fixed(rule, self.ledger.started_at, self.promise, basis)))
            }
            None => Ok(explain_computed(rule, self.brief.channel, &self.ledger)),
        }
    }

    /// How the last instant for the announcement of lateness was computed.
    pub(super) fn foresight(&self) -> Result<Option<Explanation>, LawError> {
        let rule = self.rule(self.made_at)?;
        Ok(explain_foresight(rule, self.ledger.started_at, self.promise))
    }

    /// The promise, and the one that the law gives.
    pub(super) fn check(&self) -> Result<Checked, LawError> {
        if self.fixed.is_some() || self.kept || self.promise.calendar.is_none() {
            return Ok(Checked::Given);
        }
        let computed = promise(self.rule_of_promise()?, self.brief.channel, &self.ledger)?;
        Ok(Checked::Promise { recorded: self.promise.clone(), computed })
    }
}
