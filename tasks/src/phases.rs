//! Phases of the test command, run in sequence or in the background, and their durations.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

/// Number of slowest tests to list.
const SLOWEST: usize = 20;

/// Finished phases and their durations.
pub(crate) struct Phases {
    begun: Instant,
    done: Vec<(String, Duration)>,
}

/// Phases that run in sequence in the background. Their output goes to files, and is shown if they
/// fail.
pub(crate) struct Beside(JoinHandle<Vec<Ended>>);

/// A finished background phase.
struct Ended {
    name: &'static str,
    took: Duration,
    log: PathBuf,
    success: Result<bool>,
}

impl Phases {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), done: Vec::new() }
    }

    /// Runs a phase and records its duration, also if it fails.
    pub(crate) fn run(&mut self, name: &str, does: impl FnOnce() -> Result<()>) -> Result<()> {
        // If standard error is closed, there is nowhere to report to.
        let _ = writeln!(std::io::stderr(), "== {name}");
        let begun = Instant::now();
        let done = does();
        self.done.push((name.to_owned(), begun.elapsed()));
        done.with_context(|| format!("{name} failed"))
    }

    /// Waits for background phases; the error names those that failed.
    pub(crate) fn join(&mut self, beside: Beside) -> Result<()> {
        let ended = beside.0.join().map_err(|_| anyhow!("a phase has panicked"))?;
        let mut failed = Vec::new();
        for Ended { name, took, log, success } in ended {
            self.done.push((format!("{name} (beside others)"), took));
            if !success.with_context(|| format!("{name} cannot be started"))? {
                let said = std::fs::read_to_string(&log)?;
                let _ = writeln!(std::io::stderr(), "== {name}\n{said}");
                failed.push(name);
            }
        }
        if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
    }

    /// Durations of the phases, and the slowest tests of a JUnit report.
    pub(crate) fn report(&self, junit: &Path) -> String {
        let mut text = String::from("\nWhere the time went:\n");
        for (name, took) in &self.done {
            let _ = writeln!(text, "{:>7.1} s  {name}", took.as_secs_f64());
        }
        let _ = writeln!(text, "{:>7.1} s  in all", self.begun.elapsed().as_secs_f64());
        let mut tests = std::fs::read_to_string(junit).map(|xml| times(&xml)).unwrap_or_default();
        if tests.is_empty() {
            return text;
        }
        tests.sort_by(|one, other| other.0.total_cmp(&one.0));
        let _ = writeln!(text, "The slowest of {} tests:", tests.len());
        for (took, name) in tests.iter().take(SLOWEST) {
            let _ = writeln!(text, "{took:>7.1} s  {name}");
        }
        text
    }
}

impl Beside {
    /// Starts commands in sequence; the output of each goes to NAME.log in `logs`.
    pub(crate) fn start(logs: &Path, commands: Vec<(&'static str, Command)>) -> Self {
        let logs = logs.to_owned();
        Self(std::thread::spawn(move || {
            let run = |(name, command)| Ended::of(name, command, logs.join(format!("{name}.log")));
            commands.into_iter().map(run).collect()
        }))
    }
}

impl Ended {
    fn of(name: &'static str, mut command: Command, log: PathBuf) -> Self {
        let begun = Instant::now();
        let success = File::create(&log).and_then(|file| {
            command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
            Ok(command.status()?.success())
        });
        Self { name, took: begun.elapsed(), log, success: success.map_err(Into::into) }
    }
}

/// Duration in seconds and name of each test in a JUnit report.
fn times(xml: &str) -> Vec<(f64, String)> {
    let attribute = |element: &str, name: &str| {
        let (_, after) = element.split_once(&format!(" {name}=\""))?;
        after.split('"').next().map(str::to_owned)
    };
    let elements = xml.split("<testcase").skip(1).filter_map(|after| after.split('>').next());
    elements
        .filter_map(|element| {
            let took = attribute(element, "time")?.parse().ok()?;
            let (binary, test) = (attribute(element, "classname")?, attribute(element, "name")?);
            Some((took, format!("{binary} {test}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = r#"<testsuite name="a" tests="2">
        <testcase name="money::a_receipt" classname="program::it" timestamp="2026" time="1.250"/>
        <testcase name="keys" classname="calendar" time="0.010">
            <system-out>&lt;testcase name="no"</system-out>
        </testcase></testsuite>"#;

    #[test]
    fn the_slowest_tests_are_named_with_their_binary() {
        let folder = tempfile::tempdir().unwrap();
        let junit = folder.path().join("junit.xml");
        std::fs::write(&junit, XML).unwrap();
        let mut phases = Phases::new();
        phases.run("build", || Ok(())).unwrap();
        let report = phases.report(&junit);
        let lines: Vec<&str> = report.lines().map(str::trim).collect();
        let slowest = ["The slowest of 2 tests:", "1.2 s  program::it money::a_receipt"];
        assert!(lines.windows(2).any(|pair| pair == slowest), "{report}");
        assert!(lines.contains(&"0.0 s  build"), "{report}");
    }

    #[test]
    fn a_phase_that_fails_beside_others_fails_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut phases = Phases::new();
        let commands = vec![
            ("good", Command::new("true")),
            ("bad", Command::new("false")),
            ("last", Command::new("true")),
        ];
        let beside = Beside::start(folder.path(), commands);
        assert_eq!(phases.join(beside).unwrap_err().to_string(), "failed: bad");
        let failed = phases.run("first", || bail!("no"));
        assert_eq!(format!("{:#}", failed.unwrap_err()), "first failed: no");
        assert_eq!(phases.done.len(), 4, "what failed has its time too");
    }
}
