//! The open tasks after a result: duties, the decision on a renewal, and the rating.

use super::open::due;
use super::{DossierStates, Task, TaskKind};
use crate::contract::AgencyCode;
use crate::delivery::DeliveryDeadline;
use crate::law::OwedBy;
use crate::step::Rule;

pub(super) fn tasks(
    states: &DossierStates,
    agency: &AgencyCode,
    rule: Option<Rule<'_>>,
) -> Vec<Task> {
    let result = &states.delivery;
    let mut tasks = Vec::new();
    for (code, owed) in result.after.duties.iter().filter(|(_, owed)| owed.met_at.is_none()) {
        let due_at = due(result, &DeliveryDeadline::Duty(code.clone()));
        let duty = |kind| Task::new(kind, agency).about(code).due(due_at).missed(owed.missed);
        let by = rule.and_then(|rule| rule.procedure.result.duty(code)).map(|duty| duty.by);
        match by {
            Some(OwedBy::Agency) => tasks.push(duty(TaskKind::MeetAgencyDuty)),
            Some(OwedBy::Applicant) | None => {
                tasks.push(duty(TaskKind::MeetDuty));
                tasks.extend(owed.missed.then(|| duty(TaskKind::CheckMissedDuty)));
            }
        }
    }
    if let Some(renewal) = result.after.renewal {
        let decide = Task::new(TaskKind::DecideRenewal, agency);
        tasks.push(decide.due(due(result, &DeliveryDeadline::Renewal)).missed(renewal.missed));
    }
    let rating = &states.rating;
    if rating.brief.is_some() && rating.rated.is_none() {
        tasks.push(Task::new(TaskKind::RateDossier, agency));
    }
    tasks
}
