//! Recomputes promised dates and the ends of periods by the law as it was known when they were
//! recorded.

use dossier::LawError;
use dossier::clock::Checked;
use dossier::contract::IntakeEvent;
use events::Recorded;

use super::Report;
use super::finding::Findings;

/// The dates that an event set, and those that the law gives.
pub(super) type Dates = Result<Vec<Checked>, LawError>;

/// Counts the dates that an event set, and reports those that the law does not give.
pub(super) fn compare(event: &Recorded, dates: Dates, report: &mut Report, found: &mut Findings) {
    let dates = match dates {
        Ok(dates) => dates,
        Err(error) => return found.of(event, "law", error),
    };
    for date in dates {
        match date {
            Checked::Period { recorded, computed } => {
                report.periods += 1;
                if recorded != computed {
                    let what = format!(
                        "the recorded end of a period is {recorded}, the law gives {computed}"
                    );
                    found.of(event, "period", what);
                }
            }
            Checked::Promise { recorded, computed } => {
                report.promises += 1;
                if computed.as_ref() != Some(&recorded) {
                    let (due_at, computed) =
                        (recorded.due_at, computed.map(|computed| computed.due_at));
                    let what = format!("{due_at} was promised, the law gives {computed:?}");
                    found.of(event, "promise", what);
                }
            }
            Checked::Given => report.promises += 1,
        }
    }
}

/// The difference between the date that an officer fixed and the one that is promised, if any.
pub(super) fn contradiction(event: &IntakeEvent) -> Option<String> {
    let IntakeEvent::AppointmentFixed(fixed) = event else { return None };
    let (at, due_at) = (fixed.at, fixed.promise.due_at);
    (at != due_at).then(|| format!("{at} was fixed, {due_at} promised"))
}
