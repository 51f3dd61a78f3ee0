//! All services in one process on the embedded store, and the command line.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use events::reach::Server;
use service_kit::tasks::Stalled;
use service_kit::telemetry::Collector;
use service_kit::{Certificate, Kit, Service};

mod backup;
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
mod rules;
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

/// The version, and the commit that it was built from.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("DOSSIER_COMMIT"), ")");

const START_HERE: &str = "\
Start here: `dossier demo` makes up a ministry and serves it; `dossier serve` serves an office of your own.";

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// Lines for people.
    Text,
    /// An object a line.
    Json,
}

/// Carries administrative dossiers from submission to delivered result.
#[derive(Debug, Parser)]
#[command(
    name = "dossier",
    version = VERSION,
    about,
    max_term_width = 100,
    after_help = START_HERE
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// What goes into the log on standard error: a level, and others for parts of the program, for example
    /// `info,request=warn` without a line for each request.
    #[arg(long, global = true, env = "DOSSIER_LOG", default_value = "info")]
    log: String,
    /// How the log is written: `auto` is text on a terminal, and JSON otherwise.
    #[arg(long, global = true, env = "DOSSIER_LOG_FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    /// A file of certificate authorities (PEM) by which the identity provider and the collector of traces are believed,
    /// in the place of the public ones. Without it, those of `SSL_CERT_FILE`, if that is set. Read by what connects to them alone.
    #[arg(long, global = true, env = "DOSSIER_AUTHORITY", value_name = "FILE")]
    authority: Option<PathBuf>,
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
    /// Serve all services.
    Serve(serve::Arguments),
    /// Make up a ministry by a seed, carry its dossiers through in virtual time, and serve it.
    Demo(demo::Arguments),
    /// Replay a log of permit dossiers in virtual time.
    Replay(replay::Arguments),
    /// Read the whole log again and verify what can be verified.
    Check(check::Arguments),
    /// Write all that must be kept, the log, documents and keys, into a folder; also while somebody serves.
    Backup(backup::Arguments),
    /// Check that a backup is whole and can be restored.
    RestoreCheck(backup::CheckArguments),
    /// Say how a dossier's deadline came about.
    Explain(explain::Arguments),
    /// Try a change of the law on all dossiers, without changing anything.
    Whatif(whatif::Arguments),
    /// Check files of rules before they are issued.
    Rules(rules::Arguments),
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

impl Command {
    /// Whether it speaks to servers that are believed by `--authority`.
    fn asks_outside(&self) -> bool {
        match self {
            Self::Serve(arguments) => arguments.asks_outside(),
            Self::Visit(_) => true,
            _ => false,
        }
    }
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
    let Some(command) = cli.command else {
        return helped();
    };
    let authority = cli.authority.or_else(service_kit::outside::usual_authority);
    let authority = authority.filter(|_| cli.otlp.is_some() || command.asks_outside());
    if let Some(file) = &authority
        && let Err(error) = service_kit::outside::trust(file)
    {
        return failed(&anyhow::anyhow!(error));
    }
    let collector = cli.otlp.as_deref().and_then(Server::of_http).map(Certificate::Of);
    let outside = collector.into_iter().chain(authority.map(Certificate::In)).collect();
    let (service, ratio) = (cli.otlp_service, cli.trace_ratio);
    let collector = cli.otlp.map(|endpoint| Collector { endpoint, service, ratio });
    let json = match cli.log_format {
        LogFormat::Auto => !std::io::stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let telemetry = match service_kit::telemetry::start(&cli.log, json, collector) {
        Ok(telemetry) => telemetry,
        Err(error) => return failed(&anyhow::anyhow!(error)),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = runtime.block_on(async {
        match command {
            Command::Serve(arguments) => serve::run(arguments, outside).await,
            Command::Demo(arguments) => demo::run(&arguments).await,
            Command::Replay(arguments) => replay::run(&arguments).await,
            Command::Check(arguments) => check::run(&arguments).await,
            Command::Backup(arguments) => backup::run(&arguments).await,
            Command::RestoreCheck(arguments) => backup::restore_check(&arguments).await,
            Command::Explain(arguments) => explain::run(&arguments).await,
            Command::Whatif(arguments) => whatif::run(&arguments).await,
            Command::Rules(arguments) => rules::run(&arguments).await,
            Command::Export(arguments) => export::run(&arguments).await,
            Command::Copy(arguments) => copy::run(&arguments).await,
            Command::StoreSuite(arguments) => store_suite::run(&arguments).await,
            Command::Bus(arguments) => bus::run(&arguments).await,
            Command::Visit(arguments) => visit::run(arguments).await,
            Command::Token(arguments) => token::run(&arguments),
        }
    });
    drop(runtime);
    // What was not sent or written by then is sent and written as it goes, before the last word.
    drop(telemetry);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Without a command nothing is made and nobody is served.
fn helped() -> ExitCode {
    use std::io::Write;
    let help = Cli::command().render_help();
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(std::io::stderr(), "{help}");
    ExitCode::from(2)
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
        let service = match name {
            ServiceName::Intake => intake::service(kit).await?,
            ServiceName::Payment => payment::service(kit).await?,
            ServiceName::Review => review::service(kit).await?,
            ServiceName::ResultDelivery => result_delivery::service(kit).await?,
            ServiceName::Feedback => feedback::service(kit).await?,
            ServiceName::Register => register::service(kit)?,
        };
        let routes = service.routes.into_iter().map(|route| route.of(service.name)).collect();
        services.push(Service { routes, ..service });
    }
    Ok(services)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_architecture_lists_every_command_and_no_other() {
        let text = include_str!("../../../ARCHITECTURE.md");
        let row = text.lines().find(|line| line.starts_with("| `services/standalone` |")).unwrap();
        let (_, listed) = row.split_once("the binary `dossier`: ").unwrap();
        let mut listed: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
        let program = Cli::command();
        let mut commands: Vec<&str> =
            program.get_subcommands().map(clap::Command::get_name).collect();
        listed.sort_unstable();
        // It serves all services in one process: that is said in words.
        commands.retain(|name| *name != "serve");
        commands.sort_unstable();
        assert_eq!(listed, commands);
    }

    #[test]
    fn every_flag_of_a_start_can_be_given_by_the_environment() {
        let program = Cli::command();
        let serve = program.find_subcommand("serve").unwrap();
        let mut flags = 0;
        for flag in program.get_arguments().chain(serve.get_arguments()) {
            if !["help", "version"].contains(&flag.get_id().as_str()) {
                assert!(flag.get_env().is_some(), "--{} has no variable", flag.get_id());
                flags += 1;
            }
        }
        assert!(flags > 20, "{flags}");
    }
}
