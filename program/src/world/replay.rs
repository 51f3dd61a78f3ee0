//! `dossier replay`: replays a real log of permit dossiers in virtual time.
//!
//! Each case is submitted at the earlier of its start and its first activity and accepted at once.
//! Its deadline is set as in the log, its activities are done by the recorded people at the
//! recorded times, and it is closed at its end. The deadline keeper runs.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Parser;
use dossier::contract::Role;
use events::EventStore;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::data::{DataDirectory, Identity, Time};
use crate::world::office::{Answer, Office};

mod cases;
mod summary;

use self::cases::Case;
pub use summary::Summary;

const AGENCY: &str = "Z99.NL";
const CLERK: (Role, &str, &str) = (Role::Clerk, "one-stop-unit", AGENCY);

/// Replay a log of permit dossiers in virtual time.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// CSV file with the columns of the permit-receipts data set.
    file: PathBuf,
    #[command(flatten)]
    data: crate::Data,
    /// Print the summary as one JSON object.
    #[arg(long)]
    json: bool,
}

/// An action to replay.
#[derive(Debug)]
enum Happening {
    Submitted,
    Activity(usize),
    Ended,
}

/// An activity after its dossier was closed.
#[derive(Debug, Clone, Serialize)]
pub struct RefusedActivity {
    pub case: String,
    pub activity: String,
    pub at: Timestamp,
    /// The refusal's code.
    pub reason: String,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let summary =
        replay(&arguments.file, &arguments.data.data, std::io::stderr().is_terminal()).await?;
    let mut out = std::io::stdout();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&summary)?)?;
        return Ok(());
    }
    for refused in &summary.refused {
        writeln!(
            out,
            "refused: {} {} at {}: {}",
            refused.case, refused.activity, refused.at, refused.reason
        )?;
    }
    writeln!(out, "{summary}")?;
    Ok(())
}

/// Replays `file` into the new data directory `data`.
pub async fn replay(file: &Path, data: &Path, show_progress: bool) -> Result<Summary> {
    let replay = Replay::read(file)?;
    let data = DataDirectory::open(data)?;
    if !data.is_fresh() {
        bail!("the data directory already has a log; replay into a new one");
    }
    let components = data.components(Time::Virtual(replay.start), Identity::Development).await?;
    let mut office = Office::open(&components, data.key()?).await?;
    let bar = progress(show_progress, replay.happenings.len() as u64);
    let refused = replay.play(&mut office, &bar).await?;
    bar.finish_and_clear();
    data.end_virtual_time(replay.end)?;
    replay.summary(&components.engine.store, refused).await
}

/// The services into which a log is replayed: in this process, or others in virtual time.
#[expect(async_fn_in_trait, reason = "whoever replays awaits each in turn")]
pub trait World {
    /// Moves time, stopping at each due instant.
    async fn wait_until(&mut self, at: Timestamp) -> Result<()>;
    /// Returns once all reactions have caught up.
    async fn settle(&mut self) -> Result<()>;
    /// Sends a request as a role, subject and agency at the version `etag`; with a body, a step.
    async fn ask(
        &mut self,
        path: &str,
        who: (Role, &str, &str),
        etag: &str,
        body: Option<&Value>,
    ) -> Result<Answer>;
}

impl World for Office {
    async fn wait_until(&mut self, at: Timestamp) -> Result<()> {
        self.wait_until(at).await
    }

    async fn settle(&mut self) -> Result<()> {
        self.settle().await
    }

    async fn ask(
        &mut self,
        path: &str,
        who: (Role, &str, &str),
        etag: &str,
        body: Option<&Value>,
    ) -> Result<Answer> {
        match body {
            Some(body) => self.post(path, who, etag, body).await,
            None => self.get(path, who).await,
        }
    }
}

