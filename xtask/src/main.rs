//! The tasks of `cargo xtask` that need the services' code: generated files, and checks against the
//! code. The other tasks, and the dispatch to these, are in the package `tasks`.

use anyhow::Result;
use clap::{Parser, Subcommand};

mod alerts;
mod charts;
mod checks;
mod client;
mod digests;
#[cfg(test)]
mod documents;
mod fields;
mod generate;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod modules;
mod problems;
#[cfg(test)]
mod prose;
#[cfg(test)]
mod registry;
mod routes;
#[cfg(test)]
mod tidy;
mod validators;
mod values;

/// Tasks of the workspace.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write openapi/, schemas/, docs/steps.md, docs/problems.md, docs/fields.md, k8s/rendered/,
    /// and the types and operations of libs/dossier-client.
    Generate,
    /// Render, lint and validate the chart and the manifests.
    Charts,
    /// Check the OpenAPI documents with third-party validators.
    Validate,
    /// Resolve the images of the Containerfile and of `k8s/platform` with crane or skopeo, and
    /// write their digests.
    Digests,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Generate => generate::write(),
        Command::Charts => charts::check(&generate::root().join("target/debug/dossier")),
        Command::Validate => validators::run(),
        Command::Digests => digests::write(),
    }
}
