//! The double as a program: a cluster of one or more servers that share a log in memory, until it is ended.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Parser;
use eventstoredb_double::{EventStoreDbDouble, MEMORY_BYTES_MAX, Settings, User};

/// Speaks as much of EventStoreDB's protocol as Dossier uses, on a log in memory: for trials and measurements, not to keep
/// anything. It forgets everything when it ends.
#[derive(Debug, Parser)]
#[command(version)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
struct Arguments {
    /// Where to listen; given several times, so many servers of one cluster, of which the first one leads.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:2113")]
    listen: Vec<SocketAddr>,
    /// By which host (and port, if another one) the servers say they can be reached, in the order of `--listen`.
    #[arg(long, value_name = "HOST[:PORT]")]
    advertise: Vec<String>,
    /// The certificate of all servers (PEM); they speak in the clear without.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Its key (PEM).
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// Who may ask; with a certificate, `admin:changeit:$admins` and `ops:changeit:$ops` unless said.
    #[arg(long, value_name = "NAME:PASSWORD[:GROUP,…]")]
    user: Vec<String>,
    /// Bytes of a chunk of the log.
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 20)]
    chunk_bytes: u64,
    /// Bytes that the log may hold in memory, about; what goes beyond is refused.
    #[arg(long, value_name = "BYTES", default_value_t = MEMORY_BYTES_MAX)]
    memory_bytes: usize,
    /// Threads of each server.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Another program writes between what is appended.
    #[arg(long)]
    neighbours: bool,
    /// Another program has written so many events before.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    foreign: usize,
    /// Another program has written one event into a stream of this name.
    #[arg(long, value_name = "STREAM")]
    foreign_stream: Vec<String>,
    /// Accepts connections and says nothing on them.
    #[arg(long)]
    frozen: bool,
    /// The leader has lost the other servers: appends wait in vain.
    #[arg(long)]
    no_quorum: bool,
    /// Nobody leads: the servers are not ready.
    #[arg(long, conflicts_with = "no_quorum")]
    no_leader: bool,
    /// Faults end after so many seconds; otherwise they stay.
    #[arg(long, value_name = "SECONDS")]
    faults_end_after: Option<u64>,
    /// The cluster has not written its users: it knows nobody.
    #[arg(long)]
    users_unwritten: bool,
    /// How far the servers' clock is ahead.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    ahead: u64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let servers = start(&arguments)?;
    let mut out = std::io::stdout();
    for server in &servers {
        writeln!(out, "listens at {}", server.url("dossier"))?;
    }
    let first = servers.first().context("no server")?;
    if let Some(seconds) = arguments.faults_end_after {
        let (since, limit) = (Instant::now(), Duration::from_secs(seconds));
        while let Some(left) = limit.checked_sub(since.elapsed()) {
            std::thread::park_timeout(left);
        }
        servers.iter().for_each(EventStoreDbDouble::thaw);
        first.regain_quorum(true);
        first.set_users_written(true);
        writeln!(out, "nothing is wrong any more")?;
    }
    // Until a signal ends it.
    loop {
        std::thread::park();
    }
}

fn start(arguments: &Arguments) -> anyhow::Result<Vec<EventStoreDbDouble>> {
    let mut servers: Vec<EventStoreDbDouble> = Vec::new();
    for (number, listen) in arguments.listen.iter().enumerate() {
        let settings = settings(arguments, number, *listen)?;
        let started = match servers.first() {
            None => EventStoreDbDouble::start_with(settings),
            Some(first) => first.join(settings),
        };
        servers.push(started.with_context(|| format!("at {listen}"))?);
    }
    let first = servers.first().context("no server")?;
    first.set_ahead(Duration::from_secs(arguments.ahead));
    first.write("other-1", "Other", b"{}", arguments.foreign);
    for stream in &arguments.foreign_stream {
        first.write(stream, "Other", b"{}", 1);
    }
    first.set_users_written(!arguments.users_unwritten);
    if arguments.no_quorum {
        first.lose_quorum();
    }
    if arguments.no_leader {
        first.lose_leader();
    }
    if arguments.frozen {
        servers.iter().for_each(EventStoreDbDouble::freeze);
    }
    Ok(servers)
}

fn settings(arguments: &Arguments, number: usize, listen: SocketAddr) -> anyhow::Result<Settings> {
    let read = |path: &PathBuf| {
        fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
    };
    let identity = match (&arguments.certificate, &arguments.key) {
        (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
        _ => None,
    };
    let users = match &*arguments.user {
        [] => identity.as_ref().map(|_| User::first()),
        said => Some(said.iter().map(|said| user(said)).collect::<Result<_, _>>()?),
    };
    Ok(Settings {
        listen,
        advertised: arguments.advertise.get(number).cloned(),
        identity,
        users,
        chunk_bytes: arguments.chunk_bytes,
        memory_bytes_max: arguments.memory_bytes,
        neighbours: arguments.neighbours,
        threads: arguments.threads,
    })
}

fn user(said: &str) -> anyhow::Result<User> {
    let mut parts = said.splitn(3, ':');
    let (Some(name), Some(password)) = (parts.next(), parts.next()) else {
        bail!("`{said}` is no user: NAME:PASSWORD[:GROUP,…]")
    };
    let groups: Vec<&str> =
        parts.next().map(|groups| groups.split(',').collect()).unwrap_or_default();
    Ok(User::new(name, password, &groups))
}
