//! `dossier rules`: files of rules, before they are issued.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use dossier::contract::{RulesIssued, RulesKind};
use dossier::law::{Draft, Findings, Law, kind_of};
use jiff::Timestamp;
use service_kit::Clock;
use service_kit::forms::Forms;

/// Files of rules, before they are issued.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check files of rules as issuing them would, offline: against the law of a data directory, or that which ships.
    Check(Check),
}

#[derive(Debug, Args)]
struct Check {
    /// The files, as YAML. Agencies and calendars are taken in before the procedures that name them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Check against the law in the log of this data directory; nothing in it is changed.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The event store, if the log is not in the data directory.
    #[arg(long, requires = "data")]
    store: Option<String>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let Command::Check(arguments) = &arguments.command;
    let law = match &arguments.data {
        Some(data) => {
            let data = crate::DataDirectory::existing(data, arguments.store.clone())?;
            service_kit::rulebook::recorded(&data.store_to_read().await?).await?
        }
        None => Law::shipped()?,
    };
    let mut files = Vec::new();
    for path in &arguments.files {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| name.clone())?;
        files.push((name, text));
    }
    let mut out = std::io::stdout().lock();
    let told = check(law, files, Clock::System.now());
    let wrong = told.iter().filter(|(_, checked)| checked.is_err()).count();
    for (file, checked) in &told {
        match checked {
            Ok(RulesIssued { kind, name, version, .. }) => {
                let kind = kind.as_str();
                writeln!(out, "{file}: {kind} {name} version {version}, nothing is wrong")?;
            }
            Err(found) => {
                for finding in &found.0 {
                    writeln!(out, "{file}:{finding} ({})", finding.vi)?;
                }
            }
        }
    }
    if wrong > 0 {
        bail!("{wrong} of {} files cannot be issued", told.len());
    }
    Ok(())
}

/// What is wrong with each of the files, in an order in which each finds what it refers to.
fn check(
    mut law: Law,
    mut files: Vec<(String, String)>,
    now: Timestamp,
) -> Vec<(String, Result<RulesIssued, Findings>)> {
    files.sort_by_key(|(_, text)| match kind_of(text) {
        Some(RulesKind::Calendar) => 0,
        Some(RulesKind::Agencies) => 1,
        Some(_) | None => 2,
    });
    let mut told = Vec::new();
    for (file, text) in files {
        // Of what is like no file of rules, everything is missing that a procedure has.
        let kind = kind_of(&text).unwrap_or(RulesKind::Procedure);
        let version = law.next_version(kind, &text);
        let checked = Draft { kind, text: &text, version }.check(&law, now);
        let form = if kind == RulesKind::Procedure { Forms::findings(&text) } else { Vec::new() };
        let checked = match checked {
            Ok(issued) if form.is_empty() => {
                law.take(&issued, Some(now)).map(|()| issued).map_err(|error| {
                    let mut found = Findings::default();
                    found.add("", error.to_string(), error.to_string());
                    found
                })
            }
            checked => {
                let mut found = checked.err().unwrap_or_default();
                found.0.extend(form);
                Err(found.placed(&text))
            }
        };
        told.push((file, checked));
    }
    told
}
