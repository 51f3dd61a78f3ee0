//! A start long after the log ended: nothing is enforced before somebody says that the clock is right, and where nothing fell due
//! nobody need say so. What fell due counts in all services, whichever of them this process has: once one of them records, the log
//! ends now, and those that start later would not ask any more.

use std::sync::Arc;

use anyhow::{Result, bail};
use clap::ValueEnum;
use dossier::delivery::DossierResult;
use dossier::feedback::Complaint;
use dossier::intake::Intake;
use dossier::payment::Payment;
use dossier::review::Review;
use service_kit::clock::Gap;
use service_kit::tasks::{Keeper, KeeperHealth, Stalled, Work};
use service_kit::{Kit, Service};

use crate::ServiceName;
use crate::data::CONFIRM_CLOCK;

/// Goes on, or says what would be enforced; and tells the guard of the clock who counts what falls due from now on.
pub(super) async fn look(
    kit: &Arc<Kit>,
    services: &mut [Service],
    names: &[ServiceName],
) -> Result<()> {
    if kit.guard.is_held() {
        after_idleness(kit, services, names).await?;
    }
    let all = ServiceName::value_variants().iter().all(|name| names.contains(name));
    // A process with a part of the services has a server's log, whose clock is compared.
    if all {
        let own = keepers(services);
        kit.guard.counts_due(move |after, by| {
            own.iter().map(|keeper| keeper.due_between(after, by)).sum()
        });
    }
    Ok(())
}

fn keepers(services: &[Service]) -> Vec<KeeperHealth> {
    services.iter().flat_map(|service| service.keepers.iter().cloned()).collect()
}

async fn after_idleness(
    kit: &Arc<Kit>,
    services: &mut [Service],
    names: &[ServiceName],
) -> Result<()> {
    for service in &mut *services {
        service.tasks.catch_up(Work::Enforces).await?;
    }
    let mut keepers = keepers(services);
    for name in ServiceName::value_variants().iter().filter(|name| !names.contains(name)) {
        keepers.extend(of_others(kit, *name).await?);
    }
    let (now, last) = (kit.clock.now(), kit.guard.newest().unwrap_or_default());
    let due: usize = keepers.iter().map(|keeper| keeper.due_between(last, now)).sum();
    // A gap that is odd was refused before, unless another clock agrees.
    let gap = if kit.store.time().await?.is_some() { Gap::Long } else { Gap::between(last, now) };
    if !gap.goes_on(|| due) {
        bail!(
            "the machine's clock says {now}, but the log ends at {last}, and {due} deadlines fell due since: those that no outage and \
             no consultation holds would be enforced now. If the clock is right, start once with {CONFIRM_CLOCK}"
        );
    }
    tracing::info!(%now, %last, "nothing was recorded for long, and nothing fell due");
    kit.guard.release();
    Ok(())
}

/// The keeper of a service that another process serves: it counts, and enforces nothing.
async fn of_others(kit: &Arc<Kit>, name: ServiceName) -> Result<Option<KeeperHealth>, Stalled> {
    Ok(Some(match name {
        ServiceName::Intake => Keeper::<Intake>::counted(kit).await?,
        ServiceName::Payment => Keeper::<Payment>::counted(kit).await?,
        ServiceName::Review => Keeper::<Review>::counted(kit).await?,
        ServiceName::ResultDelivery => Keeper::<DossierResult>::counted(kit).await?,
        ServiceName::Feedback => Keeper::<Complaint>::counted(kit).await?,
        ServiceName::Register => return Ok(None),
    }))
}
