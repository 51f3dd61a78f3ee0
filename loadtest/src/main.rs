//! Load tests and benchmarks of the real program over HTTP, with the raw limits of the same machine
//! measured in the same run. It starts and stops its own servers.
//!
//! `lifecycle` processes whole dossiers; `store` measures the event store alone, `keeper` a large
//! number of deadlines, `whatif` a simulated change of the law; `hostile` and `statistics` measure
//! other clients during attacks and expensive reads; `replay-views` and `large` measure the time
//! and memory for rebuilding views; `lists` the pages of lists and searches over many dossiers,
//! `webhooks` deliveries to subscribers.

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
mod lists;
mod others;
mod raw;
mod registry;
mod server;
mod statistics;
mod store;
mod together;
mod webhooks;
mod whatif;

/// Load tests and benchmarks, with the machine's raw limits.
#[derive(Debug, Parser)]
#[command(name = "loadtest", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Process whole dossiers over HTTP, from submission to rating.
    Lifecycle(lifecycle::Arguments),
    /// The same on a cluster on this machine: three NATS servers, PostgreSQL, two replicas of each
    /// service, a proxy.
    Cluster(lifecycle::Arguments),
    /// Append, read and scan on the event store alone.
    Store(store::Arguments),
    /// Measure the deadline keeper with many open obligations.
    Keeper(keeper::Arguments),
    /// Simulate a change of the law on many dossiers.
    Whatif(whatif::Arguments),
    /// Measure other clients' latency during attacks.
    Hostile(hostile::Arguments),
    /// Measure other clients' latency during expensive reads.
    Statistics(statistics::Arguments),
    /// Measure a registry of as many agencies as the country has: issuing it, the start and the
    /// steps after it.
    Registry(registry::Arguments),
    /// Measure how fast views are rebuilt.
    ReplayViews(lifecycle::Arguments),
    /// Measure the memory for rebuilding views from large dossiers.
    Large(large::Arguments),
    /// Measure the rebuild of lists over many dossiers, and the latency of their pages.
    Lists(lists::Arguments),
    /// Measure deliveries to subscribers, some of which are dead.
    Webhooks(webhooks::Arguments),
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
        Command::Registry(arguments) => registry::run(&arguments).await?,
        Command::ReplayViews(arguments) => lifecycle::rebuild(&arguments).await?,
        Command::Large(arguments) => large::run(&arguments).await?,
        Command::Lists(arguments) => lists::run(&arguments).await?,
        Command::Webhooks(arguments) => webhooks::run(&arguments).await?,
    };
    println!("{figures}");
    Ok(())
}
