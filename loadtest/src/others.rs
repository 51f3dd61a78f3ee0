//! Other clients during an attack: each uses a new connection, and the latency counts.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Timeout of a request.
const PATIENCE: Duration = Duration::from_secs(10);
/// Limit of the 99th percentile.
const P99_MAX: Duration = Duration::from_millis(250);

/// Whether no request failed and the 99th percentile is within the limit.
pub(crate) fn fares_well(figures: &Value) -> bool {
    let of = |name: &str| figures.get(name).and_then(Value::as_f64).unwrap_or(f64::INFINITY);
    of("failed") < 1.0 && of("p99_ms") < P99_MAX.as_secs_f64() * 1_000.0
}

/// Results of the other clients.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    took: Vec<Duration>,
    failed: usize,
}

impl Seen {
    /// Sends a request from an address and records the result.
    pub(crate) async fn ask(&mut self, from: Ipv4Addr, to: SocketAddr, request: &str) {
        let asked = Instant::now();
        match timeout(PATIENCE, ask(from, to, request)).await {
            Ok(Ok(())) => self.took.push(asked.elapsed()),
            Ok(Err(_)) | Err(_) => self.failed += 1,
        }
    }

    pub(crate) fn figures(&mut self) -> Value {
        self.took.sort_unstable();
        let ms = |share: f64| self.quantile(share).as_secs_f64() * 1_000.0;
        json!({
            "requests": self.took.len() + self.failed, "failed": self.failed,
            "p50_ms": ms(0.5), "p99_ms": ms(0.99), "max_ms": ms(1.0),
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list of a few thousand"
    )]
    fn quantile(&self, share: f64) -> Duration {
        let place = (self.took.len() as f64 * share).ceil() as usize;
        self.took.get(place.saturating_sub(1)).copied().unwrap_or_default()
    }
}

/// Sends a request on a new connection; fails unless the response is complete and successful.
async fn ask(from: Ipv4Addr, address: SocketAddr, request: &str) -> Result<()> {
    let mut stream = connect(from, address, None).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let good = answer.starts_with(b"HTTP/1.1 200 ") || answer.starts_with(b"HTTP/1.1 201 ");
    if good { Ok(()) } else { bail!("{}", String::from_utf8_lossy(&answer)) }
}

pub(crate) async fn connect(
    from: Ipv4Addr,
    to: SocketAddr,
    receive_buffer: Option<u32>,
) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(bytes) = receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.bind(SocketAddr::new(IpAddr::V4(from), 0))?;
    Ok(socket.connect(to).await?)
}
