//! `dossier serve`: starts and stops a process that serves the services.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::Engine;
use engine::tasks::{ClockTask, FollowedLaw, Tasks};
use payment::partners::{Known, Partners, read};
use platform::{Shutdown, TimeSource};
use web::auth::{KeySource, Rules};
use web::limits::{DRAIN_MAX, ServerLimits};
use web::{AddressBlock, Mounted, Origin, Origins, Proxies, Router, Server, Service, mount};

use crate::limits::TASKS_END_MAX;
use anyhow::{Context, Result, bail};
use clap::builder::BoolishValueParser;
use clap::{Args, Parser};
use dossier::services::ServiceName;
use jiff::SignedDuration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::Components;
use crate::data::{DataDirectory, Identity, Time};
use crate::ends::Certificate;
use crate::tools::bus::BusArguments;

mod common;
pub(crate) mod desk;
mod endings;
mod health;
mod idle;
mod operators;
mod subscribers;
mod waits;

pub use common::openapi;
use desk::SignIn;
use endings::Endings;
use subscribers::SubscriberArguments;

/// How long the server may take after it has dropped the last requests.
const DRAINED_WITHIN: Duration = Duration::from_secs(2);

/// Addresses and limits of the server.
#[derive(Debug, Clone, Args)]
pub(crate) struct At {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, env = "DOSSIER_LISTEN", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// Reverse proxy whose `Forwarded` or `X-Forwarded-For` is trusted: an address or a CIDR block.
    /// From other peers these headers are ignored.
    #[arg(
        long = "trusted-proxy",
        env = "DOSSIER_TRUSTED_PROXIES",
        value_name = "ADDRESS|CIDR",
        value_delimiter = ','
    )]
    pub(crate) trusted_proxies: Vec<AddressBlock>,
    /// Site whose pages may use the API from a browser (CORS), for example https://portal.example.
    /// The desk needs none.
    #[arg(
        long = "allow-origin",
        env = "DOSSIER_ALLOWED_ORIGINS",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub(crate) allowed_origins: Vec<Origin>,
    /// Requests per second and client; bursts may have twice as many. Further requests are delayed.
    /// 0 disables the limit.
    #[arg(
        long = "client-requests-per-second",
        env = "DOSSIER_CLIENT_REQUESTS_PER_SECOND",
        value_name = "NUMBER",
        default_value_t = ServerLimits::default().requests_per_second_of_one
    )]
    pub(crate) client_requests_per_second: u32,
    /// Second address for `/health/live`, `/health/ready` and `/metrics`. The main address then
    /// serves the health checks but not the metrics. Default: one address for everything.
    #[arg(long, env = "DOSSIER_PROBES", value_name = "ADDRESS", value_parser = address)]
    pub(crate) probes: Option<SocketAddr>,
    /// Do not serve the desk, the front end in the browser. It is served at `/` by processes that
    /// serve the register.
    #[arg(long, env = "DOSSIER_NO_DESK", value_parser = BoolishValueParser::new())]
    pub(crate) no_desk: bool,
}

/// Parses an address with its port.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| match text.trim_start_matches(':').parse::<u16>() {
        Ok(port) => format!(
            "the address is missing; use 127.0.0.1:{port}, or 0.0.0.0:{port} for all networks"
        ),
        Err(_) => {
            "expected an address and a port, for example 127.0.0.1:8080 or [::1]:8080".to_owned()
        }
    })
}

/// Binds a server.
fn bind(at: SocketAddr, flag: &str, router: Router) -> Result<Server> {
    Server::bind(at, router).with_context(|| {
        let hint = "is the port in use? Port 0 takes a free one";
        format!("cannot listen on {flag} {at}: {hint}")
    })
}