/// A log and its actions in order.
#[derive(Debug)]
pub struct Replay {
    cases: Vec<Case>,
    happenings: Vec<(Timestamp, usize, Happening)>,
    /// When it begins.
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Replay {
    /// Reads a CSV file; errors are reported with their line.
    pub fn read(file: &Path) -> Result<Self> {
        let cases = cases::read(file)?;
        let mut happenings: Vec<(Timestamp, usize, Happening)> = Vec::new();
        for (index, case) in cases.iter().enumerate() {
            happenings.push((case.submitted_at(), index, Happening::Submitted));
            let activities = case.activities.iter().enumerate();
            happenings.extend(activities.map(|(n, done)| (done.at, index, Happening::Activity(n))));
            if let Some(end) = case.ended_at {
                // Two cases of the real log end before they start: they are closed at once.
                happenings.push((end.max(case.submitted_at()), index, Happening::Ended));
            }
        }
        let order = |happening: &Happening| match happening {
            Happening::Submitted => 0,
            Happening::Activity(n) => 1 + n,
            Happening::Ended => usize::MAX,
        };
        happenings.sort_by_key(|(at, case, happening)| (*at, *case, order(happening)));
        let start = happenings.first().map(|(at, ..)| *at).context("the file has no cases")?;
        let end = happenings.last().map_or(start, |(at, ..)| *at);
        Ok(Self { cases, happenings, start, end })
    }

    /// Replays all actions; returns the refused activities.
    pub async fn play(
        &self,
        world: &mut impl World,
        bar: &ProgressBar,
    ) -> Result<Vec<RefusedActivity>> {
        let mut addresses: BTreeMap<usize, String> = BTreeMap::new();
        let mut refused = Vec::new();
        for (at, index, happening) in &self.happenings {
            bar.inc(1);
            let case = self.cases.get(*index).context("no such case")?;
            world.wait_until(*at).await?;
            let id = addresses.get(index).cloned().unwrap_or_default();
            match happening {
                Happening::Submitted => {
                    addresses.insert(*index, submit(world, case).await?);
                }
                Happening::Activity(n) => {
                    let done = case.activities.get(*n).context("no such activity")?;
                    refused.extend(complete(world, case, &id, done).await?);
                }
                Happening::Ended => end_case(world, &id).await?,
            }
        }
        world.wait_until(self.end).await?;
        Ok(refused)
    }

    /// The summary, counted from the written log.
    pub async fn summary(
        &self,
        store: &EventStore,
        refused: Vec<RefusedActivity>,
    ) -> Result<Summary> {
        summary::of(store, &self.cases, refused).await
    }
}

async fn submit(world: &mut impl World, case: &Case) -> Result<String> {
    let body = json!({
        "procedure": "WABO.RECEIPT", "agency": AGENCY, "channel": case.channel(), "applicant": case.name,
        "form": {
            "department": case.department, "group": case.group, "case": case.name, "filed_by": case.filed_by,
        },
    });
    let submitted = world.ask("/v1/dossiers", CLERK, "", Some(&body)).await?;
    let etag = submitted.etag();
    let submitted = submitted.granted().with_context(|| case.name.clone())?;
    let id = submitted.get("id").and_then(Value::as_str).context("no id")?.to_owned();
    let dossier = format!("/v1/dossiers/{id}");
    let accept = format!("{dossier}/acceptance");
    let accepted = world.ask(&accept, CLERK, &etag, Some(&json!({}))).await?;
    let etag = accepted.etag();
    accepted.granted().with_context(|| case.name.clone())?;
    let fixed = json!({ "at": case.deadline, "by": "the municipality's register", "basis": "case:deadline" });
    let appoint = format!("{dossier}/fixed-appointment");
    let fixed = world.ask(&appoint, CLERK, &etag, Some(&fixed)).await?;
    fixed.granted().with_context(|| case.name.clone())?;
    world.settle().await?;
    Ok(id)
}

async fn complete(
    world: &mut impl World,
    case: &Case,
    id: &str,
    done: &cases::Done,
) -> Result<Option<RefusedActivity>> {
    let reviewer = (Role::Reviewer, &*done.resource, AGENCY);
    let review = format!("/v1/reviews/{id}");
    let etag = world.ask(&review, reviewer, "", None).await?.etag();
    let body = json!({ "activity": done.activity });
    let answer = world.ask(&format!("{review}/activities"), reviewer, &etag, Some(&body)).await?;
    if answer.status.is_success() {
        world.settle().await?;
        return Ok(None);
    }
    let reason = answer.body.get("type").and_then(Value::as_str).unwrap_or_default();
    let reason = reason.trim_start_matches("urn:dossier:problem:").to_owned();
    if reason != "review-not-open" {
        bail!("{} {}: {} {}", case.name, done.activity, answer.status, answer.body);
    }
    let (case, activity) = (case.name.clone(), done.activity.clone());
    Ok(Some(RefusedActivity { case, activity, at: done.at, reason }))
}

async fn end_case(world: &mut impl World, id: &str) -> Result<()> {
    let dossier = format!("/v1/dossiers/{id}");
    let etag = world.ask(&dossier, CLERK, "", None).await?.etag();
    let body = json!({ "reason": "ended in the log" });
    world.ask(&format!("{dossier}/closure"), CLERK, &etag, Some(&body)).await?.granted()?;
    world.settle().await
}

pub(crate) fn progress(shown: bool, length: u64) -> ProgressBar {
    if !shown {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    let style =
        ProgressStyle::with_template("{wide_bar} {pos}/{len} {elapsed_precise} ({eta} left)");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
