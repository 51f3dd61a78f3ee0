//! A receiver of changes in the test process. It verifies signatures by the text of Standard
//! Webhooks and uses nothing of the service.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// What the receiver does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Works,
    /// Status 200, without the challenge.
    Ignores,
    /// Status 500.
    Fails,
    /// Takes the request and hangs up.
    HangsUp,
    /// Status 500 to the first event that it was sent, and success to all others.
    RefusesFirst,
    /// To another path of its own.
    Redirects,
    /// Status 410.
    Gone,
}

/// A message that was received.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: Value,
    text: String,
    headers: BTreeMap<String, String>,
}

impl Message {
    /// As a library of Standard Webhooks takes it.
    pub(crate) fn signed(&self, secret: &Value) -> Value {
        json!({ "secret": secret, "body": self.text, "headers": self.headers })
    }

    /// Whether one of the signatures is by this secret.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed = format!("{}.{}.{}", self.id, self.headers["webhook-timestamp"], self.text);
        let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(signed);
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.headers["webhook-signature"].split(' ').any(|one| one == expected)
    }
}

/// What npm `standardwebhooks` says of messages: true, or why it refuses one.
pub(crate) fn verified(messages: &[Value]) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/webhooks.cjs");
    let mut node = Command::new("node");
    let node = node.arg(script).arg(cluster::tools::node_packages().unwrap());
    let mut child = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let input = json!(messages).to_string();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The receiver, its address, and what it received.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    scheme: &'static str,
    host: &'static str,
    port: u16,
    mood: Arc<Mutex<Mood>>,
    messages: Arc<Mutex<Vec<Message>>>,
    elsewhere: Arc<Mutex<usize>>,
    untrusted: Arc<Mutex<usize>>,
    requests: Arc<Mutex<usize>>,
    /// Ends with the receiver.
    _serving: Arc<JoinSet<()>>,
}

impl Receiver {
    pub(crate) async fn open() -> Self {
        Self::listen(None).await
    }

    /// With TLS, at `localhost`.
    pub(crate) async fn open_tls(acceptor: TlsAcceptor) -> Self {
        Self { scheme: "https", host: "localhost", ..Self::listen(Some(acceptor)).await }
    }

    async fn listen(acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            scheme: "http",
            host: "127.0.0.1",
            port: listener.local_addr().unwrap().port(),
            mood: Arc::new(Mutex::new(Mood::Works)),
            messages: Arc::default(),
            elsewhere: Arc::default(),
            untrusted: Arc::default(),
            requests: Arc::default(),
            _serving: Arc::default(),
        };
        let (answering, mut serving) = (receiver.clone(), JoinSet::new());
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (answering, acceptor) = (answering.clone(), acceptor.clone());
                connections.spawn(async move {
                    match acceptor {
                        None => answering.serve(stream).await,
                        // A client that does not trust it ends the handshake.
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => answering.serve(stream).await,
                            Err(_) => answering.add(|receiver| &receiver.untrusted),
                        },
                    }
                });
            }
        });
        Self { _serving: Arc::new(serving), ..receiver }
    }

    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut sent = Vec::new();
        let (head, body) = loop {
            let mut bytes = [0; 4096];
            let Ok(read @ 1..) = stream.read(&mut bytes).await else { return };
            sent.extend_from_slice(&bytes[..read]);
            let text = String::from_utf8_lossy(&sent).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            if serde_json::from_str::<Value>(body).is_ok() {
                break (head.to_owned(), body.to_owned());
            }
        };
        let Some((status, more, answer)) = self.answer(&head, &body) else { return };
        let length = answer.len();
        let head = format!(
            "HTTP/1.1 {status} x\r\n{more}connection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        _ = stream.write_all(format!("{head}{answer}").as_bytes()).await;
        _ = stream.shutdown().await;
    }

    fn add(&self, count: impl Fn(&Self) -> &Arc<Mutex<usize>>) {
        *count(self).lock().unwrap() += 1;
    }

    fn answer(&self, head: &str, text: &str) -> Option<(u16, &'static str, String)> {
        if !head.starts_with("POST /changes ") {
            self.add(|receiver| &receiver.elsewhere);
        }
        self.add(|receiver| &receiver.requests);
        let body: Value = serde_json::from_str(text).unwrap();
        let headers: BTreeMap<String, String> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let mood = *self.mood.lock().unwrap();
        if let Some(challenge) = body["data"].get("challenge") {
            return (mood != Mood::Ignores)
                .then(|| (200, "", json!({ "challenge": challenge }).to_string()))
                .or(Some((200, "", "{}".to_owned())));
        }
        let id = headers["webhook-id"].clone();
        let is_first = {
            let mut messages = self.messages.lock().unwrap();
            messages.push(Message { id, body, text: text.to_owned(), headers });
            messages.first().map(|one| &one.id) == messages.last().map(|one| &one.id)
        };
        match mood {
            Mood::RefusesFirst if is_first => Some((500, "", "not this one".to_owned())),
            Mood::Works | Mood::Ignores | Mood::RefusesFirst => Some((204, "", String::new())),
            Mood::Fails => Some((500, "", "broken".to_owned())),
            Mood::HangsUp => None,
            Mood::Redirects => Some((302, "location: /elsewhere\r\n", String::new())),
            Mood::Gone => Some((410, "", String::new())),
        }
    }

    /// Where it receives.
    pub(crate) fn address(&self) -> String {
        format!("{}://{}:{}/changes", self.scheme, self.host, self.port)
    }

    pub(crate) fn becomes(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// The messages in the order in which they came; no challenges.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap().clone()
    }

    /// Handshakes that the client ended.
    pub(crate) fn untrusted(&self) -> usize {
        *self.untrusted.lock().unwrap()
    }

    /// All requests, challenges too.
    pub(crate) fn requests(&self) -> usize {
        *self.requests.lock().unwrap()
    }

    /// Requests to other paths.
    pub(crate) fn elsewhere(&self) -> usize {
        *self.elsewhere.lock().unwrap()
    }
}
