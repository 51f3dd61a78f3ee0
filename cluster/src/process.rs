//! Child processes that end on drop, and waiting with a limit.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Time limit of starts and restarts.
const WAIT_MAX: Duration = Duration::from_secs(90);
const FIRST_PORT: u32 = 20_000;
const PORTS: u32 = 10_000;
/// Clock ticks per second, the same on every Linux (`getconf CLK_TCK`).
const TICKS: u64 = 100;

/// A running process; killed on drop.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a command with its output in the file `log`.
    pub fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log);
        let file = file.with_context(|| format!("{}", log.display()))?;
        let command = command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let program = command.get_program().to_string_lossy().into_owned();
        Ok(Self { child: command.spawn().with_context(|| format!("{program} cannot be started"))? })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, for example `TERM` or `STOP`.
    pub fn signal(&self, name: &str) -> Result<()> {
        signal(self.id(), name)
    }

    /// Kills it (SIGKILL).
    pub fn kill(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end, with a limit; whether it succeeded.
    pub fn ended(&mut self) -> Result<bool> {
        let mut success = None;
        wait_until("the end of a process", || {
            success = self.child.try_wait()?.map(|status| status.success());
            Ok(success.is_some())
        })?;
        Ok(success.unwrap_or(false))
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// CPU time of the process and its ended children.
    pub fn cpu(&self) -> Result<Duration> {
        cpu(self.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(id: u32, name: &str) -> Result<()> {
    let sent = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status()?;
    if sent.success() { Ok(()) } else { bail!("process {id} cannot be sent {name}") }
}

/// CPU time of a process and its ended children (proc(5), `/proc/pid/stat`, fields 14 to 17).
pub(crate) fn cpu(id: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("unexpected format of /proc/PID/stat")?;
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(4).filter_map(|n| n.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 1_000 / TICKS))
}

/// A free port that stays free until it is used: below the range of outgoing connections (ip(7),
/// `ip_local_port_range`), and returned only once.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..PORTS {
        let next = std::process::id().wrapping_mul(97).wrapping_add(NEXT.fetch_add(1, Relaxed));
        let port = u16::try_from(FIRST_PORT + next % PORTS)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}

/// Polls a condition, with a limit.
#[expect(clippy::disallowed_methods, reason = "nothing tells when another process is ready")]
pub fn wait_until(what: &str, mut so: impl FnMut() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    while !so()? {
        if begun.elapsed() > WAIT_MAX {
            bail!("timed out after {WAIT_MAX:?} waiting for {what}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Lets real time pass: a fault that is injected has to last, whatever happens meanwhile.
#[expect(clippy::disallowed_methods, reason = "the time itself is what is waited for")]
pub fn rest(time: Duration) {
    std::thread::sleep(time);
}

/// Whether the address accepts connections.
pub(crate) fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

/// Status and body of a plain GET; `None` without a response.
#[must_use]
pub fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}
