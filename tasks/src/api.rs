//! Tests the API against its own OpenAPI documents.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};
use cluster::{SERVICES, tools};

use crate::checks::{program, succeed};
use crate::root;
use crate::server::serve;

/// Tests the built program against every OpenAPI document: no answer may be 5xx or contradict the
/// document.
pub(crate) fn against_its_documents() -> Result<()> {
    let schemathesis = tools::SCHEMATHESIS.path()?;
    let data = root().join("target/schemathesis-data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    let dossier = program();
    let (_server, address) = serve(&dossier, &data)?;
    let token = token(&dossier, &data)?;
    for service in SERVICES {
        let document = root().join(format!("openapi/{service}.json")).display().to_string();
        let header = format!("Authorization: Bearer {token}");
        let url = format!("http://{address}");
        let arguments = [
            "run",
            &document,
            "--url",
            &url,
            "--header",
            &header,
            "--phases",
            "examples,coverage,fuzzing",
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
            "--max-examples",
            "25",
            "--seed",
            "1",
            "--generation-deterministic",
            "--no-color",
            "--warnings",
            "off",
            // Schemathesis cannot generate a PDF; the services' own tests cover uploads.
            "--exclude-operation-id",
            "upload_document",
        ];
        succeed(Command::new(&schemathesis).args(arguments).current_dir(root()))?;
    }
    Ok(())
}

/// A token with all roles, so that every handler is reached.
fn token(dossier: &Path, data: &Path) -> Result<String> {
    let roles = [
        "applicant",
        "clerk",
        "reviewer",
        "approver",
        "cashier",
        "consultee",
        "carrier",
        "payment_provider",
        "complaint_handler",
        "auditor",
        "operator",
    ];
    let mut command = Command::new(dossier);
    command.args(["token", "--agency", "G02", "--data"]).arg(data);
    for role in roles {
        command.args(["--role", role]);
    }
    let minted = command.output()?;
    if !minted.status.success() {
        bail!("no token: {}", String::from_utf8_lossy(&minted.stderr));
    }
    Ok(String::from_utf8(minted.stdout)?.trim().to_owned())
}
