//! The open dossiers that a file of rules affects, for the count before it is issued.

use super::Intake;
use crate::contract::{RulesIssued, RulesKind};
use crate::law::list_in;
use crate::step::Facts;

/// Whether a newly issued file of rules affects an open dossier, judged by the law before it. A
/// procedure affects its dossiers, a calendar those of the agencies that use it, a list of codes
/// those whose form or rules refer to it. Files of agencies and payments affect every dossier,
/// complaint periods, targets, rules of publication and templates of papers none.
#[must_use]
pub fn concerns(issued: &RulesIssued, intake: &Intake, facts: &Facts<'_>) -> bool {
    let Some(brief) = intake.submission.as_ref().map(|submission| &submission.brief) else {
        return false;
    };
    if !intake.is_open() {
        return false;
    }
    match issued.kind {
        RulesKind::Procedure => brief.procedure.code.as_str() == issued.name,
        RulesKind::Calendar => {
            let agency = facts.law.present(&brief.agency, facts.at);
            facts.law.calendar_of(agency).is_some_and(|calendar| calendar.id() == issued.name)
        }
        RulesKind::Codes => {
            let procedure = facts.law.procedure(&brief.procedure);
            procedure.is_some_and(|procedure| procedure.refers_to(&list_in(issued)))
        }
        RulesKind::Agencies | RulesKind::Payments => true,
        RulesKind::Complaints | RulesKind::Figures | RulesKind::Papers => false,
    }
}
