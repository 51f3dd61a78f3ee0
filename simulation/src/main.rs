//! `simulation`: explores procedures, and prints the coverage and each finding with its path.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use simulation::{Limits, Subject, Walked, generated, shipped, walk_all};

/// Explore the states of dossiers and look for dead ends.
#[derive(Debug, Parser)]
#[command(name = "simulation", max_term_width = 100)]
struct Cli {
    /// First seed of generated procedures.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of generated procedures.
    #[arg(long, default_value_t = 10)]
    generated: u64,
    /// Only subjects whose name contains this text, for example `generated 7`.
    #[arg(long, default_value = "")]
    only: String,
    /// Granted steps for each ordinary beginning.
    #[arg(long, default_value_t = 2_000)]
    steps: usize,
    /// Granted steps for each beginning with an extreme value.
    #[arg(long, default_value_t = 100)]
    edge_steps: usize,
    /// Number of subjects to explore at the same time.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// List also states from which a dossier ends only if somebody abandons it.
    #[arg(long)]
    given_up: bool,
    /// Print the text of the explored generated procedures.
    #[arg(long)]
    print: bool,
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    let mut subjects = shipped()?;
    for seed in cli.seed..cli.seed.saturating_add(cli.generated) {
        subjects.push(generated(seed)?);
    }
    subjects.retain(|subject| subject.name.contains(&cli.only));
    let mut out = std::io::stdout();
    if cli.print {
        for text in subjects.iter().filter_map(Subject::text) {
            writeln!(out, "{text}")?;
        }
    }
    let limits = Limits { steps: cli.steps, edge_steps: cli.edge_steps };
    let tell = |walked: &Walked| {
        // If standard error is closed, there is nowhere to report to.
        let _ = writeln!(std::io::stderr(), "{walked}");
    };
    let walked = walk_all(&subjects, limits, cli.threads, &tell)?;
    let findings = walked.iter().flat_map(|walked| &walked.findings);
    let given_up = walked.iter().flat_map(|w| &w.given_up_only).filter(|_| cli.given_up);
    for finding in findings.clone().chain(given_up) {
        writeln!(out, "\n{}\n  {}", finding.what, finding.path.join(" > "))?;
    }
    writeln!(out, "\n{}", Walked::sum(&walked))?;
    Ok(if findings.count() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
