//! Derives the problems that an operation can answer with from its declaration.

use dossier::RefusalEntry;
use dossier::step::{LAW_NOT_APPLICABLE, NOT_COMPUTABLE, VALUES_IMPOSSIBLE};

use super::{Content, Item};
use crate::problem::{
    BODY_INVALID, BUSY, CLOCK_WRONG, CONSISTENCY_AHEAD, CONTENDED, CONTENT_ENCODING,
    CREDENTIAL_NOT_VALID, HEAD_TOO_LARGE, HEADER_INVALID, INTERNAL, JSON_INVALID, KEY_MISSING,
    KEY_REUSED, LENGTH_REQUIRED, MANDATE_NOT_IN_FORCE, MEDIA_TYPE, NOT_CONSISTENT, NOT_FOUND,
    OWN_MATTER, PRECONDITION_REQUIRED, QUERY_INVALID, QUOTA_EXCEEDED, REQUEST_MALFORMED,
    ROLE_FORBIDDEN, STALE, TOKEN_EXPIRED, TOKEN_INVALID, TOKEN_MISSING, TOO_LARGE,
    TOO_MANY_AT_ONCE, TOO_OFTEN, TOO_SLOW, UNAVAILABLE, URI_TOO_LONG,
};
use crate::{Access, Counts};

/// Features of an operation that have problems of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Features {
    pub(crate) roles: bool,
    pub(crate) look_up: bool,
    pub(crate) address: bool,
    pub(crate) changes: bool,
    pub(crate) body: bool,
    pub(crate) json: bool,
    pub(crate) if_match: bool,
    pub(crate) step: bool,
    pub(crate) message: bool,
}

impl Features {
    fn of(item: &Item) -> Self {
        Self {
            roles: matches!(item.access, Access::Roles(_)),
            look_up: matches!(item.counts, Counts::LookUp | Counts::Published | Counts::Message),
            address: !item.path.is_empty(),
            changes: item.idempotency_key,
            body: item.body.is_some(),
            json: matches!(item.body, Some(Content::Json(_))),
            if_match: item.if_match,
            step: item.is_step,
            message: item.is_message,
        }
    }

    /// The problems that these features can cause.
    pub(crate) fn problems(self) -> Vec<RefusalEntry> {
        let mut all = vec![
            REQUEST_MALFORMED,
            HEADER_INVALID,
            QUERY_INVALID,
            CONSISTENCY_AHEAD,
            TOO_SLOW,
            URI_TOO_LONG,
            HEAD_TOO_LARGE,
            TOO_MANY_AT_ONCE,
            TOO_OFTEN,
            INTERNAL,
            NOT_CONSISTENT,
            BUSY,
            UNAVAILABLE,
        ];
        let mut with = |present: bool, entries: &[RefusalEntry]| {
            if present {
                all.extend_from_slice(entries);
            }
        };
        with(
            self.roles,
            &[
                TOKEN_MISSING,
                TOKEN_INVALID,
                TOKEN_EXPIRED,
                ROLE_FORBIDDEN,
                OWN_MATTER,
                MANDATE_NOT_IN_FORCE,
                CREDENTIAL_NOT_VALID,
            ],
        );
        with(self.roles || self.look_up, &[QUOTA_EXCEEDED]);
        with(self.roles || self.address, &[NOT_FOUND]);
        with(self.changes, &[KEY_MISSING, KEY_REUSED, CONTENDED, CLOCK_WRONG, TOO_LARGE]);
        with(self.body, &[LENGTH_REQUIRED, MEDIA_TYPE, CONTENT_ENCODING, TOO_LARGE]);
        with(self.json, &[JSON_INVALID, BODY_INVALID]);
        with(self.if_match, &[PRECONDITION_REQUIRED, STALE]);
        with(self.message, &[TOO_LARGE]);
        with(self.step, &[LAW_NOT_APPLICABLE, NOT_COMPUTABLE, VALUES_IMPOSSIBLE]);
        all
    }
}

/// Every problem that an operation can answer with, sorted by status and code.
pub(crate) fn of(item: &Item) -> Vec<RefusalEntry> {
    let mut all = Features::of(item).problems();
    all.extend_from_slice(&item.refusals);
    all.sort_by_key(|entry| (entry.status, entry.code));
    all.dedup_by_key(|entry| (entry.status, entry.code));
    all
}
