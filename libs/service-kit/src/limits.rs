//! Every limit of the kit.

use std::time::Duration;

use jiff::SignedDuration;

/// Bytes of a request's body, uploads apart.
pub const BODY_BYTES_MAX: u64 = 512 * 1024;
/// Levels of objects and arrays in a JSON body.
pub const JSON_DEPTH_MAX: usize = 32;
/// Characters of a text in a JSON body, whatever its field allows: a file of rules is the longest.
pub const JSON_TEXT_CHARS_MAX: usize = dossier::law::RULES_BYTES_MAX;
/// Characters of a key in a JSON body.
pub const JSON_KEY_CHARS_MAX: usize = 200;
/// Characters of a text in a form, whatever its schema allows.
pub const FORM_TEXT_CHARS_MAX: usize = 10_000;
/// Bytes of an uploaded document.
pub const DOCUMENT_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// Documents whose records are remembered.
pub const DOCUMENTS_MAX: usize = 4_096;
/// For how long a record is believed without looking again: shorter than [`ORPHAN_GONE_FOR`] by far more than a request lasts,
/// or a step could name a document that is being removed.
pub const DOCUMENT_KNOWN_FOR: SignedDuration = SignedDuration::from_mins(10);
/// Bytes of what is kept beside a document.
pub const DOCUMENT_RECORD_BYTES_MAX: u64 = 4_096;
/// How long a document may stay that no recorded step names.
pub const ORPHAN_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// How long it is unknown to steps before it is removed: far longer than any request that still knew it.
pub const ORPHAN_GONE_FOR: SignedDuration = SignedDuration::from_hours(1);
/// How often all documents are looked through for such ones.
pub const ORPHANS_LOOKED_FOR_EVERY: SignedDuration = SignedDuration::from_hours(6);
/// The shortest time between two such looks.
pub const ORPHANS_PAUSE_MIN: SignedDuration = SignedDuration::from_mins(10);
/// Documents looked at in one step of that.
pub const ORPHANS_PAGE: usize = 256;
/// Uploads of this process that are not named yet and are counted by person; the oldest are forgotten beyond that.
pub const UNNAMED_MAX: usize = 65_536;
/// How often an upload takes another name because the one it would have is being removed.
pub const DOCUMENT_GENERATIONS_MAX: u8 = 8;

/// The limits of a server, in the place of which a test may put smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// Connections at the same time. One more takes the place of an idle one of the address that has most.
    pub connections: usize,
    /// Those of one address, an IPv6 network of 64 bits counting as one; a trusted proxy has no such limit.
    pub connections_of_one: usize,
    /// Requests of a connection, after which it is closed.
    pub requests_of_connection: u64,
    /// Requests of one client that are being answered.
    pub requests_of_one: u64,
    /// Requests of one client in a second, and twice as many at once; further ones wait for their turn. 0 is no limit.
    pub requests_per_second_of_one: u32,
    /// For how long a request waits for its client's turn; one that would wait longer is refused, with when to come again.
    pub turn_wait: Duration,
    /// Bytes in memory of bodies that are being read and of answers that are not through, in all.
    pub bytes: u64,
    /// Those of one client.
    pub bytes_of_one: u64,
    /// Bytes of the head of a request.
    pub head_bytes: usize,
    /// How long a client may take to send the head of a request, and be idle before it.
    pub head: Duration,
    /// The same for a trusted proxy, which keeps connections for later.
    pub proxy_idle: Duration,
    /// In every such stretch of time a body must bring …
    pub body_every: Duration,
    /// … so many bytes, or come to its end.
    pub body_bytes_min: u64,
    /// How long a body may take, whatever its length, and, from its end on, a handler to answer.
    pub request: Duration,
    /// Beyond that time a body must have brought so many bytes a second.
    pub body_bytes_per_second: u64,
    /// For how long a client may take nothing of an answer.
    pub stalled: Duration,
    /// After how long a connection takes no further request.
    pub connection_age: Duration,
    /// After how long it ends, whatever is on its way.
    pub connection_end: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_of_one: 1_024,
            requests_of_connection: 10_000,
            requests_of_one: 1_024,
            requests_per_second_of_one: 1_000,
            turn_wait: Duration::from_secs(5),
            bytes: 64 * 1024 * 1024,
            bytes_of_one: 16 * 1024 * 1024,
            head_bytes: 32 * 1024,
            head: Duration::from_secs(10),
            proxy_idle: Duration::from_secs(300),
            body_every: Duration::from_secs(10),
            body_bytes_min: 8 * 1024,
            request: REQUEST_TIMEOUT,
            body_bytes_per_second: 64 * 1024,
            stalled: Duration::from_secs(20),
            connection_age: Duration::from_secs(15 * 60),
            connection_end: Duration::from_secs(60 * 60),
        }
    }
}

