//! What the readiness probe answers.

use dossier::law::{Ending, Warning};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use web::Language;

/// Whether the process takes requests, and what an operator should look at.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the answer")]
pub(in crate::serve) struct ReadyReply {
    /// Whether it takes requests: the same as 200 instead of 503.
    pub(super) ready: bool,
    /// Whether something needs an operator, though requests are served.
    pub(super) warning: bool,
    /// Whether the event store can be read.
    pub(super) store: bool,
    /// Whether the event store takes writes.
    pub(super) writable: bool,
    /// Whether the machine's clock is right.
    pub(super) clock: bool,
    /// Whether the bus is connected.
    pub(super) bus: bool,
    /// Whether the read models have come to where the log ended when the process began.
    pub(super) caught_up: bool,
    /// Whether the process is shutting down.
    pub(super) stopping: bool,
    /// Background tasks that make no progress.
    #[schema(example = json!(["review reactions"]))]
    pub(super) standing: Vec<String>,
    /// Whether the place of documents answers.
    pub(super) documents: bool,
    /// Free bytes on the fullest disk; null where no disk is used.
    pub(super) disk_free_bytes: Option<u64>,
    /// The last position of the log that this process knows of.
    pub(super) head: u64,
    /// Obligations that fall due later.
    pub(super) open_obligations: usize,
    /// Obligations that have been due for more than a minute and were not enforced.
    pub(super) overdue_obligations: usize,
    /// Events that reactions gave up.
    pub(super) dead_letters: u64,
    /// Transactions that this process wrote.
    pub(super) groups: u64,
    /// Events in them.
    pub(super) events: u64,
    /// What ends soon and has no successor.
    pub(super) ends: Vec<EndingReply>,
    /// What is to be looked at in the law.
    pub(super) law: Vec<WarningReply>,
}

/// A part of the law, a certificate or a key that ends.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::serve) struct EndingReply {
    /// What ends.
    #[schema(example = "calendar/vn")]
    what: String,
    /// Its last day.
    last_day: Date,
    /// Days until then; negative if it is over.
    days: i64,
}

/// Something to look at in the law.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::serve) struct WarningReply {
    /// The file.
    #[schema(example = "procedure/CHEM.IMPORT/2")]
    what: String,
    /// Where in it, as a JSON Pointer.
    #[schema(example = "/fees/0")]
    pointer: String,
    /// Why, in the language of `Accept-Language`.
    #[schema(example = "the tariff ends before the procedure")]
    why: String,
}

impl From<Ending> for EndingReply {
    fn from(Ending { days, what, last_day }: Ending) -> Self {
        Self { what, last_day, days }
    }
}

impl WarningReply {
    pub(super) fn new(warning: Warning, language: Language) -> Self {
        let Warning { what, pointer, vi, en } = warning;
        let why = match language {
            Language::Vietnamese => vi,
            Language::English => en,
        };
        Self { what, pointer, why }
    }
}
