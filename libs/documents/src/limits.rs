//! Limits of uploaded documents.

use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::SignedDuration;

/// Bytes of an uploaded document.
pub const DOCUMENT_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// Documents whose records are cached.
pub const DOCUMENTS_MAX: NonZeroUsize = non_zero(4_096);
/// How long a cached record is valid. Far below [`ORPHAN_GONE_FOR`], or a step could refer to a
/// document that is being removed.
pub const DOCUMENT_KNOWN_FOR: SignedDuration = SignedDuration::from_mins(10);
/// Bytes of a document's record.
pub const DOCUMENT_RECORD_BYTES_MAX: u64 = 4_096;
/// Age at which a document without a recorded step is marked for removal.
pub const ORPHAN_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// How long it is marked before it is removed: far longer than any request that may still know it.
pub const ORPHAN_GONE_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Interval of the search for such documents.
pub const ORPHANS_LOOKED_FOR_EVERY: SignedDuration = SignedDuration::from_hours(6);
/// Shortest time between two searches.
pub const ORPHANS_PAUSE_MIN: SignedDuration = SignedDuration::from_mins(10);
/// Documents per step of the search.
pub const ORPHANS_PAGE: usize = 256;
/// Uploads without a step that are counted per person; the oldest are dropped beyond that.
pub const UNNAMED_MAX: NonZeroUsize = non_zero(65_536);
/// Attempts to find a name for an upload while a document of that name is being removed.
pub const DOCUMENT_GENERATIONS_MAX: u8 = 8;
/// Concurrent uploads; each is buffered on disk until it is complete.
pub const UPLOADS_MAX: usize = 32;
/// Concurrent uploads per person, and per address.
pub const UPLOADS_OF_ONE_MAX: usize = 8;
/// How long an upload waits for its turn.
pub const UPLOAD_WAIT_MAX: Duration = Duration::from_secs(1);
/// Age without progress at which an unfinished upload counts as abandoned by a killed process: far
/// beyond a client's timeout.
pub const UPLOAD_ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);
/// Buffer of an upload into a folder, in bytes.
pub const UPLOAD_BUFFER_BYTES: u64 = 128 * 1024;
/// Bytes of a part of a multipart upload, which are held in memory. Object stores require at least
/// 5 MiB.
pub const OBJECT_PART_BYTES: u64 = 6 * 1024 * 1024;
/// Timeout for connecting to an object store.
pub const OBJECT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Timeout of one request to it.
pub const OBJECT_ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a request to it is retried; the caller is waiting.
pub const OBJECT_RETRY_FOR: Duration = Duration::from_secs(3);
/// Attempts of such a request.
pub const OBJECT_RETRIES: usize = 4;

/// The size of a cache. Fails to compile if it is zero.
const fn non_zero(size: usize) -> NonZeroUsize {
    NonZeroUsize::new(size).expect("a cache has room for one entry")
}
