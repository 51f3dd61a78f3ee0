//! Encodes recorded events as CloudEvents in binary mode (CloudEvents 1.0.2 with its NATS protocol
//! binding), and decodes them.

use std::fmt::Write;

use async_nats::HeaderMap;
use async_nats::jetstream::message::PublishMessage;
use uuid::Uuid;

use super::Nats;
use super::seal::Kind;
use crate::bus;
use crate::{Position, Recorded, StreamName, Version};

const POSITION: &str = "Dossier-Position";
const PREVIOUS: &str = "Dossier-Previous";
const VERSION: &str = "Dossier-Version";
const META: &str = "Dossier-Meta";
const SEAL: &str = "Dossier-Seal";

/// An event and the position of its predecessor.
pub(super) struct Carried {
    pub(super) event: Recorded,
    /// Position of the previous event of the same source; the follower must have reached it.
    pub(super) previous: Position,
}

pub(super) fn write(event: &Recorded, previous: Position, nats: &Nats) -> PublishMessage {
    let store = nats.store.id();
    let mut headers = HeaderMap::new();
    headers.insert("ce-specversion", "1.0");
    headers.insert("ce-id", event.id.to_string());
    headers.insert("ce-source", source(store));
    headers.insert("ce-type", &*event.kind);
    headers.insert("ce-subject", event.stream.as_str());
    headers.insert("content-type", "application/json");
    for (name, value) in (nats.describe)(event) {
        headers.insert(name, escape(&value));
    }
    headers.insert(POSITION, event.position.0.to_string());
    headers.insert(PREVIOUS, previous.0.to_string());
    headers.insert(VERSION, event.version.0.to_string());
    headers.insert(META, escape(&event.meta));
    headers.insert(
        SEAL,
        with_sealed(event, previous, store, |parts| nats.seal.of(Kind::Event, parts)),
    );
    PublishMessage::build()
        .message_id(event.id.to_string())
        .headers(headers)
        .payload(event.data.clone().into())
}

/// All parts of a message that followers read, which the seal covers.
fn with_sealed<T>(
    event: &Recorded,
    previous: Position,
    store: Uuid,
    then: impl FnOnce(&[&[u8]]) -> T,
) -> T {
    then(&[
        store.as_bytes(),
        &event.position.0.to_be_bytes(),
        &previous.0.to_be_bytes(),
        &event.version.0.to_be_bytes(),
        event.stream.as_str().as_bytes(),
        event.id.as_bytes(),
        event.kind.as_bytes(),
        event.data.as_bytes(),
        event.meta.as_bytes(),
    ])
}

/// The CloudEvents `source` of a store.
pub(super) fn source(store: Uuid) -> String {
    format!("urn:uuid:{store}")
}

pub(super) fn source_of(headers: &HeaderMap) -> Option<&str> {
    headers.get("ce-source").map(async_nats::HeaderValue::as_str)
}

/// Decodes a message; `None` unless it has a valid seal for this store, source and subject. Anyone
/// with publish rights can write to the stream or copy other messages into it.
pub(super) fn read(
    headers: &HeaderMap,
    payload: &[u8],
    (origin, nats): (&str, &Nats),
) -> Option<Carried> {
    let store = nats.store.id();
    if source_of(headers)? != source(store) {
        return None;
    }
    let text = |name: &str| headers.get(name).map(async_nats::HeaderValue::as_str);
    let number = |name: &str| text(name)?.parse().ok();
    let event = Recorded {
        position: Position(number(POSITION)?),
        stream: StreamName::new(text("ce-subject")?).ok()?,
        version: Version(number(VERSION)?),
        id: text("ce-id")?.parse().ok()?,
        kind: text("ce-type")?.into(),
        data: String::from_utf8(payload.to_vec()).ok()?,
        meta: unescape(text(META)?)?,
    };
    if bus::source(&event.kind) != origin {
        return None;
    }
    let (previous, sealed) = (Position(number(PREVIOUS)?), text(SEAL)?);
    with_sealed(&event, previous, store, |parts| nats.seal.fits(Kind::Event, parts, sealed))
        .then_some(Carried { event, previous })
}

/// Percent-encodes control characters, `%`, and leading and trailing spaces, which header values
/// cannot contain (RFC 3986, section 2.1).
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c <= ' ' || c == '%' || c == '\u{7f}' {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{:02X}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut plain = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        plain.push(char::from(u8::from_str_radix(code, 16).ok()?));
        plain.push_str(rest);
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_an_event_comes_back_byte_for_byte() {
        for text in ["", "{}", " a b ", "100%\r\n\0\t", "hồ sơ ₫ 💧", "%25%0A", "{\"a\":\"b c\"}"]
        {
            assert!(!escape(text).contains(['\r', '\n', ' ']));
            assert_eq!(unescape(&escape(text)).as_deref(), Some(text));
        }
        assert_eq!(unescape("%"), None);
        assert_eq!(unescape("%zz"), None);
    }
}
