//! The store of documents: a folder or a bucket. A document under its name is complete and durable.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use bytes::Bytes;
use events::reach::Server;
use futures_util::stream;
use futures_util::{Stream, StreamExt, TryFutureExt, TryStreamExt};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

#[cfg(feature = "s3")]
use super::bucket::Bucket;
use super::content::{Content, HomeError, Names};
use super::durable;
#[cfg(feature = "s3")]
use crate::limits::OBJECT_PART_BYTES;
use crate::limits::{DOCUMENT_RECORD_BYTES_MAX, UPLOAD_ABANDONED_AFTER, UPLOAD_BUFFER_BYTES};

/// Subfolder of incomplete uploads.
const UNFINISHED: &str = "unfinished";
/// Where documents are kept.
#[derive(Debug)]
pub(super) enum Home {
    /// A folder, which several processes may share.
    Folder(PathBuf),
    /// A bucket; uploads are buffered in a local folder until they are complete.
    #[cfg(feature = "s3")]
    Bucket(Bucket, PathBuf),
}

impl Home {
    /// The folder of incomplete uploads: on the same file system, so that completing one is a
    /// rename, but separate from the many documents.
    pub(super) fn spool(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join(UNFINISHED),
            #[cfg(feature = "s3")]
            Self::Bucket(_, spool) => spool.clone(),
        }
    }

    /// The server that has them, if it is one.
    pub(super) fn server(&self) -> Option<&Server> {
        match self {
            Self::Folder(_) => None,
            #[cfg(feature = "s3")]
            Self::Bucket(bucket, _) => bucket.server(),
        }
    }

    /// Buffer of an upload, in bytes.
    pub(super) const fn buffered_bytes(&self) -> u64 {
        match self {
            Self::Folder(_) => UPLOAD_BUFFER_BYTES,
            #[cfg(feature = "s3")]
            Self::Bucket(..) => OBJECT_PART_BYTES,
        }
    }

    /// Checks that a server responds; a folder is checked with its disk.
    #[cfg_attr(not(feature = "s3"), expect(clippy::unused_async, reason = "nobody is asked"))]
    pub(super) async fn reachable(&self) -> Result<(), HomeError> {
        match self {
            Self::Folder(_) => Ok(()),
            #[cfg(feature = "s3")]
            Self::Bucket(bucket, _) => bucket.look().await,
        }
    }

    /// Moves a complete upload to its name, durably.
    pub(super) async fn keep(
        &self,
        part: &Path,
        name: &str,
        media_type: &'static str,
    ) -> Result<(), HomeError> {
        match self {
            Self::Folder(folder) => {
                let _ = media_type;
                tokio::fs::rename(part, folder.join(name)).await?;
                // The name itself must survive a power cut too.
                Ok(durable(File::open(folder).await?).await?)
            }
            #[cfg(feature = "s3")]
            Self::Bucket(bucket, _) => bucket.keep(part, name, media_type).await,
        }
    }

    /// Opens the content of a name, with its size; `None` if it does not exist.
    pub(super) async fn content(&self, name: &str) -> Result<Option<(u64, Content)>, HomeError> {
        match self {
            Self::Folder(folder) => {
                let Some(file) = existing(&folder.join(name)).await? else { return Ok(None) };
                let about = file.metadata().await?;
                if !about.is_file() {
                    return Ok(None);
                }
                Ok(Some((about.len(), Box::pin(Chunks(file)) as Content)))
            }
            #[cfg(feature = "s3")]
            Self::Bucket(bucket, _) => bucket.content(name).await,
        }
    }

    /// Reads a small file; `None` if it does not exist.
    pub(super) async fn small(&self, name: &str) -> Result<Option<Vec<u8>>, HomeError> {
        match self {
            Self::Folder(folder) => {
                let Some(file) = existing(&folder.join(name)).await? else { return Ok(None) };
                let mut text = Vec::new();
                file.take(DOCUMENT_RECORD_BYTES_MAX).read_to_end(&mut text).await?;
                Ok(Some(text))
            }
            #[cfg(feature = "s3")]
            Self::Bucket(bucket, _) => bucket.small(name).await,
        }
    }

    /// Removes a name, if it exists.
    pub(super) async fn remove(&self, name: &str) -> Result<(), HomeError> {
        match self {
            Self::Folder(folder) => match tokio::fs::remove_file(folder.join(name)).await {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
                Ok(()) | Err(_) => Ok(()),
            },
            #[cfg(feature = "s3")]
            Self::Bucket(bucket, _) => bucket.remove(name).await,
        }
    }

    /// All names, unordered; concurrent changes may be included or not.
    pub(super) fn names(&self) -> Names {
        match self {
            Self::Folder(folder) => {
                let opened = tokio::fs::read_dir(folder.clone());
                let entries = opened.map_ok(|entries| {
                    stream::try_unfold(entries, |mut entries| async move {
                        let entry = entries.next_entry().await?;
                        Ok::<_, std::io::Error>(entry.map(|entry| (entry, entries)))
                    })
                });
                let names = entries.try_flatten_stream().map_err(HomeError::from);
                names.map_ok(|entry| entry.file_name().to_string_lossy().into_owned()).boxed()
            }
            #[cfg(feature = "s3")]
            Self::Bucket(bucket, _) => bucket.names(),
        }
    }

    /// Total bytes.
    pub(super) async fn bytes(&self) -> Result<u64, HomeError> {
        match self {
            Self::Folder(folder) => {
                let (mut entries, mut bytes) = (tokio::fs::read_dir(folder).await?, 0_u64);
                while let Some(entry) = entries.next_entry().await? {
                    // A file that was removed meanwhile counts 0.
                    let about = entry.metadata().await.ok().filter(std::fs::Metadata::is_file);
                    bytes = bytes.saturating_add(about.map_or(0, |about| about.len()));
                }
                Ok(bytes)
            }
            #[cfg(feature = "s3")]
            Self::Bucket(bucket, _) => bucket.bytes().await,
        }
    }

    /// Removes abandoned uploads of killed processes, but none that another process is still
    /// writing.
    #[expect(
        clippy::disallowed_methods,
        reason = "files live in the machine's time, whatever the dossiers live in"
    )]
    pub(super) fn remove_abandoned(&self) {
        let Ok(entries) = std::fs::read_dir(self.spool()) else { return };
        let now = SystemTime::now();
        for entry in entries.flatten() {
            let written = entry.metadata().and_then(|file| file.modified());
            let idle = written.ok().and_then(|written| now.duration_since(written).ok());
            if idle.is_some_and(|idle| idle > UPLOAD_ABANDONED_AFTER)
                && let Err(error) = std::fs::remove_file(entry.path())
            {
                tracing::warn!(%error, "cannot remove an abandoned upload");
            }
        }
    }
}

