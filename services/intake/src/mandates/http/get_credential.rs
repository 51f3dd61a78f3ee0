//! Shows the credential of a program to its firm.

use std::sync::Arc;

use dossier::contract::CredentialId;
use dossier::mandates::LIST;
use web::{Operation, Problem, Reply, Request, read};

use super::reply::{ACTS_FOR_OTHERS, CredentialReply, of_credential, party};
use crate::mandates::App;

pub(super) fn operation() -> Operation<App> {
    let address = "/v1/credentials/{credential}";
    Operation::get(address, "get_credential", "Show the credential of a program")
        .roles(LIST)
        .refusals(&[ACTS_FOR_OTHERS])
        .reply::<CredentialReply>()
        .versioned()
        .handle(handle)
}

async fn handle(
    app: Arc<App>,
    credential: CredentialId,
    request: Request,
) -> Result<Reply, Problem> {
    party(request.caller()?)?;
    let loaded = read(&app.credentials, LIST, &credential.to_string(), &request).await?;
    let body = of_credential(&loaded.state, app.engine.clock.now())?;
    Ok(Reply::ok(&body).version(loaded.version).position(loaded.position))
}
