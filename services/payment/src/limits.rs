//! Limits of payment's exchange with partners.

use std::time::Duration;

/// Maximum number of files of partners.
pub(crate) const PARTNERS_MAX: usize = 100;
/// Maximum size of a file with a secret, in bytes.
pub(crate) const SECRET_BYTES_MAX: usize = 16 * 1024;
/// Requests to all partners at the same time: each partner has a part of it, at least one.
pub(crate) const CALLS_MAX: usize = PARTNERS_MAX;
/// Added to a partner's timeout before an unfinished try is made again, in seconds.
pub(crate) const TRY_MARGIN_S: i64 = 10;
/// Longest sleep of the sender while requests are on their way.
pub(crate) const SENDER_WAIT_MAX: Duration = Duration::from_millis(500);
/// How long the answer to a start of a payment waits for the partner.
pub const OPENED_WITHIN: Duration = Duration::from_secs(15);
/// Time between two looks at an attempt that another replica opens.
pub(crate) const OPENED_LOOK: Duration = Duration::from_millis(250);
/// How long a partner is called to begin a payment, in minutes. It is then asked what became of it.
pub(crate) const OPEN_FOR_MIN: i64 = 30;
/// How long after its request a refund is sent, in hours. After a day a cashier may end it: then it
/// must not be on its way.
pub(crate) const SENT_FOR_H: i64 = 23;
/// Timeouts of a partner after which nothing that was sent can still arrive.
pub(crate) const SETTLED_TIMEOUTS: i64 = 3;
/// Kept of what a partner answered or what is wrong with a request, in characters.
pub(crate) const REASON_CHARS_MAX: usize = 300;
/// Time between two removals of ended requests, in minutes.
pub(crate) const PRUNED_EVERY_MIN: i64 = 60;
