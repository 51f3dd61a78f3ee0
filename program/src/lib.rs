//! The command line, and all services in one process.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use dossier::services::ServiceName;
use engine::tasks::Stalled;
use events::reach::Server;
use platform::telemetry::Collector;
use web::Service;

mod components;
mod data;
mod ends;
pub mod limits;
mod private;
mod serve;
mod tools;
mod world;

use ends::Certificate;
use tools::{
    backup, bus, check, copy, explain, export, partners, rules, store_suite, token, visit, whatif,
};
use world::{demo, replay};

pub use components::{Components, Installation};
pub use data::{DataDirectory, Identity, Time};
pub use exchange::webhooks;
pub use payment::Outside;
pub use serve::{openapi, watching};
pub use tools::check::{Finding, Report, check, check_with};
pub use tools::copy::{Copied, copy};
pub use world::demo::Dice;
pub use world::office::{Answer, Bearer, Office};
pub use world::replay::{RefusedActivity, Replay, Summary, World, replay};

/// The version and the commit that it was built from.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("DOSSIER_COMMIT"), ")");

const START_HERE: &str = "\
Start here: `dossier demo` creates a demo and serves it; `dossier serve` starts an empty installation.";

/// Format of log messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// One line of text per message.
    Text,
    /// One JSON object per message.
    Json,
}

/// Back end for administrative dossiers, from submission to delivered result.
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
    /// Filter of log messages (standard error): a level, and levels of modules, for example
    /// `info,request=warn` to leave out the line for each request.
    #[arg(long, global = true, env = "DOSSIER_LOG", default_value = "info")]
    log: String,
    /// Format of log messages: `auto` is text on a terminal and JSON otherwise.
    #[arg(long, global = true, env = "DOSSIER_LOG_FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    /// CA certificates (PEM) for connections to the identity provider, the trace collector,
    /// payment partners and subscribers, used instead of the public ones. Default: the file that
    /// `SSL_CERT_FILE` names, if any.
    #[arg(long, global = true, env = "DOSSIER_AUTHORITY", value_name = "FILE")]
    authority: Option<PathBuf>,
    /// Trace collector (OTLP over HTTP), for example `http://collector:4318`.
    #[arg(long, global = true, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    otlp: Option<String>,
    /// Service name in traces.
    #[arg(long, global = true, env = "OTEL_SERVICE_NAME", default_value = "dossier")]
    otlp_service: String,
    /// Share of traces that are sampled, from 0 to 1. Traces that began elsewhere follow the
    /// decision made there.
    #[arg(long, global = true, env = "DOSSIER_TRACE_RATIO", default_value_t = 1.0)]
    trace_ratio: f64,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve all services.
    Serve(serve::Arguments),
    /// Create a ministry with dossiers in virtual time and serve it.
    Demo(demo::Arguments),
    /// Replay a log of permit dossiers in virtual time.
    Replay(replay::Arguments),
    /// Verify the whole log: recompute deadlines, sums and permissions, compare documents.
    Check(check::Arguments),
    /// Back up the log, documents and keys; works beside a running server.
    Backup(backup::Arguments),
    /// Verify a backup.
    RestoreCheck(backup::CheckArguments),
    /// Explain the deadlines of a dossier.
    Explain(explain::Arguments),
    /// Simulate a change of the law on all recorded dossiers.
    Whatif(whatif::Arguments),
    /// Validate rules files offline.
    Rules(rules::Arguments),
    /// Check files of payment partners.
    Partners(partners::Arguments),
    /// Export the log as NDJSON.
    Export(export::Arguments),
    /// Copy a log from one event store to another.
    Copy(copy::Arguments),
    /// Test an event store server against the contract.
    StoreSuite(store_suite::Arguments),
    /// List and retry dead letters.
    Bus(bus::Arguments),
    /// Smoke test: carry one dossier through a running system.
    Visit(visit::Arguments),
    /// Mint a token with the development key.
    Token(token::Arguments),
}

impl Command {
    /// Whether the command connects to servers that `--authority` is for.
    fn asks_outside(&self) -> bool {
        match self {
            Self::Serve(arguments) => arguments.asks_outside(),
            Self::Visit(_) | Self::Partners(_) => true,
            _ => false,
        }
    }
}

/// How to reach the log.
#[derive(Debug, Clone, Args)]
struct Data {
    /// Data directory. Commands that serve create it; commands that only read require it.
    #[arg(long, env = "DOSSIER_DATA", default_value = "./dossier-data")]
    data: PathBuf,
    /// Event store, for example `postgres://user@host/database`. Default: SQLite in the data
    /// directory.
    #[arg(long, env = "DOSSIER_STORE", hide_env_values = true)]
    store: Option<String>,
}

