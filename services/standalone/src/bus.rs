//! The bus between processes: how to reach it, and `dossier bus`.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use events::bus::Bus;
use events::reach::Server;
use events::{EventStore, Position};
use service_kit::Clock;
use service_kit::tasks::{dead_letters, try_again};

use crate::ServiceName;

/// Whatever is relayed: what the kinds of events begin with.
const SOURCES: &[&str] = &["intake", "payment", "review", "delivery", "feedback", "law", "bus"];
/// Whoever reacts.
pub(crate) const FOLLOWERS: &[&str] =
    &["intake", "payment", "review", "result-delivery", "feedback"];

/// Where the bus is.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct BusArguments {
    /// The NATS servers that carry events between processes, for example `nats://a:4222,nats://b:4222`. Without them every
    /// process follows the event store itself, and each service runs in one process only.
    #[arg(long, env = "DOSSIER_NATS", hide_env_values = true, value_name = "URLS")]
    nats: Option<String>,
    /// What the names of streams and subjects on NATS begin with.
    #[arg(long, env = "DOSSIER_NATS_PREFIX", default_value = "dossier", value_parser = prefix)]
    nats_prefix: String,
    /// On how many NATS servers each stream stands.
    #[arg(long, env = "DOSSIER_NATS_REPLICAS", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    nats_replicas: u8,
    /// How much of each service's events NATS keeps, in MiB. Its servers reserve that much for each of seven streams.
    #[arg(long, env = "DOSSIER_NATS_STREAM_MIB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(16..=1_048_576))]
    nats_stream_mib: u32,
    /// A file of NATS credentials.
    #[arg(long, env = "DOSSIER_NATS_CREDENTIALS", value_name = "FILE")]
    nats_credentials: Option<PathBuf>,
    /// The certificate authority of the NATS servers, where it is not a public one.
    #[arg(long, env = "DOSSIER_NATS_AUTHORITY", value_name = "FILE")]
    nats_authority: Option<PathBuf>,
}

fn prefix(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if (1..=32).contains(&text.len()) && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err("letters, digits and hyphens, at most 32".to_owned())
}

impl BusArguments {
    /// The servers of the bus, if it is on any.
    pub(crate) fn servers(&self) -> Vec<Server> {
        #[cfg(feature = "nats")]
        if let Some(servers) = &self.nats {
            return events::bus::nats::servers_of(servers, self.nats_authority.as_deref());
        }
        Vec::new()
    }

    /// The bus of a process on `store`, where processes believe one another by `secret`.
    #[cfg_attr(not(feature = "nats"), expect(unused_variables, reason = "nobody else speaks"))]
    pub(crate) async fn open(&self, store: &Arc<EventStore>, secret: &[u8]) -> Result<Bus> {
        let Some(servers) = &self.nats else { return Ok(Bus::Store(Arc::clone(store))) };
        if self.nats_authority.is_some()
            && let Some(plain) = plain(servers)
        {
            bail!(
                "--nats-authority is for servers that are spoken to over TLS, and {plain} is not: write tls:// before its host, \
                 or leave the authority away"
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
                    sources: SOURCES,
                    followers: FOLLOWERS,
                    describe: service_kit::tasks::describe,
                },
                store,
            )
            .await?,
        ));
        #[cfg(not(feature = "nats"))]
        bail!("this program was built without NATS and cannot use {servers}");
    }
}

/// The scheme and host of the first of these servers that is spoken to in plain text.
fn plain(servers: &str) -> Option<String> {
    let servers = servers.split(',').map(str::trim);
    let mut plain = servers.filter(|server| !server.starts_with("tls://"));
    plain.next().map(|server| {
        let (scheme, rest) = server.split_once("://").unwrap_or(("nats", server));
        // Not its password.
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        format!("{scheme}://{host}")
    })
}

/// What the bus could not bring to its end.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the events that reactions gave up, and have them tried again.
    DeadLetters(DeadLetters),
}

#[derive(Debug, Args)]
struct DeadLetters {
    #[command(flatten)]
    data: crate::Data,
    /// Only those of this service.
    #[arg(long)]
    service: Option<ServiceName>,
    /// Have them tried again, as the service that gave them up runs or once it does.
    #[arg(long)]
    replay: bool,
    /// Only the event at this position of the log.
    #[arg(long)]
    position: Option<u64>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let Command::DeadLetters(arguments) = &arguments.command;
    let directory = arguments.data.existing()?;
    // Whoever serves in virtual time is told to try again in that time.
    let now = directory.virtual_end()?.unwrap_or_else(|| Clock::System.now());
    let store =
        if arguments.replay { directory.store().await? } else { directory.store_to_read().await? };
    let service = arguments.service.and_then(|service| service.to_possible_value());
    let wanted = |name: &&&str| service.as_ref().is_none_or(|service| service.get_name() == **name);
    let (mut out, mut found) = (std::io::stdout().lock(), 0);
    for service in FOLLOWERS.iter().filter(wanted) {
        for letter in dead_letters(&store, service).await? {
            if arguments.position.is_some_and(|position| Position(position) != letter.position) {
                continue;
            }
            found += 1;
            let mut line = serde_json::to_value(&letter)?;
            if arguments.replay {
                let again = try_again(&store, service, letter.position, now).await?;
                line["replayed"] = again.into();
            }
            writeln!(out, "{line}")?;
        }
    }
    if let (Some(position), 0) = (arguments.position, found) {
        bail!("no event at position {position} was given up");
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
