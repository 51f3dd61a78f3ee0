//! `dossier serve`

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::builder::BoolishValueParser;
use clap::{Args, Parser, ValueEnum};
use jiff::SignedDuration;
use service_kit::auth::{KeySource, Rules};
use service_kit::http::{AddressBlock, Mounted, Proxies, Router, Server, mount};
use service_kit::limits::{ServerLimits, TASKS_END_MAX};
use service_kit::tasks::{ClockTask, Endings, FollowedLaw, Tasks};
use service_kit::{Certificate, Clock, Kit, Service};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::ServiceName;
use crate::bus::BusArguments;
use crate::data::{DataDirectory, Identity, Time};

mod common;
mod health;
mod idle;
mod waits;

/// Where a process is to be reached.
#[derive(Debug, Clone, Args)]
pub(crate) struct At {
    /// The address to serve at; port 0 takes any free one.
    #[arg(long, env = "DOSSIER_LISTEN", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// A proxy in front, or a block of them: what it says in `Forwarded` or `X-Forwarded-For` of where a request comes
    /// from is believed, and what anybody else says there is not.
    #[arg(
        long = "trusted-proxy",
        env = "DOSSIER_TRUSTED_PROXIES",
        value_name = "ADDRESS|CIDR",
        value_delimiter = ','
    )]
    pub(crate) trusted_proxies: Vec<AddressBlock>,
    /// How many requests a second one client may make, and twice as many at once, before further ones wait for their turn; 0 is
    /// no limit.
    #[arg(
        long = "client-requests-per-second",
        env = "DOSSIER_CLIENT_REQUESTS_PER_SECOND",
        value_name = "NUMBER",
        default_value_t = ServerLimits::default().requests_per_second_of_one
    )]
    pub(crate) client_requests_per_second: u32,
    /// A second address, for whoever watches: `/health/live`, `/health/ready` and `/metrics`. The health is then at both, the
    /// figures are only there; without it, everything is at the one address.
    #[arg(long, env = "DOSSIER_PROBES", value_name = "ADDRESS", value_parser = address)]
    pub(crate) probes: Option<SocketAddr>,
}

/// An address with its port.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| match text.trim_start_matches(':').parse::<u16>() {
        Ok(port) => format!(
            "a port alone is no address; write 127.0.0.1:{port}, or 0.0.0.0:{port} for all networks"
        ),
        Err(_) => {
            "write an address and a port, for example 127.0.0.1:8080 or [::1]:8080".to_owned()
        }
    })
}

/// Binds a server, or says how to find another place.
fn bind(at: SocketAddr, flag: &str, router: Router) -> Result<Server> {
    Server::bind(at, router).with_context(|| {
        let hint = "another program may serve there already; port 0 takes any that is free";
        format!("nothing can be served at {flag} {at}: {hint}")
    })
}

/// Serve all services.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: crate::Data,
    #[command(flatten)]
    at: At,
    /// The identity provider's keys: a JWKS file or its address; read again every five minutes. Without it, the
    /// development key of the data directory is trusted.
    #[arg(long, env = "DOSSIER_JWKS", value_name = "FILE|URL")]
    jwks: Option<KeySource>,
    /// The `iss` that tokens must have; required with `--jwks`.
    #[arg(long, env = "DOSSIER_ISSUER", value_name = "TEXT")]
    issuer: Option<String>,
    /// What the `aud` of tokens must be, or name among others; required with `--jwks`.
    #[arg(long, env = "DOSSIER_AUDIENCE", value_name = "TEXT")]
    audience: Option<String>,
    /// For how many hours tokens of the identity provider may be valid; longer ones are refused.
    #[arg(long, env = "DOSSIER_TOKEN_HOURS_MAX", value_name = "HOURS", default_value_t = 24,
          value_parser = clap::value_parser!(u16).range(1..))]
    token_hours_max: u16,
    /// Offer the sandbox payment providers, which move no money. Without an identity provider they are offered anyway.
    #[arg(long, env = "DOSSIER_SANDBOX", value_parser = BoolishValueParser::new())]
    sandbox: bool,
    /// Only these services; the others run in processes of their own on the same event store, which must be a server.
    /// Processes that share a data directory share its keys and documents.
    #[arg(long, env = "DOSSIER_SERVICES", value_delimiter = ',')]
    services: Vec<ServiceName>,
    /// A folder for this process's read models, where several replicas of a service share a data directory; without it, they
    /// are in the data directory.
    #[arg(long, env = "DOSSIER_VIEWS", value_name = "FOLDER")]
    views: Option<std::path::PathBuf>,
    /// The key of digests of requests and documents, the same for as long as the log lives; without it, one that is made in the
    /// data directory.
    #[arg(long, env = "DOSSIER_DIGEST_KEY", value_name = "FILE")]
    digest_key: Option<std::path::PathBuf>,
    /// Where documents are kept, if not in the data directory: a folder, or `s3://bucket/prefix` with the store's address and
    /// credentials in the environment (`AWS_ENDPOINT`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`).
    #[arg(long, env = "DOSSIER_DOCUMENTS", value_name = "FOLDER|URL")]
    documents: Option<String>,
    /// A file that says which quotas callers have otherwise than by default (docs/operating.md, "Quotas").
    #[arg(long, env = "DOSSIER_QUOTAS", value_name = "FILE")]
    quotas: Option<std::path::PathBuf>,
    /// How many persons it takes to issue a file of rules: with 2, what one operator issues is a proposal until another one
    /// signs it. Without it, 2 with an identity provider and 1 without.
    #[arg(long, env = "DOSSIER_RULE_SIGNERS", value_name = "1|2",
          value_parser = clap::value_parser!(u8).range(1..=2))]
    rule_signers: Option<u8>,
    /// For how many seconds a start waits for an event store or an identity provider that is not there yet, before it ends.
    #[arg(long, env = "DOSSIER_START_WITHIN", value_name = "SECONDS", default_value_t = 300,
          value_parser = clap::value_parser!(u64).range(0..=86_400))]
    start_within: u64,
    #[command(flatten)]
    bus: BusArguments,
    #[command(flatten)]
    confirmed: Confirmed,
}

