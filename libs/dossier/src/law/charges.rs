//! The tariff of a procedure: what a dossier is charged, before it is filed and when its fee is
//! assessed. Law 97/2015/QH13, arts 3, 10, 14.4; NQ 66.22/2026/NQ-CP, art. 5.2.

use calendar::Calendar;
use jiff::civil::Date;

use super::{FeeLine, Law, Procedure, Reduction};
use crate::contract::{AgencyCode, Brief, Channel, ChargedLine, FeeClaim, Vnd};
use crate::step::LawError;

/// The facts of a dossier on which its fee depends.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The local day of submission.
    pub on: Date,
    /// The channel of filing.
    pub channel: Channel,
    /// The agency that receives it.
    pub agency: &'a AgencyCode,
    /// The groups of persons to which the applicant belongs.
    pub groups: &'a [String],
}

/// The lines that are charged in this case, phí and lệ phí apart. Of several reductions of a line
/// the highest applies.
///
/// # Errors
///
/// An amount is too large.
pub fn charges(procedure: &Procedure, case: Case<'_>) -> Result<Vec<ChargedLine>, LawError> {
    let fees = &procedure.fees;
    let reductions: Vec<&Reduction> =
        fees.reductions.iter().filter(|reduction| case.has(reduction)).collect();
    let charged = fees.lines.iter().filter(|line| {
        !line.further && line.effective.contains(case.on) && line.is_for(case.channel)
    });
    charged.map(|line| charge(line, &reductions)).collect()
}

/// A line that is charged only if an officer says so, in this case. `None` if there is none.
///
/// # Errors
///
/// The amount is too large.
pub fn further_charge(
    procedure: &Procedure,
    case: Case<'_>,
    rule: &str,
) -> Result<Option<ChargedLine>, LawError> {
    let fees = &procedure.fees;
    let reductions: Vec<&Reduction> =
        fees.reductions.iter().filter(|reduction| case.has(reduction)).collect();
    let mut lines = fees.lines.iter().filter(|line| line.further && line.rule == rule);
    let line = lines.find(|line| line.effective.contains(case.on) && line.is_for(case.channel));
    line.map(|line| charge(line, &reductions)).transpose()
}

/// The claims in this case that the applicant has to prove: groups for which a reduction is given
/// now, and whose entry in the procedure wants evidence or an officer's confirmation.
#[must_use]
pub fn claims(procedure: &Procedure, case: Case<'_>) -> Vec<FeeClaim> {
    let fees = &procedure.fees;
    let reduces = |group: &String| {
        let mut given = fees.reductions.iter().filter(|reduction| case.is_given(reduction));
        given.any(|reduction| reduction.groups.contains(group))
    };
    let claimed = fees.groups.iter().filter(|entry| case.groups.contains(&entry.group));
    let claimed = claimed.filter(|entry| reduces(&entry.group));
    claimed
        .map(|entry| FeeClaim { group: entry.group.clone(), evidence: entry.evidence.clone() })
        .collect()
}

/// The lines and the sum of a dossier's fee, by the rules at its submission.
///
/// # Errors
///
/// The law of the dossier is not loaded, or an amount is too large.
pub fn fee_of(law: &Law, brief: &Brief) -> Result<(Vec<ChargedLine>, Vnd), LawError> {
    let rule = law.rule(&brief.procedure, &brief.agency, brief.submitted_at);
    let rule = rule.ok_or(LawError::NotLoaded)?;
    let lines = charges(rule.procedure, Case::of(brief, rule.calendar))?;
    let total = Vnd::sum(lines.iter().map(|line| line.charged))?;
    Ok((lines, total))
}

impl<'a> Case<'a> {
    /// The case of a submitted dossier.
    #[must_use]
    pub fn of(brief: &'a Brief, calendar: &Calendar) -> Self {
        Self {
            on: calendar.date_of(brief.submitted_at),
            channel: brief.channel,
            agency: &brief.agency,
            groups: &brief.groups,
        }
    }

    /// Whether a reduction is given in this case to those for whom it is.
    fn is_given(&self, reduction: &Reduction) -> bool {
        let channels = &reduction.channels;
        reduction.effective.contains(self.on)
            && (channels.is_empty() || channels.contains(&self.channel))
            && reduction.is_given_by(self.agency)
    }

    fn has(&self, reduction: &Reduction) -> bool {
        self.is_given(reduction)
            && (reduction.groups.is_empty()
                || reduction.groups.iter().any(|group| self.groups.contains(group)))
    }
}

fn charge(line: &FeeLine, reductions: &[&Reduction]) -> Result<ChargedLine, LawError> {
    let applicable = reductions.iter().filter(|reduction| reduction.of.contains(&line.kind));
    let best = applicable.max_by_key(|reduction| reduction.percent);
    let less = best.map_or(Ok(Vnd::ZERO), |best| line.amount.percent(best.percent))?;
    Ok(ChargedLine {
        rule: line.rule.clone(),
        kind: line.kind,
        name_vi: line.name.vi.clone(),
        name_en: line.name.en.clone(),
        full: line.amount,
        reduction: best.map(|best| best.rule.clone()),
        // Rules from before negative tariffs were rejected may contain one; it charges nothing.
        charged: line.amount.minus(less)?.max(Vnd::ZERO),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::law;

    #[test]
    fn of_competing_reductions_the_best_one_counts() {
        let law = law();
        let line = &law.procedures().find(|p| p.code.as_str() == "CO.D").unwrap().fees;
        let half = line.reductions[0].clone();
        let more = Reduction { percent: 80, rule: "more".to_owned(), ..half.clone() };
        let charged = charge(&line.lines[0], &[&half, &more]).unwrap();
        assert_eq!((charged.charged, charged.reduction.as_deref()), (Vnd(6_000), Some("more")));
    }
}
