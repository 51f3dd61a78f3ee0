//! Limits of what is read.

/// Maximum number of findings that are reported at once.
pub const FINDINGS_MAX: usize = 100;
/// Maximum size of a partner's file, in bytes.
pub const FILE_BYTES_MAX: usize = 240 * 1024;
/// Maximum size of an incoming message (query or body) and of a response, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Maximum number of parameters of a query, or of members of a JSON object at one level.
pub const PARAMETERS_MAX: usize = 200;
/// Maximum length of a value that a notice takes from a message, in characters.
pub const VALUE_CHARS_MAX: usize = 500;
/// Maximum size of a statement, in bytes.
pub const STATEMENT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Maximum number of lines of a statement.
pub const STATEMENT_LINES_MAX: usize = 100_000;
/// Maximum depth of elements in a camt.053 document; the standard needs 13.
pub const XML_DEPTH_MAX: usize = 40;
/// Maximum amount of one payment, in đồng.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000;
/// Maximum number of accounts in a partner's file.
pub const ACCOUNTS_MAX: usize = 1_000;
/// Maximum number of entries of a table in a partner's file.
pub const ENTRIES_MAX: usize = 200;
