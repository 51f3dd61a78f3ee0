//! A PostgreSQL server for tests.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::debian::{unpacked, wrapped};
use crate::process::{Process, cpu, signal, wait_until};

/// User that runs the server if tests run as root, which PostgreSQL refuses.
const USERS: [&str; 2] = ["postgres", "nobody"];
/// Programs that are needed.
const PROGRAMS: [&str; 4] = ["initdb", "postgres", "psql", "pg_isready"];
/// Settings of a server that need not survive a crash.
const WITHOUT_SYNC: [&str; 3] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/// A server; stopped on drop.
#[derive(Debug)]
pub struct Postgres {
    /// Address for clients.
    pub url: String,
    folder: PathBuf,
    port: u16,
    settings: &'static [&'static str],
    server: Option<Process>,
}

impl Postgres {
    /// Creates a database in `folder` and serves it on `port`.
    pub fn start_in(folder: &Path, port: u16) -> Result<Self> {
        Self::start_with(folder, port, &[])
    }

    /// The same without durability, and in a process group of its own, so that an interrupt from
    /// the terminal does not stop it.
    pub(crate) fn start_without_sync(folder: &Path, port: u16) -> Result<Self> {
        Self::start_with(folder, port, &WITHOUT_SYNC)
    }

    fn start_with(folder: &Path, port: u16, settings: &'static [&'static str]) -> Result<Self> {
        fs::create_dir_all(folder)?;
        if is_root()? {
            let (_, user, group) = user()?;
            chown(folder, Some(user), Some(group))?;
        }
        let url = format!("postgres://dossier@127.0.0.1:{port}/postgres");
        let mut postgres = Self { url, folder: folder.to_owned(), port, settings, server: None };
        let made = postgres
            .command("initdb")?
            .args(["--auth", "trust", "--username", "dossier"])
            .stdout(Stdio::null())
            .status()?;
        if !made.success() {
            bail!("initdb failed");
        }
        postgres.revive()?;
        Ok(postgres)
    }

    /// Delays each commit by up to 100 ms, as a slow disk does (`commit_delay`, PostgreSQL 15,
    /// section 20.5.1).
    pub fn slow(&self, by: Duration) -> Result<()> {
        let set = format!("ALTER SYSTEM SET commit_delay = {}", by.as_micros());
        let told = Command::new(programs()?.join("psql"))
            .args(["--quiet", "--dbname", &self.url, "-c", &set])
            .args(["-c", "ALTER SYSTEM SET commit_siblings = 0", "-c", "SELECT pg_reload_conf()"])
            .stdout(Stdio::null())
            .status()?;
        if told.success() { Ok(()) } else { bail!("commit_delay cannot be set") }
    }

    /// Requires TLS from now on, with this certificate.
    pub fn require_encryption(&mut self, certificate: &Path, key: &Path) -> Result<()> {
        self.kill()?;
        let data = self.folder.join("data");
        let owner = fs::metadata(&data)?;
        for (from, name) in [(certificate, "server.crt"), (key, "server.key")] {
            let to = data.join(name);
            fs::copy(from, &to)?;
            chown(&to, Some(owner.uid()), Some(owner.gid()))?;
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600))?;
        }
        let rules = data.join("pg_hba.conf");
        let encrypted = fs::read_to_string(&rules)?.replace("\nhost ", "\nhostssl ");
        fs::write(&rules, encrypted)?;
        let mut settings = File::options().append(true).open(data.join("postgresql.conf"))?;
        writeln!(settings, "ssl = on")?;
        self.revive()
    }

    /// Restarts it on its data.
    pub fn revive(&mut self) -> Result<()> {
        let mut command = self.command("postgres")?;
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-k"]).arg(&self.folder);
        command.args(["-c", "max_connections=300"]);
        if !self.settings.is_empty() {
            command.process_group(0);
        }
        command.args(self.settings.iter().flat_map(|setting| ["-c", *setting]));
        self.server = Some(Process::start(&mut command, &self.folder.join("log"))?);
        let asks = programs()?.join("pg_isready");
        let port = self.port.to_string();
        wait_until("the PostgreSQL server", || {
            let mut ready = Command::new(&asks);
            ready.args(["-q", "-h", "127.0.0.1", "-p", &port]);
            Ok(ready.status()?.success())
        })
    }

    /// Kills it, as a crash would: it recovers from its write-ahead log at the next start.
    pub fn kill(&mut self) -> Result<()> {
        // `runuser` is the parent; the server's own process id is in its pid file.
        if let Some(mut server) = self.server.take() {
            signal(self.postmaster()?, "QUIT")?;
            server.ended()?;
        }
        Ok(())
    }

    /// Suspends it with all connections open, like a machine that hangs.
    pub fn pause(&self) -> Result<()> {
        self.tell("STOP")
    }

    /// Resumes it after [`Self::pause`].
    pub fn resume(&self) -> Result<()> {
        self.tell("CONT")
    }

    fn tell(&self, what: &str) -> Result<()> {
        let postmaster = self.postmaster()?;
        // The postmaster first, because it starts the others.
        signal(postmaster, what)?;
        for backend in children(postmaster)? {
            // The backend may have ended meanwhile.
            let _ = signal(backend, what);
        }
        Ok(())
    }

    /// CPU time of the server and its backends.
    pub fn cpu(&self) -> Result<Duration> {
        let postmaster = self.postmaster()?;
        // A backend may end while it is counted; its time is then included in the postmaster's.
        let backends: Duration =
            children(postmaster)?.into_iter().filter_map(|id| cpu(id).ok()).sum();
        Ok(cpu(postmaster)? + backends)
    }

    fn postmaster(&self) -> Result<u32> {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        Ok(file.lines().next().context("no postmaster")?.parse()?)
    }

    fn command(&self, program: &str) -> Result<Command> {
        let path = programs()?.join(program);
        let mut command = if is_root()? { Command::new("runuser") } else { Command::new(&path) };
        if is_root()? {
            command.args(["-u", user()?.0, "--"]).arg(&path);
        }
        command.current_dir(&self.folder).arg("-D").arg(self.folder.join("data"));
        Ok(command)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Killed if it does not stop.
        let _ = self.kill();
    }
}