/// What a start stops for unless somebody says that it is meant.
#[derive(Debug, Args)]
struct Confirmed {
    /// The machine's clock is right although the log ended long ago: enforce everything that fell due since.
    #[arg(long, env = "DOSSIER_CONFIRM_CLOCK", value_parser = BoolishValueParser::new())]
    confirm_clock: bool,
    /// Go on although read models know more than the log, whose end was lost or which is an older copy: what stood behind its
    /// present end is given up, and the read models are built anew.
    #[arg(long, env = "DOSSIER_ACCEPT_LOG_LOSS", value_parser = BoolishValueParser::new())]
    accept_log_loss: bool,
    /// Go on in the machine's time with a directory that was written in virtual time.
    #[arg(long, env = "DOSSIER_LIVE", value_parser = BoolishValueParser::new())]
    live: bool,
}

impl Arguments {
    /// Whether it asks an identity provider.
    pub(crate) fn asks_outside(&self) -> bool {
        matches!(self.jwks, Some(KeySource::Url(_)))
    }
}

/// Whom the process believes, and a word about what is open if that is everybody who can read the data directory.
fn identity(arguments: &Arguments) -> Result<Identity> {
    let Arguments { jwks, issuer, audience, token_hours_max, sandbox, .. } = arguments;
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let Some(keys) = jwks.clone() else {
        if given(issuer).or(given(audience)).is_some() {
            bail!(
                "`--issuer` and `--audience` say which tokens of an identity provider are believed; name its keys with `--jwks`"
            );
        }
        tracing::warn!(
            "no `--jwks`, so this is no place for real dossiers: whoever can read the data directory mints tokens for every \
             role with its development key, and every payment can be settled by the sandbox providers, which move no \
             money. To serve people, start with `--jwks`, `--issuer` and `--audience` (docs/tokens.md)"
        );
        return Ok(Identity::Development);
    };
    let (Some(issuer), Some(audience)) = (given(issuer), given(audience)) else {
        bail!(
            "`--jwks` needs `--issuer` and `--audience`: without them a token that the identity provider made for any other \
             application would be believed here. The issuer is the `iss` of its tokens, the audience the name of this \
             service in their `aud` (docs/tokens.md)"
        );
    };
    let life_max = SignedDuration::from_hours(i64::from(*token_hours_max));
    let rules = Rules { issuer, audience, life_max };
    Ok(Identity::Provider { keys, rules, sandbox: *sandbox })
}

/// `outside` are certificates that it depends on whatever it serves.
pub(crate) async fn run(arguments: Arguments, outside: Vec<Certificate>) -> Result<()> {
    let identity = identity(&arguments)?;
    let data = arguments.data.open()?.shared(arguments.views, arguments.digest_key, arguments.bus);
    let data = data.with_documents(arguments.documents);
    let data = data.with_rule_signers(arguments.rule_signers);
    let data = data.accepting_log_loss(arguments.confirmed.accept_log_loss);
    let data = data.with_quotas(arguments.quotas.as_deref())?;
    let Confirmed { confirm_clock: confirmed, live, .. } = arguments.confirmed;
    let time = Time::Machine { confirmed, live };
    let names = match &arguments.services[..] {
        [] => ServiceName::value_variants(),
        _ if arguments.data.store.is_none() => {
            bail!("`--services` needs `--store`: processes cannot share a log in a file")
        }
        names => names,
    };
    let _locks = match &arguments.data.store {
        Some(_) => names.iter().map(|name| data.lock(*name)).collect::<Result<Vec<_>>>()?,
        None => Vec::new(),
    };
    // Each connection is a file.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the number of open files stays as it is");
    }
    let start_within = Duration::from_secs(arguments.start_within);
    let kit = waits::kit(&data, time, &identity, start_within).await?;
    kit.ends.watch(data.certificates(&identity, &kit.documents).into_iter().chain(outside));
    serve_some(&kit, &data, arguments.at, names, |_| Ok(())).await
}

