//! Sends a request to a partner. Only hosts of the partner's file are called, the addresses to
//! which a name resolves are checked before the connection, which goes to one of them, and no
//! redirect is followed. Proxies of the environment are not used: they would resolve names
//! unchecked.

use std::time::Duration;

use jiff::SignedDuration;
use partners::limits::MESSAGE_BYTES_MAX;
use partners::outbound::{self, Blocked};
use partners::{Method, Outgoing, Partner};
use ureq::config::Config;
use ureq::http::{Request, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

use crate::policy::TryResult;

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// Whether a response is `understood` is for the scheme to decide; here it is not.
    pub result: TryResult,
    /// Of the response.
    pub status: Option<u16>,
    pub body: Vec<u8>,
}

impl Called {
    const fn without_response(result: TryResult) -> Self {
        Self { result, status: None, body: Vec::new() }
    }
}

/// Sends a request and waits for the response. Blocks for at most the partner's timeout.
#[must_use]
pub fn call(partner: &Partner, outgoing: &Outgoing) -> Called {
    let target = match outbound::target(partner, &outgoing.url) {
        Ok(target) => target,
        Err(blocked) => return Called::without_response(TryResult::Blocked(blocked.to_string())),
    };
    let in_time = Duration::from_secs(u64::from(partner.limits.timeout_seconds));
    let config = platform::outside::client(in_time).max_redirects(0).http_status_as_error(false);
    let resolver = Checked { partner: partner.clone(), resolver: DefaultResolver::default() };
    let agent =
        Agent::with_parts(config.proxy(None).build(), DefaultConnector::default(), resolver);
    match sent(&agent, target.url.as_str(), outgoing) {
        Ok(called) => called,
        Err(Error::Other(error)) => match error.downcast::<Blocked>() {
            Ok(blocked) if *blocked != Blocked::Unresolved => {
                Called::without_response(TryResult::Blocked(blocked.to_string()))
            }
            Ok(unresolved) => {
                Called::without_response(TryResult::NoResponse(unresolved.to_string()))
            }
            Err(error) => Called::without_response(TryResult::NoResponse(error.to_string())),
        },
        Err(error) => Called::without_response(TryResult::NoResponse(error.to_string())),
    }
}

fn sent(agent: &Agent, url: &str, outgoing: &Outgoing) -> Result<Called, Error> {
    let method = match outgoing.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in &outgoing.headers {
        request = request.header(name, value);
    }
    let mut response = match outgoing.method {
        Method::Get => agent.run(request.body(())?)?,
        Method::Post => agent.run(request.body(&*outgoing.body)?)?,
    };
    let status = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|text| text.trim().parse::<u32>().ok());
    let retry_after = retry_after.map(|seconds| SignedDuration::from_secs(i64::from(seconds)));
    let limit = u64::try_from(MESSAGE_BYTES_MAX).unwrap_or(u64::MAX);
    let body = response.body_mut().with_config().limit(limit).read_to_vec()?;
    let result = TryResult::Response { status, understood: false, retry_after };
    Ok(Called { result, status: Some(status), body })
}

/// Resolves names, and refuses those of which one address is not permitted.
#[derive(Debug)]
struct Checked {
    partner: Partner,
    resolver: DefaultResolver,
}

impl Resolver for Checked {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let resolved = self.resolver.resolve(uri, config, timeout)?;
        let addresses: Vec<_> = resolved.iter().map(std::net::SocketAddr::ip).collect();
        match outbound::resolved(&self.partner, &addresses) {
            Ok(()) => Ok(resolved),
            Err(blocked) => Err(Error::Other(Box::new(blocked))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    fn partner(port: u16, networks: &str) -> Partner {
        let file = format!(
            "name: wallet\nversion: 1\ntitle: {{ vi: a, en: a }}\nkind: payment_provider\n\
             scheme: momo-2\nenabled: true\nsecrets: [a]\npermits_http: true\n\
             private_networks: [{networks}]\n\
             addresses: {{ pay: 'http://localhost:{port}/pay' }}\n\
             settings: {{ partner_code: P, access_key: A }}\n\
             capabilities: {{ pay: 'on' }}\nlimits: {{ timeout_seconds: 1 }}\n"
        );
        Partner::parse(&file).unwrap()
    }

    fn outgoing(port: u16, host: &str) -> Outgoing {
        let headers = vec![("x-time".to_owned(), "1".to_owned())];
        let url = format!("http://{host}:{port}/pay");
        Outgoing { method: Method::Post, url, headers, body: b"{}".to_vec() }
    }

    /// Answers one connection with these bytes; gives what it was sent.
    fn server(answer: &'static str) -> (u16, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut sent = Vec::new();
            let mut bytes = [0; 1024];
            while !sent.ends_with(b"{}") {
                let read = stream.read(&mut bytes).unwrap();
                sent.extend_from_slice(&bytes[..read]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(sent).unwrap()
        });
        (port, serving)
    }

    const LOCAL: &str = "127.0.0.0/8, '::1/128'";

    #[test]
    fn a_request_goes_out_as_it_is_and_its_response_comes_back_with_its_status() {
        let (port, serving) =
            server("HTTP/1.1 429 x\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\nno");
        let called = call(&partner(port, LOCAL), &outgoing(port, "localhost"));
        let retry_after = Some(SignedDuration::from_secs(7));
        let result = TryResult::Response { status: 429, understood: false, retry_after };
        assert_eq!(called, Called { result, status: Some(429), body: b"no".to_vec() });
        let sent = serving.join().unwrap();
        assert!(sent.starts_with("POST /pay HTTP/1.1\r\n"), "{sent}");
        assert!(sent.contains("x-time: 1\r\n"), "{sent}");
    }

    #[test]
    fn a_redirect_is_a_response_and_not_followed() {
        let (port, serving) = server(
            "HTTP/1.1 302 x\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n",
        );
        let called = call(&partner(port, LOCAL), &outgoing(port, "localhost"));
        assert_eq!(called.status, Some(302), "{called:?}");
        serving.join().unwrap();
    }

    #[test]
    fn neighbours_of_the_installation_and_hosts_of_no_partner_are_not_called() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        for (networks, host) in [("", "localhost"), (LOCAL, "127.0.0.1"), (LOCAL, "other.example")]
        {
            let called = call(&partner(port, networks), &outgoing(port, host));
            assert!(matches!(called.result, TryResult::Blocked(_)), "{host}: {called:?}");
        }
        assert!(listener.accept().is_err(), "nobody connected");
    }

    #[test]
    fn a_partner_that_does_not_answer_in_time_or_hangs_up_gave_no_response() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let called = call(&partner(port, LOCAL), &outgoing(port, "localhost"));
        assert!(matches!(called.result, TryResult::NoResponse(_)), "{called:?}");
        drop(listener);
        let called = call(&partner(port, LOCAL), &outgoing(port, "localhost"));
        assert!(matches!(called.result, TryResult::NoResponse(_)), "{called:?}");
        let (port, serving) = server("");
        let called = call(&partner(port, LOCAL), &outgoing(port, "localhost"));
        assert!(matches!(called.result, TryResult::NoResponse(_)), "{called:?}");
        serving.join().unwrap();
    }
}
