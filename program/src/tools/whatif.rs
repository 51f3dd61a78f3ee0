//! `dossier whatif`: simulates another period, procedure or calendar on all dossiers of a data
//! directory. Nothing is changed.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use anyhow::{Context, Result, anyhow, bail};
use clap::Parser;
use dossier::Rule;
use dossier::clock::Course;
use dossier::contract::{
    Channel, Envelope, EventSet, IntakeEvent, Meta, ProcedureCode, ProcedureRef, RulesKind,
};
use dossier::law::{Law, Procedure, rules};
use engine::rulebook;
use events::{EventStore, Filter, Position, Recorded};
use jiff::Timestamp;
use uuid::Uuid;

mod report;

use report::{Compared, Report};

/// Simulate a change of the law.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: crate::Data,
    /// Procedure whose period changes.
    #[arg(long, value_name = "CODE", requires = "budget")]
    procedure: Option<String>,
    /// New period: a number and wh (working hours), wd (working days), d (days), mo (months); or
    /// same-day.
    #[arg(long, value_parser = budget, requires = "procedure")]
    budget: Option<calendar::Budget>,
    /// Only for dossiers of this channel: online, counter or post.
    #[arg(long, value_parser = channel, requires = "budget")]
    channel: Option<Channel>,
    /// File with a new version of a procedure, applied to all its dossiers.
    #[arg(long, value_name = "FILE", conflicts_with = "procedure")]
    procedure_file: Option<PathBuf>,
    /// File with a new version of a calendar, applied to all agencies that use it.
    #[arg(long, value_name = "FILE")]
    calendar_file: Option<PathBuf>,
    /// Write each dossier whose date or outcome changes to this file (NDJSON).
    #[arg(long, value_name = "FILE")]
    details: Option<PathBuf>,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

fn budget(text: &str) -> Result<calendar::Budget> {
    use calendar::{Budget, Unit};
    if text == "same-day" {
        return Ok(Budget { amount: 1, unit: Unit::SameDay });
    }
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (amount, unit) = text.split_at(digits);
    let unit = match unit {
        "wh" => Unit::WorkingHours,
        "wd" => Unit::WorkingDays,
        "d" => Unit::CalendarDays,
        "mo" => Unit::Months,
        _ => bail!("`{text}` is not a period; expected for example 6wh, 5wd, 30d, 2mo or same-day"),
    };
    let amount: u32 =
        amount.parse().with_context(|| format!("`{text}` does not begin with a number"))?;
    anyhow::ensure!(amount > 0, "a period must be greater than 0");
    Ok(Budget { amount, unit })
}

fn channel(text: &str) -> Result<Channel> {
    serde_json::from_value(serde_json::Value::from(text))
        .map_err(|_| anyhow!("`{text}` is not a channel; channels are online, counter and post"))
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let directory = arguments.data.existing()?;
    let virtual_end = directory.virtual_end()?;
    let store = directory.store_to_read().await?;
    let trial = Trial::of(arguments, rulebook::recorded(&store).await?)?;
    let details = arguments.details.as_deref().map(create).transpose()?;
    let now = virtual_end.unwrap_or_else(|| platform::TimeSource::System.now());
    let report = try_out(&store, trial, now, details).await?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        return Ok(writeln!(out, "{}", serde_json::to_string(&report)?)?);
    }
    Ok(write!(out, "{report}")?)
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    Ok(BufWriter::new(File::create(path).with_context(|| path.display().to_string())?))
}

/// The changed law.
struct Trial {
    law: Law,
    /// Changed procedures, by the version that dossiers were received under.
    procedures: BTreeMap<ProcedureRef, Procedure>,
    /// Only this procedure, if one is given.
    only: Option<ProcedureCode>,
}