/// Serves until the process is told to stop; `bound` is told the address as soon as there is one.
pub(crate) async fn serve(
    kit: &Arc<Kit>,
    data: &DataDirectory,
    at: At,
    bound: impl FnOnce(SocketAddr) -> Result<()>,
) -> Result<()> {
    serve_some(kit, data, at, ServiceName::value_variants(), bound).await
}

async fn serve_some(
    kit: &Arc<Kit>,
    data: &DataDirectory,
    at: At,
    names: &[ServiceName],
    bound: impl FnOnce(SocketAddr) -> Result<()>,
) -> Result<()> {
    let (mut routes, mut tasks) = (Vec::new(), Tasks::default());
    let mut services = crate::some_services(kit, names).await?;
    idle::look(kit, &mut services, names).await?;
    if !names.contains(&ServiceName::Intake) {
        tasks.add(FollowedLaw::new(kit));
    }
    tasks.add(ClockTask::new(kit));
    tasks.add(Endings::new(Arc::clone(kit)));
    let relays = relays(kit, &services, &mut tasks);
    let (stop, stopped) = watch::channel(false);
    let watch = health::Watch::new(kit, &services, relays, stopped.clone());
    let probes = match at.probes {
        Some(address) => {
            let router = Router::new(kit, common::probes(&watch));
            Some(bind(address, "--probes", router)?.uncounted())
        }
        None => None,
    };
    let common = common::routes(&services, watch, probes.is_none());
    for service in services {
        routes.extend(service.routes);
        tasks.append(service.tasks);
    }
    routes.extend(common);
    let router = Router::new(kit, routes);
    let server = bind(at.listen, "--listen", router)?;
    let requests_per_second_of_one = at.client_requests_per_second;
    let limits = ServerLimits { requests_per_second_of_one, ..Default::default() };
    let server = server.behind(Proxies::new(&at.trusted_proxies)).limited(limits);
    let address = server.address()?;
    bound(address)?;
    // Whoever still waits for an answer may wait for what a task does: tasks end after the last answer.
    let (end, ended) = watch::channel(false);
    let mut running = tasks.spawn(kit, &ended);
    tracing::info!(%address, head = kit.store.head().0, "serving");
    let mut serving = tokio::task::JoinSet::new();
    let fresh = (Arc::clone(kit), stopped.clone());
    serving.spawn(async move { fresh.0.auth.keep_fresh(fresh.1).await });
    if matches!(kit.clock, Clock::Manual(_)) {
        let (data, clock, stopped) = (data.clone(), kit.clock.clone(), stopped.clone());
        serving.spawn(async move { data.follow_virtual_time(clock, stopped).await });
    }
    if let Some(probes) = probes {
        tracing::info!(address = %probes.address()?, "probes");
        // Whoever watches sees it stop.
        running.spawn(probes.run(ended.clone()));
    }
    serving.spawn(server.run(stopped));
    wait_for_signal().await?;
    tracing::info!("stopping");
    stop.send_replace(true);
    serving.join_all().await;
    end.send_replace(true);
    // A task ends after its step; what it had not done it finds again at the next start.
    let ended = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(TASKS_END_MAX, ended).await.is_err() {
        tracing::warn!("a task does not end; it is left where it is");
        running.shutdown().await;
    }
    kit.resign().await;
    Ok(())
}

/// Adds what carries the services' events onto the bus, if there is one.
#[cfg_attr(not(feature = "nats"), expect(unused_variables, reason = "nothing is relayed"))]
fn relays(kit: &Arc<Kit>, services: &[Service], tasks: &mut Tasks) -> Vec<health::Relaying> {
    #[cfg_attr(not(feature = "nats"), expect(unused_mut, reason = "nothing is relayed"))]
    let mut relays = Vec::new();
    #[cfg(feature = "nats")]
    if let events::bus::Bus::Nats(nats) = &kit.bus {
        for service in services {
            for source in service.sources {
                let (relay, progress) = service_kit::tasks::RelayTask::new(nats.relay(source));
                tasks.add_led(relay, kit.lead(service.name));
                relays.push(health::Relaying { service: service.name, source, progress });
            }
        }
    }
    relays
}

/// What tells how a process with these services is, for whoever serves them in another way.
#[must_use]
pub fn watching(kit: &Arc<Kit>, services: &[Service]) -> Vec<Mounted> {
    let (_never, stopped) = watch::channel(false);
    let watch = health::Watch::new(kit, services, Vec::new(), stopped);
    vec![mount("/health/ready", watch.ready().probe()), mount("/metrics", watch.metrics().probe())]
}

fn json(text: String) -> warp::reply::Response {
    warp::reply::Reply::into_response(warp::reply::with_header(
        text,
        http::header::CONTENT_TYPE,
        "application/json",
    ))
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