impl ServerLimits {
    /// How long a body of so many bytes may take: the largest upload a quarter of an hour.
    #[must_use]
    pub fn body_in(&self, length: u64) -> Duration {
        self.request + Duration::from_secs(length / self.body_bytes_per_second.max(1))
    }
}

/// Connections that wait to be accepted.
pub const LISTEN_QUEUE: u32 = 4_096;
/// Bytes of a socket's send buffer: what a client does not take is in the kernel's memory, and when a slow one takes a
/// third of it shows as progress.
pub const SEND_BUFFER_BYTES: u32 = 128 * 1024;
/// How long no connection is accepted after one could not be.
pub const ACCEPT_REST: Duration = Duration::from_millis(50);
/// How long the rest of a body that is not wanted is taken and thrown away, so that its sender reads the answer.
pub const DISCARD_MAX: Duration = Duration::from_secs(2);
/// How often a connection is looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often, once the process stops.
pub const LOOK_EVERY_STOPPING: Duration = Duration::from_millis(250);
/// For how long a client may take nothing of an answer, once the process stops.
pub const STOPPING_STALLED_MAX: Duration = Duration::from_secs(2);
/// How long a connection may be in the middle of a head, once the process stops.
pub const STOPPING_IDLE_MAX: Duration = Duration::from_secs(1);
/// How long it may be in the middle of a body.
pub const STOPPING_BODY_MAX: Duration = Duration::from_secs(3);
/// How long a client may take to send a small body, and then a handler to answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How long requests in flight may take to finish once the service stops.
pub const DRAIN_MAX: Duration = Duration::from_secs(25);
/// How long tasks have to end the step in hand when the process stops; what they had not done is found again at the next start.
pub const TASKS_END_MAX: Duration = Duration::from_secs(8);

/// How often a command is decided again because the stream moved on or an append's outcome is unknown.
pub const ATTEMPTS_MAX: u32 = 8;
/// After how long an append whose outcome is unknown is not tried again: with the one under way, well within
/// [`REQUEST_TIMEOUT`].
pub const UNKNOWN_MAX: Duration = Duration::from_secs(15);
/// Streams whose state is kept in memory, for each kind of stream.
pub const STATES_MAX: usize = 1_024;
/// Bytes of the events that these states were made from, for each kind of stream.
pub const STATES_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Verified tokens that are remembered.
pub const TOKENS_MAX: usize = 16_384;
/// Bytes of a token; no longer one is looked at.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a token's subject, and of the person for whom it acts.
pub const SUBJECT_BYTES_MAX: usize = 200;
/// How far the clocks of issuer and service may differ.
pub const CLOCK_LEEWAY: SignedDuration = SignedDuration::from_secs(30);
/// How long after they were read the identity provider's keys are read again.
pub const KEYS_FRESH_FOR: Duration = Duration::from_secs(300);
/// How long after a failure they are read again.
pub const KEYS_RETRY: Duration = Duration::from_secs(30);
/// How long after one reading the next may begin, whoever asks for it.
pub const KEYS_REST: Duration = Duration::from_secs(10);
/// How long keys are trusted that cannot be read again; then nobody is let in until they can.
pub const KEYS_TRUSTED_FOR_MAX: SignedDuration = SignedDuration::from_secs(60 * 60);
/// How long an identity provider may take to give its keys.
pub const KEYS_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a set of keys.
pub const KEYS_BYTES_MAX: u64 = 1024 * 1024;
/// Keys of a set: a token that names none is tried with each.
pub const KEYS_MAX: usize = 64;
/// Bits of an RSA key, at the least (NIST SP 800-131A).
pub const RSA_BITS_MIN: usize = 2_048;
/// Bytes of a secret of the installation, at the least.
pub const SECRET_BYTES_MIN: usize = 16;
/// Lines about refused tokens in the log.
pub const REFUSED_TOKENS_LOGGED_PER_SECOND: u32 = 10;
/// Bytes of an `Idempotency-Key`.
pub const KEY_BYTES_MAX: usize = 200;

