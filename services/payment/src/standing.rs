//! Progress of a dossier at intake, as far as it matters for its money.

use dossier::State;
use dossier::contract::DossierId;
use dossier::intake::{Intake, Stage};
use dossier::payment::take_notice::Said;
use dossier::payment::{Payment, Standing};
use engine::{Streams, fold};
use events::{Cause, ReadError, StreamName};

/// A report about a dossier with the progress of the dossier, if that matters for it.
///
/// # Errors
///
/// Intake's stream cannot be read.
pub(crate) async fn in_standing(
    payments: &Streams<Payment>,
    dossier: DossierId,
    said: Said,
) -> Result<Said, ReadError> {
    if !said.needs_standing() {
        return Ok(said);
    }
    Ok(said.with_standing(standing(payments, dossier).await?))
}

/// Progress of the dossier at intake. Intake's stream decides races between the two services: if
/// the dossier is accepted while its fee is refunded, intake receives that the fee is owed again.
///
/// # Errors
///
/// Intake's stream cannot be read.
pub(crate) async fn standing(
    payments: &Streams<Payment>,
    dossier: DossierId,
) -> Result<Standing, ReadError> {
    let stream = StreamName::new(&format!("{}-{dossier}", Intake::CATEGORY))
        .map_err(|error| ReadError::Refused(Cause::new(error)))?;
    let recorded = payments.engine().store.read_whole(&stream).await?;
    let intake: Intake = fold(&recorded)?;
    Ok(match intake.stage() {
        Stage::Empty | Stage::Submitted => Standing::Unanswered,
        Stage::Processing => Standing::InProcess,
        Stage::Decided | Stage::Refused | Stage::Withdrawn | Stage::Closed(_) => Standing::AtItsEnd,
    })
}
