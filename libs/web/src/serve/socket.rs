//! A socket that reports its writes to the connection's state and replaces hyper's own error
//! answers.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::connections::Activity;
use crate::problem::{HEAD_TOO_LARGE, REQUEST_MALFORMED, URI_TOO_LONG};
use crate::{Language, Problem};

pub(super) struct Socket {
    stream: TcpStream,
    activity: Arc<Activity>,
    /// The rest of the answer that replaces hyper's.
    refusal: Option<Bytes>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, activity: Arc<Activity>) -> Self {
        Self { stream, activity, refusal: None }
    }

    /// Hyper answers a malformed request with a status only; this writes a problem instead. `said`
    /// is the beginning of hyper's answer and `all` its length. `None` if it is another answer.
    fn poll_refusal(
        &mut self,
        context: &mut Context<'_>,
        said: &[u8],
        all: usize,
    ) -> Option<Poll<Result<usize>>> {
        if self.refusal.is_none() {
            self.refusal = Some(in_words(said)?);
        }
        while let Some(rest) = self.refusal.as_mut().filter(|rest| !rest.is_empty()) {
            match Pin::new(&mut self.stream).poll_write(context, rest) {
                Poll::Ready(Ok(written)) => rest.advance(written),
                Poll::Ready(Err(error)) => return Some(Poll::Ready(Err(error))),
                Poll::Pending => {
                    self.activity.wrote(false);
                    return Some(Poll::Pending);
                }
            }
        }
        self.refusal = None;
        self.activity.wrote(true);
        Some(Poll::Ready(Ok(all)))
    }
}

/// Hyper's own refusal as a problem. It is recognised by its empty body: our problems have one.
fn in_words(said: &[u8]) -> Option<Bytes> {
    let head = std::str::from_utf8(said).ok().filter(|head| head.starts_with("HTTP/1.1 4"))?;
    if !head.contains("\r\ncontent-length: 0\r\n") {
        return None;
    }
    let entry = match head.get(9..12)? {
        "414" => URI_TOO_LONG,
        "431" => HEAD_TOO_LARGE,
        _ => REQUEST_MALFORMED,
    };
    let problem = Problem::new(entry);
    // The client's language is unknown, because the head could not be parsed.
    let (status, body) = (problem.status(), problem.text(Language::Vietnamese));
    let mut answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-language: vi\r\n\
         cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(&body);
    Some(answer.into())
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        if let Some(polled) = self.poll_refusal(context, bytes, bytes.len()) {
            return polled;
        }
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.activity.wrote(polled.is_ready());
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let first = parts.first().map_or(&[][..], |part| part);
        let all = parts.iter().map(|part| part.len()).sum();
        if let Some(polled) = self.poll_refusal(context, first, all) {
            return polled;
        }
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.activity.wrote(polled.is_ready());
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        if polled.is_ready() {
            self.activity.flushed();
        }
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
