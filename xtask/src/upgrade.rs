//! `cargo xtask upgrade`: an office that is kept by an older program, then by this one, then by the older one again. It builds the
//! older program from its commit, which takes as long as a build from nothing: minutes, so it stands apart from the tests.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::generate::root;

/// A program and the README that says how it is spoken to.
struct Program {
    name: String,
    binary: PathBuf,
    lines: String,
}

pub(crate) fn run(commit: &str) -> Result<()> {
    let folder = root().join("target/upgrade");
    let source = folder.join("source");
    std::fs::create_dir_all(&folder)?;
    // What an earlier run left may be of another commit.
    let _ = git(&["worktree", "remove", "--force"], &source);
    let mut add = Command::new("git");
    add.args(["worktree", "add", "--detach", "--force"]).arg(&source).arg(commit);
    succeed(add.current_dir(root()))?;
    let older = built(&source, &folder.join("build"), commit);
    let newer = built(&root(), &root().join("target"), "this one");
    let played = older.and_then(|older| newer.and_then(|newer| play(&folder, &older, &newer)));
    git(&["worktree", "remove", "--force"], &source)?;
    played
}

fn git(arguments: &[&str], path: &Path) -> Result<()> {
    succeed(Command::new("git").args(arguments).arg(path).current_dir(root()))
}

fn succeed(command: &mut Command) -> Result<()> {
    if command.status()?.success() { Ok(()) } else { bail!("{command:?} failed") }
}

fn built(source: &Path, target: &Path, name: &str) -> Result<Program> {
    let mut build = Command::new("cargo");
    build.args(["build", "--locked", "--package", "standalone", "--bin", "dossier"]);
    build.args(["--features", "standalone/eventstoredb", "--target-dir"]).arg(target);
    succeed(build.current_dir(source))?;
    let readme = std::fs::read_to_string(source.join("README.md"))?;
    let lines = readme.split("```sh\n").find(|block| block.starts_with("U="));
    let lines = lines.and_then(|block| block.split("```").next()).context("no lines in README")?;
    let (name, binary) = (name.to_owned(), target.join("debug/dossier"));
    Ok(Program { name, binary, lines: lines.to_owned() })
}

/// Each carries a dossier through on the same data, one after the other, and finds nothing wrong with what the others wrote.
fn play(folder: &Path, older: &Program, newer: &Program) -> Result<()> {
    let data = folder.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    let mut out = std::io::stdout();
    for program in [older, newer, older, newer] {
        let (process, address) = serve(program, &data)?;
        let carried = carry(program, &data, &address);
        stop(process)?;
        carried.with_context(|| format!("{} on what was there", program.name))?;
        let check = Command::new(&program.binary).arg("check").arg("--data").arg(&data).output()?;
        let said = String::from_utf8_lossy(&check.stdout);
        if !check.status.success() {
            bail!("{} finds: {said}", program.name);
        }
        writeln!(out, "{}: {}", program.name, said.trim_end())?;
    }
    Ok(())
}

fn serve(program: &Program, data: &Path) -> Result<(Child, String)> {
    let mut child = Command::new(&program.binary)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stderr(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stderr.take().context("no log")?).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(&line).ok()?;
        Some(line.pointer("/fields/address")?.as_str()?.to_owned())
    });
    // Somebody must go on reading, or the program blocks on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    let Some(address) = address else {
        stop(child)?;
        bail!("{} does not start on what was there", program.name);
    };
    Ok((child, address))
}

fn carry(program: &Program, data: &Path, address: &str) -> Result<()> {
    let folder = data.with_extension("lines");
    std::fs::create_dir_all(&folder)?;
    succeed(
        Command::new("bash")
            .args(["-euo", "pipefail", "-c", &program.lines])
            .current_dir(&folder)
            .env("U", format!("http://{address}"))
            .env("D", &program.binary)
            .env("DOSSIER_DATA", data)
            .stdout(Stdio::null()),
    )
}

fn stop(mut child: Child) -> Result<()> {
    // It may have ended by itself.
    let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    child.wait()?;
    Ok(())
}
