//! Operations on all documents: reachability, and copies for a backup.

use std::path::Path;

use dossier::contract::DocumentDigest;
use futures_util::StreamExt;
use platform::disk::Reserve;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::{Documents, HomeError, durable, hexadecimal};

/// Copied documents and records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// How many files.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl Documents {
    /// Checks that the object store responds, if documents are in one.
    ///
    /// # Errors
    ///
    /// Why it does not.
    pub async fn reachable(&self) -> Result<(), HomeError> {
        self.home.reachable().await
    }

    /// Total bytes of all documents and records.
    ///
    /// # Errors
    ///
    /// They cannot be listed.
    pub async fn bytes(&self) -> Result<u64, HomeError> {
        self.home.bytes().await
    }

    /// Copies all documents and records into an empty folder under the same names, and syncs it.
    /// Documents that are removed meanwhile may be missing; no event refers to them. Calls `each`
    /// with the name and digest of each file.
    ///
    /// # Errors
    ///
    /// A failed read or write, insufficient space by `reserve`, or a failure of `each`.
    pub async fn copy_into(
        &self,
        folder: &Path,
        reserve: &Reserve,
        mut each: impl FnMut(&str, &DocumentDigest) -> std::io::Result<()>,
    ) -> Result<Copied, HomeError> {
        let (mut names, mut copied) = (self.home.names(), Copied::default());
        while let Some(name) = names.next().await {
            let name = name?;
            let Some((bytes, mut content)) = self.home.content(&name).await? else { continue };
            reserve.allows(bytes)?;
            let (mut file, mut hash) = (File::create_new(folder.join(&name)).await?, Sha256::new());
            while let Some(part) = content.next().await {
                let part = part?;
                copied.bytes = copied.bytes.saturating_add(part.len() as u64);
                hash.update(&part);
                file.write_all(&part).await?;
            }
            durable(file).await?;
            copied.files += 1;
            each(&name, &DocumentDigest::from(&*hexadecimal(&hash.finalize())))?;
        }
        durable(File::open(folder).await?).await?;
        Ok(copied)
    }
}
