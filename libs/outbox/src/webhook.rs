//! Sends messages to addresses that callers have given. The addresses to which a name resolves are
//! checked before the connection, which goes to one of them; no redirect is followed, and no proxy
//! of the environment is used. Connections are kept: a subscriber gets many messages.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use jiff::SignedDuration;
use partners::outbound::{self, Blocked};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

use crate::call::Called;
use crate::limits::RESPONSE_BYTES_MAX;
use crate::policy::TryResult;

/// How long a connection that nobody uses is kept.
const IDLE_FOR: Duration = Duration::from_secs(60);

/// Connections to a subscriber that are kept: as many as are used at once at most.
const CONNECTIONS_KEPT: usize = 4;

/// Said of a name of which an address is not permitted.
const NOT_PUBLIC: &str = "the name has an address that is not public";

/// Sends messages to subscribers.
#[derive(Debug, Clone)]
pub struct Webhooks {
    client: reqwest::Client,
    networks: Arc<[IpNet]>,
    permits_http: bool,
}

impl Webhooks {
    /// Public addresses over TLS may be called; so may those in `networks`, and without TLS if
    /// `permits_http`.
    ///
    /// # Errors
    ///
    /// TLS cannot be set up.
    pub fn new(
        networks: Vec<IpNet>,
        permits_http: bool,
        in_time: Duration,
    ) -> Result<Self, String> {
        Self::with(networks, permits_http, in_time, of_the_machine)
    }

    fn with(
        networks: Vec<IpNet>,
        permits_http: bool,
        in_time: Duration,
        look_up: LookUp,
    ) -> Result<Self, String> {
        let networks: Arc<[IpNet]> = networks.into();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls()?)
            .dns_resolver(Checked { networks: Arc::clone(&networks), look_up })
            .redirect(Policy::none())
            .no_proxy()
            .timeout(in_time)
            .pool_idle_timeout(IDLE_FOR)
            .pool_max_idle_per_host(CONNECTIONS_KEPT)
            .user_agent(concat!("dossier/", env!("CARGO_PKG_VERSION")))
            .build();
        let client = client.map_err(|error| error.to_string())?;
        Ok(Self { client, networks, permits_http })
    }

    /// Whether an address may be called, as far as that can be told without resolving its name.
    ///
    /// # Errors
    ///
    /// See [`Blocked`].
    pub fn address(&self, address: &str) -> Result<Url, Blocked> {
        let url = outbound::address(address, self.permits_http)?;
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        };
        literal.map_or(Ok(()), |literal| outbound::permitted(&self.networks, &[literal]))?;
        Ok(url)
    }

    /// Posts a message and waits for the response.
    pub async fn post(
        &self,
        address: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Called {
        let ended = |result| Called { result, status: None, body: Vec::new() };
        let url = match self.address(address) {
            Ok(url) => url,
            Err(blocked) => return ended(TryResult::Blocked(blocked.to_string())),
        };
        let mut request = self.client.post(url).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        match response(request).await {
            Ok(called) => called,
            Err(error) => match blocked(&error) {
                // Who may name an address is not told to what names inside resolve.
                Some(Blocked::Address(..)) => ended(TryResult::Blocked(NOT_PUBLIC.to_owned())),
                Some(blocked) if blocked != Blocked::Unresolved => {
                    ended(TryResult::Blocked(blocked.to_string()))
                }
                Some(unresolved) => ended(TryResult::NoResponse(unresolved.to_string())),
                None => ended(TryResult::NoResponse(why(&error))),
            },
        }
    }
}

async fn response(request: reqwest::RequestBuilder) -> Result<Called, reqwest::Error> {
    let mut response = request.send().await?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|text| text.trim().parse::<u32>().ok());
    let retry_after = retry_after.map(|seconds| SignedDuration::from_secs(i64::from(seconds)));
    let mut body = Vec::new();
    // The status has been received: what follows it is not needed beyond its beginning, and a body
    // that breaks off or does not end in time takes nothing back.
    while body.len() < RESPONSE_BYTES_MAX {
        let Ok(Some(part)) = response.chunk().await else { break };
        let room = RESPONSE_BYTES_MAX.saturating_sub(body.len()).min(part.len());
        body.extend_from_slice(part.get(..room).unwrap_or_default());
    }
    let understood = (200..=299).contains(&status);
    let result = TryResult::Response { status, understood, retry_after };
    Ok(Called { result, status: Some(status), body })
}

/// The reason in the sources of an error because of which an address was not called.
fn blocked(error: &reqwest::Error) -> Option<Blocked> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(blocked) = error.downcast_ref::<Blocked>() {
            return Some(blocked.clone());
        }
        source = error.source();
    }
    None
}

/// An error with its sources and without the address, which the subscriber knows.
fn why(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no response in time".to_owned();
    }
    let mut text = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = error.to_string();
        source = error.source();
    }
    if text.is_empty() { "no response".to_owned() } else { text }
}

/// The configured CAs, or the public ones.
fn tls() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    match platform::outside::authorities() {
        Some(authorities) => {
            for authority in authorities {
                roots.add(authority.into()).map_err(|error| error.to_string())?;
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Looks up the addresses of a name.
type LookUp = fn(Name) -> Pin<Box<dyn Future<Output = Vec<SocketAddr>> + Send>>;

/// By the machine's resolver; a name that cannot be resolved has no addresses.
fn of_the_machine(name: Name) -> Pin<Box<dyn Future<Output = Vec<SocketAddr>> + Send>> {
    Box::pin(async move {
        let found = tokio::net::lookup_host((name.as_str(), 0)).await;
        found.map_or_else(|_| Vec::new(), Iterator::collect)
    })
}

/// Resolves names for each connection, and refuses those of which one address is not permitted.
#[derive(Debug)]
struct Checked {
    networks: Arc<[IpNet]>,
    look_up: LookUp,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (networks, look_up) = (Arc::clone(&self.networks), self.look_up);
        Box::pin(async move {
            let found = look_up(name).await;
            let addresses: Vec<IpAddr> = found.iter().map(SocketAddr::ip).collect();
            outbound::permitted(&networks, &addresses)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
