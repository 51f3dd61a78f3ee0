//! A client of server-sent events, on a socket of its own.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::connections::SOON;
use crate::support::Office;

/// How long a wait for nothing lasts.
pub(crate) const A_MOMENT: Duration = Duration::from_millis(300);

/// An event stream that is being read.
pub(crate) struct Stream {
    socket: TcpStream,
    /// What was read and not taken yet.
    text: String,
    /// The id of the last message.
    pub(crate) last_id: Option<String>,
    pub(crate) has_ended: bool,
}

impl Stream {
    pub(crate) async fn open(
        office: &Office,
        token: &str,
        query: &str,
        headers: &[(&str, &str)],
    ) -> Self {
        let mut socket = TcpStream::connect(office.browser.address).await.unwrap();
        let headers: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!(
            "GET /v1/changes{query} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\
             Accept-Language: en\r\nAuthorization: Bearer {token}\r\n{}\r\n",
            headers.concat()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        Self { socket, text: String::new(), last_id: None, has_ended: false }
    }

    /// Opens a stream and reads its first message.
    pub(crate) async fn begin(
        office: &Office,
        token: &str,
        query: &str,
        headers: &[(&str, &str)],
    ) -> Self {
        let mut stream = Self::open(office, token, query, headers).await;
        let head = stream.until("\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let head = head.to_ascii_lowercase();
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        assert!(head.contains("cache-control: no-store"), "{head}");
        let first = stream.until("\n\n").await;
        assert!(first.contains("retry: 3000\n"), "{first}");
        stream
    }

    /// Reads up to and including `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        timeout(SOON, async {
            loop {
                if let Some(place) = self.text.find(end) {
                    let rest = self.text.split_off(place + end.len());
                    let taken = std::mem::replace(&mut self.text, rest);
                    self.last_id = id_in(&taken).or(self.last_id.take());
                    return taken;
                }
                assert!(!self.has_ended, "the stream has ended before {end:?}: {}", self.text);
                self.read().await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("never sent: {end:?}"))
    }

    async fn read(&mut self) {
        let mut bytes = vec![0; 16 * 1024];
        let read = self.socket.read(&mut bytes).await.unwrap();
        self.text += std::str::from_utf8(&bytes[..read]).unwrap();
        // The last chunk (RFC 9112, 7.1), or the end of the connection.
        self.has_ended = read == 0 || self.text.ends_with("\r\n0\r\n\r\n");
    }

    /// The next `count` changes.
    pub(crate) async fn changes(&mut self, count: usize) -> Vec<Value> {
        let mut changes = Vec::new();
        while changes.len() < count {
            let message = self.until("\n\n").await;
            let data = message.lines().find_map(|line| line.strip_prefix("data: "));
            changes.extend(data.map(|data| serde_json::from_str::<Value>(data).unwrap()));
        }
        changes
    }

    /// Whether it sends nothing for a moment, and goes on.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        timeout(A_MOMENT, self.read()).await.is_err()
    }

    /// What it sends until it is quiet.
    pub(crate) async fn until_quiet(&mut self) -> String {
        while !self.is_quiet().await {}
        std::mem::take(&mut self.text)
    }

    /// Reads on to the end of the answer.
    pub(crate) async fn end(&mut self) {
        let read = async {
            while !self.has_ended {
                self.read().await;
            }
        };
        timeout(SOON, read).await.unwrap();
        assert!(self.text.ends_with("\r\n0\r\n\r\n"), "the answer was cut: {}", self.text);
    }
}

fn id_in(text: &str) -> Option<String> {
    text.lines().rev().find_map(|line| line.strip_prefix("id: ")).map(str::to_owned)
}
