//! What falls due after a result: its duties, the decision on a renewal, and its validity.

use std::borrow::Cow;

use super::expire_result::ExpireResult;
use super::miss_duty::MissDuty;
use super::miss_renewal::MissRenewal;
use super::{DossierResult, Owed};
use crate::clock::{Basis, Deadline, DeadlineKind, Deadlines, Running};
use crate::contract::PeriodExtended;
use crate::law::Law;
use crate::step::{AnyCommand, LawError};

/// The kinds of deadlines after a result.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeliveryDeadline {
    /// A duty of the applicant, with its code in the procedure.
    Duty(String),
    /// The decision on a renewal that was requested.
    Renewal,
    /// The validity of the result.
    Validity,
}

/// Before the code of a duty.
const DUTY: &str = "duty:";

impl DeadlineKind for DeliveryDeadline {
    const TEXTS: &'static [&'static str] = &["renewal", "validity"];

    fn text(&self) -> Cow<'static, str> {
        match self {
            Self::Duty(code) => format!("{DUTY}{code}").into(),
            Self::Renewal => "renewal".into(),
            Self::Validity => "validity".into(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "renewal" => Some(Self::Renewal),
            "validity" => Some(Self::Validity),
            _ => text.strip_prefix(DUTY).map(|code| Self::Duty(code.to_owned())),
        }
    }
}

impl DossierResult {
    fn owed(&self, kind: &DeliveryDeadline) -> Option<Owed> {
        match kind {
            DeliveryDeadline::Duty(code) => self.after.duties.get(code).copied(),
            DeliveryDeadline::Renewal => self.after.renewal,
            DeliveryDeadline::Validity => self.after.validity,
        }
    }
}

impl Deadlines for DossierResult {
    type Kind = DeliveryDeadline;

    fn deadlines(&self) -> Vec<Deadline<DeliveryDeadline>> {
        let duties = self.after.duties.keys().cloned().map(DeliveryDeadline::Duty);
        let all = duties.chain([DeliveryDeadline::Renewal, DeliveryDeadline::Validity]);
        let set = all.filter_map(|kind| self.owed(&kind).map(|owed| (kind, owed)));
        set.map(|(kind, owed)| Deadline::of(kind, owed.running, owed.is_open())).collect()
    }

    fn basis<'a>(&'a self, kind: &DeliveryDeadline, law: &'a Law) -> Result<Basis<'a>, LawError> {
        let (Some(owed), Some(brief)) = (self.owed(kind), self.brief()) else {
            return Ok(Basis::Instant);
        };
        let running = owed.running;
        let rule = law.rule(&brief.procedure, &brief.agency, running.known_at);
        let rule = rule.ok_or(LawError::NotLoaded)?;
        let rules = &rule.procedure.result;
        let renewal = rules.renewal.as_ref();
        let counted = match kind {
            DeliveryDeadline::Duty(code) => rules.duty(code).map(|duty| (duty.budget, &duty.basis)),
            DeliveryDeadline::Renewal => renewal.map(|r| (r.decide_within, &r.basis)),
            DeliveryDeadline::Validity if self.after.renewals > 0 => {
                renewal.map(|rules| (rules.validity, &rules.basis))
            }
            DeliveryDeadline::Validity => {
                rules.validity.map(|budget| (budget, &rule.procedure.legal_basis))
            }
        };
        let Some((budget, basis)) = counted else { return Ok(Basis::Instant) };
        let mut period = rule.period(running, running.since, budget, Some(brief.channel));
        period.basis = basis;
        // A portal outage does not extend the validity of a licence.
        if *kind == DeliveryDeadline::Validity {
            period.outages = &[];
        }
        Ok(Basis::Period(period))
    }

    fn when_due(kind: &DeliveryDeadline) -> AnyCommand<Self> {
        match kind {
            DeliveryDeadline::Duty(code) => AnyCommand::new(MissDuty { duty: code.clone() }),
            DeliveryDeadline::Renewal => AnyCommand::new(MissRenewal),
            DeliveryDeadline::Validity => AnyCommand::new(ExpireResult),
        }
    }

    fn extended(extended: PeriodExtended) -> Option<Self::Event> {
        Some(extended.into())
    }

    fn running(&mut self, kind: &DeliveryDeadline) -> Option<&mut Running> {
        let owed = match kind {
            DeliveryDeadline::Duty(code) => self.after.duties.get_mut(code),
            DeliveryDeadline::Renewal => self.after.renewal.as_mut(),
            DeliveryDeadline::Validity => self.after.validity.as_mut(),
        };
        owed.map(|owed| &mut owed.running)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_each_kind_names_that_kind_again() {
        let duty = DeliveryDeadline::Duty("report".to_owned());
        assert_eq!(duty.text(), "duty:report");
        for kind in [duty, DeliveryDeadline::Renewal, DeliveryDeadline::Validity] {
            assert_eq!(DeliveryDeadline::parse(&kind.text()), Some(kind));
        }
        for text in DeliveryDeadline::TEXTS {
            assert_eq!(DeliveryDeadline::parse(text).map(|kind| kind.text()), Some((*text).into()));
        }
        assert_eq!(DeliveryDeadline::parse("report"), None);
    }
}
