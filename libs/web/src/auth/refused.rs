//! Reasons for refusing a token: the message to the caller, which reveals nothing, and the reason
//! in the log.

use std::sync::{Mutex, PoisonError};

use calendar::Text;
use jiff::Timestamp;

use crate::limits::REFUSED_TOKENS_LOGGED_PER_SECOND;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthenticated {
    /// No token.
    Missing,
    /// Not the scheme `Bearer`.
    Scheme,
    /// Not a token in three parts with a header.
    Malformed,
    /// Longer than the limit.
    TooLong,
    /// The header has `crit`.
    Critical,
    /// An ID token, a logout token, a refresh token.
    NotForAccess,
    /// No trusted key has this name and algorithm.
    UnknownKey,
    /// A development key, of another installation or where none is trusted.
    DevelopmentKey,
    /// The signature is invalid.
    Signature,
    /// A claim is missing or malformed: its name.
    Claim(&'static str),
    /// Of another issuer.
    Issuer,
    /// For another audience.
    Audience,
    /// Not valid yet.
    Early,
    Expired,
    /// Its lifetime exceeds the limit.
    LongLived,
    /// The keys could not be read for too long. Not the caller's fault.
    KeysTooOld,
}

impl Unauthenticated {
    /// The reason in one word, for the log.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Scheme => "scheme",
            Self::Malformed => "malformed",
            Self::TooLong => "too-long",
            Self::Critical => "critical-extension",
            Self::NotForAccess => "not-an-access-token",
            Self::UnknownKey => "unknown-key",
            Self::DevelopmentKey => "development-key",
            Self::Signature => "signature",
            Self::Claim(_) => "claim",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Early => "early",
            Self::Expired => "expired",
            Self::LongLived => "long-lived",
            Self::KeysTooOld => "keys-too-old",
        }
    }

    /// The message to the caller: what to change, and nothing about keys and settings.
    #[must_use]
    pub fn said(self) -> Text {
        let (vi, en) = match self {
            Self::Missing => (
                "hãy gửi tiêu đề `Authorization: Bearer …`",
                "send the header `Authorization: Bearer …`",
            ),
            Self::Scheme => (
                "tiêu đề Authorization phải gồm `Bearer` và một mã xác thực",
                "the Authorization header must be `Bearer` and one token",
            ),
            Self::Malformed => (
                "mã xác thực không phải là JSON Web Token có chữ ký",
                "the token is not a signed JSON Web Token",
            ),
            Self::TooLong => ("mã xác thực quá dài", "the token is too long"),
            Self::Critical => (
                "phần đầu của mã xác thực có `crit`; hệ thống không hỗ trợ phần mở rộng nào",
                "the token's header has `crit`, and no extension is supported",
            ),
            Self::NotForAccess => (
                "đây không phải access token; không dùng được ID token và logout token",
                "the token is not an access token; ID tokens and logout tokens are not accepted",
            ),
            Self::UnknownKey => (
                "mã xác thực được ký bằng khóa không thuộc hệ thống này",
                "the token was signed with a key that this server does not trust",
            ),
            Self::DevelopmentKey => (
                "mã xác thực được ký bằng khóa thử nghiệm không thuộc hệ thống này: `dossier token` \
                 cần đúng `--data` của hệ thống; hệ thống có nhà cung cấp danh tính không nhận mã này",
                "the token was signed with a development key that is not this server's: `dossier \
                 token` needs the `--data` of the server; a server with an identity provider accepts \
                 no such token",
            ),
            Self::Signature => (
                "chữ ký của mã xác thực không khớp với khóa mà nó nêu",
                "the token's signature does not match the key that it names",
            ),
            Self::Claim(name) => {
                return Text::new(
                    format!("trường `{name}` của mã xác thực bị thiếu hoặc sai dạng"),
                    format!("the token's claim `{name}` is missing or malformed"),
                );
            }
            Self::Issuer => (
                "`iss` của mã xác thực không phải là bên cấp được hệ thống tin cậy",
                "the token's `iss` is not the issuer that this server trusts",
            ),
            Self::Audience => (
                "`aud` của mã xác thực không nêu hệ thống này",
                "the token's `aud` does not name this service",
            ),
            Self::Early => (
                "mã xác thực chưa có hiệu lực; hãy so `nbf` và `iat` với giờ hiện tại",
                "the token is not valid yet; compare `nbf` and `iat` with the time",
            ),
            Self::Expired => (
                "mã xác thực đã hết hạn; hãy so `exp` với giờ hiện tại",
                "the token has expired; compare `exp` with the time",
            ),
            Self::LongLived => (
                "thời gian hiệu lực của mã xác thực dài hơn mức cho phép",
                "the token is valid for longer than this server allows",
            ),
            Self::KeysTooOld => (
                "không đọc được khóa của nhà cung cấp danh tính",
                "the identity provider's keys cannot be read",
            ),
        };
        Text::new(vi, en)
    }
}

/// Rate limit for log messages about refused tokens, because anybody can cause them.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<Second>);

#[derive(Debug, Default)]
struct Second {
    at: i64,
    lines: u32,
    left_out: u64,
}

impl Refusals {
    /// Logs a refusal, without the token and with the key id up to its maximum length.
    pub(super) fn log(&self, refused: Unauthenticated, kid: Option<&str>, now: Timestamp) {
        let (reason, claim) = (
            refused.reason(),
            match refused {
                Unauthenticated::Claim(name) => name,
                _ => "",
            },
        );
        // Requests without a token are common.
        if refused == Unauthenticated::Missing {
            tracing::debug!(reason, "request without a token");
            return;
        }
        let Some(left_out) = self.line(now.as_second()) else { return };
        let kid: String =
            kid.unwrap_or("").chars().filter(char::is_ascii_graphic).take(64).collect();
        tracing::info!(reason, claim, kid, left_out, "token refused");
    }

    /// Number of messages left out before this one; `None` if this one is left out too.
    fn line(&self, second: i64) -> Option<u64> {
        let mut this = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if this.at != second {
            (this.at, this.lines) = (second, 0);
        }
        if this.lines >= REFUSED_TOKENS_LOGGED_PER_SECOND {
            this.left_out = this.left_out.saturating_add(1);
            return None;
        }
        this.lines += 1;
        Some(std::mem::take(&mut this.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_bad_tokens_does_not_flood_the_log_and_is_counted() {
        let refusals = Refusals::default();
        let lines = (0..1_000).filter(|_| refusals.line(7).is_some()).count();
        assert_eq!(lines, REFUSED_TOKENS_LOGGED_PER_SECOND as usize);
        assert_eq!(refusals.line(8), Some(1_000 - lines as u64));
        assert_eq!(refusals.line(8), Some(0));
    }
}