impl Data {
    fn open(&self) -> anyhow::Result<DataDirectory> {
        Ok(DataDirectory::open(&self.data)?.with_store(self.store.clone()))
    }

    /// Opens an existing directory for reading; creates and changes nothing.
    fn existing(&self) -> anyhow::Result<DataDirectory> {
        DataDirectory::existing(&self.data, self.store.clone())
    }
}

/// Runs the command line; an error is printed as one line.
#[must_use]
pub fn main() -> ExitCode {
    private::from_now_on();
    let cli = Cli::parse();
    let Some(command) = cli.command else {
        return helped();
    };
    let asks_outside = cli.otlp.is_some() || command.asks_outside();
    let authority = cli.authority.filter(|_| asks_outside);
    if asks_outside
        && let Some(file) = authority.clone().or_else(platform::outside::usual_authority)
        && let Err(error) = platform::outside::trust(&file)
    {
        return failed(&anyhow::anyhow!(error));
    }
    let collector = cli.otlp.as_deref().and_then(Server::of_http).map(Certificate::Of);
    // Public CAs expire without consequence here: only a configured CA is watched.
    let outside = collector.into_iter().chain(authority.map(Certificate::In)).collect();
    let (service, ratio) = (cli.otlp_service, cli.trace_ratio);
    let collector = cli.otlp.map(|endpoint| Collector { endpoint, service, ratio });
    let json = match cli.log_format {
        LogFormat::Auto => !std::io::stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let telemetry = match platform::telemetry::start(&cli.log, json, collector) {
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
            Command::Partners(arguments) => partners::run(&arguments),
            Command::Export(arguments) => export::run(&arguments).await,
            Command::Copy(arguments) => copy::run(&arguments).await,
            Command::StoreSuite(arguments) => store_suite::run(&arguments).await,
            Command::Bus(arguments) => bus::run(&arguments).await,
            Command::Visit(arguments) => visit::run(arguments).await,
            Command::Token(arguments) => token::run(&arguments),
        }
    });
    // A thread that is blocked by a disk or server cannot be stopped, and must not keep the process
    // alive.
    runtime.shutdown_timeout(limits::THREADS_END_MAX);
    // Dropping it flushes traces and log messages.
    drop(telemetry);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Without a command, only the help is printed.
fn helped() -> ExitCode {
    use std::io::Write;
    let help = Cli::command().render_help();
    // Nothing can be reported if standard error is closed.
    let _ = writeln!(std::io::stderr(), "{help}");
    ExitCode::from(2)
}

fn failed(error: &anyhow::Error) -> ExitCode {
    use std::io::Write;
    // Nothing can be reported if standard error is closed.
    let _ = writeln!(std::io::stderr(), "dossier: {}", events::chain(error.as_ref()));
    ExitCode::FAILURE
}

/// Parses the published name of a service.
fn service_name() -> impl TypedValueParser<Value = ServiceName> {
    let names = ServiceName::ALL.map(|name| PossibleValue::new(name.as_str()).help(name.about()));
    PossibleValuesParser::new(names)
        .try_map(|name| ServiceName::named(&name).ok_or("expected the name of a service"))
}

/// All services, in the order of the procedure.
pub async fn services(components: &Components) -> Result<Vec<Service>, Stalled> {
    some_services(components, &ServiceName::ALL).await
}

/// These services, in the given order.
async fn some_services(
    components: &Components,
    names: &[ServiceName],
) -> Result<Vec<Service>, Stalled> {
    let Components { engine, context, documents, codes, outside, webhooks, rule_signers, .. } =
        components;
    let mut services = Vec::with_capacity(names.len());
    for name in names {
        let service = match name {
            ServiceName::Intake => intake::service(engine, documents, codes, *rule_signers).await?,
            ServiceName::Payment => payment::service(engine, outside).await?,
            ServiceName::Review => review::service(engine).await?,
            ServiceName::Delivery => delivery::service(engine, documents).await?,
            ServiceName::Feedback => feedback::service(engine, documents, codes).await?,
            ServiceName::Exchange => {
                exchange::service(engine, context.secret(), (&outside.outbox, webhooks))?
            }
            ServiceName::Register => register::service(engine, context.secret())?,
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
        let text = include_str!("../../ARCHITECTURE.md");
        let row = text.lines().find(|line| line.starts_with("| `program` |")).unwrap();
        let (_, listed) = row.split_once("the binary `dossier`: ").unwrap();
        let mut listed: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
        let program = Cli::command();
        let mut commands: Vec<&str> =
            program.get_subcommands().map(clap::Command::get_name).collect();
        listed.sort_unstable();
        // `serve` is not in the list of tools.
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
