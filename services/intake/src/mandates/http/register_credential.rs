//! Registers the credential of a program. The law:
//! `libs/dossier/src/mandates/register_credential.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{CredentialId, Subject};
use dossier::mandates::register_credential::RegisterCredential;
use engine::view::Question;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use web::{Line, On, Operation, Problem, Reply, Request, send};

use super::reply::{ACTS_FOR_OTHERS, CredentialReply, of_credential, party};
use crate::mandates::App;
use crate::mandates::listed::{name, valid_of};

/// A program that is to act for a firm.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterCredentialRequest {
    /// Subject of the tokens that the identity provider issues to the program.
    machine: Line<200>,
    /// What the firm calls the program.
    name: Line<100>,
    /// First instant at which it is no longer valid, at most 5 years from now; a year from now if
    /// absent.
    #[schema(example = "2027-06-30T00:00:00+07:00")]
    ends_at: Option<Timestamp>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/credentials", "register_credential", "Register a program of a firm")
        .step(&RegisterCredential::STEP)
        .describe(
            "The program authenticates with a token of its own (client credentials) and sends the \
             id of the credential in the header `Credential`. It then acts for the firm of the \
             caller, and with the header `Mandate` for the firm's clients. It cannot grant, accept \
             or revoke mandates.",
        )
        .refusals(&[ACTS_FOR_OTHERS])
        .body::<RegisterCredentialRequest>()
        .body_example(json!({ "machine": "machine-1", "name": "Phần mềm khai báo" }))
        .created::<CredentialReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let firm = party(caller)?.clone();
    let body: RegisterCredentialRequest = request.json()?;
    let credential = CredentialId(request.new_id(&app.credentials, caller, "credential").await?);
    let (of, now) = (name(&firm), app.engine.clock.now());
    let open = app.listed.query(Question::List, move |rows| valid_of(rows, &of, now)).await?;
    let command = RegisterCredential {
        credential,
        firm,
        machine: Subject::from(&*body.machine.0),
        name: body.name.0.into(),
        ends_at: body.ends_at,
        open,
    };
    let id = credential.to_string();
    let on = On::stream(&id, None).beginning_without_law();
    let loaded = send(&app.credentials, &request, on, &command).await?;
    let body = of_credential(&loaded.state, app.engine.clock.now())?;
    let location = format!("/v1/credentials/{credential}");
    Ok(Reply::created(&location, &body).version(loaded.version).position(loaded.position))
}
