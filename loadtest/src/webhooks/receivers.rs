//! Receivers in this process, each on a port of its own, as subscribers have hosts of their own.
//! They answer the challenge; then some of them die in one of three ways.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use uuid::Uuid;

/// What becomes of a receiver after it has answered the challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Lives,
    /// Nobody listens on its port.
    Refuses,
    /// It takes the request and never answers.
    IsSilent,
    /// It answers each request with the status 500.
    Fails,
}

/// A message that a living receiver took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub(super) event: Uuid,
    pub(super) subject: Uuid,
    /// From the time in the event, at which it was about to be appended.
    pub(super) after_us: i64,
}

/// A program of a subscriber, which answers as it was told to.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    pub(super) fate: Fate,
    shared: Arc<Shared>,
    serving: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    /// What it does now.
    now: Mutex<Fate>,
    taken: Mutex<Vec<Taken>>,
    /// Requests that it did not take.
    refused: AtomicU64,
}

impl Receiver {
    pub(super) async fn open(fate: Fate) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (now, taken, refused) = (Mutex::new(Fate::Lives), Mutex::default(), AtomicU64::new(0));
        let shared = Arc::new(Shared { now, taken, refused });
        let (serving_for, mut serving) = (Arc::clone(&shared), JoinSet::new());
        serving.spawn(async move {
            // They end with the receiver.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                let shared = Arc::clone(&serving_for);
                connections.spawn(async move {
                    // A connection that breaks off is the sender's matter.
                    let _ = shared.serve(stream).await;
                });
            }
        });
        Ok(Self { address, fate, shared, serving })
    }

    /// It meets its fate.
    pub(super) async fn dies(&mut self) {
        *self.shared.now.lock().unwrap_or_else(PoisonError::into_inner) = self.fate;
        if self.fate == Fate::Refuses {
            self.serving.shutdown().await;
        }
    }

    pub(super) fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many messages it has taken.
    pub(super) fn count(&self) -> usize {
        self.shared.taken.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) fn refused(&self) -> u64 {
        self.shared.refused.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// Answers the requests of a connection.
    async fn serve(&self, mut stream: TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut read = Vec::new();
        loop {
            let (head, length) = loop {
                if let Some(found) = framed(&read) {
                    break found;
                }
                if stream.read_buf(&mut read).await? == 0 {
                    return Ok(());
                }
            };
            let received_at = Timestamp::now();
            let body: Value =
                serde_json::from_slice(read.get(head..head + length).context("no body")?)?;
            read.drain(..head + length);
            let now = *self.now.lock().unwrap_or_else(PoisonError::into_inner);
            if now != Fate::Lives {
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
            let (status, answer) = match now {
                Fate::Lives => (200, self.take(&body, received_at)?),
                Fate::Fails => (500, "broken".to_owned()),
                Fate::IsSilent | Fate::Refuses => std::future::pending().await,
            };
            let length = answer.len();
            let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n{answer}");
            stream.write_all(answer.as_bytes()).await?;
        }
    }

    /// Notes a message; the answer.
    fn take(&self, body: &Value, received_at: Timestamp) -> Result<String> {
        if let Some(challenge) = body.pointer("/data/challenge") {
            return Ok(json!({ "challenge": challenge }).to_string());
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str).context("no such field");
        let at: Timestamp = text("time")?.parse()?;
        let taken = Taken {
            event: text("id")?.parse()?,
            // The changes of the law are about no dossier.
            subject: text("subject")?.parse().unwrap_or_default(),
            after_us: i64::try_from(received_at.duration_since(at).as_micros())?,
        };
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
        Ok(String::new())
    }
}

/// Length of the head and of the body of a request that was read completely.
fn framed(read: &[u8]) -> Option<(usize, usize)> {
    let head = read.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(read.get(..head)?).ok()?.to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"))?;
    let length = length.trim().parse().ok()?;
    (read.len() >= head + length).then_some((head, length))
}
