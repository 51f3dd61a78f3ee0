//! Runs the program on loopback.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// The running program; killed on drop.
pub(crate) struct Server(Child);

impl Server {
    /// Ends the program with SIGTERM and waits for it.
    pub(crate) fn stop(mut self) -> Result<()> {
        // It may have exited by itself.
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves the data directory `data`; returns the process and its address.
pub(crate) fn serve(dossier: &Path, data: &Path) -> Result<(Server, String)> {
    let mut serve = Command::new(dossier);
    start(serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data))
}

/// Starts a program that serves; returns the process and its address.
pub(crate) fn start(command: &mut Command) -> Result<(Server, String)> {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stderr.take().context("no standard error")?).lines();
    let server = Server(child);
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(&line).ok()?;
        Some(line.pointer("/fields/address")?.as_str()?.to_owned())
    });
    // Its output must be read to the end, or the server blocks on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Ok((server, address.context("the server exited before it listened")?))
}
