//! Attackers on one address and other clients on another: latency of the others, and the server's
//! memory.
//!
//! Attackers connect from 127.0.0.1 and reconnect some time after a rejection. The others connect
//! from 127.0.0.2, each time on a new connection, for a health check or a step.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use clap::Args;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::actors::Actors;
use crate::others::{self, Seen, connect};
use crate::server::Server;

const ATTACKERS: Ipv4Addr = Ipv4Addr::LOCALHOST;
const OTHERS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Interval of the others' requests.
const EVERY: Duration = Duration::from_millis(50);
/// Interval between a slow attacker's bytes.
const DRIP: Duration = Duration::from_secs(2);
/// Wait before an attacker reconnects.
const AGAIN: Duration = Duration::from_secs(5);
/// Limit of the server's peak memory, in MiB.
const PEAK_RSS_MIB_MAX: f64 = 512.0;

/// Measure other clients' latency during attacks.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Hostile connections per kind of attack.
    #[arg(long, default_value_t = 4_200)]
    sockets: usize,
    /// Connections of the attack that only connects.
    #[arg(long, default_value_t = 10_000)]
    idle: usize,
    /// Seconds of measurement per kind of attack.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Only these kinds of attack.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Report only; do not fail if a limit is exceeded.
    #[arg(long)]
    report_only: bool,
}

