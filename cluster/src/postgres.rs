//! A PostgreSQL server of one's own, from Debian's packages.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{Process, cpu, signal, wait_until};
use crate::tools::debian;

/// Who runs the server where the tests run as root, which PostgreSQL refuses.
const USER: &str = "postgres";

/// A server, stopped with this value.
#[derive(Debug)]
pub struct Postgres {
    /// Where clients find it.
    pub url: String,
    folder: PathBuf,
    port: u16,
    server: Option<Process>,
}

impl Postgres {
    /// Makes a database in `folder` and serves it at `port`.
    pub fn start_in(folder: &Path, port: u16) -> Result<Self> {
        fs::create_dir_all(folder)?;
        if is_root()? {
            let (user, group) = user()?;
            chown(folder, Some(user), Some(group))?;
        }
        let url = format!("postgres://dossier@127.0.0.1:{port}/postgres");
        let mut postgres = Self { url, folder: folder.to_owned(), port, server: None };
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

    /// Each of its syncs takes so much longer, a tenth of a second at the most, as on a slow disk (PostgreSQL 15, 20.5.1,
    /// `commit_delay`).
    pub fn slow(&self, by: Duration) -> Result<()> {
        let set = format!("ALTER SYSTEM SET commit_delay = {}", by.as_micros());
        let told = Command::new(installed()?.join("psql"))
            .args(["--quiet", "--dbname", &self.url, "-c", &set])
            .args(["-c", "ALTER SYSTEM SET commit_siblings = 0", "-c", "SELECT pg_reload_conf()"])
            .stdout(Stdio::null())
            .status()?;
        if told.success() { Ok(()) } else { bail!("the server cannot be told to be slow") }
    }

    /// From now on it takes encrypted connections and no others, as whoever `certificate` says.
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

    /// Starts it again on what it had.
    pub fn revive(&mut self) -> Result<()> {
        let mut command = self.command("postgres")?;
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-k"]).arg(&self.folder);
        command.args(["-c", "max_connections=300"]);
        self.server = Some(Process::start(&mut command, &self.folder.join("log"))?);
        let asks = installed()?.join("pg_isready");
        let port = self.port.to_string();
        wait_until("the PostgreSQL server", || {
            let mut ready = Command::new(&asks);
            ready.args(["-q", "-h", "127.0.0.1", "-p", &port]);
            Ok(ready.status()?.success())
        })
    }

    /// Ends it at once, as a crash would: it recovers from its write-ahead log when it is started again.
    pub fn kill(&mut self) -> Result<()> {
        // The server's own process, which `runuser` waits for, is told by its file.
        if let Some(mut server) = self.server.take() {
            signal(self.postmaster()?, "QUIT")?;
            server.ended()?;
        }
        Ok(())
    }

    /// Stops it where it stands, with every connection open and nobody who answers: a machine that hangs.
    pub fn pause(&self) -> Result<()> {
        self.tell("STOP")
    }

    /// Lets it go on.
    pub fn resume(&self) -> Result<()> {
        self.tell("CONT")
    }

    fn tell(&self, what: &str) -> Result<()> {
        let postmaster = self.postmaster()?;
        // First the one who makes the others.
        signal(postmaster, what)?;
        for backend in children(postmaster)? {
            // It may have ended meanwhile.
            let _ = signal(backend, what);
        }
        Ok(())
    }

    /// The CPU time of the server and of every backend.
    pub fn cpu(&self) -> Result<Duration> {
        let postmaster = self.postmaster()?;
        // A backend may end while it is counted; its time then stands with the postmaster.
        let backends: Duration =
            children(postmaster)?.into_iter().filter_map(|id| cpu(id).ok()).sum();
        Ok(cpu(postmaster)? + backends)
    }

    fn postmaster(&self) -> Result<u32> {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        Ok(file.lines().next().context("no postmaster")?.parse()?)
    }

    fn command(&self, program: &str) -> Result<Command> {
        let path = installed()?.join(program);
        let mut command = if is_root()? { Command::new("runuser") } else { Command::new(&path) };
        if is_root()? {
            command.args(["-u", USER, "--"]).arg(&path);
        }
        command.current_dir(&self.folder).arg("-D").arg(self.folder.join("data"));
        Ok(command)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // What does not end by itself ends with its process.
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

/// Where the server's programs are; Debian's newest, installed if there are none.
fn installed() -> Result<PathBuf> {
    if let Some(found) = found() {
        return Ok(found);
    }
    debian("postgresql", "/usr/lib/postgresql")?;
    found().context("PostgreSQL was installed, and its programs are not where Debian puts them")
}

fn found() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let programs = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    programs.filter(|bin| bin.join("initdb").exists() && bin.join("postgres").exists()).max()
}

fn user() -> Result<(u32, u32)> {
    let users = fs::read_to_string(Path::new("/etc/passwd"))?;
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let mut fields = line.context("there is no user postgres")?.split(':').skip(2);
    let mut id = || fields.next().and_then(|id| id.parse().ok());
    id().zip(id()).context("the user postgres has no ids")
}