fn children(process: u32) -> Result<Vec<u32>> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"))?;
    Ok(children.split_whitespace().filter_map(|id| id.parse().ok()).collect())
}

fn is_root() -> Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

/// Folder of the server's programs: Debian's newest, those on the path, or unpacked ones.
pub(crate) fn programs() -> Result<PathBuf> {
    if let Some(found) = newest(Path::new("/usr/lib/postgresql")).or_else(on_path) {
        return Ok(found);
    }
    let unpacked = newest(&unpacked("postgresql", None)?.join("usr/lib/postgresql"));
    let unpacked = unpacked.context("PostgreSQL's programs are not in Debian's usual folders")?;
    let mut folder = None;
    for program in PROGRAMS {
        folder = wrapped("postgresql", &unpacked.join(program))?.parent().map(Path::to_owned);
    }
    folder.context("no programs")
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(versions).ok()?;
    let programs = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    programs.filter(|folder| has_all(folder)).max()
}

fn on_path() -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).find(|folder| has_all(folder))
}

fn has_all(folder: &Path) -> bool {
    PROGRAMS.iter().all(|program| folder.join(program).exists())
}

/// The name, uid and gid of the user that runs the server for root.
fn user() -> Result<(&'static str, u32, u32)> {
    let users = fs::read_to_string("/etc/passwd")?;
    let found = USERS.iter().find_map(|name| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map_while(|id| id.parse().ok());
        Some((*name, ids.next()?, ids.next()?))
    });
    found.with_context(|| format!("none of the users {USERS:?} is in /etc/passwd"))
}