/// Serve all services.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: crate::Data,
    #[command(flatten)]
    at: At,
    /// Keys of the identity provider (JWKS): a file or URL, read every five minutes. Without it,
    /// tokens of the development key in the data directory are accepted.
    #[arg(long, env = "DOSSIER_JWKS", value_name = "FILE|URL")]
    jwks: Option<KeySource>,
    /// Required `iss` of tokens; mandatory with `--jwks`.
    #[arg(long, env = "DOSSIER_ISSUER", value_name = "TEXT")]
    issuer: Option<String>,
    /// Required `aud` of tokens; mandatory with `--jwks`.
    #[arg(long, env = "DOSSIER_AUDIENCE", value_name = "TEXT")]
    audience: Option<String>,
    /// Client id of the desk at the identity provider, a public client with PKCE whose redirect
    /// address is that of the desk. Without it, nobody can sign in at the desk.
    #[arg(long, env = "DOSSIER_DESK_CLIENT", value_name = "TEXT")]
    desk_client: Option<String>,
    /// Longest accepted lifetime of a token, in hours.
    #[arg(long, env = "DOSSIER_TOKEN_HOURS_MAX", value_name = "HOURS", default_value_t = 24,
          value_parser = clap::value_parser!(u16).range(1..))]
    token_hours_max: u16,
    /// Offer the sandbox payment providers, which move no money. Always on without `--jwks`.
    #[arg(long, env = "DOSSIER_SANDBOX", value_parser = BoolishValueParser::new())]
    sandbox: bool,
    #[command(flatten)]
    partners: PartnerArguments,
    #[command(flatten)]
    subscribers: SubscriberArguments,
    /// Serve only these services. The others run in processes of their own on the same event store,
    /// which must be a server. Processes that share a data directory share its keys and documents.
    #[arg(long, env = "DOSSIER_SERVICES", value_delimiter = ',', value_parser = crate::service_name())]
    services: Vec<ServiceName>,
    /// Folder for the read models of this process, for replicas that share a data directory.
    /// Default: the data directory.
    #[arg(long, env = "DOSSIER_VIEWS", value_name = "FOLDER")]
    views: Option<PathBuf>,
    /// Key of the digests of requests and documents. It must stay the same for the lifetime of the
    /// log. Default: created in the data directory.
    #[arg(long, env = "DOSSIER_DIGEST_KEY", value_name = "FILE")]
    digest_key: Option<PathBuf>,
    /// Documents folder, or `s3://bucket/prefix` with address and credentials in the environment
    /// (`AWS_ENDPOINT`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`). Default: the
    /// data directory.
    #[arg(long, env = "DOSSIER_DOCUMENTS", value_name = "FOLDER|URL")]
    documents: Option<String>,
    /// File with quotas that differ from the default (docs/operating.md, "Quotas").
    #[arg(long, env = "DOSSIER_QUOTAS", value_name = "FILE")]
    quotas: Option<PathBuf>,
    /// Operators needed to issue rules: with 2, the first one proposes and a second one signs.
    /// Default: 2 with `--jwks`, otherwise 1.
    #[arg(long, env = "DOSSIER_RULE_SIGNERS", value_name = "1|2",
          value_parser = clap::value_parser!(u8).range(1..=2))]
    rule_signers: Option<u8>,
    /// Seconds to wait at the start for the event store and the identity provider.
    #[arg(long, env = "DOSSIER_START_WITHIN", value_name = "SECONDS", default_value_t = 300,
          value_parser = clap::value_parser!(u64).range(0..=86_400))]
    start_within: u64,
    #[command(flatten)]
    bus: BusArguments,
    #[command(flatten)]
    confirmed: Confirmed,
}

/// Payment partners.
#[derive(Debug, Args)]
struct PartnerArguments {
    /// Folder with a file for each payment partner (docs/partners.md). They are read at the start.
    #[arg(long, env = "DOSSIER_PARTNERS", value_name = "FOLDER")]
    partners: Option<PathBuf>,
    /// Folder with the secrets that these files name, one in a file.
    #[arg(long, env = "DOSSIER_PARTNER_SECRETS", value_name = "FOLDER")]
    partner_secrets: Option<PathBuf>,
    /// Address at which partners and the browsers of payers reach this installation, for example
    /// https://dossier.example. Needed if a partner is enabled.
    #[arg(long, env = "DOSSIER_PUBLIC_URL", value_name = "URL", value_parser = public_url)]
    public_url: Option<Url>,
    /// Site to which a payer's browser may return after a payment, for example
    /// https://portal.example. That of `--public-url` is always permitted.
    #[arg(
        long = "return-origin",
        env = "DOSSIER_RETURN_ORIGINS",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    return_origins: Vec<Origin>,
}

