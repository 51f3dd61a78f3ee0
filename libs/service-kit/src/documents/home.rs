//! Where documents are kept: a folder, or a bucket of an object store. What has its name there is whole and durable.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::BoxStream;
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

#[cfg(feature = "s3")]
use super::bucket::Bucket;
use crate::limits::UPLOAD_ABANDONED_AFTER;

/// What a document's content comes as.
pub(crate) type Content = BoxStream<'static, std::io::Result<Bytes>>;

/// The folder of uploads that are not finished.
const UNFINISHED: &str = "unfinished";
/// Where documents are kept.
#[derive(Debug)]
pub(super) enum Home {
    /// A folder, which several processes may share.
    Folder(PathBuf),
    /// A bucket; uploads wait in a folder of this machine until they are whole.
    #[cfg(feature = "s3")]
    Bucket(Bucket, PathBuf),
}

/// Documents cannot be reached. Trying again may help.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The disk failed.
    #[error("the folder of documents: {0}")]
    Disk(#[from] std::io::Error),
    /// The object store does not answer, or refuses.
    #[cfg(feature = "s3")]
    #[error("the object store of documents: {0}")]
    Bucket(#[from] object_store::Error),
}

impl Home {
    /// Where unfinished uploads are written: beside the documents, so that a whole one needs only its name, and apart from them,
    /// who are many.
    pub(super) fn spool(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join(UNFINISHED),
            #[cfg(feature = "s3")]
            Self::Bucket(_, spool) => spool.clone(),
        }
    }

    /// Gives a whole upload its name. When this returns it stays.
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
                Ok(File::open(folder).await?.sync_all().await?)
            }
            #[cfg(feature = "s3")]
            Self::Bucket(bucket, _) => bucket.keep(part, name, media_type).await,
        }
    }

    /// How many bytes a name stands for, if it stands for anything.
    pub(super) async fn bytes(&self, name: &str) -> Result<Option<u64>, HomeError> {
        match self {
            Self::Folder(folder) => match tokio::fs::metadata(folder.join(name)).await {
                Ok(file) => Ok(Some(file.len())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error.into()),
            },
            #[cfg(feature = "s3")]
            Self::Bucket(bucket, _) => bucket.bytes(name).await,
        }
    }

    /// What a name stands for.
    pub(super) async fn content(&self, name: &str) -> Result<Content, HomeError> {
        match self {
            Self::Folder(folder) => {
                Ok(Box::pin(Chunks(File::open(folder.join(name)).await?)) as Content)
            }
            #[cfg(feature = "s3")]
            Self::Bucket(bucket, _) => bucket.content(name).await,
        }
    }

    /// Removes what killed processes had not finished, and nothing that another process is still writing.
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
                tracing::warn!(%error, "an unfinished upload cannot be removed");
            }
        }
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
