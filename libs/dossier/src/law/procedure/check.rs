//! Checks a procedure for contradictions, when it is loaded as well as when it is issued. An
//! inconsistent one is never loaded. Further checks apply only when it is issued.

use super::{ClockStart, FeeDue, NotCounted, Procedure};

impl Procedure {
    /// Checks for contradictions.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.channels.is_empty() {
            return Err("`channels` is empty: no dossier could be submitted".to_owned());
        }
        if let Some(channel) = self.only_in_outage.iter().find(|c| !self.channels.contains(c)) {
            return Err(format!("`only_in_outage` names {channel:?}, which is not in `channels`"));
        }
        if self.channels.iter().all(|channel| self.only_in_outage.contains(channel)) {
            let reason = "`only_in_outage` names every channel: outside an outage no dossier could be submitted";
            return Err(reason.to_owned());
        }
        self.clock.check(&self.channels)?;
        self.check_fees()?;
        let deciding = self.intake.reception.iter().filter_map(|rule| rule.decider.as_ref());
        if let Some(agency) = deciding.into_iter().find(|agency| !self.agency.covers(agency)) {
            let own = &self.agency;
            return Err(format!("`intake.reception` names `{agency}`, which is not under `{own}`"));
        }
        self.check_review()?;
        let ahead = self.intake.ahead.as_ref().map(|ahead| &ahead.field);
        if let Some(field) = ahead.filter(|field| !self.public.contains(field)) {
            return Err(format!("`intake.ahead` names `{field}`, which is not `public`"));
        }
        let consulted = self.clock.not_counted.contains(&NotCounted::Consultation);
        if consulted && self.review.consultation.is_none() {
            let reason =
                "`clock.not_counted` names consultations, which `review.consultation` must end";
            return Err(reason.to_owned());
        }
        if self.effective.to.is_some_and(|to| to < self.effective.from) {
            return Err("`effective` runs backwards".to_owned());
        }
        if let Some(budget) = self.budgets().find(|budget| budget.amount == 0) {
            return Err(format!("a period of 0 {:?} would never run", budget.unit));
        }
        if let Some(field) = self.public.iter().find(|field| !field.starts_with('/')) {
            return Err(format!("`public` names `{field}`, which is not a JSON Pointer"));
        }
        if self.result.code.is_none() != self.delivery.is_empty() {
            return Err("`delivery` is for procedures with a `result.code`".to_owned());
        }
        self.result.check(&self.public)?;
        if !self.form.is_object() {
            return Err("`form` is not a JSON Schema".to_owned());
        }
        Ok(())
    }

    fn check_fees(&self) -> Result<(), String> {
        if self.fees.due.is_none() != self.fees.lines.is_empty() {
            return Err("`fees.due` and `fees.lines` go together".to_owned());
        }
        if self.clock.not_counted.contains(&NotCounted::Fee)
            && self.fees.due != Some(FeeDue::AfterAcceptance)
        {
            return Err(
                "`clock.not_counted` names a fee that is not owed after the acceptance".to_owned()
            );
        }
        if self.fees.due.is_some() && self.fees.window.is_none() {
            return Err(
                "`fees.window` is missing: an unpaid dossier would stay open for ever".to_owned()
            );
        }
        if self.clock.start == ClockStart::FeeReceived && self.fees.due.is_none() {
            return Err("the clock starts with a fee, but there is none".to_owned());
        }
        if let Some(reduction) = self.fees.reductions.iter().find(|r| r.percent > 100) {
            return Err(format!("`{}` reduces by more than everything", reduction.rule));
        }
        for reduction in &self.fees.reductions {
            let mut agencies = reduction.agencies.iter();
            if let Some(agency) = agencies.find(|agency| !self.agency.covers(agency)) {
                let (rule, own) = (&reduction.rule, &self.agency);
                return Err(format!(
                    "`{rule}` names agency `{agency}`, which is not under `{own}`"
                ));
            }
        }
        Ok(())
    }

    fn check_review(&self) -> Result<(), String> {
        let mut conditions = self.review.automatic.iter().flat_map(|rule| &rule.when);
        if let Some(condition) = conditions.find(|c| !self.public.contains(&c.field)) {
            return Err(format!("the rule tests `{}`, which is not `public`", condition.field));
        }
        let named = self.review.automatic.iter().flat_map(|rule| &rule.when);
        let mut codes = named.filter_map(|condition| condition.confirmed_by.as_ref());
        if let Some(list) = codes.find(|list| !self.public.contains(&list.code)) {
            return Err(format!("the rule tests `{}`, which is not `public`", list.code));
        }
        let issues = self.review.automatic.as_ref().is_some_and(|rule| rule.issues);
        if issues && (self.result.code.is_none() || self.result.document) {
            return Err(
                "`review.automatic.issues` is for a `result.code` that is no document".to_owned()
            );
        }
        Ok(())
    }
}