// What holds a request for long. Each kind has a number in all and for one client; streams of events belong here too.

/// Reads that wait for what a `Consistency-Token` names.
pub const WAITS_MAX: u64 = 1_024;
/// Those of one client.
pub const WAITS_OF_ONE_MAX: u64 = 64;
/// How long a read waits for what a `Consistency-Token` names.
pub const CONSISTENCY_WAIT_MAX: Duration = Duration::from_secs(5);

/// How far this machine's clock may be from that of the store's machine: less than half of [`CLOCK_BACK_MAX`], or two machines
/// that are both within it would keep one another from recording.
pub const CLOCK_OFF_MAX: SignedDuration = SignedDuration::from_secs(2);
/// How much older than the newest recorded event one may be that is recorded now: as far as clocks of several machines are apart
/// that are all right.
pub const CLOCK_BACK_MAX: SignedDuration = SignedDuration::from_secs(5);
/// How far a clock may be moved between two looks at it: a time service slews by less.
pub const CLOCK_JUMP_MAX: SignedDuration = SignedDuration::from_secs(5);
/// For how long a clock that was set must go on steadily until it is believed without another one to compare it with.
pub const CLOCK_STEADY_FOR: Duration = Duration::from_mins(10);
/// How far the machine's clock may be ahead of the log without an operator being asked whether what fell due since is to be
/// enforced.
pub const CLOCK_AHEAD_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How far it may be ahead without an operator being asked, although nothing fell due, where no other clock agrees with it: it
/// would be the longest time that an office recorded nothing, and what a wrong clock dates ahead cannot be taken back.
pub const CLOCK_ODD_MAX: SignedDuration = SignedDuration::from_hours(365 * 24);
/// What a caller is told to wait whose step is not recorded because the clock is wrong.
pub const CLOCK_RETRY_AFTER: Duration = Duration::from_secs(10);
/// How often the clock is compared with that of the store's machine.
pub const CLOCK_COMPARED_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// How often it is looked what of the law ends soon.
pub const ENDINGS_LOOKED_AT_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How long before the end of a certificate, or of the last key of the identity provider, it is warned of, in days.
pub const CERTIFICATE_WARNED_DAYS: i64 = 30;
/// Events at the end of the log among which the time of the newest is looked for.
pub const NEWEST_LOOKED_AT: usize = 100;
/// How long a task may take for one step, or go on failing, until it counts as standing.
pub const TASK_STANDS_AFTER: Duration = Duration::from_secs(30);
/// How long a probe of health or figures waits for one whom it asks, all of them at the same time: it answers within two seconds.
pub const PROBE_ASKS_MAX: Duration = Duration::from_millis(1_500);
/// For how long an object store that answered is not asked again by probes: each question is a listing, and is paid for.
pub const PROBE_DOCUMENTS_FRESH_FOR: Duration = Duration::from_secs(15);
/// For how long what a probe found answers the next ones: whoever probes often must not cost much.
pub const PROBE_FRESH_FOR: Duration = Duration::from_millis(250);
/// Bytes that should be free on each disk.
pub const DISK_FREE_MIN: u64 = 512 * 1024 * 1024;
/// How long a collector may take to accept spans.
pub const TRACES_SENT_IN: Duration = Duration::from_secs(5);
/// How long the last spans may take when the process stops.
pub const TRACES_SHUT_DOWN_IN: Duration = Duration::from_secs(3);

