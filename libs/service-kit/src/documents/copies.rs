//! All documents at once: whether they are there, and copies of them for a backup.

use std::path::Path;

use futures_util::StreamExt;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::{Documents, HomeError};

/// What was copied: documents, and the records beside them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// How many files.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl Documents {
    /// Whether the object store answers, where they are in one.
    ///
    /// # Errors
    ///
    /// Why it does not.
    pub async fn reachable(&self) -> Result<(), HomeError> {
        self.home.reachable().await
    }

    /// Copies everything that is kept into a folder that has none of it, with the names that it has here, and syncs it. What is
    /// removed meanwhile may be missing there: no event names it.
    ///
    /// # Errors
    ///
    /// What cannot be read here or written there.
    pub async fn copy_into(&self, folder: &Path) -> Result<Copied, HomeError> {
        let (mut names, mut copied) = (self.home.names(), Copied::default());
        while let Some(name) = names.next().await {
            let name = name?;
            let Some((_, mut content)) = self.home.content(&name).await? else { continue };
            let mut file = File::create_new(folder.join(&name)).await?;
            while let Some(part) = content.next().await {
                let part = part?;
                copied.bytes = copied.bytes.saturating_add(part.len() as u64);
                file.write_all(&part).await?;
            }
            file.sync_all().await?;
            copied.files += 1;
        }
        File::open(folder).await?.sync_all().await?;
        Ok(copied)
    }
}
