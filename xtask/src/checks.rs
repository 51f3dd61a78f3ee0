//! Runs external programs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Runs a program in a folder; the error names the command.
pub(crate) fn run_in(folder: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    let line = format!("{program} {}", arguments.join(" "));
    let status = Command::new(program).args(arguments).current_dir(folder).status();
    let status = status.with_context(|| format!("{line} cannot be started"))?;
    if status.success() { Ok(()) } else { bail!("{line} failed") }
}