impl Trial {
    fn of(arguments: &Arguments, mut law: Law) -> Result<Self> {
        let mut only = None;
        let mut issue = |kind: RulesKind, path: &Path| -> Result<String> {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path).with_context(|| name.clone())?;
            let issued = rules(kind, &name, &text)?;
            law.apply(&issued, None)?;
            Ok(issued.name)
        };
        if let Some(path) = &arguments.calendar_file {
            issue(RulesKind::Calendar, path)?;
        }
        let mut whole = None;
        if let Some(path) = &arguments.procedure_file {
            let code = ProcedureCode::from(issue(RulesKind::Procedure, path)?.as_str());
            whole = law.procedures().filter(|p| p.code == code).last().cloned();
            only = Some(code);
        }
        let mut procedures = BTreeMap::new();
        if let Some(code) = &arguments.procedure {
            let code = ProcedureCode::from(code.as_str());
            anyhow::ensure!(law.knows(&code), "unknown procedure {code}");
            only = Some(code);
        }
        for procedure in law.procedures().filter(|p| only.as_ref() == Some(&p.code)) {
            let mut changed = whole.as_ref().unwrap_or(procedure).clone();
            if let Some(budget) = arguments.budget {
                let channels = changed.channels.iter().copied();
                let hit = channels.filter(|c| arguments.channel.is_none_or(|only| only == *c));
                let hit: Vec<Channel> = hit.collect();
                changed.clock.budget.extend(hit.into_iter().map(|channel| (channel, budget)));
            }
            procedures.insert(procedure.reference(), changed);
        }
        if only.is_none() && arguments.calendar_file.is_none() {
            bail!(
                "no change given: use --procedure with --budget, --procedure-file or --calendar-file"
            );
        }
        Ok(Self { law, procedures, only })
    }

    fn rule(&self, course: &Course) -> Option<Rule<'_>> {
        let rule = self.law.rule(&course.procedure, &course.agency, course.promised_at)?;
        let procedure = self.procedures.get(&course.procedure).unwrap_or(rule.procedure);
        Some(Rule { procedure, ..rule })
    }
}

/// Reads the log on one thread and computes on another.
async fn try_out(
    store: &EventStore,
    trial: Trial,
    now: Timestamp,
    details: Option<BufWriter<File>>,
) -> Result<Report> {
    let (pages, received) = sync_channel::<Vec<Arc<Recorded>>>(4);
    let reckoning = tokio::task::spawn_blocking(move || reckon(&received, &trial, now, details));
    let filter = Filter { kinds: vec!["intake.".into()] };
    let mut after = Position::START;
    loop {
        let page = store.read_all(after, &filter, 10_000).await?;
        if page.through == after {
            break;
        }
        after = page.through;
        // The receiver is gone only if the computation failed, which is reported below.
        let sent = tokio::task::block_in_place(|| pages.send(page.events));
        if sent.is_err() {
            break;
        }
    }
    drop(pages);
    reckoning.await?
}

fn reckon(
    pages: &Receiver<Vec<Arc<Recorded>>>,
    trial: &Trial,
    now: Timestamp,
    mut details: Option<BufWriter<File>>,
) -> Result<Report> {
    let mut open: HashMap<Uuid, Course> = HashMap::new();
    let mut report = Report::default();
    let mut compare = |course: &Course| -> Result<()> {
        let rule = trial.rule(course).context("the law of a dossier is not loaded")?;
        let compared = Compared::of(course, rule.calendar, course.due_under(rule)?, now);
        if let (Some(compared), Some(details)) = (&compared, &mut details)
            && compared.changes()
        {
            writeln!(details, "{}", serde_json::to_string(compared)?)?;
        }
        report.take(course, compared.as_ref());
        Ok(())
    };
    for event in pages.iter().flatten() {
        let Ok(id) = event.stream.id().parse::<Uuid>() else { continue };
        let decoded = IntakeEvent::decode(&event.kind, &event.data)?;
        let envelope: Envelope = serde_json::from_str(&event.meta)?;
        let meta = Meta { id: event.id, version: event.version.0, envelope };
        if let IntakeEvent::DossierSubmitted(submitted) = &decoded {
            let wanted = trial.only.as_ref().is_none_or(|c| *c == submitted.brief.procedure.code);
            if wanted {
                open.insert(id, Course::of(submitted, meta.at()));
            }
            continue;
        }
        let Some(course) = open.get_mut(&id) else { continue };
        course.apply(&decoded, &meta);
        // Ended dossiers are dropped from memory.
        if course.ended
            && let Some(course) = open.remove(&id)
        {
            compare(&course)?;
        }
    }
    open.values().try_for_each(compare)?;
    if let Some(mut details) = details {
        details.flush()?;
    }
    Ok(report.done())
}
