//! Uploaded documents: streamed to their store, named by a keyed digest, and durable before the
//! name is returned. A document is never held in memory as a whole, and its name reveals nothing
//! about its content without the installation's key. Beside each is a record of its uploader:
//! knowing a name gives no right to refer to it in a step.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Buf;
use dossier::access::{Caller, May};
use dossier::contract::{Actor, AgencyCode, DocumentDigest, DocumentName, Subject};
use events::reach::Server;
use futures_util::{Stream, StreamExt};
use jiff::Timestamp;
use lru::LruCache;
use platform::TimeSource;
use platform::secret::{Secret, random_name};
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

use crate::limits::{
    DOCUMENT_GENERATIONS_MAX, DOCUMENT_KNOWN_FOR, DOCUMENTS_MAX, UPLOAD_ABANDONED_AFTER,
};

#[cfg(feature = "s3")]
mod bucket;
mod content;
mod copies;
mod home;
pub mod limits;
mod media;
mod opened;
mod orphans;
mod places;
mod promised;
mod record;
mod unnamed;
mod upload;

pub use content::{Content, HomeError};
pub use copies::Copied;
use home::Home;
pub use media::DOCUMENT_TYPES;
use media::{MEDIA_TYPES, MediaType};
pub use opened::{NamedError, OpenedDocument, OpenedError};
pub use orphans::{NamedDocuments, Orphans};
use places::Places;
pub use promised::{InvalidDigest, Promised};
use record::{Record, hexadecimal, owner, record_file};
use unnamed::Unnamed;
pub use upload::{Interrupted, Upload, UploadError};
use upload::{Part, write};

/// The documents of an installation.
#[derive(Debug)]
pub struct Documents {
    home: Home,
    /// Unique per process: several may share a folder.
    own: String,
    uploads: AtomicU64,
    places: Places,
    /// When abandoned uploads of killed processes were last removed.
    swept: Mutex<Instant>,
    /// Cache of records.
    known: Mutex<LruCache<DocumentName, Known>>,
    unnamed: Unnamed,
    /// The clock of uploads and marks.
    clock: TimeSource,
    /// Names and records are sealed with it.
    secret: Arc<Secret>,
}

/// A record that existed and was not marked for removal.
#[derive(Debug, Clone)]
struct Known {
    record: Arc<Record>,
    /// By the clock of the marks, and by the monotonic clock.
    at: Timestamp,
    since: Instant,
}

impl Known {
    fn is_fresh(&self, now: Timestamp) -> bool {
        let by_clock = now.duration_since(self.at) < DOCUMENT_KNOWN_FOR;
        by_clock && self.since.elapsed() < DOCUMENT_KNOWN_FOR.unsigned_abs()
    }
}

/// A stored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub name: DocumentName,
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
    /// Digest of its content.
    pub sha256: DocumentDigest,
}

/// A document that was read completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Its size.
    pub bytes: u64,
    /// Digest of its content.
    pub sha256: DocumentDigest,
}

impl Documents {
    /// Documents in a folder, which is created if it is missing. Several processes may share it.
    pub fn in_folder(
        folder: &Path,
        clock: &TimeSource,
        secret: &Arc<Secret>,
    ) -> Result<Self, HomeError> {
        Self::at(Home::Folder(folder.to_owned()), clock, secret)
    }

    /// Documents in a bucket, `s3://bucket/prefix`; incomplete uploads are in the folder `spool`.
    #[cfg(feature = "s3")]
    pub async fn in_bucket(
        (url, spool): (&str, &Path),
        clock: &TimeSource,
        secret: &Arc<Secret>,
    ) -> Result<Self, HomeError> {
        let bucket = bucket::Bucket::open(url)?;
        // Diagnosed first, because the client retries for long and drops the cause.
        let server = bucket.server().cloned().into_iter().collect();
        let looked = match events::reach::any(server).await {
            Ok(()) => bucket.look().await.map_err(|error| error.to_string()),
            Err(why) => Err(why),
        };
        if let Err(why) = looked {
            tracing::warn!(why, "document store unavailable; retrying");
        }
        Self::at(Home::Bucket(bucket, spool.to_owned()), clock, secret)
    }

    /// The object store's server, if any.
    #[must_use]
    pub fn server(&self) -> Option<Server> {
        self.home.server().cloned()
    }

    /// Documents in an existing folder, to be examined and copied: nothing is created or removed,
    /// and records are not read.
    pub fn in_folder_to_read(folder: &Path) -> Result<Self, HomeError> {
        Self::of(Home::Folder(folder.to_owned()), TimeSource::System, Arc::default())
    }

    /// Documents in a bucket, to be examined and copied: nothing is created or removed, and records
    /// are not read.
    #[cfg(feature = "s3")]
    pub fn in_bucket_to_read(url: &str) -> Result<Self, HomeError> {
        let home = Home::Bucket(bucket::Bucket::open(url)?, PathBuf::new());
        Self::of(home, TimeSource::System, Arc::default())
    }

