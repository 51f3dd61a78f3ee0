//! `dossier demo`: a ministry made up by a seed, with the procedures, proportions, channels, fees and delays of the real
//! one, carried through the same routes as REST in virtual time; then it is served.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::IsTerminal;

use anyhow::{Context, Result, bail};
use calendar::{Budget, Gaps, Unit};
use clap::Parser;
use jiff::Timestamp;

use crate::data::{DataDirectory, Identity, Time};
use crate::office::Office;
use crate::replay::progress;
use crate::serve::At;

mod citizen;
mod dice;

use citizen::{Citizen, Step};
pub use dice::Dice;

/// Make up a ministry and serve it.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Where the demo's data is kept; if it holds a demo already, that one is served.
    #[arg(long, env = "DOSSIER_DATA", default_value = "./dossier-demo")]
    data: std::path::PathBuf,
    /// How many dossiers.
    #[arg(long, default_value_t = 500)]
    dossiers: usize,
    /// The same seed makes the same ministry.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    at: At,
    /// Make it up and stop.
    #[arg(long)]
    no_serve: bool,
}

/// The first and the last day on which dossiers are submitted, and when the demo's time ends.
const FIRST: &str = "2026-09-03T08:00:00+07:00";
const LAST: &str = "2026-11-19T17:00:00+07:00";
const END: &str = "2026-11-20T12:00:00+07:00";

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let data = DataDirectory::open(&arguments.data)?;
    if data.is_fresh() {
        make_up(&data, arguments).await?;
    } else if data.virtual_end()?.is_none() {
        bail!(
            "{} holds no finished demo; remove it, or name another folder",
            arguments.data.display()
        );
    }
    if arguments.no_serve {
        return Ok(());
    }
    let kit =
        data.kit(Time::Machine { confirmed: false, live: false }, Identity::Development).await?;
    crate::serve::serve(&kit, &data, arguments.at.clone()).await
}

async fn make_up(data: &DataDirectory, arguments: &Arguments) -> Result<()> {
    let time = |text: &str| text.parse::<Timestamp>().context("a constant is not a time");
    let (first, last, end) = (time(FIRST)?, time(LAST)?, time(END)?);
    let kit = data.kit(Time::Virtual(first), Identity::Development).await?;
    let mut office = Office::open(&kit, data.key()?).await?;
    let calendar =
        kit.law().calendar_of(&"G02".into()).context("no calendar for the ministry")?.clone();
    let mut dice = Dice::new(arguments.seed);
    let mut citizens = Vec::with_capacity(arguments.dossiers);
    let mut agenda = BinaryHeap::new();
    for index in 0..arguments.dossiers {
        citizens.push(Citizen::new(index, &mut dice));
        let span = u64::try_from(last.as_second() - first.as_second()).unwrap_or(1);
        let second = first.as_second() + i64::try_from(dice.below(span)).unwrap_or(0);
        agenda.push(Reverse((Timestamp::from_second(second)?, index, Step::Submit)));
    }
    let bar = progress(std::io::stderr().is_terminal(), arguments.dossiers as u64);
    while let Some(Reverse((at, index, step))) = agenda.pop() {
        if at > end {
            continue;
        }
        office.wait_until(at).await?;
        let citizen = citizens.get_mut(index).context("no such citizen")?;
        if step == Step::Submit {
            bar.inc(1);
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
    bar.finish_and_clear();
    data.end_virtual_time(end)?;
    tracing::info!(
        dossiers = arguments.dossiers,
        events = kit.store.head().0,
        "the ministry is made up"
    );
    Ok(())
}
