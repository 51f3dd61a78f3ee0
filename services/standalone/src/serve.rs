//! `dossier serve`

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use service_kit::Kit;
use service_kit::auth::KeySource;
use service_kit::http::{Router, Server};
use service_kit::tasks::Tasks;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::data::{Identity, Time};

mod common;

/// Serve all services.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: crate::Data,
    /// The address to serve at; port 0 takes any free one.
    #[arg(long, env = "DOSSIER_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The identity provider's keys: a JWKS file or its address; read again every five minutes. Without it, the
    /// development key of the data directory is trusted.
    #[arg(long, env = "DOSSIER_JWKS", value_name = "FILE|URL")]
    jwks: Option<KeySource>,
    /// Offer the sandbox payment providers, which move no money. Without an identity provider they are offered anyway.
    #[arg(long)]
    sandbox: bool,
    /// The machine's clock is right although the log ended long ago: enforce everything that fell due since.
    #[arg(long)]
    confirm_clock: bool,
    /// Go on in the machine's time with a directory that was written in virtual time.
    #[arg(long)]
    live: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let data = arguments.data.open()?;
    let identity = match arguments.jwks {
        Some(keys) => Identity::Provider { keys, sandbox: arguments.sandbox },
        None => Identity::Development,
    };
    let time = Time::Machine { confirmed: arguments.confirm_clock, live: arguments.live };
    let kit = data.kit(time, identity).await?;
    serve(&kit, arguments.listen).await
}

/// Serves until the process is told to stop.
pub(crate) async fn serve(kit: &Arc<Kit>, listen: SocketAddr) -> Result<()> {
    let (mut routes, mut tasks) = (Vec::new(), Tasks::default());
    let services = crate::services(kit).await?;
    let common = common::routes(kit, &services);
    for service in services {
        routes.extend(service.routes);
        tasks.append(service.tasks);
    }
    routes.extend(common);
    let server =
        Server::bind(listen, Router::new(routes)).await.with_context(|| format!("{listen}"))?;
    let address = server.address()?;
    let (stop, stopped) = watch::channel(false);
    let mut running = tasks.spawn(kit, &stopped);
    tracing::info!(%address, head = kit.store.head().0, "serving");
    let mut serving = tokio::task::JoinSet::new();
    let fresh = (Arc::clone(kit), stopped.clone());
    serving.spawn(async move { fresh.0.auth.keep_fresh(fresh.1).await });
    serving.spawn(server.run(stopped));
    wait_for_signal().await?;
    tracing::info!("stopping");
    stop.send_replace(true);
    serving.join_all().await;
    // A task ends after its step; what it had not done it finds again at the next start.
    while running.join_next().await.is_some() {}
    Ok(())
}

async fn wait_for_signal() -> Result<()> {
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
