//! The one place of this crate that waits for time to pass.

use std::time::Duration;

/// Waits before a retry or a renewal.
#[expect(
    clippy::disallowed_methods,
    reason = "a server that is gone gives no sign when it is back"
)]
pub(crate) async fn rest(pause: Duration) {
    tokio::time::sleep(pause).await;
}
