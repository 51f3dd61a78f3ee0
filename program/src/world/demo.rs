//! `dossier demo`: generates a ministry from a seed, with procedures, proportions, channels, fees
//! and delays as in the real one, and processes its dossiers through the HTTP operations in virtual
//! time. Then it is served.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{IsTerminal, Write};

use anyhow::{Context, Result, bail};
use calendar::{Budget, Gaps, Unit};
use clap::Parser;
use indicatif::ProgressBar;
use jiff::Timestamp;

use crate::data::{DataDirectory, Identity, Time};
use crate::serve::desk::SignIn;
use crate::serve::{At, Desk};
use crate::world::office::Office;
use crate::world::replay::progress;

mod citizen;
mod desk;
mod dice;
mod stories;
mod tour;

use citizen::{Citizen, Step};
pub use dice::Dice;
use stories::STORIES;
use tour::Tour;

/// Create and serve a demo.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Data directory of the demo. One that has a demo already is served as it is.
    #[arg(long, env = "DOSSIER_DATA", default_value = "./dossier-demo")]
    data: std::path::PathBuf,
    /// Number of dossiers.
    #[arg(long, default_value_t = 500)]
    dossiers: usize,
    /// Seed of the random data; the same seed gives the same demo.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    at: At,
    /// File with quotas that differ from the default (docs/operating.md, "Quotas").
    #[arg(long, env = "DOSSIER_QUOTAS", value_name = "FILE")]
    quotas: Option<std::path::PathBuf>,
    /// Create the demo and exit.
    #[arg(long)]
    no_serve: bool,
}

/// First and last day of submission of most dossiers, and the end of the demo's time.
const FIRST: &str = "2026-09-03T08:00:00+07:00";
const LAST: &str = "2026-11-19T17:00:00+07:00";
const END: &str = "2026-11-20T12:00:00+07:00";

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    // As where people issue rules: one proposes, another one signs.
    let data = DataDirectory::open(&arguments.data)?.with_rule_signers(Some(2));
    let data = data.with_quotas(arguments.quotas.as_deref())?;
    if data.is_fresh() {
        make_up(&data, arguments).await?;
    } else if data.virtual_end()?.is_none() {
        bail!(
            "{} has no complete demo; remove it, or choose another --data folder",
            arguments.data.display()
        );
    }
    let tour = |at| -> Result<()> {
        let text = Tour::read(&arguments.data)?.text(&data.key()?, &arguments.data, at)?;
        let mut out = std::io::stdout().lock();
        write!(out, "{text}")?;
        Ok(out.flush()?)
    };
    if arguments.no_serve {
        return tour(arguments.at.listen);
    }
    let components = data
        .components(Time::Machine { confirmed: false, live: false }, Identity::Development)
        .await?;
    // With port 0, the address is known only now.
    let stories = Tour::read(&arguments.data)?.stories();
    let routes = desk::routes(&data, &components.engine.clock, stories)?;
    let desk = Desk { sign_in: SignIn::Demo, routes };
    crate::serve::serve(&components, &data, arguments.at.clone(), (desk, tour)).await
}

/// One in this many dossiers is submitted in the last days and stays open.
const LATE: usize = 10;
/// Start of these last days.
const LATE_FROM: &str = "2026-11-19T13:00:00+07:00";
const LATE_TO: &str = "2026-11-20T11:00:00+07:00";

async fn make_up(data: &DataDirectory, arguments: &Arguments) -> Result<()> {
    let (first, end) = (time(FIRST)?, time(END)?);
    let components = data.components(Time::Virtual(first), Identity::Development).await?;
    let mut office = Office::open(&components, data.key()?).await?;
    let calendar = components
        .engine
        .law()
        .calendar_of(&"G02".into())
        .context("no calendar for the ministry")?
        .clone();
    let mut dice = Dice::new(arguments.seed);
    let (mut citizens, mut agenda) = people(arguments.dossiers, &mut dice)?;
    let mut shown = Shown::new(arguments.dossiers);
    while let Some(Reverse((at, index, step))) = agenda.pop() {
        if at > end {
            continue;
        }
        office.wait_until(at).await?;
        let citizen = citizens.get_mut(index).context("no such citizen")?;
        if step == Step::Submit {
            shown.one_more();
        }
        if let Some((next, hours)) = citizen.act(step, &mut office, &mut dice).await? {
            let minutes = i64::try_from(dice.below(60)).unwrap_or(0);
            let due = match hours {
                0 => at,
                amount => {
                    let after = Budget { amount, unit: Unit::WorkingHours };
                    calendar::end_of(&calendar, at, after, &Gaps::default())?.due_at
                }
            };
            agenda.push(Reverse((due + jiff::SignedDuration::from_mins(minutes), index, next)));
        }
    }
    office.wait_until(end).await?;
    shown.end();
    let open = open(&mut office, &citizens).await?;
    Tour::of(&citizens, arguments.dossiers, open, end).write(&arguments.data)?;
    data.end_virtual_time(end)?;
    tracing::info!(
        dossiers = citizens.len(),
        open,
        events = components.engine.store.head().0,
        "demo created"
    );
    Ok(())
}

fn time(text: &str) -> Result<Timestamp> {
    text.parse().context("a constant is not a time")
}

/// Next steps of all dossiers, earliest first.
type Agenda = BinaryHeap<Reverse<(Timestamp, usize, Step)>>;

/// The dossiers with their first steps, followed by those of the stories.
fn people(dossiers: usize, dice: &mut Dice) -> Result<(Vec<Citizen>, Agenda)> {
    let mut citizens = Vec::with_capacity(dossiers + STORIES.len());
    let mut agenda = Agenda::new();
    for index in 0..dossiers {
        let late = index % LATE == LATE - 1;
        citizens.push(if late { Citizen::late(index, dice) } else { Citizen::new(index, dice) });
        let (from, to) = if late { (LATE_FROM, LATE_TO) } else { (FIRST, LAST) };
        let (from, to) = (time(from)?.as_second(), time(to)?.as_second());
        let second = from + i64::try_from(dice.below(u64::try_from(to - from)?))?;
        agenda.push(Reverse((Timestamp::from_second(second)?, index, Step::Submit)));
    }
    for story in &STORIES {
        agenda.push(Reverse((time(story.submitted_at)?, citizens.len(), Step::Submit)));
        citizens.push(Citizen::of(story));
    }
    Ok((citizens, agenda))
}

/// Number of open dossiers.
async fn open(office: &mut Office, citizens: &[Citizen]) -> Result<usize> {
    let mut open = 0;
    for citizen in citizens {
        open += usize::from(citizen.is_open(office).await?);
    }
    Ok(open)
}

/// Progress on standard error: a bar on a terminal, otherwise a line for every tenth.
struct Shown {
    bar: Option<ProgressBar>,
    dossiers: usize,
    made: usize,
}

impl Shown {
    fn new(dossiers: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        tracing::info!(dossiers, "creating the demo");
        Self { bar: terminal.then(|| progress(true, dossiers as u64)), dossiers, made: 0 }
    }

    fn one_more(&mut self) {
        self.made += 1;
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if self.made.is_multiple_of(self.dossiers.div_ceil(10).max(1)) => {
                tracing::info!(submitted = self.made, of = self.dossiers, "creating the demo");
            }
            None => {}
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
