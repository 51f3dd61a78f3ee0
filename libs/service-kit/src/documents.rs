//! Uploaded documents: streamed to where they are kept, named by a keyed digest, durable before the name is told. A document is never
//! held in memory whole, and its name tells nothing about its content to who lacks the installation's key.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Buf;
use dossier::contract::{DocumentName, Subject};
use futures_util::{Stream, StreamExt};
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use lru::LruCache;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::Kit;
use crate::auth::random_name;
use crate::http::{Problem, Reply};
use crate::limits::{
    DOCUMENT_BYTES_MAX, DOCUMENTS_MAX, UPLOAD_ABANDONED_AFTER, UPLOAD_WAIT_MAX, UPLOADS_MAX,
};

#[cfg(feature = "s3")]
mod bucket;
mod home;

pub(crate) use home::Content;
use home::Home;
pub use home::HomeError;

/// A media type that is accepted: its name, the ending of its files, and how its content begins.
struct MediaType {
    name: &'static str,
    ending: &'static str,
    magic: &'static [u8],
}

const MEDIA_TYPES: [MediaType; 4] = [
    MediaType { name: "application/pdf", ending: "pdf", magic: b"%PDF-" },
    MediaType { name: "image/png", ending: "png", magic: b"\x89PNG\r\n\x1a\n" },
    MediaType { name: "image/jpeg", ending: "jpg", magic: b"\xff\xd8\xff" },
    MediaType { name: "application/xml", ending: "xml", magic: b"<" },
];

/// The documents of an installation.
#[derive(Debug)]
pub struct Documents {
    home: Home,
    /// Tells this process's uploads from every other's: several may share a folder.
    own: String,
    uploads: AtomicU64,
    /// For how many more at the same time.
    room: Semaphore,
    /// When what killed processes had left was removed the last time.
    swept: Mutex<Instant>,
    /// Those that were stored or found lately: what a name stands for never changes.
    known: Mutex<LruCache<DocumentName, Stored>>,
}

/// A stored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub name: DocumentName,
    /// Its media type.
    pub media_type: &'static str,
    /// Its size.
    pub bytes: u64,
}

/// A document that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// Its name.
    pub name: DocumentName,
    /// Its media type.
    pub media_type: &'static str,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content, for the uploader to compare.
    pub sha256: Vec<u8>,
}

