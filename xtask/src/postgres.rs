//! A PostgreSQL server for the tests: the one that `POSTGRES_URL` names, or one of their own from Debian's packages.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long the server may take to start.
const START_MAX: Duration = Duration::from_secs(60);
/// Who runs the server where the tests run as root, which PostgreSQL refuses.
const USER: &str = "postgres";

/// A server, stopped and removed with this value.
pub(crate) struct Postgres {
    pub(crate) url: String,
    own: Option<Own>,
}

struct Own {
    server: Child,
    folder: PathBuf,
}

impl Postgres {
    /// The given server, or one that is installed if need be and started.
    pub(crate) fn start() -> Result<Self> {
        if let Some(url) = given() {
            return Ok(Self { url, own: None });
        }
        let programs = installed()?;
        let folder = std::env::temp_dir().join(format!("dossier-postgres-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let root = fs::metadata("/proc/self")?.uid() == 0;
        if root {
            let (user, group) = user()?;
            chown(&folder, Some(user), Some(group))?;
        }
        let data = folder.join("data").display().to_string();
        let run = |program: &str| {
            let path = programs.join(program);
            let mut command = if root { Command::new("runuser") } else { Command::new(&path) };
            if root {
                command.args(["-u", USER, "--"]).arg(&path);
            }
            command.current_dir(&folder).stdout(Stdio::null()).args(["-D", &data]);
            command
        };
        let made = run("initdb").args(["--auth", "trust", "--username", "dossier"]).status()?;
        if !made.success() {
            bail!("initdb failed");
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let log = fs::File::create(folder.join("log"))?;
        let server = run("postgres")
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k"])
            .arg(&folder)
            .stderr(log)
            .spawn()
            .context("the PostgreSQL server cannot be started")?;
        let url = format!("postgres://dossier@127.0.0.1:{port}/postgres");
        let started = Self { url, own: Some(Own { server, folder }) };
        wait_for(port)?;
        Ok(started)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(Own { server, folder }) = &mut self.own {
            // The server's own process, which `runuser` waits for, is told by its file.
            let pid = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
            let pid = pid.lines().next().unwrap_or_default();
            let told = Command::new("kill").args(["-QUIT", pid]).status();
            if !told.is_ok_and(|told| told.success()) {
                let _ = server.kill();
            }
            let _ = server.wait();
            let _ = fs::remove_dir_all(folder);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "what the tests are given, not a setting")]
fn given() -> Option<String> {
    std::env::var("POSTGRES_URL").ok().filter(|url| !url.is_empty())
}

/// Where the server's programs are; Debian's newest, installed if there are none.
fn installed() -> Result<PathBuf> {
    if let Some(found) = found() {
        return Ok(found);
    }
    let install =
        "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql";
    let done = Command::new("sh").args(["-c", install]).stdout(Stdio::null()).status()?;
    if !done.success() {
        bail!("PostgreSQL cannot be installed; give the tests a server by POSTGRES_URL");
    }
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

#[expect(clippy::disallowed_methods, reason = "nothing tells when a server listens")]
fn wait_for(port: u16) -> Result<()> {
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if begun.elapsed() > START_MAX {
            bail!("the PostgreSQL server does not listen after {START_MAX:?}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
