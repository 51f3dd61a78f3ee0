//! `dossier whatif`: simulates another period, procedure or calendar on all dossiers of a data
//! directory. Nothing is changed.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use clap::Parser;
use dossier::contract::{Channel, ProcedureCode, RulesIssued, RulesKind};
use dossier::law::{Law, rules};
use engine::rulebook;
use engine::what_if::{Compared, Report, Spread, Watch, WhatIf};

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
    let what_if = changed(arguments, rulebook::recorded(&store).await?)?;
    let details = arguments.details.as_deref().map(create).transpose()?;
    let details = Arc::new(Mutex::new(details));
    let now = virtual_end.unwrap_or_else(|| platform::TimeSource::System.now());
    let to = Arc::clone(&details);
    let changes = move |compared: Compared| {
        let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(details) = to.as_mut() else { return Ok(()) };
        writeln!(details, "{}", serde_json::to_string(&compared)?)
    };
    let watch = Arc::<Watch>::default();
    let report = Arc::new(what_if).run(&store, (now, u64::MAX), watch, changes).await?;
    if let Some(details) = &mut *details.lock().unwrap_or_else(PoisonError::into_inner) {
        details.flush()?;
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        return Ok(writeln!(out, "{}", serde_json::to_string(&report)?)?);
    }
    Ok(write!(out, "{}", text(&report)?)?)
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    Ok(BufWriter::new(File::create(path).with_context(|| path.display().to_string())?))
}

/// The changed law.
fn changed(arguments: &Arguments, law: Law) -> Result<WhatIf> {
    let file = |kind: RulesKind, path: &Path| -> Result<RulesIssued> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| name.clone())?;
        Ok(rules(kind, &name, &text)?)
    };
    if arguments.procedure.is_none()
        && arguments.procedure_file.is_none()
        && arguments.calendar_file.is_none()
    {
        bail!(
            "no change given: use --procedure with --budget, --procedure-file or --calendar-file"
        );
    }
    let mut what_if = WhatIf::of(law);
    if let Some(path) = &arguments.calendar_file {
        what_if.calendar(&file(RulesKind::Calendar, path)?)?;
    }
    if let Some(path) = &arguments.procedure_file {
        what_if.procedure(&file(RulesKind::Procedure, path)?)?;
    }
    if let (Some(code), Some(budget)) = (&arguments.procedure, arguments.budget) {
        let code = ProcedureCode::from(code.as_str());
        let changed = what_if.period(&code, arguments.channel, budget);
        changed.with_context(|| format!("unknown procedure {code}"))?;
    }
    Ok(what_if)
}

/// The report in words.
fn text(report: &Report) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    if report.procedures().is_empty() {
        writeln!(out, "no dossier was received under this procedure: nothing to compare")?;
    }
    for (procedure, tally) in report.procedures() {
        writeln!(
            out,
            "{procedure}: {} dossiers with a date under both ({} undecided), {} without",
            tally.compared, tally.undecided, tally.without_date
        )?;
        writeln!(out, "  late: {} before, {} after", tally.late_before, tally.late_after)?;
        let spreads = [
            ("moved earlier", &tally.moved_earlier),
            ("moved later", &tally.moved_later),
            ("newly late", &tally.newly_late),
            ("no longer late", &tally.no_longer_late),
            ("decided in time", &tally.early_after),
        ];
        for (name, Spread { dossiers, median_h, p90_h, most_h, .. }) in spreads {
            if *dossiers > 0 {
                writeln!(
                    out,
                    "  {name}: {dossiers}, by {median_h} h (median), {p90_h} h (90 %), {most_h} h (most)"
                )?;
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_what_nobody_applied_for_is_said_to_change_nothing() {
        assert!(text(&Report::default()).unwrap().contains("nothing to compare"));
    }
}
