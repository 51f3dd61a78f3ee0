//! What the real binary makes is for its own user alone, and what it must not do without it asks for.

use std::io::{BufRead, BufReader, Lines};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use dossier::contract::Role;
use serde_json::Value;
use web::auth::DevelopmentKey;

use crate::support::{Browser, submitted, token};

/// The binary, started by a shell that lets everybody read, and what it says.
pub(crate) struct Said {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    pub(crate) browser: Browser,
    /// What it said before it served.
    pub(crate) before: Vec<Value>,
}

fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "umask 022; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_dossier")]);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(arguments);
    command
}

impl Said {
    pub(crate) fn start(data: &Path, arguments: &[&str]) -> Self {
        Self::start_in(data, arguments, &[])
    }

    pub(crate) fn start_in(
        data: &Path,
        arguments: &[&str],
        environment: &[(&str, String)],
    ) -> Self {
        let mut command = command(data, arguments);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut before = Vec::new();
        let address = loop {
            let line = lines.next().expect("it ended before it served").unwrap();
            let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
            if let Some(address) = line["fields"]["address"].as_str() {
                break address.parse().unwrap();
            }
            before.push(line);
        };
        Self { child, lines, browser: Browser::new(address), before }
    }

    /// Ends it, and gives all that it said.
    pub(crate) fn end(mut self) -> Vec<Value> {
        let ended = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(ended.unwrap().success());
        let rest = self.lines.by_ref().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        let rest: Vec<Value> = rest.collect();
        [std::mem::take(&mut self.before), rest].concat()
    }

    /// The next line with this message.
    pub(crate) fn until(&mut self, message: &str) -> Value {
        self.until_that(|line| line["fields"]["message"] == message)
    }

    /// The next line of which this holds.
    pub(crate) fn until_that(&mut self, holds: impl Fn(&Value) -> bool) -> Value {
        let mut lines = self.lines.by_ref().map(|line| serde_json::from_str(&line.unwrap()));
        let found = lines.find_map(|line: Result<Value, _>| line.ok().filter(|line| holds(line)));
        found.unwrap()
    }
}

impl Drop for Said {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A start that comes to nothing.
fn refused(data: &Path) -> String {
    let Output { status, stderr, .. } = command(data, &[]).output().unwrap();
    assert!(!status.success());
    String::from_utf8_lossy(&stderr).into_owned()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// Everything below a folder, and itself.
fn all(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(all(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_reads_what_the_process_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let said = Said::start(&data, &[]);
    let key = DevelopmentKey::in_folder(&data).unwrap();
    submitted(&said.browser, &token(&key, Role::Applicant, "a1", "")).await;
    let found = all(&data);
    let names: Vec<_> = found.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    for kept in
        ["log.sqlite", "log.sqlite-wal", "log.sqlite-shm", "digest-key", "register.sqlite", ".pdf"]
    {
        assert!(names.iter().any(|name| name.ends_with(kept)), "{kept} in {names:?}");
    }
    for path in &found {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(path), expected, "{}: {:o}", path.display(), mode(path));
    }
    drop(said);

    // Left by an earlier version, or brought back from a backup.
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(&data, 0o755);
    open(&data.join("documents"), 0o755);
    open(&data.join("log.sqlite"), 0o644);
    open(&data.join("digest-key"), 0o640);
    let said = Said::start(&data, &[]);
    for (name, expected) in
        [("", 0o700), ("documents", 0o700), ("log.sqlite", 0o600), ("digest-key", 0o600)]
    {
        assert_eq!(mode(&data.join(name)), expected, "{name}");
    }
    let told = |line: &&Value| {
        line["fields"]["message"].as_str().unwrap().contains("file was readable by other users")
    };
    assert_eq!(said.before.iter().filter(told).count(), 4, "{:?}", said.before);
}

#[test]
fn a_log_does_not_go_on_with_another_key_nor_with_none() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    drop(Said::start(data, &[]));
    let path = data.join("digest-key");
    let key = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let said = refused(data);
    for word in ["digest-key", "backup", "--digest-key"] {
        assert!(said.contains(word), "{said}");
    }
    assert!(!path.exists(), "none is made up");
    for bytes in [0, 15] {
        std::fs::write(&path, &key[..bytes]).unwrap();
        let said = refused(data);
        assert!(said.contains("digest-key") && said.contains("at least 16"), "{said}");
    }
    std::fs::write(&path, &key).unwrap();
    drop(Said::start(data, &[]));
    let development = data.join("development-signing-key");
    for bytes in [0, 16, 31, 33] {
        std::fs::write(&development, vec![7; bytes]).unwrap();
        let said = refused(data);
        assert!(said.contains("development-signing-key"), "{said}");
    }
    std::fs::remove_file(&development).unwrap();
    drop(Said::start(data, &[]));
}