/// Behaviour of an attacker.
#[derive(Debug, Clone)]
enum Attack {
    /// No attack.
    None,
    /// Sends twenty requests for a large response and reads none.
    SlowRead,
    /// Sends these bytes, then one every 2 s.
    Drip(Bytes),
    /// Sends these bytes and waits.
    Send(Bytes),
    /// Sends these bytes again after each response.
    Repeat(Bytes),
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Value> {
    let files = rlimit::increase_nofile_limit(u64::MAX)?;
    let needed = arguments.sockets.max(arguments.idle) as u64 + 200;
    if files < needed {
        bail!("{needed} sockets exceed the limit of {files} open files");
    }
    let mut rows = Vec::new();
    let mut missed = Vec::new();
    for (name, sockets, attack) in kinds(arguments) {
        let wanted = arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
        if !wanted {
            continue;
        }
        let row = one(name, sockets, attack, arguments.seconds).await.context(name)?;
        if !fares_well(&row) {
            missed.push(name);
        }
        rows.push(row);
    }
    let rows = Value::from(rows);
    if !missed.is_empty() && !arguments.report_only {
        bail!("{rows:#}\nother clients were affected: {}", missed.join(", "));
    }
    Ok(rows)
}

fn fares_well(row: &Value) -> bool {
    let of = |path: &str| row.get(path).cloned().unwrap_or_default();
    let others = ["health", "step"].iter().all(|kind| others::fares_well(&of(kind)));
    others && of("peak_rss_mib").as_f64().is_some_and(|peak| peak < PEAK_RSS_MIB_MAX)
}

/// Kinds of attack: name, connections, behaviour. TOKEN is replaced by an applicant's token.
fn kinds(arguments: &Arguments) -> Vec<(&'static str, usize, Attack)> {
    let many = arguments.sockets;
    let complaint = |token: &str, length: usize, sent: usize| {
        let head = format!(
            "POST /v1/complaints HTTP/1.1\r\nHost: x\r\n{token}Content-Type: application/json\r\n\
             Idempotency-Key: k\r\nContent-Length: {length}\r\n\r\n"
        );
        let mut bytes = head.into_bytes();
        bytes.resize(bytes.len() + sent, b' ');
        Bytes::from(bytes)
    };
    let ahead = "GET /v1/register/lookup/x HTTP/1.1\r\nHost: x\r\n\
                 Consistency-Token: \"18446744073709551615\"\r\n\r\n";
    let reads = "GET /v1/procedures HTTP/1.1\r\nHost: x\r\nAuthorization: TOKEN\r\n\r\n";
    let known = "Authorization: TOKEN\r\n";
    vec![
        ("nobody", 0, Attack::None),
        ("slow read", many, Attack::SlowRead),
        ("slow body", many, Attack::Drip(complaint("", 100_000, 0))),
        ("slow body with a token", many, Attack::Drip(complaint(known, 100_000, 0))),
        ("token ahead of the log", many, Attack::Repeat(Bytes::from_static(ahead.as_bytes()))),
        ("reads as fast as it can", many, Attack::Repeat(Bytes::from_static(reads.as_bytes()))),
        ("slow head", many, Attack::Drip(Bytes::from_static(b"GET /health/live HTTP/1.1\r\nX: "))),
        (
            "idle after a request",
            many,
            Attack::Send(Bytes::from_static(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")),
        ),
        ("only connected", arguments.idle, Attack::Send(Bytes::new())),
        ("big body", many, Attack::Send(complaint("", 524_288, 524_000))),
        ("big body with a token", many, Attack::Send(complaint(known, 524_288, 524_000))),
    ]
}

/// Runs one kind of attack on a new server.
async fn one(name: &str, sockets: usize, attack: Attack, seconds: u64) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let server = Server::start_limited(folder.path())?;
    let (address, actors) = (server.address, Actors::of(folder.path())?);
    let attack = attack.with_token(&actors.applicant("attacker"));
    let open = Arc::new(AtomicUsize::new(0));
    let mut attackers = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..sockets {
        attackers.spawn(attacks(address, attack.clone(), Arc::clone(&open)));
        if attackers.len().is_multiple_of(200) {
            tokio::task::yield_now().await;
        }
    }
    let (mut health, mut step) = (Seen::default(), Seen::default());
    let mut come = interval(EVERY);
    let mut most = 0;
    let mut number = 0_u64;
    while begun.elapsed() < Duration::from_secs(seconds) {
        come.tick().await;
        number += 1;
        most = most.max(open.load(Ordering::Relaxed));
        let (seen, request) = if number.is_multiple_of(2) {
            (
                &mut health,
                "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".into(),
            )
        } else {
            (&mut step, complaint(&actors.applicant(&format!("other-{number}")), number))
        };
        seen.ask(OTHERS, address, &request).await;
    }
    let figures = json!({
        "attack": name, "sockets": sockets, "most_open": most,
        "health": health.figures(), "step": step.figures(),
        "peak_rss_mib": server.peak_rss_mib()?, "cpu_s": server.cpu_s()?,
    });
    let stopping = Instant::now();
    server.stop()?;
    let mut figures = figures;
    if let Some(figures) = figures.as_object_mut() {
        figures.insert("stop_s".to_owned(), json!(stopping.elapsed().as_secs_f64()));
    }
    attackers.shutdown().await;
    Ok(figures)
}

fn complaint(token: &str, number: u64) -> String {
    let body = json!({
        "agency": "G02", "text": "slow", "name": "Somebody", "address": "Hà Nội",
        "phone": "02438220000",
    })
    .to_string();
    format!(
        "POST /v1/complaints HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {token}\r\n\
         Content-Type: application/json\r\nIdempotency-Key: n-{number}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

impl Attack {
    fn with_token(self, token: &str) -> Self {
        let named = |bytes: Bytes| match bytes.windows(5).position(|five| five == b"TOKEN") {
            Some(at) => {
                let (before, behind) = (bytes.slice(..at), bytes.slice(at + 5..));
                Bytes::from([&before[..], token.as_bytes(), &behind[..]].concat())
            }
            None => bytes,
        };
        match self {
            Self::Drip(bytes) => Self::Drip(named(bytes)),
            Self::Send(bytes) => Self::Send(named(bytes)),
            Self::Repeat(bytes) => Self::Repeat(named(bytes)),
            other => other,
        }
    }
}

/// Attacks until dropped, reconnecting whenever the connection ends.
async fn attacks(address: SocketAddr, attack: Attack, open: Arc<AtomicUsize>) {
    let mut again = interval(AGAIN);
    loop {
        again.tick().await;
        let buffer = matches!(attack, Attack::SlowRead).then_some(4_096);
        let Ok(stream) = connect(ATTACKERS, address, buffer).await else { continue };
        open.fetch_add(1, Ordering::Relaxed);
        // The result does not matter.
        let _ = attack_on(stream, &attack).await;
        open.fetch_sub(1, Ordering::Relaxed);
        again.reset();
    }
}

async fn attack_on(mut stream: TcpStream, attack: &Attack) -> Result<()> {
    let mut buffer = [0; 512];
    match attack {
        Attack::None => {}
        Attack::SlowRead => {
            let request = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20);
            stream.write_all(request.as_bytes()).await?;
            // Never reads; a write error shows that the server closed the connection.
            let mut look = interval(DRIP);
            loop {
                look.tick().await;
                stream.write_all(b"\r\n").await?;
            }
        }
        Attack::Drip(begins) => {
            stream.write_all(begins).await?;
            let mut drip = interval(DRIP);
            loop {
                tokio::select! {
                    _ = drip.tick() => stream.write_all(b"x").await?,
                    read = stream.read(&mut buffer) => if read? == 0 { break },
                }
            }
        }
        Attack::Send(bytes) => {
            stream.write_all(bytes).await?;
            while stream.read(&mut buffer).await? > 0 {}
        }
        Attack::Repeat(bytes) => loop {
            stream.write_all(bytes).await?;
            if stream.read(&mut buffer).await? == 0 {
                break;
            }
        },
    }
    Ok(())
}
