//! A PostgreSQL server that is shared by all concurrent test processes of this checkout. The first
//! one starts it; it is stopped some seconds after the last one has ended, in whatever way.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::postgres::Postgres;
use crate::process::{free_port, listens};
use crate::tools::workspace;

/// Environment variable with the address of another server to use.
const GIVEN: &str = "POSTGRES_URL";

/// Waits until no process holds a lock on the file `users`, checks twice, and then stops the
/// server.
const STOP_WHEN_UNUSED: &str = r#"
exec 9>>"$USERS"
while :; do
  flock 9; flock -u 9; sleep 5
  if flock -n 9; then break; fi
done
rm -f "$ADDRESS"
server=$(head -n 1 "$FOLDER/data/postmaster.pid") && kill -QUIT "$server"
while kill -0 "$server" 2>/dev/null; do sleep 0.1; done
rm -rf "$FOLDER"
"#;

struct Shared {
    url: String,
    /// Locked for the lifetime of this process.
    _users: File,
    /// Never dropped: the server outlives the process that started it while others use it.
    _server: Option<Postgres>,
}

/// Address of a database on the shared server, or of the one in `POSTGRES_URL`. It is not durable;
/// each user creates its own database or schema.
pub fn postgres() -> Result<String> {
    static SHARED: Mutex<Option<Shared>> = Mutex::new(None);
    let given = std::env::var_os(GIVEN).filter(|url| !url.is_empty());
    if let Some(url) = given {
        return url.into_string().ok().context("POSTGRES_URL is not UTF-8");
    }
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if shared.is_none() {
        let folder = workspace()?.join("target/servers");
        *shared = Some(join(&folder).context("a PostgreSQL server for the tests")?);
    }
    Ok(shared.as_ref().map(|shared| shared.url.clone()).unwrap_or_default())
}

fn join(folder: &Path) -> Result<Shared> {
    fs::create_dir_all(folder)?;
    let users = file(&folder.join("users"))?;
    users.lock_shared()?;
    let starting = file(&folder.join("starting"))?;
    starting.lock()?;
    let address = folder.join("postgres");
    let known = fs::read_to_string(&address).unwrap_or_default();
    if let Some((url, port)) = known.split_once(' ')
        && let Ok(port) = port.parse::<u16>()
        && listens(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    {
        return Ok(Shared { url: url.to_owned(), _users: users, _server: None });
    }
    // A folder that PostgreSQL's user can access, if tests run as root.
    let data = std::env::temp_dir().join(format!("dossier-postgres-{}", std::process::id()));
    // Before the server is started, so that it is stopped even if this process fails.
    stop_when_unused(&folder.join("users"), &address, &data)?;
    let port = free_port()?;
    let server = Postgres::start_without_sync(&data, port)?;
    fs::write(&address, format!("{} {port}", server.url))?;
    Ok(Shared { url: server.url.clone(), _users: users, _server: Some(server) })
}

fn file(path: &PathBuf) -> Result<File> {
    let file = File::options().create(true).append(true).open(path);
    file.with_context(|| path.display().to_string())
}

fn stop_when_unused(users: &Path, address: &Path, data: &Path) -> Result<()> {
    Command::new("sh")
        .args(["-c", STOP_WHEN_UNUSED])
        .env("USERS", users)
        .env("ADDRESS", address)
        .env("FOLDER", data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Neither an interrupt nor a test runner that kills a process group ends it.
        .process_group(0)
        .spawn()
        .context("sh cannot be started")?;
    Ok(())
}
