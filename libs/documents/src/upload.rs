//! An upload: its sender, its expected content, and why it is refused.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use bytes::Buf;
use dossier::contract::Actor;
use futures_util::{Stream, StreamExt};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::media::{HEAD_BYTES, MediaType};
use super::{HomeError, Promised, durable};
use crate::limits::DOCUMENT_BYTES_MAX;

/// An upload's metadata.
#[derive(Debug, Clone)]
pub struct Upload<'a> {
    /// Who uploads it, in which role.
    pub actor: &'a Actor,
    /// From which address.
    pub client: IpAddr,
    /// The client's key.
    pub key: &'a str,
    pub content_type: &'a str,
    /// The announced digests.
    pub promised: &'a Promised,
}

/// Why an upload is refused.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// A media type that is not accepted.
    #[error("the media type is not accepted")]
    MediaType,
    /// The content does not match the media type.
    #[error("{en}")]
    Content { vi: &'static str, en: &'static str },
    /// The content does not match the announced digest.
    #[error("Content-Digest: the received content has another {0}")]
    Digest(&'static str),
    /// Larger than [`DOCUMENT_BYTES_MAX`].
    #[error("a document has at most {DOCUMENT_BYTES_MAX} bytes")]
    TooLarge,
    /// Nothing.
    #[error("the document is empty")]
    Empty,
    /// It was not received completely.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// Too many concurrent uploads of this person or address.
    #[error("too many concurrent uploads of one client")]
    TooMany,
    /// Too many concurrent uploads.
    #[error("too many concurrent uploads")]
    Busy,
    /// The document store is unavailable.
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// Why content was not received completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Interrupted {
    /// It was received too slowly.
    #[error("the upload arrived too slowly")]
    Slow,
    /// The client disconnected.
    #[error("the upload was interrupted")]
    Gone,
}

/// An incomplete upload; removed on drop, also if the client disconnects.
pub(super) struct Part(pub(super) PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // It was renamed by then, or is useless.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Writes content to `path` while checking it. Synced on return.
pub(super) async fn write<B: Buf>(
    path: &Path,
    media: &MediaType,
    promised: &Promised,
    content: impl Stream<Item = Result<B, Interrupted>>,
) -> Result<(u64, [u8; 32]), UploadError> {
    let mut content = std::pin::pin!(content);
    let mut file = File::create(path).await.map_err(HomeError::Disk)?;
    let (mut hashes, mut bytes, mut head) = (promised.hashes(), 0_u64, Vec::new());
    while let Some(part) = content.next().await {
        let mut part = part?;
        while part.has_remaining() {
            let chunk = part.chunk();
            bytes = bytes.saturating_add(chunk.len() as u64);
            if bytes > DOCUMENT_BYTES_MAX {
                return Err(UploadError::TooLarge);
            }
            head.extend(chunk.iter().take(HEAD_BYTES.saturating_sub(head.len())));
            hashes.update(chunk);
            file.write_all(chunk).await.map_err(HomeError::Disk)?;
            let read = chunk.len();
            part.advance(read);
        }
    }
    if bytes == 0 {
        return Err(UploadError::Empty);
    }
    if !(media.begins)(&head) {
        let (vi, en) = media.beginning;
        return Err(UploadError::Content { vi, en });
    }
    let sha256 = promised.compare(hashes).map_err(UploadError::Digest)?;
    durable(file).await.map_err(HomeError::Disk)?;
    Ok((bytes, sha256))
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use bytes::Bytes;
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn what_the_disk_has_no_room_for_is_refused_whatever_its_size() {
        let media = MediaType::of("application/pdf").unwrap();
        for bytes in [10, 10_000, 5_000_000] {
            let mut content = b"%PDF-1.7\n".to_vec();
            content.resize(bytes, b' ');
            let content = stream::iter([Ok::<_, Interrupted>(Bytes::from(content))]);
            let full = Path::new("/dev/full");
            let written = write(full, media, &Promised::default(), content).await;
            let Err(UploadError::Home(HomeError::Disk(error))) = written else {
                panic!("{bytes} bytes: {written:?}");
            };
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{bytes} bytes");
        }
    }

    #[tokio::test]
    async fn a_short_text_beside_the_documents_is_on_the_disk_or_refused() {
        let mut file = File::create("/dev/full").await.unwrap();
        // The write goes on in the background.
        file.write_all(b"{}").await.unwrap();
        assert_eq!(durable(file).await.unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
