//! A merchant that has nothing but the schemes: it sends over TLS, and reads and answers reports.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use partners::{
    Answer, Incoming, Key, Method, Notice, Outgoing, Partner, Rejected, Response, Secrets,
};
use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// Longest wait for a response.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// What came in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) notices: Vec<Notice>,
    pub(crate) wrong_signatures: usize,
}

/// An address for reports, before the partner is known.
pub(crate) struct Listening(TcpListener);

pub(crate) struct Merchant {
    pub(crate) partner: Partner,
    pub(crate) secrets: Secrets,
    pub(crate) notify: String,
    agent: Agent,
    seen: Arc<Mutex<Seen>>,
}

/// A response that was read to its end.
pub(crate) struct Received {
    pub(crate) status: u16,
    body: Vec<u8>,
}

impl Received {
    pub(crate) fn borrow(&self) -> Response<'_> {
        Response { status: self.status, body: &self.body }
    }
}

/// The machine's clock: certificates and orders expire by it.
#[expect(clippy::disallowed_methods, reason = "partners have clocks of their own")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

fn secrets() -> Secrets {
    Secrets::new([Key::new("new", b"KHOAMOI".to_vec()), Key::new("old", b"KHOACU".to_vec())])
}

impl Listening {
    pub(crate) fn notify(&self) -> String {
        format!("http://{}/v1/partners/p/notices", self.0.local_addr().unwrap())
    }

    /// The merchant with a partner whose certificate is by this CA.
    pub(crate) fn with(self, partner: Partner, ca: &Path) -> Merchant {
        let text = std::fs::read(ca).unwrap();
        let authorities = parse_pem(&text).filter_map(|item| match item.unwrap() {
            PemItem::Certificate(one) => Some(one),
            _ => None,
        });
        let roots = RootCerts::Specific(Arc::new(authorities.collect()));
        let tls = TlsConfig::builder().root_certs(roots).build();
        let config = Agent::config_builder().timeout_global(Some(WAIT_MAX)).tls_config(tls);
        let agent = config.http_status_as_error(false).build().into();
        let notify = self.notify();
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let served = (partner.clone(), secrets(), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in self.0.incoming() {
                let (partner, secrets, seen) = &served;
                serve(&stream.unwrap(), partner, secrets, seen);
            }
        });
        Merchant { partner, secrets: secrets(), notify, agent, seen }
    }
}

impl Merchant {
    pub(crate) fn listen() -> Listening {
        Listening(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The response to a call; `None` if there is none.
    pub(crate) fn send(&self, call: &Outgoing) -> Option<Received> {
        let method = match call.method {
            Method::Get => "GET",
            Method::Post => "POST",
        };
        let mut request = ureq::http::Request::builder().method(method).uri(&call.url);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let mut response = self.agent.run(request.body(&call.body[..]).unwrap()).ok()?;
        let body = response.body_mut().read_to_vec().ok()?;
        Some(Received { status: response.status().as_u16(), body })
    }
}

/// Reads a report and answers it as the scheme does.
fn serve(stream: &TcpStream, partner: &Partner, secrets: &Secrets, seen: &Mutex<Seen>) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some((_, value)) = line.to_lowercase().split_once("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let incoming = Incoming { query, headers: &[], body: &body };
    let read = partner.scheme().notice(partner, secrets, incoming, now());
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = match read {
        Ok(notice) => {
            let is_known = seen.notices.iter().any(|one| one.event == notice.event);
            seen.notices.push(notice);
            if is_known { Answer::Known } else { Answer::Taken }
        }
        Err(Rejected::Signature(_)) => {
            seen.wrong_signatures += 1;
            Answer::WrongSignature
        }
        Err(other) => panic!("{other:?}"),
    };
    drop(seen);
    let reply = partner.scheme().reply(partner, incoming, answer);
    let (status, length) = (reply.status, reply.body.len());
    let head = format!("HTTP/1.1 {status} -\r\nconnection: close\r\n");
    let head = if status == 204 { head } else { format!("{head}content-length: {length}\r\n") };
    let mut stream = stream;
    // A partner that does not wait for the answer has gone.
    let _ = stream.write_all(&[head.as_bytes(), b"\r\n", &reply.body].concat());
}
