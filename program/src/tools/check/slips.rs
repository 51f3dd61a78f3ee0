//! Makes the issued papers again and compares them with their recorded digests.

use std::collections::BTreeMap;

use dossier::contract::{DecisionMade, EventSet, IntakeEvent, Meta, ReceiptEvent};
use dossier::delivery::DossierResult;
use dossier::intake::Intake;
use dossier::law::Law;
use dossier::papers::{self, Comparison};
use events::Recorded;
use uuid::Uuid;

use super::Report;
use super::finding::Findings;

/// The kind of event that issues a label.
const HANDED_OVER: &str = "delivery.ResultHandedToCarrier.v1";

/// Compares the slip that an event of intake issued. `after` is the dossier after the event.
pub(super) fn slip(
    event: &Recorded,
    (after, decoded, meta): (&Intake, &IntakeEvent, &Meta),
    law: &Law,
    (report, found): (&mut Report, &mut Findings),
) {
    count(event, papers::verify(after, decoded, meta, law), (report, found));
}

/// Compares a receipt. `intake` is the dossier now; the payer is named by the form of which `forms`
/// has the number of versions when the money came.
pub(super) fn receipt(
    event: &Recorded,
    (intake, meta): (&Intake, &Meta),
    (law, forms): (&Law, &mut BTreeMap<Uuid, usize>),
    (report, found): (&mut Report, &mut Findings),
) {
    let Ok(ReceiptEvent::ReceiptIssued(issued)) = ReceiptEvent::decode(&event.kind, &event.data)
    else {
        return;
    };
    let versions = forms.remove(&issued.source);
    if issued.paper.is_none() {
        return;
    }
    let corrected = versions.filter(|versions| *versions < intake.forms.len());
    let payer = corrected.map(|versions| intake.with_form(versions));
    let made = papers::receipt(&issued, meta.at(), payer.as_ref().unwrap_or(intake), law);
    let compared = made.map_or(Comparison::Differs, |(_, paper)| paper.comparison());
    count(event, Some(compared), (report, found));
}

/// Compares the letter with a decision. `intake` is the state after the event.
pub(super) fn letter(
    event: &Recorded,
    (decision, intake): (Option<&DecisionMade>, &Intake),
    law: &Law,
    (report, found): (&mut Report, &mut Findings),
) {
    count(event, papers::verify_letter(decision, intake, law), (report, found));
}

/// Compares the label of a parcel. `result` is the state after the event.
pub(super) fn label(
    event: &Recorded,
    (result, meta): (&DossierResult, &Meta),
    law: &Law,
    (report, found): (&mut Report, &mut Findings),
) {
    if &*event.kind == HANDED_OVER {
        count(event, papers::verify_label(result, meta.at(), law), (report, found));
    }
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
