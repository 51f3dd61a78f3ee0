//! Revokes the credential of a program. The law:
//! `libs/dossier/src/mandates/revoke_credential.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::CredentialId;
use dossier::mandates::revoke_credential::RevokeCredential;
use web::{Operation, Problem, Reply, Request, execute_unseen};

use super::reply::{ACTS_FOR_OTHERS, CredentialReply, of_credential, party};
use crate::mandates::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/credentials/{credential}/revocation",
        "revoke_credential",
        "Revoke the credential of a program",
    )
    .step(&RevokeCredential::STEP)
    .describe("From the answer on, the program neither acts nor reads for the firm.")
    .refusals(&[ACTS_FOR_OTHERS])
    .body::<RevokeCredential>()
    .unseen()
    .reply::<CredentialReply>()
    .handle(handle)
}

async fn handle(
    app: Arc<App>,
    credential: CredentialId,
    request: Request,
) -> Result<Reply, Problem> {
    party(request.caller()?)?;
    let id = (&*credential.to_string(), None);
    let loaded = execute_unseen::<RevokeCredential>(&app.credentials, id, &request).await?;
    let body = of_credential(&loaded.state, app.engine.clock.now())?;
    Ok(Reply::ok(&body).version(loaded.version).position(loaded.position))
}
