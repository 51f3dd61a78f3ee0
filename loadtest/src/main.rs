//! Load against the real binary, over HTTP, with raw limits of the same machine measured in the same run beside it. It
//! sends to processes that it started itself, and stops by itself.
//!
//! `lifecycle` drives whole dossiers, `store` the event store alone, `keeper` very many deadlines,
//! `whatif` a change of the law, `hostile` attackers and `statistics` auditors beside others, `replay-views` measures how fast views are rebuilt, `large`
//! what that takes in memory.

#![expect(clippy::print_stdout, reason = "the figures go to standard output")]

use anyhow::Result;
use clap::{Parser, Subcommand};

mod actors;
mod client;
mod copies;
mod hostile;
mod keeper;
mod large;
mod lifecycle;
mod others;
mod raw;
mod server;
mod statistics;
mod store;
mod together;
mod whatif;

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
    /// The same through a cluster on this machine: three NATS servers, PostgreSQL, two replicas of each service, a proxy.
    Cluster(lifecycle::Arguments),
    /// Appends, reads and scans of the event store alone.
    Store(store::Arguments),
    /// The deadline keeper with very many open obligations.
    Keeper(keeper::Arguments),
    /// A change of the law tried on very many dossiers.
    Whatif(whatif::Arguments),
    /// Attackers on one address, everybody else on another.
    Hostile(hostile::Arguments),
    /// Auditors who read statistics all the time, beside everybody else.
    Statistics(statistics::Arguments),
    /// How fast the views are rebuilt from the log.
    ReplayViews(lifecycle::Arguments),
    /// The same from a log of very large dossiers: what the server holds in memory for it.
    Large(large::Arguments),
}

#[tokio::main]
async fn main() -> Result<()> {
    let figures = match Cli::parse().command {
        Command::Lifecycle(arguments) => lifecycle::run(&arguments).await?,
        Command::Cluster(arguments) => together::run(&arguments).await?,
        Command::Store(arguments) => store::run(&arguments).await?,
        Command::Keeper(arguments) => keeper::run(&arguments).await?,
        Command::Whatif(arguments) => whatif::run(&arguments).await?,
        Command::Hostile(arguments) => hostile::run(&arguments).await?,
        Command::Statistics(arguments) => statistics::run(&arguments).await?,
        Command::ReplayViews(arguments) => lifecycle::rebuild(&arguments).await?,
        Command::Large(arguments) => large::run(&arguments).await?,
    };
    println!("{figures}");
    Ok(())
}
