//! What an operation takes or answers instead of JSON.

use super::{Operation, Unbound};

impl<A> Operation<A, Unbound> {
    /// The body may be bytes of one of these media types instead of JSON.
    pub fn or_takes(mut self, media_types: &'static [&'static str]) -> Self {
        self.item.or_takes = media_types;
        self
    }

    /// The reply may be had as bytes of these media types instead, if `Accept` prefers one (RFC
    /// 9110, 12.5.1).
    pub fn or_bytes(mut self, media_types: &'static [&'static str]) -> Self {
        self.item.or_bytes = media_types;
        self
    }

    /// The reply may be had as server-sent events instead, if `Accept` prefers them; with an
    /// example.
    pub fn or_events(mut self, example: &'static str) -> Self {
        self.item.or_events = Some(example);
        self
    }
}
