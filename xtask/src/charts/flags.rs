//! Compares the program's options with the chart's values: the program must know every setting of
//! the chart, and the chart must be able to set every option.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::{printed, variables};

/// Options without a value in the chart, with the reason; `extraArgs` and `extraEnv` can set them.
const WITHOUT_VALUE: [(&str, &str); 3] = [
    ("--help", "prints and ends"),
    ("--version", "prints and ends"),
    ("--subscriber-http", "for trials: no message leaves a cluster without TLS"),
];

/// An option of `dossier serve`.
struct Flag {
    name: String,
    variable: Option<String>,
}

/// Checks that the program knows the environment variables of a manifest.
pub(super) fn known(dossier: &Path, name: &str, text: &str) -> Result<()> {
    let known: BTreeSet<String> =
        flags(dossier)?.into_iter().filter_map(|flag| flag.variable).collect();
    for variable in variables(text) {
        if !known.contains(&variable) {
            bail!("{name} sets {variable}, which the program does not read");
        }
    }
    Ok(())
}

/// Checks that every option can be set: with all values given, the manifest contains its variable
/// or the option itself.
pub(super) fn all_can_be_set(dossier: &Path, full: &str) -> Result<()> {
    let set = variables(full);
    for Flag { name, variable } in flags(dossier)? {
        let by_variable = variable.as_ref().is_some_and(|variable| set.contains(variable));
        let by_flag = ["\n", "="].iter().any(|end| full.contains(&format!("- {name}{end}")));
        let without = WITHOUT_VALUE.iter().any(|(flag, _)| *flag == name);
        if !(by_variable || by_flag || without) {
            bail!("no value of the chart gives {name}: add one, and to helm/tests/full.yaml");
        }
    }
    Ok(())
}

/// Options, as listed by the program's help.
fn flags(dossier: &Path) -> Result<Vec<Flag>> {
    let help = printed(Command::new(dossier).args(["serve", "--help"]))?;
    let mut flags: Vec<Flag> = Vec::new();
    for line in help.lines() {
        let words = line.trim();
        let words = words.strip_prefix("-h, ").or(words.strip_prefix("-V, ")).unwrap_or(words);
        if words.starts_with("--") {
            let name = words.split(' ').next().unwrap_or_default().to_owned();
            flags.push(Flag { name, variable: None });
        }
        if let (Some((_, rest)), Some(flag)) = (line.split_once("[env: "), flags.last_mut()) {
            flag.variable = rest.split(['=', ']']).next().map(str::to_owned);
        }
    }
    if flags.iter().filter(|flag| flag.variable.is_some()).count() < 10 {
        bail!("the help names too few flags:\n{help}");
    }
    Ok(flags)
}
