//! Makes the issued papers again and compares them with their recorded digests.

use dossier::contract::{EventSet, IntakeEvent, Meta, ReceiptEvent};
use dossier::intake::Intake;
use dossier::law::Law;
use dossier::papers::{self, Comparison};
use events::Recorded;

use super::Report;
use super::finding::Findings;

/// Compares the slip that an event of intake issued. `after` is the dossier after the event.
pub(super) fn slip(
    event: &Recorded,
    (after, decoded, meta): (&Intake, &IntakeEvent, &Meta),
    law: &Law,
    (report, found): (&mut Report, &mut Findings),
) {
    count(event, papers::verify(after, decoded, meta, law), (report, found));
}

/// Compares a receipt. `intake` is the dossier now: receipts of a dossier whose form was corrected
/// are not compared, because its form before the correction is not kept here.
pub(super) fn receipt(
    event: &Recorded,
    (intake, meta): (&Intake, &Meta),
    law: &Law,
    (report, found): (&mut Report, &mut Findings),
) {
    let Ok(ReceiptEvent::ReceiptIssued(issued)) = ReceiptEvent::decode(&event.kind, &event.data)
    else {
        return;
    };
    if issued.paper.is_none() || intake.forms.len() > 1 {
        return;
    }
    let made = papers::receipt(&issued, meta.at(), intake, law);
    let compared = made.map_or(Comparison::Differs, |(_, paper)| paper.comparison());
    count(event, Some(compared), (report, found));
}

fn count(
    event: &Recorded,
    compared: Option<Comparison>,
    (report, found): (&mut Report, &mut Findings),
) {
    match compared {
        None | Some(Comparison::NotRecorded) => {}
        Some(Comparison::Same | Comparison::Erased) => report.papers += 1,
        Some(Comparison::Differs) => {
            report.papers += 1;
            found.of(event, "paper", "the paper made of the log is not the one that was issued");
        }
    }
}
