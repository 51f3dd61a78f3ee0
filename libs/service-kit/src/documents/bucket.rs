//! A bucket of an object store that speaks S3. Objects have the names that files in a folder have, so that a folder can be
//! copied into a bucket and back.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::path::Path as Key;
use object_store::{
    Attribute, Attributes, BackoffConfig, ClientOptions, Error, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, RetryConfig,
};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::home::{Content, HomeError};

/// Bytes of a part of a large document: what of it is in memory at a time. An object store wants at least 5 MiB.
const PART_BYTES: u64 = 6 * 1024 * 1024;
/// How long one request may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request is tried again: callers wait.
const RETRY_FOR: Duration = Duration::from_secs(3);
const RETRIES: usize = 4;

/// Where in a bucket documents stand.
#[derive(Debug)]
pub(super) struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
}

impl Bucket {
    /// The place that `s3://bucket/prefix` names. The address of the store, its region and the credentials are taken from the
    /// environment, by the names that all programs for S3 know (`AWS_ENDPOINT`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, …).
    pub(super) fn open(url: &str) -> Result<Self, HomeError> {
        let refused = |reason: String| Error::Generic { store: "S3", source: reason.into() };
        let rest = url.strip_prefix("s3://").unwrap_or(url);
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = Key::parse(prefix).map_err(|error| refused(error.to_string()))?;
        // Whoever was first has installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = ClientOptions::new()
            .with_timeout(ANSWER_TIMEOUT)
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_allow_http(true);
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: RETRIES,
            retry_timeout: RETRY_FOR,
        };
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_client_options(options)
            .with_retry(retry)
            .build()?;
        Ok(Self { store: Arc::new(store), prefix })
    }

    fn key(&self, name: &str) -> Key {
        self.prefix.clone().join(name)
    }

    /// Whether the bucket answers.
    pub(super) async fn look(&self) -> Result<(), HomeError> {
        self.store.list(Some(&self.prefix)).next().await.transpose()?;
        Ok(())
    }

    pub(super) async fn keep(
        &self,
        part: &Path,
        name: &str,
        media_type: &'static str,
    ) -> Result<(), HomeError> {
        let mut file = File::open(part).await?;
        let bytes = file.metadata().await?.len();
        let key = self.key(name);
        let attributes = Attributes::from_iter([(Attribute::ContentType, media_type)]);
        if bytes <= PART_BYTES {
            let whole = take(&mut file).await?;
            let options = PutOptions { attributes, ..PutOptions::default() };
            self.store.put_opts(&key, whole, options).await?;
            return Ok(());
        }
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let mut upload = self.store.put_multipart_opts(&key, options).await?;
        let sent = async {
            let mut left = bytes;
            while left > 0 {
                let next = take(&mut file).await?;
                left = left.saturating_sub(next.content_length() as u64);
                upload.put_part(next).await?;
            }
            upload.complete().await?;
            Ok(())
        };
        let sent: Result<(), HomeError> = sent.await;
        if sent.is_err() {
            // What the store keeps of it otherwise is removed by its own rule for unfinished uploads.
            let _ = upload.abort().await;
        }
        sent
    }

    pub(super) async fn bytes(&self, name: &str) -> Result<Option<u64>, HomeError> {
        match self.store.head(&self.key(name)).await {
            Ok(object) => Ok(Some(object.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn content(&self, name: &str) -> Result<Content, HomeError> {
        let found = self.store.get(&self.key(name)).await?;
        Ok(found.into_stream().map_err(std::io::Error::other).boxed())
    }
}

/// The next part of a file.
async fn take(file: &mut File) -> Result<PutPayload, HomeError> {
    let mut next = Vec::new();
    file.take(PART_BYTES).read_to_end(&mut next).await?;
    Ok(next.into())
}
