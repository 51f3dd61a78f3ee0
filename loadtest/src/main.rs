//! Load against the real binary, over HTTP, with raw limits of the same machine measured in the same run beside it. It
//! sends to processes that it started itself, and stops by itself.
//!
//! `lifecycle` drives whole dossiers, `store` the event store alone, `replay-views` measures how fast views are rebuilt.

#![expect(clippy::print_stdout, reason = "the figures go to standard output")]

use anyhow::Result;
use clap::{Parser, Subcommand};

mod actors;
mod client;
mod lifecycle;
mod raw;
mod server;
mod store;

/// Load, and the raw limits beside it.
#[derive(Debug, Parser)]
#[command(name = "loadtest", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Whole dossiers through HTTP, each from submission to rating.
    Lifecycle(lifecycle::Arguments),
    /// Appends, reads and scans of the event store alone.
    Store(store::Arguments),
    /// How fast the views are rebuilt from the log.
    ReplayViews(lifecycle::Arguments),
}

#[tokio::main]
async fn main() -> Result<()> {
    let figures = match Cli::parse().command {
        Command::Lifecycle(arguments) => lifecycle::run(&arguments).await?,
        Command::Store(arguments) => store::run(&arguments).await?,
        Command::ReplayViews(arguments) => lifecycle::rebuild(&arguments).await?,
    };
    println!("{figures}");
    Ok(())
}
