//! The real program on a directory of its own, with the kernel's statistics about it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

/// Clock ticks per second (`USER_HZ`, 100 on current Linux).
const TICKS_PER_S: f64 = 100.0;

pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// Path of the program beside this one.
pub(crate) fn binary() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let path = own.with_file_name("dossier");
    if !path.exists() {
        // In this program's profile: the folder has its name, except for `dev`.
        let folder = own.parent().and_then(Path::file_name).and_then(OsStr::to_str);
        let profile = folder.filter(|name| *name != "debug").unwrap_or("dev");
        let arguments = ["build", "-p", "program", "--bin", "dossier", "--profile", profile];
        let built = Command::new("cargo").args(arguments).status()?;
        if !built.success() || !path.exists() {
            bail!("{} is missing: cargo {}", path.display(), arguments.join(" "));
        }
    }
    Ok(path)
}

impl Server {
    /// Starts a server without a limit on requests per client, because all load comes from one.
    pub(crate) fn start(data: &Path) -> Result<Self> {
        Self::start_with(data, &["--client-requests-per-second", "0"])
    }

    /// Starts a server with the default limits.
    pub(crate) fn start_limited(data: &Path) -> Result<Self> {
        Self::start_with(data, &[])
    }

    pub(crate) fn start_with(data: &Path, arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(binary()?)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "info", "--data"])
            .arg(data)
            .args(arguments)
            // As in the image and the unit.
            .env("MIMALLOC_PURGE_DELAY", "0")
            .stderr(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("no standard error")?).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(&line).ok()?;
            line.pointer("/fields/address")?.as_str()?.parse().ok()
        });
        let address = address.context("the server exited before it listened")?;
        // Drain the pipe, or the server blocks when it is full.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, address })
    }

    /// User and system CPU time so far, in seconds.
    pub(crate) fn cpu_s(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks =
            |index: usize| fields.get(index).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
        Ok((ticks(11) + ticks(12)) / TICKS_PER_S)
    }

    /// Peak resident memory, in MiB.
    pub(crate) fn peak_rss_mib(&self) -> Result<f64> {
        self.memory_mib("VmHWM")
    }

    /// Resident memory, in MiB.
    pub(crate) fn rss_mib(&self) -> Result<f64> {
        self.memory_mib("VmRSS")
    }

    fn memory_mib(&self, what: &str) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with(what)).context("no such line")?;
        let kib: f64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
        Ok(kib / 1_024.0)
    }

    pub(crate) fn stop(mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Total bytes of all files in a folder.
pub(crate) fn bytes_below(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        sum += if metadata.is_dir() { bytes_below(&entry.path())? } else { metadata.len() };
    }
    Ok(sum)
}