/// Parses the address of the installation.
fn public_url(text: &str) -> Result<Url, String> {
    let expected = || "expected an address such as https://dossier.example".to_owned();
    let url = Url::parse(text).map_err(|_| expected())?;
    let is_address = ["http", "https"].contains(&url.scheme()) && url.host().is_some();
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if is_address && is_plain { Ok(url) } else { Err(expected()) }
}

impl PartnerArguments {
    /// The partners; logs which ones, so that it is known by which files money was taken.
    fn read(self) -> Result<Partners> {
        let Self { partners, partner_secrets, public_url, return_origins } = self;
        let known = match &partners {
            None => Vec::new(),
            Some(folder) => read(folder, partner_secrets.as_deref()).map_err(|findings| {
                let lines = findings.iter().map(|(file, one)| {
                    let colon = if one.pointer.is_empty() { "" } else { ": " };
                    format!("\n  {file}: {}{colon}{}", one.pointer, one.en)
                });
                let lines: String = lines.collect();
                anyhow::anyhow!("the files of payment partners have findings:{lines}")
            })?,
        };
        for Known { partner, digest, .. } in &known {
            let (name, version, enabled) = (&*partner.name, partner.version, partner.enabled);
            let scheme = partner.scheme.name;
            tracing::info!(
                partner = name,
                version,
                enabled,
                scheme,
                sha256 = &**digest,
                "payment partner"
            );
        }
        let origins = return_origins.iter().map(ToString::to_string).collect();
        Partners::new(known, public_url, origins).map_err(anyhow::Error::msg)
    }
}

/// Confirmations without which a suspicious start is refused.
#[derive(Debug, Args)]
struct Confirmed {
    /// Confirm that the clock is right although the log ended long ago: everything that fell due
    /// since then is enforced.
    #[arg(long, env = "DOSSIER_CONFIRM_CLOCK", value_parser = BoolishValueParser::new())]
    confirm_clock: bool,
    /// Accept that the log lost its end or is an older copy, as the read models show: the lost
    /// events are given up, and the read models are rebuilt.
    #[arg(long, env = "DOSSIER_ACCEPT_LOG_LOSS", value_parser = BoolishValueParser::new())]
    accept_log_loss: bool,
    /// Continue in real time with a data directory that was written in virtual time.
    #[arg(long, env = "DOSSIER_LIVE", value_parser = BoolishValueParser::new())]
    live: bool,
}

impl Arguments {
    /// Whether it connects to an identity provider, to partners or to subscribers.
    pub(crate) fn asks_outside(&self) -> bool {
        let sends = self.services.is_empty() || self.services.contains(&ServiceName::Exchange);
        let asks = matches!(self.jwks, Some(KeySource::Url(_)));
        sends || asks || self.partners.partners.is_some()
    }
}

/// Whose tokens are accepted; logs a warning in development mode.
fn identity(arguments: &Arguments) -> Result<Identity> {
    let Arguments { jwks, issuer, audience, token_hours_max, sandbox, .. } = arguments;
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let Some(keys) = jwks.clone() else {
        if given(issuer).or(given(audience)).is_some() {
            bail!("`--issuer` and `--audience` need `--jwks`, the keys of the identity provider");
        }
        tracing::warn!(
            "development mode, not for real dossiers: no `--jwks`. Anybody who can read the data directory can mint tokens for every \
             role with the development key, and the sandbox settles payments without moving \
             money. For production set `--jwks`, `--issuer` and `--audience` (docs/tokens.md)"
        );
        return Ok(Identity::Development);
    };
    let (Some(issuer), Some(audience)) = (given(issuer), given(audience)) else {
        bail!(
            "`--jwks` needs `--issuer` and `--audience`: without them, tokens that the identity provider issued for any other \
             application would be accepted. The issuer is the `iss` of its tokens, the audience the name of this \
             service in their `aud` (docs/tokens.md)"
        );
    };
    let life_max = SignedDuration::from_hours(i64::from(*token_hours_max));
    let rules = Rules { issuer, audience, life_max };
    Ok(Identity::Provider { keys, rules, sandbox: *sandbox })
}

