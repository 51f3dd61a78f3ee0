//! `dossier rules`: validates rules files.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use dossier::contract::{RulesIssued, RulesKind};
use dossier::law::{Draft, Finding, Findings, Law, kind_of, rules};
use dossier::rules::stream_id;
use engine::forms::Forms;
use engine::rulebook;
use engine::rulebook::Register;
use jiff::Timestamp;
use platform::TimeSource;

/// Validate rules files.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Validate rules files as issuing them would: against the law in a data directory, or the
    /// shipped one.
    Check(Check),
}

#[derive(Debug, Args)]
struct Check {
    /// Rules files (YAML). Agencies and calendars are checked before the procedures that refer to
    /// them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Data directory whose recorded rules to check against; nothing is written.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Event store, if the log is not in the data directory.
    #[arg(long, requires = "data")]
    store: Option<String>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let Command::Check(arguments) = &arguments.command;
    let (law, register) = match &arguments.data {
        Some(data) => {
            let data = crate::DataDirectory::existing(data, arguments.store.clone())?;
            rulebook::registered(&data.store_to_read().await?).await?
        }
        None => (Law::shipped()?, Register::default()),
    };
    let mut files = Vec::new();
    for path in &arguments.files {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| name.clone())?;
        files.push((name, text));
    }
    let mut out = std::io::stdout().lock();
    let told = check(law, &register, files, TimeSource::System.now());
    let wrong = told.iter().filter(|told| told.checked.is_err()).count();
    for Told { file, checked, warnings } in &told {
        match checked {
            Ok(RulesIssued { kind, name, version, .. }) => {
                let kind = kind.as_str();
                writeln!(out, "{file}: {kind} {name} version {version}: ok")?;
                for warning in warnings {
                    writeln!(out, "{file}: warning: {warning} ({})", warning.vi)?;
                }
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

/// Result for a file.
struct Told {
    file: String,
    /// The event to record, or the errors.
    checked: Result<RulesIssued, Findings>,
    /// Warnings about a valid file.
    warnings: Vec<Finding>,
}

/// Checks the files in an order in which references resolve. Versions in the register are used up,
/// whatever their state.
fn check(
    mut law: Law,
    register: &Register,
    mut files: Vec<(String, String)>,
    now: Timestamp,
) -> Vec<Told> {
    files.sort_by_key(|(_, text)| match kind_of(text) {
        Some(RulesKind::Calendar) => 0,
        Some(RulesKind::Agencies) => 1,
        Some(_) | None => 2,
    });
    let mut told = Vec::new();
    for (file, text) in files {
        // An unrecognised file is checked as a procedure, so that all its fields are reported as
        // missing.
        let kind = kind_of(&text).unwrap_or(RulesKind::Procedure);
        let name = rules(kind, &file, &text).map(|issued| issued.name);
        let used = name.ok().and_then(|name| register.get(&stream_id(kind, &name)));
        let used = used.and_then(|rules| rules.newest().checked_add(1));
        let version = law.next_version(kind, &text).max(used);
        let checked = Draft { kind, text: &text, version }.check(&law, now);
        let form = if kind == RulesKind::Procedure { Forms::findings(&text) } else { Vec::new() };
        let mut warnings = Vec::new();
        let checked = match checked {
            Ok(issued) if form.is_empty() => {
                warnings = law.warnings_of(&issued, now);
                law.apply(&issued, Some(now)).map(|()| issued).map_err(|error| {
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
        told.push(Told { file, checked, warnings });
    }
    told
}
