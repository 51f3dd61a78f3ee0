//! `cargo xtask upgrade`: an older program and this one run in turn on one data directory, twice
//! each. The older one is built from scratch from its commit, which takes minutes, so this is not a
//! regular test.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::checks::succeed;
use crate::root;
use crate::server::serve;

/// A program, and the shell script of its commit that runs one dossier through the procedure.
struct Program {
    name: String,
    binary: PathBuf,
    script: String,
}

pub(crate) fn run(commit: &str, forward: bool) -> Result<()> {
    let folder = root().join("target/upgrade");
    let source = folder.join("source");
    unpack(commit, &source)?;
    // A separate target folder, kept so that another commit rebuilds only what differs.
    let older = built(&source, &folder.join("build"), commit)?;
    let newer = built(&root(), &root().join("target"), "this one")?;
    if forward {
        return play(&folder, &[&older, &newer]);
    }
    play(&folder, &[&older, &newer, &older, &newer])
}

/// Unpacks the files of a commit without a git worktree. Files get the present time (`-m`): cargo
/// compares times, and a commit may be older than an earlier build.
fn unpack(commit: &str, source: &Path) -> Result<()> {
    if source.exists() {
        std::fs::remove_dir_all(source)?;
    }
    std::fs::create_dir_all(source)?;
    let archive = source.with_extension("tar");
    let mut pack = Command::new("git");
    pack.args(["archive", "--format", "tar", "--output"]).arg(&archive).arg(commit);
    succeed(pack.current_dir(root()))?;
    succeed(Command::new("tar").arg("-xmf").arg(&archive).arg("-C").arg(source))?;
    Ok(std::fs::remove_file(archive)?)
}

fn built(source: &Path, target: &Path, name: &str) -> Result<Program> {
    // The package had another name until it was moved out of `services`.
    let package = if source.join("program").exists() { "program" } else { "standalone" };
    let mut build = crate::cargo();
    build.args(["build", "--locked", "--package", package, "--bin", "dossier"]);
    build.args(["--features", &format!("{package}/eventstoredb"), "--target-dir"]).arg(target);
    succeed(build.current_dir(source))?;
    let (name, binary) = (name.to_owned(), target.join("debug/dossier"));
    Ok(Program { name, binary, script: script(source)? })
}

/// `examples/one-dossier.sh`; in older commits its lines are in the README.
fn script(source: &Path) -> Result<String> {
    let example = source.join("examples/one-dossier.sh");
    if example.exists() {
        return Ok(std::fs::read_to_string(example)?);
    }
    let readme = std::fs::read_to_string(source.join("README.md"))?;
    let block = readme.split("```sh\n").find(|block| block.starts_with("U="));
    let block = block.and_then(|block| block.split("```").next()).context("no script in README")?;
    // A result's number can be used only once.
    Ok(block.replace("KM-1", "$N"))
}

/// Each program in turn runs a dossier through the procedure on the same data; its `check` must
/// have no findings about the others' data.
fn play(folder: &Path, turns: &[&Program]) -> Result<()> {
    let data = folder.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    let mut out = std::io::stdout();
    for (turn, program) in (1..).zip(turns) {
        let (server, address) = serve(&program.binary, &data)
            .with_context(|| format!("{} does not start on what was there", program.name))?;
        let carried = carry(program, turn, &data, &address);
        server.stop()?;
        carried.with_context(|| format!("{} on what was there", program.name))?;
        let check = Command::new(&program.binary).arg("check").arg("--data").arg(&data).output()?;
        let said = String::from_utf8_lossy(&check.stdout);
        if !check.status.success() {
            let why = String::from_utf8_lossy(&check.stderr);
            bail!("{} finds: {said}{why}", program.name);
        }
        writeln!(out, "{turn}. {}: {}", program.name, said.trim_end())?;
    }
    Ok(())
}

fn carry(program: &Program, turn: u8, data: &Path, address: &str) -> Result<()> {
    let folder = data.with_extension("lines");
    std::fs::create_dir_all(&folder)?;
    succeed(
        Command::new("bash")
            .args(["-euo", "pipefail", "-c", &program.script])
            .current_dir(&folder)
            .env("U", format!("http://{address}"))
            .env("D", &program.binary)
            .env("DOSSIER_DATA", data)
            .env("N", format!("KM-{turn}"))
            .stdout(Stdio::null()),
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A fake program that records one kind of event and knows some kinds.
    fn program(folder: &Path, name: &str, writes: &str, knows: &str) -> Program {
        let script = format!(
            r#"#!/bin/sh
command=$1; data=$5; [ "$command" = check ] && data=$3
strange() {{ grep -vxE '{knows}' "$data/log"; }}
case $command in
  serve) mkdir -p "$data"; [ -f "$data/poison" ] && exit 1
    trap 'exit 0' TERM
    echo '{{"fields":{{"address":"127.0.0.1:1"}}}}' >&2
    while :; do sleep 0.1; done ;;
  check) if strange; then exit 1; fi; echo "$(wc -l < "$data/log") events, 0 findings" ;;
esac
"#
        );
        let binary = folder.join(name);
        std::fs::write(&binary, script).unwrap();
        std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o755)).unwrap();
        let script = format!("echo {writes} >> \"$DOSSIER_DATA/log\"\n");
        Program { name: name.to_owned(), binary, script }
    }

    fn played(older: (&str, &str), newer: (&str, &str)) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let older = program(folder.path(), "older", older.0, older.1);
        let newer = program(folder.path(), "newer", newer.0, newer.1);
        play(folder.path(), &[&older, &newer, &older, &newer])
            .map_err(|error| format!("{error:#}"))?;
        Ok(std::fs::read_to_string(folder.path().join("data/log")).unwrap())
    }

    #[test]
    fn each_program_goes_on_with_what_the_others_wrote() {
        assert_eq!(played(("a", "a|b"), ("b", "a|b")).unwrap(), "a\nb\na\nb\n");
    }

    #[test]
    fn what_one_wrote_and_the_other_cannot_read_fails_in_both_directions() {
        let back = played(("a", "a"), ("b", "a|b")).unwrap_err();
        assert_eq!(back, "older finds: b\n");
        let forth = played(("a", "a"), ("b", "b")).unwrap_err();
        assert_eq!(forth, "newer finds: a\n");
    }

    #[test]
    fn a_program_that_does_not_start_and_lines_that_fail_are_no_success() {
        let stopped = played(("a; touch $DOSSIER_DATA/poison; :", "a"), ("b", "a|b")).unwrap_err();
        assert!(stopped.starts_with("newer does not start on what was there"), "{stopped}");
        let failed = played(("a", "a"), ("b; false; :", "a|b")).unwrap_err();
        assert!(failed.starts_with("newer on what was there: "), "{failed}");
    }
}
