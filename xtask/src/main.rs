//! `cargo xtask generate` writes what is generated; `cargo xtask test` runs every check there is, `cargo xtask reckon` one of
//! them for longer. Nothing else has to be installed by hand.

use anyhow::Result;
use clap::{Parser, Subcommand};

mod checks;
mod generate;
mod postgres;
#[cfg(test)]
mod tidy;
mod tools;

/// Tasks of the workspace.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write openapi/, schemas/ and docs/steps.md.
    Generate,
    /// Format, clippy, tests, generated files, README, and the API against its documents.
    Test,
    /// A hundred thousand random periods against the reckoner that only the tests have.
    Reckon,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Generate => generate::write(),
        Command::Test => checks::run(),
        Command::Reckon => checks::reckon(),
    }
}