    fn at(home: Home, clock: &TimeSource, secret: &Arc<Secret>) -> Result<Self, HomeError> {
        std::fs::create_dir_all(home.spool())?;
        home.remove_abandoned();
        Self::of(home, clock.clone(), Arc::clone(secret))
    }

    fn of(home: Home, clock: TimeSource, secret: Arc<Secret>) -> Result<Self, HomeError> {
        let (swept, places) = (Mutex::new(Instant::now()), Places::default());
        let own = random_name()?;
        let known = Mutex::new(LruCache::new(DOCUMENTS_MAX));
        let (uploads, unnamed) = (AtomicU64::new(0), Unnamed::default());
        Ok(Self { home, own, uploads, places, swept, known, unnamed, clock, secret })
    }

    /// The folder for incomplete uploads, whose disk needs free space.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.home.spool()
    }

    /// Stores an upload. The same content under the same key is the same document.
    pub async fn store<B: Buf>(
        &self,
        upload: Upload<'_>,
        content: impl Stream<Item = Result<B, Interrupted>>,
    ) -> Result<Stored, UploadError> {
        let media = MediaType::of(upload.content_type).ok_or(UploadError::MediaType)?;
        let subject = &upload.actor.subject;
        let _place = self.places.enter(subject, upload.client).await?;
        self.sweep();
        let part = self.part();
        let (bytes, sha256) = write(&part.0, media, upload.promised, content).await?;
        let name = self.free_name(&upload, media, &sha256).await?;
        let record = self.new_record(&name, upload.actor, media.name, (bytes, &sha256));
        let read = Known { record: Arc::new(record), at: self.clock.now(), since: Instant::now() };
        // The client may disconnect at any point: a document with a name has been counted and has a
        // record, by which it is removed if no step refers to it.
        self.unnamed.uploaded(subject, &name, self.clock.now());
        self.write_beside(&record_file(&name), &*read.record).await?;
        self.home.keep(&part.0, &media.file(&name), media.name).await?;
        // The search for orphans sets a mark and then reads the record; this does it in the
        // opposite order, so one of the two notices the other.
        if self.marked_since(&name).await?.is_some() {
            return Err(UploadError::Busy);
        }
        let stored = read.record.stored(&name);
        self.remember(&name, read);
        Ok(stored)
    }

    /// Buffer of an upload, in bytes.
    #[must_use]
    pub const fn buffered_bytes(&self) -> u64 {
        self.home.buffered_bytes()
    }

    /// Uploads of a person that no step refers to yet: of this process, since its start, and at
    /// most a day old.
    #[must_use]
    pub fn unnamed_of(&self, uploader: &Subject) -> usize {
        self.unnamed.count(uploader, self.clock.now())
    }

    /// Notes that a recorded step refers to these.
    pub fn named<'a>(&self, names: impl IntoIterator<Item = &'a DocumentName>) {
        names.into_iter().for_each(|name| self.unnamed.named(name));
    }

    /// Resolves the documents that a step refers to, with their pointers in the body. Unknown
    /// documents, those being removed, and those of others are refused alike, all at once.
    pub async fn to_be_named(
        &self,
        (caller, mays): (&Caller, &[May]),
        named: Vec<(String, DocumentName)>,
    ) -> Result<Vec<Stored>, NamedError> {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for (pointer, name) in named {
            let record = self.present(&name).await?;
            match record.filter(|record| record.may_be_named_by(&self.secret, caller, mays)) {
                Some(record) => found.push(record.stored(&name)),
                None => missing.push((pointer, name)),
            }
        }
        if missing.is_empty() { Ok(found) } else { Err(NamedError::Unknown(missing)) }
    }

    /// Opens a document that a recorded event refers to.
    ///
    /// # Errors
    ///
    /// Its content is missing or incomplete, or the store is unavailable.
    pub async fn open(&self, name: &DocumentName) -> Result<OpenedDocument, OpenedError> {
        let record = match self.remembered(name) {
            Some(known) => Some(known.record),
            None => self.record(name).await?.map(Arc::new),
        };
        let media_type = record.as_ref().map(|record| &*record.media_type);
        let Some((media, bytes, content)) = self.content(name, media_type).await? else {
            return Err(OpenedError::Missing(name.clone()));
        };
        if record.is_some_and(|record| record.bytes != bytes) {
            return Err(OpenedError::Incomplete(name.clone()));
        }
        Ok(OpenedDocument { media_type: media.name, bytes, content })
    }

    /// Reads a document completely, to compare it with its recorded digest; `None` if it does not
    /// exist.
    pub async fn examine(&self, name: &DocumentName) -> Result<Option<Examined>, HomeError> {
        let Some((_, _, mut content)) = self.content(name, None).await? else { return Ok(None) };
        let (mut hash, mut bytes) = (Sha256::new(), 0_u64);
        while let Some(part) = content.next().await {
            let part = part?;
            bytes = bytes.saturating_add(part.len() as u64);
            hash.update(&part);
        }
        let sha256 = DocumentDigest::from(&*hexadecimal(&hash.finalize()));
        Ok(Some(Examined { bytes, sha256 }))
    }

    /// The name of an upload. A document that is being removed keeps its name until it is gone.
    async fn free_name(
        &self,
        upload: &Upload<'_>,
        media: &MediaType,
        sha256: &[u8; 32],
    ) -> Result<DocumentName, UploadError> {
        let (person, party, agency) = owner(upload.actor);
        let agency = agency.map_or("", AgencyCode::as_str);
        let whose = [person.as_str(), party.as_str(), agency, upload.key].map(str::as_bytes);
        for generation in 0..DOCUMENT_GENERATIONS_MAX {
            let what: [&[u8]; 3] = [media.name.as_bytes(), sha256, &[generation]];
            let parts = [&whose[..], &what].concat();
            let name = DocumentName::from(&*self.secret.digest(&parts));
            if self.marked_since(&name).await?.is_none() {
                return Ok(name);
            }
        }
        Err(UploadError::Busy)
    }

    /// The record of a document that exists and is not being removed.
    async fn present(&self, name: &DocumentName) -> Result<Option<Arc<Record>>, HomeError> {
        if let Some(known) = self.remembered(name).filter(|known| known.is_fresh(self.clock.now()))
        {
            return Ok(Some(known.record));
        }
        let (at, since) = (self.clock.now(), Instant::now());
        // In this order: the mark of a removed document is deleted last.
        if !is_name(name) || self.marked_since(name).await?.is_some() {
            return Ok(None);
        }
        let Some(record) = self.record(name).await? else { return Ok(None) };
        let known = Known { record: Arc::new(record), at, since };
        self.remember(name, known.clone());
        Ok(Some(known.record))
    }

    fn new_record(
        &self,
        name: &DocumentName,
        actor: &Actor,
        media_type: &str,
        content: (u64, &[u8; 32]),
    ) -> Record {
        Record::new((&self.secret, self.clock.now()), name, actor, media_type, content)
    }

    async fn record(&self, name: &DocumentName) -> Result<Option<Record>, HomeError> {
        if !is_name(name) {
            return Ok(None);
        }
        let text = self.home.small(&record_file(name)).await?;
        Ok(text.and_then(|text| Record::read(&self.secret, name, &text)))
    }

    /// Opens a document by name, with its size. The type is in its record; for documents without
    /// one, every type is tried.
    async fn content(
        &self,
        name: &DocumentName,
        media_type: Option<&str>,
    ) -> Result<Option<(&'static MediaType, u64, Content)>, HomeError> {
        let of_type = |media: &&MediaType| media_type.is_none_or(|known| known == media.name);
        for media in MEDIA_TYPES.iter().filter(of_type).filter(|_| is_name(name)) {
            if let Some((bytes, content)) = self.home.content(&media.file(name)).await? {
                return Ok(Some((media, bytes, content)));
            }
        }
        Ok(None)
    }

    /// Writes a small file beside the documents, durably.
    async fn write_beside(
        &self,
        file: &str,
        content: &impl serde::Serialize,
    ) -> Result<(), HomeError> {
        let part = self.part();
        let text = serde_json::to_vec(content).map_err(std::io::Error::other)?;
        let mut spooled = File::create(&part.0).await?;
        spooled.write_all(&text).await?;
        durable(spooled).await?;
        self.home.keep(&part.0, file, "application/json").await
    }

    fn part(&self) -> Part {
        let serial = self.uploads.fetch_add(1, Ordering::Relaxed);
        Part(self.home.spool().join(format!("{}-{serial}", self.own)))
    }

    /// Periodically: processes that were killed recently are not recognised at the start.
    fn sweep(&self) {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.elapsed() > UPLOAD_ABANDONED_AFTER {
            *swept = Instant::now();
            drop(swept);
            self.home.remove_abandoned();
        }
    }

    fn remembered(&self, name: &DocumentName) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn remember(&self, name: &DocumentName, known: Known) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).put(name.clone(), known);
    }

    fn forget(&self, name: &DocumentName) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).pop(name);
    }
}

/// Syncs a file to disk; fails with the error of any of its writes.
#[expect(clippy::disallowed_methods, reason = "flushed before")]
async fn durable(mut file: File) -> std::io::Result<()> {
    // Writes run in the background: an error of the last one is reported by the next write or
    // flush, not by `sync_all`.
    file.flush().await?;
    file.sync_all().await
}

/// Whether the text is a valid document name, which cannot lead out of the folder.
fn is_name(name: &DocumentName) -> bool {
    let name = name.as_str();
    name.len() == 22 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