/// A file, if there is one.
async fn existing(path: &Path) -> std::io::Result<Option<File>> {
    match File::open(path).await {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A file, part by part.
struct Chunks(File);

/// Bytes read at once.
const CHUNK_BYTES: usize = 16 * 1024;

impl Stream for Chunks {
    type Item = std::io::Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::io::Result<Bytes>>> {
        let mut space = [0; CHUNK_BYTES];
        let mut read = ReadBuf::new(&mut space);
        Poll::Ready(match ready!(Pin::new(&mut self.0).poll_read(context, &mut read)) {
            Ok(()) if read.filled().is_empty() => None,
            Ok(()) => Some(Ok(Bytes::copy_from_slice(read.filled()))),
            Err(error) => Some(Err(error)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "as above")]
    fn what_a_killed_process_left_goes_and_what_another_one_is_writing_stays() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(UNFINISHED)).unwrap();
        let file = |name: &str, idle: Duration| {
            let path = folder.path().join(name);
            let file = std::fs::File::create(&path).unwrap();
            file.set_modified(SystemTime::now() - idle).unwrap();
            path
        };
        let old = UPLOAD_ABANDONED_AFTER + Duration::from_secs(1);
        let kept = [file("unfinished/a", Duration::ZERO), file("b.pdf", old)];
        let left = file("unfinished/c", old);
        Home::Folder(folder.path().to_owned()).remove_abandoned();
        assert!(kept.iter().all(|path| path.exists()), "{kept:?}");
        assert!(!left.exists());
    }
}
