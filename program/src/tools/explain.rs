//! `dossier explain`: how the deadlines of a dossier were computed.

use std::borrow::Cow;
use std::io::Write;

use anyhow::{Result, bail};
use clap::Parser;
use dossier::clock::{self, DeadlineKind, Deadlines, Explanation};
use dossier::contract::DossierSubmitted;
use dossier::delivery::DossierResult;
use dossier::intake::{Intake, IntakeDeadline};
use dossier::law::Law;
use dossier::payment::Payment;
use dossier::review::Review;
use engine::{fold, rulebook};
use events::{EventStore, Filter, Position, StreamName};

/// Explain the deadlines of a dossier.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Code or id of the dossier.
    code: String,
    #[command(flatten)]
    data: crate::Data,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let store = arguments.data.existing()?.store_to_read().await?;
    let stream = find(&store, &arguments.code).await?;
    let law = rulebook::recorded(&store).await?;
    let intake: Intake = fold(&store.read_whole(&stream).await?)?;
    let explanation = clock::explanation(&intake, &IntakeDeadline::Decision, &law)?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        return Ok(writeln!(out, "{}", serde_json::to_string(&explanation)?)?);
    }
    match explanation {
        Some(explanation) => write(&mut out, &intake, &explanation)?,
        None => writeln!(out, "Chưa có hạn trả kết quả.\nNo date has been promised.")?,
    }
    let id = stream.id();
    let mut open = open(&intake, &law)?;
    open.retain(|(kind, _)| *kind != IntakeDeadline::Decision.text());
    open.extend(others::<Payment>(&store, id, &law).await?);
    open.extend(others::<Review>(&store, id, &law).await?);
    open.extend(others::<DossierResult>(&store, id, &law).await?);
    for (kind, explanation) in open {
        writeln!(out, "\n{kind}\n{}\n{}", explanation.text.vi, explanation.text.en)?;
    }
    Ok(())
}

/// Finds the dossier's stream by code or id.
async fn find(store: &EventStore, code: &str) -> Result<StreamName> {
    let submissions = Filter { kinds: vec!["intake.DossierSubmitted.v1".into()] };
    let mut after = Position::START;
    loop {
        let page = store.read_all(after, &submissions, 10_000).await?;
        if page.through == after {
            bail!("no dossier has the code or id {code}");
        }
        after = page.through;
        for event in page.events {
            let submitted: DossierSubmitted = serde_json::from_str(&event.data)?;
            if submitted.brief.code.as_str() == code || event.stream.id() == code {
                return Ok(event.stream.clone());
            }
        }
    }
}

/// The open deadlines in the dossier's stream of this category.
async fn others<S: Deadlines>(
    store: &EventStore,
    id: &str,
    law: &Law,
) -> Result<Vec<(Cow<'static, str>, Explanation)>> {
    let stream = StreamName::new(&format!("{}-{id}", S::CATEGORY))?;
    let state: S = fold(&store.read_whole(&stream).await?)?;
    open(&state, law)
}

/// The open deadlines whose instants follow from the law.
fn open<S: Deadlines>(state: &S, law: &Law) -> Result<Vec<(Cow<'static, str>, Explanation)>> {
    let explained = clock::explain(state, law)?.into_iter();
    let named = explained.map(|(deadline, explanation)| Some((deadline.kind.text(), explanation?)));
    Ok(named.flatten().collect())
}

fn write(out: &mut impl Write, intake: &Intake, explanation: &Explanation) -> Result<()> {
    writeln!(out, "{}\n{}", explanation.text.vi, explanation.text.en)?;
    if intake.is_suspended() && intake.open_request().is_some() {
        writeln!(
            out,
            "Đang tạm dừng: chờ bổ sung.\nThe clock is suspended: waiting for a supplement."
        )?;
    }
    if intake.awaits_fee() {
        writeln!(
            out,
            "Đang tạm dừng: chờ nộp lại phí, lệ phí.\nThe clock is suspended: waiting for the fee."
        )?;
    }
    writeln!(out, "\n{}: {}", explanation.calendar, explanation.calendar_basis)?;
    if explanation.provisional {
        writeln!(
            out,
            "Dự kiến: có ngày nghỉ chưa được công bố.\nProvisional: days off were assumed that have not been announced yet."
        )?;
    }
    for span in &explanation.spans {
        let mark = if span.counted { '+' } else { '-' };
        let (when, why) = (&span.when, &span.why);
        writeln!(out, "{mark} {}: {} / {}: {}", when.vi, why.vi, when.en, why.en)?;
    }
    Ok(())
}
