//! `cargo xtask`: all checks and other tasks of this workspace. Nothing has to be installed by
//! hand. Tasks that need the services' code (`generate`, `charts`, `validate`, `digests`) are in
//! the package `xtask`, which is built on demand.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod api;
mod checks;
mod clients;
mod cluster;
mod desk;
mod phases;
mod server;
mod upgrade;
mod viewer;

/// Tasks of the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Write openapi/, schemas/, docs/steps.md, docs/problems.md and k8s/rendered/.
    Generate,
    /// Run all checks: format, clippy, licences, tests, generated files, the chart, and the API
    /// against its documents; print the durations.
    Test,
    /// Install the programs that tests and checks need into target/tools.
    Tools,
    /// Render, lint and validate the chart and the manifests.
    Charts,
    /// Check the OpenAPI documents with third-party validators.
    Validate,
    /// Send requests of every kind to a server and compare its answers with the OpenAPI documents.
    Api {
        /// Use the existing program instead of building it.
        #[arg(long)]
        built: bool,
    },
    /// Generate clients from the OpenAPI documents and carry a dossier from upload to rating with
    /// them.
    Clients {
        /// Use the existing program instead of building it.
        #[arg(long)]
        built: bool,
    },
    /// Test the desk in a real browser, on a demo; or measure it on a server that runs.
    Desk {
        /// Use the existing program instead of building it.
        #[arg(long)]
        built: bool,
        #[command(flatten)]
        measure: desk::Measure,
    },
    /// Download a version of the viewer of the API reference from npm, and record it.
    Viewer {
        /// Version of the npm package `redoc`.
        version: String,
    },
    /// Resolve the images of the Containerfile and of `k8s/platform` with crane or skopeo, and
    /// write their digests.
    Digests,
    /// Start a cluster on this machine, print its addresses, and stop it on return.
    Cluster {
        /// Use the optimized program instead of the debug build; it takes minutes to build.
        #[arg(long)]
        release: bool,
        /// Folder of the cluster's data; must not exist, and is removed at the end.
        #[arg(long, default_value = "target/cluster")]
        folder: PathBuf,
    },
    /// Run an older program and this one in turn on one data directory; builds the older one first.
    Upgrade {
        /// Commit or tag of the older program.
        #[arg(default_value = "HEAD~1")]
        commit: String,
        /// Run the older program only first: needed if this program's rules have fields that the
        /// older one cannot parse.
        #[arg(long)]
        forward: bool,
    },
    /// Compare 100,000 random periods with the independent reckoner of the tests.
    Reckon,
}

fn main() -> Result<()> {
    match Cli::parse().task {
        Task::Generate => passed_on("generate"),
        Task::Test => checks::run(),
        Task::Tools => ::cluster::tools::install(),
        Task::Charts => {
            checks::build_program()?;
            checks::succeed(&mut checks::xtask("charts"))
        }
        Task::Validate => passed_on("validate"),
        Task::Api { built } => {
            if !built {
                checks::build_program()?;
            }
            api::against_its_documents()
        }
        Task::Clients { built } => {
            if !built {
                checks::build_program()?;
            }
            clients::carry_a_dossier()
        }
        Task::Desk {
            measure: desk::Measure { measure: Some(address), token, words, runs },
            ..
        } => desk::measure(&address, &token.unwrap_or_default(), words.as_deref(), runs),
        Task::Desk { built, .. } => {
            if !built {
                checks::build_program()?;
            }
            desk::in_a_browser()
        }
        Task::Viewer { version } => viewer::update(&version),
        Task::Digests => passed_on("digests"),
        Task::Cluster { release, folder } => cluster::run(release, &folder),
        Task::Upgrade { commit, forward } => upgrade::run(&commit, forward),
        Task::Reckon => checks::reckon(),
    }
}

/// Runs a task of the package `xtask`.
fn passed_on(task: &str) -> Result<()> {
    checks::cargo(&["run", "--quiet", "--package", "xtask", "--", task])
}

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// The cargo that runs this program, else the one on the path.
#[expect(clippy::disallowed_methods, reason = "what cargo tells its own, not a setting")]
fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    cargo.current_dir(root());
    cargo
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_task_that_the_documents_name_exists() {
        let cli = Cli::command();
        let tasks: BTreeSet<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
        let listed = Command::new("git").args(["ls-files", "*.md"]).current_dir(root()).output();
        let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
        let mut named = 0;
        for path in listed.lines().filter(|path| !path.starts_with("docs/adr/")) {
            let text = std::fs::read_to_string(root().join(path)).unwrap_or_default();
            for after in text.split("cargo xtask ").skip(1) {
                let letters = |c: char| !c.is_ascii_lowercase();
                let task = after.split(letters).next().unwrap_or_default();
                assert!(tasks.contains(task), "{path}: cargo xtask {task}");
                named += 1;
            }
        }
        assert!(named > 5, "too few documents were read");
    }
}
