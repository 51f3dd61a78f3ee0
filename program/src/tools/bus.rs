//! The bus between processes: how to reach it, and `dossier bus`.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
#[cfg(feature = "nats")]
use std::sync::LazyLock;

use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand};
use dossier::services::ServiceName;
use engine::tasks::{Retry, dead_letters, try_again};
use events::bus::Bus;
use events::reach::Server;
use events::{EventStore, Position};
use platform::TimeSource;
use uuid::Uuid;

/// Sources of events: the first part of event kinds.
#[cfg(feature = "nats")]
static SOURCES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| ServiceName::ALL.iter().flat_map(|name| name.sources()).copied().collect());
/// Services with reactions.
#[cfg(feature = "nats")]
static FOLLOWERS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| ServiceName::followers().map(ServiceName::as_str).collect());

/// How to reach NATS.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct BusArguments {
    /// NATS servers that carry events between processes, for example `nats://a:4222,nats://b:4222`.
    /// Without them, each process reads events from the store, and each service can run in one
    /// process only.
    #[arg(long, env = "DOSSIER_NATS", hide_env_values = true, value_name = "URLS")]
    nats: Option<String>,
    /// Prefix of the names of NATS streams and subjects.
    #[arg(long, env = "DOSSIER_NATS_PREFIX", default_value = "dossier", value_parser = prefix)]
    nats_prefix: String,
    /// Number of replicas of each NATS stream.
    #[arg(long, env = "DOSSIER_NATS_REPLICAS", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    nats_replicas: u8,
    /// Size of each NATS stream in MiB. NATS reserves it for each of seven streams.
    #[arg(long, env = "DOSSIER_NATS_STREAM_MIB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(16..=1_048_576))]
    nats_stream_mib: u32,
    /// NATS credentials file.
    #[arg(long, env = "DOSSIER_NATS_CREDENTIALS", value_name = "FILE")]
    nats_credentials: Option<PathBuf>,
    /// CA certificate of the NATS servers, if it is not a public one (PEM).
    #[arg(long, env = "DOSSIER_NATS_AUTHORITY", value_name = "FILE")]
    nats_authority: Option<PathBuf>,
}

fn prefix(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if (1..=32).contains(&text.len()) && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err("expected up to 32 letters, digits and hyphens".to_owned())
}

impl BusArguments {
    /// The NATS servers, if any.
    pub(crate) fn servers(&self) -> Vec<Server> {
        #[cfg(feature = "nats")]
        if let Some(servers) = &self.nats {
            return events::bus::nats::servers_of(servers, self.nats_authority.as_deref());
        }
        Vec::new()
    }

    /// Opens the bus for `store`; `secret` authenticates its messages.
    #[cfg_attr(not(feature = "nats"), expect(unused_variables, reason = "nobody else speaks"))]
    pub(crate) async fn open(&self, store: &Arc<EventStore>, secret: &[u8]) -> Result<Bus> {
        let Some(servers) = &self.nats else { return Ok(Bus::Store(Arc::clone(store))) };
        if self.nats_authority.is_some()
            && let Some(plain) = plain(servers)
        {
            bail!(
                "--nats-authority requires TLS, but {plain} is a plain address: use tls:// for it, \
                 or omit --nats-authority"
            );
        }
        #[cfg(feature = "nats")]
        return Ok(Bus::Nats(
            events::bus::nats::Nats::open(
                events::bus::nats::Options {
                    servers: servers.clone(),
                    prefix: self.nats_prefix.clone(),
                    replicas: usize::from(self.nats_replicas),
                    stream_bytes: i64::from(self.nats_stream_mib) * 1024 * 1024,
                    seal: events::bus::nats::Seal::new(secret),
                    credentials: self.nats_credentials.clone(),
                    authority: self.nats_authority.clone(),
                    sources: &SOURCES,
                    followers: &FOLLOWERS,
                    describe: engine::tasks::describe,
                },
                store,
            )
            .await?,
        ));
        #[cfg(not(feature = "nats"))]
        bail!("this program was built without NATS support and cannot use {servers}");
    }
}

/// The first of these servers without TLS, as scheme and host.
fn plain(servers: &str) -> Option<String> {
    let servers = servers.split(',').map(str::trim);
    let mut plain = servers.filter(|server| !server.starts_with("tls://"));
    plain.next().map(|server| {
        let (scheme, rest) = server.split_once("://").unwrap_or(("nats", server));
        // Without its password.
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        format!("{scheme}://{host}")
    })
}

/// List and retry dead letters.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List and retry dead letters.
    DeadLetters(DeadLetters),
}

#[derive(Debug, Args)]
struct DeadLetters {
    #[command(flatten)]
    data: crate::Data,
    /// Only dead letters of this service.
    #[arg(long, value_parser = crate::service_name())]
    service: Option<ServiceName>,
    /// Retry them: the service that gave up on them does so while it runs, or at its next start.
    #[arg(long)]
    replay: bool,
    /// Only the event at this commit position.
    #[arg(long)]
    position: Option<u64>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let Command::DeadLetters(arguments) = &arguments.command;
    let directory = arguments.data.existing()?;
    // A process in virtual time retries in that time.
    let now = directory.virtual_end()?.unwrap_or_else(|| TimeSource::System.now());
    let store =
        if arguments.replay { directory.store().await? } else { directory.store_to_read().await? };
    let wanted = |name: &ServiceName| arguments.service.is_none_or(|service| service == *name);
    let (mut out, mut found) = (std::io::stdout().lock(), 0);
    for service in ServiceName::followers().filter(wanted) {
        let service = service.as_str();
        for letter in dead_letters(&store, service).await? {
            if arguments.position.is_some_and(|position| Position(position) != letter.position) {
                continue;
            }
            found += 1;
            let mut line = serde_json::to_value(&letter)?;
            if arguments.replay {
                let name = format!("{service}/{}/{now}", letter.position.0);
                let id = Uuid::new_v5(&store.id(), name.as_bytes());
                let retry = Retry { id, by: None, at: now };
                let again = try_again(&store, service, letter.position, &retry).await?;
                line["replayed"] = again.into();
            }
            writeln!(out, "{line}")?;
        }
    }
    if let (Some(position), 0) = (arguments.position, found) {
        bail!("no dead letter at position {position}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_for_servers_that_are_spoken_to_over_tls_alone() {
        for (servers, plain_one) in [
            ("tls://a:4222", None),
            ("tls://u:p@a:4222, tls://b:4222", None),
            ("tls://a:4222,nats://u:secret@b:4222", Some("nats://b:4222")),
            ("u:secret@b", Some("nats://b")),
        ] {
            assert_eq!(plain(servers).as_deref(), plain_one, "{servers}");
        }
    }
}