/// Why a document is not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// A media type that is not accepted.
    #[error("a document is application/pdf, image/png, image/jpeg or application/xml")]
    MediaType,
    /// The content is something else.
    #[error("the content is not {0}")]
    Content(&'static str),
    /// Larger than [`DOCUMENT_BYTES_MAX`].
    #[error("a document has at most {DOCUMENT_BYTES_MAX} bytes")]
    TooLarge,
    /// Nothing.
    #[error("the document is empty")]
    Empty,
    /// The client went away.
    #[error("the upload was broken off")]
    BrokenOff,
    /// Too many at the same time.
    #[error("too many uploads at the same time")]
    Busy,
    /// It cannot be stored now.
    #[error(transparent)]
    Home(#[from] HomeError),
}

impl Documents {
    /// Those in a folder, which is made if it is missing. Several processes may share it.
    pub fn in_folder(folder: &Path) -> Result<Self, HomeError> {
        Self::at(Home::Folder(folder.to_owned()))
    }

    /// Those in a bucket, `s3://bucket/prefix`; until an upload is whole it is in the folder `spool`.
    #[cfg(feature = "s3")]
    pub async fn in_bucket(url: &str, spool: &Path) -> Result<Self, HomeError> {
        let bucket = bucket::Bucket::open(url)?;
        if let Err(error) = bucket.look().await {
            tracing::warn!(%error, "documents can be neither stored nor read yet");
        }
        Self::at(Home::Bucket(bucket, spool.to_owned()))
    }

    fn at(home: Home) -> Result<Self, HomeError> {
        std::fs::create_dir_all(home.spool())?;
        home.remove_abandoned();
        let (swept, room) = (Mutex::new(Instant::now()), Semaphore::new(UPLOADS_MAX));
        let own = random_name().map_err(std::io::Error::other)?;
        let size = NonZeroUsize::new(DOCUMENTS_MAX).unwrap_or(NonZeroUsize::MIN);
        let known = Mutex::new(LruCache::new(size));
        Ok(Self { home, own, uploads: AtomicU64::new(0), room, swept, known })
    }

    /// Stores what `owner` uploads. The same content under the same key is the same document.
    pub async fn store<B: Buf, E>(
        &self,
        kit: &Kit,
        owner: &Subject,
        key: &str,
        media_type: &str,
        content: impl Stream<Item = Result<B, E>>,
    ) -> Result<Uploaded, UploadError> {
        let media = MEDIA_TYPES.iter().find(|known| known.name == media_type);
        let media = media.ok_or(UploadError::MediaType)?;
        let serial = self.uploads.fetch_add(1, Ordering::Relaxed);
        // Most uploads are over in a moment; whoever finds no room waits for that long.
        let room = timeout(UPLOAD_WAIT_MAX, self.room.acquire()).await;
        let _room = room.map_err(|_| UploadError::Busy)?.map_err(|_| UploadError::Busy)?;
        self.sweep();
        let part = Part(self.home.spool().join(format!("{}-{serial}", self.own)));
        let (bytes, sha256) = write(&part.0, media, content).await?;
        let name = kit.keyed_digest(&[owner.as_str().as_bytes(), key.as_bytes(), &sha256]);
        let name = DocumentName::from(&*name);
        self.home.keep(&part.0, &media.file(&name), media.name).await?;
        self.remember(Stored { name: name.clone(), media_type: media.name, bytes });
        Ok(Uploaded { name, media_type: media.name, bytes, sha256 })
    }

    /// Size and media type of a document, if there is one of this name.
    pub async fn find(&self, name: &DocumentName) -> Result<Option<Stored>, HomeError> {
        if !is_name(name) {
            return Ok(None);
        }
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(Some(known.clone()));
        }
        for media in &MEDIA_TYPES {
            if let Some(bytes) = self.home.bytes(&media.file(name)).await? {
                let stored = Stored { name: name.clone(), media_type: media.name, bytes };
                self.remember(stored.clone());
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    /// The document as an answer, streamed from where it is kept.
    pub async fn reply(&self, name: &DocumentName) -> Result<Reply, Problem> {
        let stored = self.find(name).await?.ok_or_else(Problem::not_found)?;
        let media = MEDIA_TYPES.iter().find(|media| media.name == stored.media_type);
        let media = media.ok_or_else(Problem::not_found)?;
        let content = self.home.content(&media.file(name)).await?;
        // What somebody uploaded is never run by somebody else's browser.
        Ok(Reply::content(stored.media_type, content, stored.bytes)
            .header(CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'")
            .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(CONTENT_DISPOSITION, "attachment"))
    }

    /// Now and then: whoever was killed an hour ago is not known when a process starts.
    fn sweep(&self) {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.elapsed() > UPLOAD_ABANDONED_AFTER {
            *swept = Instant::now();
            drop(swept);
            self.home.remove_abandoned();
        }
    }

    fn remember(&self, stored: Stored) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.put(stored.name.clone(), stored);
    }
}

impl MediaType {
    /// What a document of this type is called where it is kept.
    fn file(&self, name: &DocumentName) -> String {
        format!("{name}.{}", self.ending)
    }
}

impl From<HomeError> for Problem {
    fn from(error: HomeError) -> Self {
        Self::unavailable(&error.to_string())
    }
}

/// An upload that is not finished: whatever ends it, also a client that goes away, nothing of it stays.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // It has its name by then, or is of no use.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Whether the text can be a document's name: nothing that could lead out of the folder.
fn is_name(name: &DocumentName) -> bool {
    let name = name.as_str();
    name.len() == 22 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

async fn write<B: Buf, E>(
    path: &Path,
    media: &MediaType,
    content: impl Stream<Item = Result<B, E>>,
) -> Result<(u64, Vec<u8>), UploadError> {
    let mut content = std::pin::pin!(content);
    let mut file = File::create(path).await.map_err(HomeError::Disk)?;
    let (mut hash, mut bytes, mut head) = (Sha256::new(), 0_u64, Vec::new());
    while let Some(part) = content.next().await {
        let mut part = part.map_err(|_| UploadError::BrokenOff)?;
        while part.has_remaining() {
            let chunk = part.chunk();
            bytes = bytes.saturating_add(chunk.len() as u64);
            if bytes > DOCUMENT_BYTES_MAX {
                return Err(UploadError::TooLarge);
            }
            if head.len() < media.magic.len() {
                head.extend_from_slice(chunk);
            }
            hash.update(chunk);
            file.write_all(chunk).await.map_err(HomeError::Disk)?;
            let read = chunk.len();
            part.advance(read);
        }
    }
    if bytes == 0 {
        return Err(UploadError::Empty);
    }
    if !head.starts_with(media.magic) {
        return Err(UploadError::Content(media.name));
    }
    file.sync_all().await.map_err(HomeError::Disk)?;
    Ok((bytes, hash.finalize().to_vec()))
}