/// `outside`: further certificates whose expiry is watched.
pub(crate) async fn run(arguments: Arguments, outside: Vec<Certificate>) -> Result<()> {
    let identity = identity(&arguments)?;
    let sign_in = sign_in(&identity, arguments.desk_client);
    let data = arguments.data.open()?.shared(arguments.views, arguments.digest_key, arguments.bus);
    let data = data.with_documents(arguments.documents);
    let data = data.with_rule_signers(arguments.rule_signers);
    let data = data.accepting_log_loss(arguments.confirmed.accept_log_loss);
    let data = data.with_quotas(arguments.quotas.as_deref())?;
    let data = data.with_partners(arguments.partners.read()?);
    let data = data.with_webhooks(arguments.subscribers.webhooks()?);
    let Confirmed { confirm_clock: confirmed, live, .. } = arguments.confirmed;
    let time = Time::Machine { confirmed, live };
    let names = match &arguments.services[..] {
        [] => &ServiceName::ALL,
        _ if arguments.data.store.is_none() => {
            bail!("`--services` needs `--store` with a server: processes cannot share a SQLite log")
        }
        names => names,
    };
    let _locks = match &arguments.data.store {
        Some(_) => names.iter().map(|name| data.lock(*name)).collect::<Result<Vec<_>>>()?,
        None => Vec::new(),
    };
    // Each connection is an open file.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
    let start_within = Duration::from_secs(arguments.start_within);
    let components = waits::components(&data, time, &identity, start_within).await?;
    let certificates = data.certificates(&identity, &components.documents);
    components.ends.watch(certificates.into_iter().chain(outside));
    let desk = Desk { sign_in, routes: Vec::new() };
    serve_some(&components, &data, arguments.at, names, (desk, |_| Ok(()))).await
}

/// How users sign in at the desk.
fn sign_in(identity: &Identity, client: Option<String>) -> SignIn {
    match (identity, client) {
        (Identity::Development, _) => SignIn::Token,
        (Identity::Provider { rules, .. }, Some(client)) => {
            SignIn::Provider { issuer: rules.issuer.clone(), client }
        }
        (Identity::Provider { .. }, None) => SignIn::Nobody,
    }
}

/// The desk of a process, and routes that only this process has.
pub(crate) struct Desk {
    pub(crate) sign_in: SignIn,
    pub(crate) routes: Vec<Mounted>,
}

/// Serves all services until the process is told to stop; the function is called with the address.
pub(crate) async fn serve(
    components: &Arc<Components>,
    data: &DataDirectory,
    at: At,
    with: (Desk, impl FnOnce(SocketAddr) -> Result<()>),
) -> Result<()> {
    serve_some(components, data, at, &ServiceName::ALL, with).await
}

