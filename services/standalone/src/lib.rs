//! All services in one process on the embedded store, and the command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand, ValueEnum};
use service_kit::tasks::Stalled;
use service_kit::telemetry::Collector;
use service_kit::{Kit, Service};

mod bus;
mod check;
mod copy;
mod data;
mod demo;
mod explain;
mod export;
mod office;
mod private;
mod replay;
mod serve;
mod store_suite;
mod token;
mod visit;
mod whatif;

pub use check::{Finding, Report, check, check_with};
pub use copy::{Copied, copy};
pub use data::{DataDirectory, Identity, Time};
pub use demo::Dice;
pub use office::{Answer, Bearer, Office};
pub use replay::{RefusedActivity, Replay, Summary, World, replay};
pub use serve::watching;

/// Carries administrative dossiers from submission to delivered result.
#[derive(Debug, Parser)]
#[command(name = "dossier", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// What goes into the log on standard error.
    #[arg(long, global = true, env = "DOSSIER_LOG", default_value = "info")]
    log: String,
    /// Where traces are sent: the address of a collector that takes OTLP over HTTP, for example `http://collector:4318`.
    #[arg(long, global = true, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    otlp: Option<String>,
    /// What this process is called in traces.
    #[arg(long, global = true, env = "OTEL_SERVICE_NAME", default_value = "dossier")]
    otlp_service: String,
    /// Which part of the traces that begin here is sent, from 0 to 1; one that began elsewhere follows that decision.
    #[arg(long, global = true, env = "DOSSIER_TRACE_RATIO", default_value_t = 1.0)]
    trace_ratio: f64,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve all services (the default).
    Serve(serve::Arguments),
    /// Make up a ministry by a seed, carry its dossiers through in virtual time, and serve it.
    Demo(demo::Arguments),
    /// Replay a log of permit dossiers in virtual time.
    Replay(replay::Arguments),
    /// Read the whole log again and verify what can be verified.
    Check(check::Arguments),
    /// Say how a dossier's deadline came about.
    Explain(explain::Arguments),
    /// Try a change of the law on all dossiers, without changing anything.
    Whatif(whatif::Arguments),
    /// Write the log as NDJSON to standard output.
    Export(export::Arguments),
    /// Move a log from one event store to another.
    Copy(copy::Arguments),
    /// Try every sentence of the event store's contract on a server.
    StoreSuite(store_suite::Arguments),
    /// What the bus could not bring to its end.
    Bus(bus::Arguments),
    /// Carry one dossier through a running system.
    Visit(visit::Arguments),
    /// Mint a token with the development key of the data directory.
    Token(token::Arguments),
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
struct Data {
    /// The data directory; what serves makes it if it is missing, what only reads does not.
    #[arg(long, env = "DOSSIER_DATA", default_value = "./dossier-data")]
    data: PathBuf,
    /// The event store, for example `postgres://user@host/database`; a file in the data directory without it.
    #[arg(long, env = "DOSSIER_STORE", hide_env_values = true)]
    store: Option<String>,
}

impl Data {
    fn open(&self) -> anyhow::Result<DataDirectory> {
        Ok(DataDirectory::open(&self.data)?.with_store(self.store.clone()))
    }

    /// For one who only reads, beside whoever serves: nothing is made there, and nothing changed.
    fn existing(&self) -> anyhow::Result<DataDirectory> {
        DataDirectory::existing(&self.data, self.store.clone())
    }
}

/// Runs the command line; a failure ends in one line that says what to change.
#[must_use]
pub fn main() -> ExitCode {
    private::from_now_on();
    let cli = Cli::parse();
    let (service, ratio) = (cli.otlp_service, cli.trace_ratio);
    let collector = cli.otlp.map(|endpoint| Collector { endpoint, service, ratio });
    // Until the end: what was not sent by then is sent as it goes.
    let _telemetry = match service_kit::telemetry::start(&cli.log, collector) {
        Ok(telemetry) => telemetry,
        Err(error) => return failed(&anyhow::anyhow!(error)),
    };
    let command =
        cli.command.unwrap_or_else(|| Command::Serve(serve::Arguments::parse_from(["serve"])));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = runtime.block_on(async {
        match command {
            Command::Serve(arguments) => serve::run(arguments).await,
            Command::Demo(arguments) => demo::run(&arguments).await,
            Command::Replay(arguments) => replay::run(&arguments).await,
            Command::Check(arguments) => check::run(&arguments).await,
            Command::Explain(arguments) => explain::run(&arguments).await,
            Command::Whatif(arguments) => whatif::run(&arguments).await,
            Command::Export(arguments) => export::run(&arguments).await,
            Command::Copy(arguments) => copy::run(&arguments).await,
            Command::StoreSuite(arguments) => store_suite::run(&arguments).await,
            Command::Bus(arguments) => bus::run(&arguments).await,
            Command::Visit(arguments) => visit::run(arguments).await,
            Command::Token(arguments) => token::run(&arguments),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    use std::io::Write;
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(std::io::stderr(), "dossier: {error:#}");
    ExitCode::FAILURE
}

/// A service, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ServiceName {
    /// The one-stop unit.
    Intake,
    /// Fees and receipts.
    Payment,
    /// The officers' work.
    Review,
    /// Results and their way.
    ResultDelivery,
    /// Ratings and complaints.
    Feedback,
    /// The read side.
    Register,
}

/// Every service, in the order of the procedure.
pub async fn services(kit: &Arc<Kit>) -> Result<Vec<Service>, Stalled> {
    some_services(kit, ServiceName::value_variants()).await
}

/// Some of them, in the order in which they are named.
async fn some_services(kit: &Arc<Kit>, names: &[ServiceName]) -> Result<Vec<Service>, Stalled> {
    let mut services = Vec::with_capacity(names.len());
    for name in names {
        services.push(match name {
            ServiceName::Intake => intake::service(kit).await?,
            ServiceName::Payment => payment::service(kit).await?,
            ServiceName::Review => review::service(kit).await?,
            ServiceName::ResultDelivery => result_delivery::service(kit).await?,
            ServiceName::Feedback => feedback::service(kit).await?,
            ServiceName::Register => register::service(kit)?,
        });
    }
    Ok(services)
}
