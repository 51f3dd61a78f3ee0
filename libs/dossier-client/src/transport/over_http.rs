//! The transport over HTTP and TLS.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response, Uri};

use super::{RESPONSE_BYTES_MAX, Transport, TransportError};
use crate::Service;

/// Timeout for a connection, including TLS.
const CONNECTED_IN: Duration = Duration::from_secs(10);

/// Base URLs of the services. Behind a gateway there is one for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    common: String,
    own: BTreeMap<Service, String>,
}

impl Addresses {
    /// One base URL for all services, for example `https://dossier.example` or
    /// `https://gateway.example/dossier`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self { common: base.trim_end_matches('/').to_owned(), own: BTreeMap::new() }
    }

    /// A base URL of one service.
    #[must_use]
    pub fn with(mut self, service: Service, base: &str) -> Self {
        self.own.insert(service, base.trim_end_matches('/').to_owned());
        self
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.own.values().map(|base| &**base).chain([&*self.common])
    }

    fn of(&self, service: Service) -> &str {
        self.own.get(&service).unwrap_or(&self.common)
    }
}

/// HTTP/1.1 over pooled connections; TLS with the CAs of the system, and proxies by `HTTPS_PROXY`,
/// `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`. Redirects are not followed: they would carry the token
/// to another host.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    addresses: Addresses,
}

impl HttpTransport {
    /// Trusts the CAs of the system.
    ///
    /// # Errors
    ///
    /// TLS cannot be set up, for example because the system has no CAs.
    pub fn new(addresses: Addresses) -> Result<Self, TransportError> {
        if addresses.all().all(|base| base.starts_with("http://")) {
            // The CAs of the system take a while to load, and need not exist.
            return Self::trusting(addresses, &[]);
        }
        let client = Self::builder().build().map_err(TransportError::failed)?;
        Ok(Self::with_client(client, addresses))
    }

    /// Trusts these CAs (DER) and no others.
    ///
    /// # Errors
    ///
    /// One of them is no certificate, or TLS cannot be set up.
    pub fn trusting(addresses: Addresses, authorities: &[Vec<u8>]) -> Result<Self, TransportError> {
        let certificates: Result<Vec<_>, _> =
            authorities.iter().map(|der| reqwest::Certificate::from_der(der)).collect();
        let certificates = certificates.map_err(TransportError::failed)?;
        let client = Self::builder().tls_certs_only(certificates).build();
        Ok(Self::with_client(client.map_err(TransportError::failed)?, addresses))
    }

    /// The settings of [`HttpTransport::new`], to be changed: own CAs, a client certificate, no
    /// proxies.
    pub fn builder() -> reqwest::ClientBuilder {
        // reqwest panics without a default; one that was installed before is kept.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECTED_IN)
            .user_agent(concat!("dossier-client/", env!("CARGO_PKG_VERSION")))
    }

    /// With a client that was configured otherwise. It should not follow redirects.
    #[must_use]
    pub fn with_client(client: reqwest::Client, addresses: Addresses) -> Self {
        Self { client, addresses }
    }
}

impl Transport for HttpTransport {
    async fn send(
        &self,
        service: Service,
        mut request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let url = format!("{}{}", self.addresses.of(service), request.uri());
        *request.uri_mut() = url.parse::<Uri>().map_err(TransportError::failed)?;
        let request = reqwest::Request::try_from(request).map_err(TransportError::failed)?;
        let mut received = self.client.execute(request).await.map_err(TransportError::failed)?;
        let mut response = Response::builder().status(received.status());
        if let Some(headers) = response.headers_mut() {
            *headers = received.headers().clone();
        }
        let mut body = BytesMut::new();
        while let Some(part) = received.chunk().await.map_err(TransportError::failed)? {
            if body.len().saturating_add(part.len()) > RESPONSE_BYTES_MAX {
                return Err(TransportError::TooLarge);
            }
            body.extend_from_slice(&part);
        }
        response.body(body.freeze()).map_err(TransportError::failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_without_an_address_of_its_own_has_the_common_one() {
        let addresses = Addresses::new("http://a/").with(Service::Payment, "http://b/x/");
        assert_eq!(addresses.of(Service::Intake), "http://a");
        assert_eq!(addresses.of(Service::Payment), "http://b/x");
    }
}
