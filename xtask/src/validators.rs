//! Checks the OpenAPI documents with third-party validators.

use std::path::PathBuf;

use anyhow::Result;
use cluster::tools;

use crate::checks::run_in;
use crate::generate::{all_documents, root};

/// A linter of OpenAPI documents, from npm.
const REDOCLY: &str = "@redocly/cli@2.77.0";

/// Fails if a validator finds an error in a document.
pub(crate) fn run() -> Result<()> {
    let documents: Vec<String> =
        all_documents().iter().map(|(name, _)| format!("openapi/{name}.json")).collect();
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    let validator = tools::OPENAPI_SPEC_VALIDATOR.path()?.display().to_string();
    run_in(&root(), &validator, &documents)?;
    let redocly = redocly()?.display().to_string();
    run_in(&root(), &redocly, &[&["lint", "--extends", "recommended"], &*documents].concat())
}

/// Path of the linter; installs it if it is missing.
fn redocly() -> Result<PathBuf> {
    let folder = root().join("target/tools").join("redocly-cli-2.77.0");
    let program = folder.join("node_modules/.bin/redocly");
    if !program.exists() {
        let prefix = folder.display().to_string();
        let install = ["install", "--silent", "--no-audit", "--no-fund", "--prefix", &prefix];
        run_in(&root(), "npm", &[&install[..], &[REDOCLY]].concat())?;
    }
    Ok(program)
}
