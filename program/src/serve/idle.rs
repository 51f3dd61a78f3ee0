//! A start long after the end of the log: if deadlines fell due since then, nothing is enforced
//! before an operator confirms the clock. Deadlines of all services count, whichever this process
//! serves: once one service records something, the log ends now, and services that start later
//! would not ask.

use std::sync::Arc;

use anyhow::{Result, bail};
use dossier::delivery::DossierResult;
use dossier::feedback::Complaint;
use dossier::intake::Intake;
use dossier::payment::Payment;
use dossier::review::Review;
use dossier::services::ServiceName;
use engine::Engine;
use engine::clock::Gap;
use engine::tasks::{Keeper, KeeperHealth, Stalled, Work};
use web::Service;

use crate::data::CONFIRM_CLOCK;

/// Continues, or fails with the number of overdue deadlines; and registers the deadline count with
/// the clock guard.
pub(super) async fn look(
    engine: &Arc<Engine>,
    services: &mut [Service],
    names: &[ServiceName],
) -> Result<()> {
    if engine.guard().is_held() {
        after_idleness(engine, services, names).await?;
    }
    let all = ServiceName::ALL.iter().all(|name| names.contains(name));
    // A process with some of the services uses a server, whose clock is compared.
    if all {
        let own = keepers(services);
        engine.guard().counts_due(move |after, by| {
            own.iter().map(|keeper| keeper.due_between(after, by)).sum()
        });
    }
    Ok(())
}

fn keepers(services: &[Service]) -> Vec<KeeperHealth> {
    services.iter().flat_map(|service| service.keepers.iter().cloned()).collect()
}

async fn after_idleness(
    engine: &Arc<Engine>,
    services: &mut [Service],
    names: &[ServiceName],
) -> Result<()> {
    for service in &mut *services {
        service.tasks.catch_up(Work::Enforces).await?;
    }
    let mut keepers = keepers(services);
    for name in ServiceName::ALL.iter().filter(|name| !names.contains(name)) {
        keepers.extend(of_others(engine, *name).await?);
    }
    let (now, last) = (engine.clock.now(), engine.guard().newest().unwrap_or_default());
    let due: usize = keepers.iter().map(|keeper| keeper.due_between(last, now)).sum();
    // An implausible gap was refused before, unless another clock agrees.
    let gap =
        if engine.store.time().await?.is_some() { Gap::Long } else { Gap::between(last, now) };
    if !gap.goes_on(|| due) {
        bail!(
            "this machine's clock shows {now}, but the log ends at {last}, and {due} deadlines fell due since then. Those that no outage and \
             no consultation extends would be enforced now. If the clock is right, start once with {CONFIRM_CLOCK}"
        );
    }
    tracing::info!(%now, %last, "log idle for a long time; no deadline fell due since then");
    engine.guard().release();
    Ok(())
}

/// The deadline index of a service in another process: for counting only.
async fn of_others(
    engine: &Arc<Engine>,
    name: ServiceName,
) -> Result<Option<KeeperHealth>, Stalled> {
    Ok(Some(match name {
        ServiceName::Intake => Keeper::<Intake>::counted(engine).await?,
        ServiceName::Payment => Keeper::<Payment>::counted(engine).await?,
        ServiceName::Review => Keeper::<Review>::counted(engine).await?,
        ServiceName::Delivery => Keeper::<DossierResult>::counted(engine).await?,
        ServiceName::Feedback => Keeper::<Complaint>::counted(engine).await?,
        ServiceName::Exchange | ServiceName::Register => return Ok(None),
    }))
}