/// Events of one page of a follower.
pub const PAGE_EVENTS: usize = 512;
/// Events of one page of a read model: what is written together costs less.
pub const VIEW_PAGE_EVENTS: usize = 4_096;
/// Questions for one row of a read model that are answered at the same time.
pub const LOOK_UPS_AT_ONCE: usize = 2;
/// More of them that wait; one more is refused as busy.
pub const LOOK_UPS_WAITING_MAX: usize = 1_024;
/// Pages of lists that are read from a read model at the same time.
pub const LISTS_AT_ONCE: usize = 2;
/// More of them that wait.
pub const LISTS_WAITING_MAX: usize = 256;
/// Figures over many rows of a read model that are counted at the same time: each takes a core for as long as it lasts.
pub const STATISTICS_AT_ONCE: usize = 2;
/// More of them that wait.
pub const STATISTICS_WAITING_MAX: usize = 64;
/// Reactions in flight in one service.
pub const IN_FLIGHT_MAX: usize = 64;
/// Obligations enforced together in one service. With fewer, what one sync of the store costs is shared by too few when very
/// many fall due in the same instant.
pub const ENFORCED_TOGETHER: usize = 256;
/// Such groups in flight: while one is decided on, another is read and a third one synced.
pub const GROUPS_IN_FLIGHT: usize = 3;
/// Events that wait in one service for something that must come first.
pub const PARKED_MAX: usize = 10_000;
/// Notices of partners that name nothing of ours, shown at once.
pub const UNMATCHED_PAGE_MAX: usize = 100;
/// Events that were given up, shown at once.
pub const DEAD_LETTERS_MAX: usize = 1_000;
/// How long an event may wait before it is given up and shown to an operator.
pub const PARKED_FOR_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest wait before a failed attempt is repeated.
pub const BACK_OFF_MAX: Duration = Duration::from_secs(60);
/// Dossier codes taken from the store at once.
pub const CODES_PER_BLOCK: u32 = 100;

/// Callers of whom it is remembered what they have used, by subject or by address.
pub const QUOTA_CALLERS_MAX: usize = 32_768;
/// The largest number that a quota may be.
pub const QUOTA_MAX: u64 = 1 << 40;
/// The longest time, in seconds: a week.
pub const QUOTA_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;

/// Uploads at the same time: each waits on the disk until it is whole.
pub const UPLOADS_MAX: usize = 32;
/// Those of one person, and those from one address: a quarter.
pub const UPLOADS_OF_ONE_MAX: usize = 8;
/// How long an upload waits for room.
pub const UPLOAD_WAIT_MAX: Duration = Duration::from_secs(1);
/// After how long without a byte an unfinished upload is taken for one whose process was killed: far beyond the time that a
/// client has for sending.
pub const UPLOAD_ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);
/// Bytes of an upload into a folder that are in memory at a time.
pub const UPLOAD_BUFFER_BYTES: u64 = 128 * 1024;
/// Bytes of a part of a large document on its way into an object store: what of it is in memory at a time. A store wants at
/// least 5 MiB.
pub const OBJECT_PART_BYTES: u64 = 6 * 1024 * 1024;
/// How long an object store may take to accept a connection.
pub const OBJECT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it may take for one request.
pub const OBJECT_ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a request to it is tried again: callers wait.
pub const OBJECT_RETRY_FOR: Duration = Duration::from_secs(3);
/// How often.
pub const OBJECT_RETRIES: usize = 4;