async fn serve_some(
    components: &Arc<Components>,
    data: &DataDirectory,
    at: At,
    names: &[ServiceName],
    (desk, bound): (Desk, impl FnOnce(SocketAddr) -> Result<()>),
) -> Result<()> {
    let (mut routes, mut tasks) = (desk.routes, Tasks::default());
    let Components { engine, context, .. } = &**components;
    let mut services = crate::some_services(components, names).await?;
    idle::look(engine, &mut services, names).await?;
    if !names.contains(&ServiceName::Intake) {
        tasks.add(FollowedLaw::open(engine)?);
    }
    tasks.add(ClockTask::new(engine));
    tasks.add(Endings::new(Arc::clone(components)));
    let relays = relays(engine, &services, &mut tasks);
    let serving = Shutdown::default();
    let watch = health::Watch::new(components, &services, relays, serving.asked().clone());
    let probes = match at.probes {
        Some(address) => {
            let router = Router::new(context, common::probe_routes(watch.clone()));
            Some(bind(address, "--probes", router)?.uncounted())
        }
        None => None,
    };
    let has_desk = names.contains(&ServiceName::Register) && !at.no_desk;
    routes.extend(if has_desk { desk::routes(&desk.sign_in) } else { common::start_page() });
    let common = common::routes(&services, watch, probes.is_none());
    for service in services {
        routes.extend(service.routes);
        tasks.append(service.tasks);
    }
    routes.extend(common);
    let router = Router::new(context, routes);
    let server = bind(at.listen, "--listen", router)?;
    let requests_per_second_of_one = at.client_requests_per_second;
    let limits = ServerLimits { requests_per_second_of_one, ..Default::default() };
    let server = server.behind(Proxies::new(&at.trusted_proxies)).limited(limits);
    let server = server.open_to(Origins::new(at.allowed_origins.clone()));
    let address = server.address()?;
    bound(address)?;
    // Pending requests may wait for a task: tasks are stopped after the last response.
    let running = Shutdown::default();
    tasks.spawn(engine, &running);
    tracing::info!(%address, head = engine.store.head().0, "serving");
    let (fresh, stop) = (Arc::clone(context), serving.asked().clone());
    serving.spawn(async move { fresh.auth().keep_fresh(stop).await });
    if matches!(engine.clock, TimeSource::Manual(_)) {
        let (data, clock, stop) = (data.clone(), engine.clock.clone(), serving.asked().clone());
        serving.spawn(async move { data.follow_virtual_time(clock, stop).await });
    }
    if let Some(probes) = probes {
        tracing::info!(address = %probes.address()?, "serving probes");
        // Probes are served until the end, so that monitoring sees it stop.
        running.spawn(probes.run(running.asked().clone()));
    }
    serving.spawn(server.run(serving.asked().clone()));
    let mut signals = Signals::listen()?;
    signals.next().await;
    tracing::info!("stopping");
    let stopping = async {
        serving.stop(DRAIN_MAX + DRAINED_WITHIN).await;
        // A task stops after its current step; unfinished work is found again at the next start.
        if !running.stop(TASKS_END_MAX).await {
            tracing::warn!("a background task did not stop in time and was aborted");
        }
        engine.resign().await;
    };
    tokio::select! {
        () = stopping => {}
        // Every acknowledged step is in the log.
        () = signals.next() => tracing::warn!("a second signal: stopping at once"),
    }
    Ok(())
}

/// Adds the relays, if there is a bus.
#[cfg_attr(not(feature = "nats"), expect(unused_variables, reason = "nothing is relayed"))]
fn relays(engine: &Arc<Engine>, services: &[Service], tasks: &mut Tasks) -> Vec<health::Relaying> {
    #[cfg_attr(not(feature = "nats"), expect(unused_mut, reason = "nothing is relayed"))]
    let mut relays = Vec::new();
    #[cfg(feature = "nats")]
    if let events::bus::Bus::Nats(nats) = engine.bus() {
        for service in services {
            for source in service.sources {
                let (relay, progress) = engine::tasks::RelayTask::new(nats.relay(source));
                tasks.add_led(relay, engine.lead(service.name));
                relays.push(health::Relaying { service: service.name, source, progress });
            }
        }
    }
    relays
}

/// Health checks and metrics for these services, for processes that serve them in another way.
#[must_use]
pub fn watching(components: &Arc<Components>, services: &[Service]) -> Vec<Mounted> {
    let watch = health::Watch::new(components, services, Vec::new(), CancellationToken::new());
    vec![mount("/health/ready", watch.ready().probe()), mount("/metrics", watch.metrics().probe())]
}

fn json(body: &impl serde::Serialize) -> warp::reply::Response {
    warp::reply::Reply::into_response(warp::reply::json(body))
}

/// The signals that stop a process.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        let (terminate, interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
