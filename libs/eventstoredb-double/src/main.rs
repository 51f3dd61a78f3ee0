//! The double as a program: one or more servers that share a log in memory, until the program is
//! ended.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Parser;
use eventstoredb_double::{EventStoreDbDouble, MEMORY_BYTES_MAX, Settings, User};

/// Test double of EventStoreDB for trials and measurements. The log is in memory and is lost when
/// the program ends.
#[derive(Debug, Parser)]
#[command(version)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
struct Arguments {
    /// Address to listen on; repeat it for further servers of the cluster. The first one leads.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:2113")]
    listen: Vec<SocketAddr>,
    /// Host and optional port that each server advertises, in the order of `--listen`.
    #[arg(long, value_name = "HOST[:PORT]")]
    advertise: Vec<String>,
    /// Certificate of all servers (PEM file); without it they accept plain text.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Key of the certificate (PEM file).
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// User, password and groups; the default with a certificate is `admin:changeit:$admins` and
    /// `ops:changeit:$ops`, otherwise no users.
    #[arg(long, value_name = "NAME:PASSWORD[:GROUP,…]")]
    user: Vec<String>,
    /// Bytes of a chunk of the log.
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 20)]
    chunk_bytes: u64,
    /// Bytes of the log in memory, approximately; appends beyond are refused.
    #[arg(long, value_name = "BYTES", default_value_t = MEMORY_BYTES_MAX)]
    memory_bytes: usize,
    /// Threads of each server.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Write events of another program between the appended ones.
    #[arg(long)]
    neighbours: bool,
    /// Events that another program has written before.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    foreign: usize,
    /// Stream into which another program has written one event; may be repeated.
    #[arg(long, value_name = "STREAM")]
    foreign_stream: Vec<String>,
    /// Accept connections and send nothing on them.
    #[arg(long)]
    frozen: bool,
    /// The leader has lost the other servers: appends time out.
    #[arg(long)]
    no_quorum: bool,
    /// The cluster has no leader: requests are refused as not ready.
    #[arg(long, conflicts_with = "no_quorum")]
    no_leader: bool,
    /// Seconds after which the faults end; without it they last.
    #[arg(long, value_name = "SECONDS")]
    faults_end_after: Option<u64>,
    /// The cluster has not created its users: all users are refused.
    #[arg(long)]
    users_unwritten: bool,
    /// Seconds that the servers' clock is ahead.
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
    // A signal ends the program.
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
