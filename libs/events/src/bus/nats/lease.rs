//! A lease in a NATS key-value bucket; the key expires unless it is renewed. The lease is an
//! optimisation: two leaders at a time do the same work twice, and a replica that cannot reach the
//! bucket leads.

use std::time::Duration;

use async_nats::jetstream::kv;
use async_nats::jetstream::kv::{CreateErrorKind, UpdateErrorKind};
use async_nats::jetstream::stream::StorageType;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Nats, rest};
use crate::limits::{LEASE, LEASE_RENEW};

/// A candidate for a lease.
pub(in crate::bus) struct Seeker {
    pub(in crate::bus) nats: Nats,
    pub(in crate::bus) name: &'static str,
    /// Unique among all processes.
    pub(in crate::bus) holder: String,
}

impl Seeker {
    /// Acquires and renews the lease until stopped, then releases it.
    pub(in crate::bus) async fn seek(
        self,
        leads: watch::Sender<bool>,
        mut back: watch::Receiver<bool>,
        stop: CancellationToken,
    ) {
        let (mut bucket, mut revision) = (None, None);
        let mut answered = Instant::now();
        loop {
            if *back.borrow() {
                give_back(bucket.as_ref(), revision.take(), self.name).await;
                self.lead(&leads, false);
                tokio::select! {
                    _ = back.wait_for(|back| !back) => continue,
                    () = stop.cancelled() => break,
                }
            }
            let asked = tokio::time::timeout(LEASE / 2, self.hold(&mut bucket, revision)).await;
            match asked.unwrap_or_else(|_| Err("no answer".to_owned())) {
                Ok(held) => {
                    (revision, answered) = (held, Instant::now());
                    self.lead(&leads, held.is_some());
                }
                Err(error) => {
                    bucket = None;
                    if answered.elapsed() > LEASE && !*leads.borrow() {
                        tracing::warn!(name = self.name, %error, "lease store unavailable; leading without a lease");
                        self.lead(&leads, true);
                    }
                }
            }
            tokio::select! {
                () = rest(LEASE_RENEW) => {}
                _ = back.wait_for(|back| *back) => {}
                () = stop.cancelled() => break,
            }
        }
        give_back(bucket.as_ref(), revision, self.name).await;
        self.lead(&leads, false);
    }

    fn lead(&self, leads: &watch::Sender<bool>, now: bool) {
        let changed = leads.send_if_modified(|leads| std::mem::replace(leads, now) != now);
        if changed {
            tracing::info!(
                name = self.name,
                holder = self.holder,
                leads = now,
                "leadership changed"
            );
        }
    }

    /// Acquires or renews; returns the revision if this process holds the lease.
    async fn hold(
        &self,
        bucket: &mut Option<kv::Store>,
        revision: Option<u64>,
    ) -> Result<Option<u64>, String> {
        let bucket = match bucket {
            Some(bucket) => bucket,
            None => bucket.insert(self.bucket().await?),
        };
        let holder = self.holder.clone().into_bytes();
        if let Some(revision) = revision {
            match bucket.update(self.name, holder.clone().into(), revision).await {
                Ok(revision) => return Ok(Some(revision)),
                // The lease expired, or the response to the last renewal was lost.
                Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        match bucket.create(self.name, holder.clone().into()).await {
            Ok(revision) => Ok(Some(revision)),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => {
                let entry = bucket.entry(self.name).await.map_err(|error| error.to_string())?;
                Ok(entry.filter(|entry| entry.value == holder).map(|entry| entry.revision))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    async fn bucket(&self) -> Result<kv::Store, String> {
        let config = kv::Config {
            bucket: format!("{}_leases", self.nats.prefix),
            description: "which replica leads".to_owned(),
            history: 1,
            max_age: LEASE,
            // A lease lost in a restart is acquired again.
            storage: StorageType::Memory,
            num_replicas: self.nats.replicas,
            ..kv::Config::default()
        };
        self.nats.context.create_key_value(config).await.map_err(|error| error.to_string())
    }
}

/// Releases the lease. If this fails, it expires.
async fn give_back(bucket: Option<&kv::Store>, revision: Option<u64>, name: &str) {
    if let (Some(bucket), Some(revision)) = (bucket, revision) {
        let given_back = bucket.delete_expect_revision(name, Some(revision));
        let _ = tokio::time::timeout(Duration::from_secs(1), given_back).await;
    }
}
