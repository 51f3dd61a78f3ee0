//! `cargo xtask generate` writes what is generated; `cargo xtask test` runs every check there is, `cargo xtask reckon` one of
//! them for longer. Nothing else has to be installed by hand.

use anyhow::Result;
use clap::{Parser, Subcommand};

mod alerts;
mod charts;
mod checks;
mod cluster;
mod generate;
#[cfg(test)]
mod manifests;
mod routes;
#[cfg(test)]
mod tidy;
mod upgrade;
mod values;

/// Tasks of the workspace.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write openapi/, schemas/, docs/steps.md and k8s/rendered/.
    Generate,
    /// Format, clippy, tests, generated files, README, and the API against its documents.
    Test,
    /// Render, lint and validate the chart and the manifests.
    Charts,
    /// Start a cluster on this machine, say where it is, and stop it when told to.
    Cluster {
        /// The optimized program instead of the debug one; it takes minutes to build.
        #[arg(long)]
        release: bool,
        /// Where it keeps what it has, from one start to the end of it.
        #[arg(long, default_value = "target/cluster")]
        folder: std::path::PathBuf,
    },
    /// An office that is kept by an older program, by this one, and by the older one again; it builds the older one first.
    Upgrade {
        /// The commit or tag of the older program.
        #[arg(default_value = "HEAD~1")]
        commit: String,
        /// Only forwards: where this program's rules have fields that the older one cannot read, there is no way back.
        #[arg(long)]
        forward: bool,
    },
    /// A hundred thousand random periods against the reckoner that only the tests have.
    Reckon,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Generate => generate::write(),
        Command::Test => checks::run(),
        Command::Charts => checks::charts(),
        Command::Cluster { release, folder } => cluster::run(release, &folder),
        Command::Upgrade { commit, forward } => upgrade::run(&commit, forward),
        Command::Reckon => checks::reckon(),
    }
}
