//! Reads values of verified messages; what is impossible becomes a finding.

use jiff::Timestamp;

use crate::finding::{Findings, escaped};
use crate::limits::{AMOUNT_MAX, VALUE_CHARS_MAX};
use crate::notice::Rejected;
use crate::outbound::address;
use crate::partner::Partner;
use crate::terms::Vnd;
use crate::time::parse_compact;

/// The pointer of a value: names of `hmac_body` are pointers already.
fn at(name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("/{}", escaped(name)) }
}

/// Values of one message, and the findings about them.
pub(super) struct Reading<F> {
    value: F,
    pub(super) found: Findings,
}

impl<F: Fn(&str) -> String> Reading<F> {
    /// Reads by a function that gives the value of a name, empty if there is none.
    pub(super) fn new(value: F) -> Self {
        Self { value, found: Findings::default() }
    }

    /// A value that may be missing.
    pub(super) fn optional(&mut self, name: &str) -> Option<String> {
        let value = (self.value)(name);
        let length = value.chars().count();
        if length > VALUE_CHARS_MAX || value.chars().any(char::is_control) {
            self.found.add(
                at(name),
                format!("dài {length} ký tự, nhiều nhất {VALUE_CHARS_MAX}, không có ký tự điều khiển"),
                format!("has {length} characters, at most {VALUE_CHARS_MAX}, none of them control characters"),
            );
            return None;
        }
        Some(value).filter(|value| !value.is_empty())
    }

    /// A value that must be there; empty if it is missing.
    pub(super) fn text(&mut self, name: &str) -> String {
        let before = self.found.0.len();
        let value = self.optional(name);
        if value.is_none() && self.found.0.len() == before {
            self.found.add(at(name), "không có", "is missing");
        }
        value.unwrap_or_default()
    }

    /// A value that must be the expected one, if it is there.
    pub(super) fn expect(&mut self, name: &str, expected: &str) {
        let value = (self.value)(name);
        if !value.is_empty() && value != expected {
            let shown: String = value.chars().take(60).collect();
            let (vi, en) = (
                format!("là `{shown}`, không phải `{expected}`"),
                format!("is `{shown}`, not `{expected}`"),
            );
            self.found.add(at(name), vi, en);
        }
    }

    /// A value that must be there, and be the expected one.
    pub(super) fn require(&mut self, name: &str, expected: &str) {
        self.text(name);
        self.expect(name, expected);
    }

    /// An amount in parts of a đồng of which `parts` make one; zero if it is missing or impossible.
    pub(super) fn amount(&mut self, name: &str, parts: i64) -> Vnd {
        let text = self.text(name);
        if text.is_empty() {
            return Vnd(0);
        }
        let digits = text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
        let amount = digits.then(|| text.parse::<i64>().ok()).flatten();
        let whole = amount.filter(|amount| amount.checked_rem(parts) == Some(0));
        let whole = whole.and_then(|amount| amount.checked_div(parts));
        let whole = whole.filter(|amount| (0..=AMOUNT_MAX).contains(amount));
        if whole.is_none() {
            let (vi, en) = (
                format!("`{text}` không phải số tiền nguyên đồng"),
                format!("`{text}` is not an amount in whole đồng"),
            );
            self.found.add(at(name), vi, en);
        }
        Vnd(whole.unwrap_or(0))
    }

    /// A local time `yyyyMMddHHmmss` that may be missing.
    pub(super) fn compact_time(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.optional(name)?;
        let at = parse_compact(&text);
        if at.is_none() {
            self.no_time(name, &text);
        }
        at
    }

    /// Milliseconds since 1970 that may be missing.
    pub(super) fn milliseconds(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.optional(name)?;
        let at = text.parse().ok().and_then(|number| Timestamp::from_millisecond(number).ok());
        if at.is_none() {
            self.no_time(name, &text);
        }
        at
    }

    /// An address to which a payer's browser is sent.
    pub(super) fn link(&mut self, name: &str, partner: &Partner) -> String {
        let text = self.text(name);
        if !text.is_empty()
            && let Err(blocked) = address(&text, partner.permits_http)
        {
            self.found.add(at(name), blocked.vi(), blocked.to_string());
        }
        text
    }

    pub(super) fn no_time(&mut self, name: &str, text: &str) {
        let (vi, en) =
            (format!("`{text}` không phải thời điểm"), format!("`{text}` is not a time"));
        self.found.add(at(name), vi, en);
    }

    /// `value` if nothing was found.
    pub(super) fn or<T>(self, value: T) -> Result<T, Rejected> {
        self.found.or(value).map_err(Rejected::Content)
    }
}

/// Checks values that are joined with a separator: none may contain it, or the same string could
/// be split in another way.
pub(super) fn without(found: &mut Findings, separator: &str, values: &[(&str, &str)]) {
    for (name, value) in values {
        if value.contains(separator) {
            let (vi, en) =
                (format!("không được có `{separator}`"), format!("must not contain `{separator}`"));
            found.add(at(name), vi, en);
        }
    }
}

/// Checks an amount that is asked for or returned.
pub(super) fn payable(found: &mut Findings, partner: &Partner, amount: Vnd) {
    let (least, most) = (partner.limits.amount_min, partner.limits.amount_max);
    if amount < least || amount > most {
        let (vi, en) = (
            format!("từ {} đến {} đồng", least.0, most.0),
            format!("is from {} to {} đồng", least.0, most.0),
        );
        found.add("/amount", vi, en);
    }
}

/// Checks a reference or another name that goes into a request.
pub(super) fn name(found: &mut Findings, pointer: &str, text: &str, max: usize) {
    let permitted = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if text.is_empty() || text.len() > max || !text.bytes().all(permitted) {
        let (vi, en) = (
            format!("là 1 đến {max} ký tự A-Z a-z 0-9 - _ . :"),
            format!("is 1 to {max} of A-Z a-z 0-9 - _ . :"),
        );
        found.add(pointer, vi, en);
    }
}
