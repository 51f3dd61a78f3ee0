//! Changes as server-sent events (HTML, section 9.2): each message has a change as its data and
//! its cursor as its id. A stream reads on only when its client has taken what it was sent, so it
//! holds one message in memory; a client that does not read is disconnected by the server
//! (`web::limits`) and continues after the last id that it received.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use dossier::access;
use dossier::changes::FOLLOW;
use events::Position;
use futures_util::stream;
use jiff::Timestamp;
use web::{Follow, Reply};

use super::limits::{CHANGES_OF_MESSAGE, HEARTBEAT, RETRY, STREAM_MAX};
use super::{Answer, Asked, ChangeReply, Kinds};
use crate::App;

/// An event stream of one client.
pub(crate) struct Streaming {
    app: Arc<App>,
    follow: Follow,
    kinds: Kinds,
    /// Position up to which the client has received all changes.
    after: Position,
    /// The last position that the client was sent; `None` before the first message.
    sent: Option<Position>,
    ends_at: Timestamp,
    /// In real time, if the clock is virtual.
    begun: Instant,
    has_ended: bool,
}

impl Streaming {
    pub(crate) fn new(app: Arc<App>, follow: Follow, kinds: Kinds, after: Position) -> Self {
        let now = app.engine.clock.now();
        let ends_at = now.checked_add(STREAM_MAX).unwrap_or(Timestamp::MAX);
        let begun = Instant::now();
        Self { app, follow, kinds, after, sent: None, ends_at, begun, has_ended: false }
    }

    /// The reply with this stream as its body.
    pub(crate) fn reply(self) -> Reply {
        let content = stream::unfold(self, |mut streaming| async {
            let message = streaming.message().await?;
            Some((Ok(Bytes::from(message)), streaming))
        });
        Reply::events(Box::pin(content))
    }

    /// The next message; `None` at the end of the stream.
    async fn message(&mut self) -> Option<String> {
        if self.has_ended {
            return None;
        }
        if self.sent.is_none() {
            return Some(self.sign(&format!("retry: {}\n", RETRY.as_millis())));
        }
        let beats_at = self.app.engine.clock.now().checked_add(HEARTBEAT).ok()?;
        loop {
            if self.is_over() {
                self.has_ended = true;
                return (self.sent != Some(self.after)).then(|| self.sign(""));
            }
            // The stream ends with its token; the client receives the reason when it reconnects.
            let caller = self.follow.caller().await.ok()?;
            access::decide(&caller, FOLLOW, None).ok()?;
            let asked = Asked { caller: &caller, kinds: &self.kinds, limit: CHANGES_OF_MESSAGE };
            // A failure ends it as well.
            let next = self.app.changes.next(asked, self.after).await.ok()?;
            let Answer { changes, through, is_at_end } = next;
            self.after = through;
            if !changes.is_empty() {
                return Some(self.changes(&changes));
            }
            if !is_at_end {
                // Older events, none of them for this client: it need not scan them again.
                return Some(self.sign(""));
            }
            if self.waits(beats_at).await {
                return Some(self.sign(":\n"));
            }
        }
    }

    fn is_over(&self) -> bool {
        let lasted = self.begun.elapsed();
        self.follow.is_closing()
            || self.app.engine.clock.now() >= self.ends_at
            || lasted >= STREAM_MAX.unsigned_abs()
    }

    /// Waits for changes, the end of the stream or the next sign of life; true for the latter.
    async fn waits(&self, beats_at: Timestamp) -> bool {
        let clock = &self.app.engine.clock;
        tokio::select! {
            () = self.app.changes.past(self.after) => false,
            () = self.follow.closing() => false,
            () = clock.sleep_until(beats_at.min(self.ends_at), HEARTBEAT.unsigned_abs()) => {
                !self.is_over()
            }
        }
    }

    /// A message without a change, after which the client goes on from the present position.
    fn sign(&mut self, with: &str) -> String {
        self.sent = Some(self.after);
        format!("{with}id: {}\n\n", self.app.changes.cursor(self.after))
    }

    fn changes(&mut self, changes: &[ChangeReply]) -> String {
        let mut message = String::new();
        for change in changes {
            // Neither has a line break, and writing to a string cannot fail.
            let data = serde_json::to_string(change).unwrap_or_default();
            let _ = write!(message, "id: {}\ndata: {data}\n\n", change.cursor());
        }
        // What follows the last change was not for this client.
        message + &self.sign("")
    }
}
