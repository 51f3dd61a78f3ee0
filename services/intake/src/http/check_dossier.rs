//! Checks a dossier as its submission would, without recording anything.

use std::sync::Arc;

use dossier::Command;
use dossier::access::May;
use dossier::intake::Considered;
use dossier::intake::submit_dossier::SubmitDossier;
use dossier::step::{LAW_NOT_APPLICABLE, NOT_COMPUTABLE, VALUES_IMPOSSIBLE};
use web::{Counts, On, Operation, Problem, Reply, Request, preview};

use super::quote_reply::QuoteReply;
use super::submit_dossier::{Prepared, REFUSALS, SubmitDossierRequest, example, prepared};
use crate::App;

const MAY: &[May] = SubmitDossier::STEP.may;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/dossiers/checks",
        "check_dossier",
        "Check a dossier before it is submitted",
    )
    .describe(
        "With the body of `submit_dossier`: everything that would be refused now, at once, or \
             what follows from the submission: the fee, and the dates if the dossier is paid and \
             accepted at once. Nothing is recorded, and no code is used. The same \
             `Idempotency-Key` may be used again, for further checks and for the submission.",
    )
    .roles(MAY)
    .refusals(SubmitDossier::STEP.refusals)
    .refusals(&REFUSALS)
    .refusals(&[LAW_NOT_APPLICABLE, NOT_COMPUTABLE, VALUES_IMPOSSIBLE])
    .body::<SubmitDossierRequest>()
    .body_example(example())
    .reply::<QuoteReply>()
    .counted(Counts::Filing)
    .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let law = app.engine.law();
    let Prepared { command, mays, procedure, .. } = prepared(&app, &law, &request).await?;
    let (id, reference) = (command.dossier.to_string(), procedure.reference());
    let on = On::stream(&id, Some(command.dossier)).beginning(&reference, &command.agency).by(mays);
    preview(&app.dossiers, &request, on, &command).await?;
    let now = app.engine.clock.now();
    let considered = Considered {
        agency: &command.agency,
        channel: Some(command.channel),
        groups: &command.groups,
        at: now,
        posted_at: command.posted_at,
    };
    Ok(Reply::ok(&QuoteReply::of(&law, procedure, considered, now)?))
}
