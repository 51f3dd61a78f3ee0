//! What an installation needs to exchange money and messages with payment partners, and to send
//! changes to subscribers.

use std::sync::Arc;

use anyhow::{Context, Result};
use events::EventStore;
use outbox::Outbox;
use payment::Outside;

use super::DataDirectory;
use crate::private;

impl DataDirectory {
    /// Payment providers. Requests to partners, and how far subscribers
    /// are, are kept beside the log if that is in PostgreSQL, so
    /// that all replicas share them, else beside the read models.
    pub(super) async fn outside(&self, store: &EventStore, sandbox: bool) -> Result<Outside> {
        let partners = Arc::clone(&self.partners);
        let outbox = self.outbox(store).await?;
        Ok(Outside { sandbox, partners, outbox, opened_within: payment::limits::OPENED_WITHIN })
    }

    /// Where requests to partners are kept.
    async fn outbox(&self, store: &EventStore) -> Result<Outbox> {
        #[cfg(feature = "postgres")]
        if let (EventStore::Postgres(_), Some(url)) = (store, &self.store) {
            return Outbox::in_postgres(url).await.context("the outbox in PostgreSQL");
        }
        let _ = store;
        let folder = self.views();
        private::folder(&folder)?;
        let outbox = Outbox::in_file(&folder.join("outbox.sqlite"));
        outbox.with_context(|| format!("the outbox in {}", folder.display()))
    }
}
