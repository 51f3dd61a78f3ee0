//! Checks the OpenAPI documents with third-party validators.

use anyhow::Result;
use cluster::tools;

use crate::checks::run_in;
use crate::generate::{all_documents, root};

/// Fails if a validator finds an error in a document, or spectral a warning.
pub(crate) fn run() -> Result<()> {
    let documents: Vec<String> =
        all_documents().iter().map(|(name, _)| format!("openapi/{name}.json")).collect();
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    let validator = tools::OPENAPI_SPEC_VALIDATOR.path()?.display().to_string();
    run_in(&root(), &validator, &documents)?;
    let programs = tools::node_packages()?.join("node_modules/.bin");
    let redocly = programs.join("redocly").display().to_string();
    run_in(&root(), &redocly, &[&["lint", "--extends", "recommended"], &*documents].concat())?;
    let spectral = programs.join("spectral").display().to_string();
    let rules = ["lint", "--ruleset", "clients/spectral.yaml", "--fail-severity", "warn"];
    run_in(&root(), &spectral, &[&rules, &*documents].concat())
}
