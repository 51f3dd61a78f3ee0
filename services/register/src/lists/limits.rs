//! Limits of the lists.

/// Events per page: a dossier whose events are in one page is written once.
pub(super) const PAGE_EVENTS: usize = 8_192;
/// Bytes of the events behind the states in memory, as an estimate.
pub(super) const STATES_BYTES_MAX: usize = 12 * 1024 * 1024;
/// Dossiers whose states are in memory.
pub(super) const STATES_MAX: usize = 4_096;
/// Dossiers that are read from the store at the same time.
pub(super) const READS_AT_ONCE: usize = 16;
/// Events of a page from which on they are decoded on two threads.
pub(super) const SPLIT_FROM: usize = 256;
/// Rows that a page of a list looks at: with a filter that few of them pass, the page is short, and
/// its `next` link continues.
pub(super) const ROWS_SCANNED_MAX: usize = 2_000;
/// Ranges that are merged into a page of a list.
pub(crate) const RANGES_MAX: usize = 1_000;
/// Keys that are read at once from a range.
pub(super) const KEYS_AT_ONCE: u32 = 64;
/// Dossiers whose rows are derived anew in one transaction.
pub(super) const ANEW_AT_ONCE: usize = 256;
/// Rows that are scanned at once for dossiers whose rows are derived anew.
pub(super) const ANEW_SCANNED_AT_ONCE: i64 = 20_000;
