//! Documents in an S3 bucket. Objects have the same names as files in a folder, so that one can be
//! copied into the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use events::reach::Server;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path as Key;
use object_store::{
    Attribute, Attributes, BackoffConfig, Certificate, ClientOptions, Error, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, RetryConfig,
};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::content::{Content, HomeError, Names};
use crate::limits::{
    DOCUMENT_RECORD_BYTES_MAX, OBJECT_ANSWER_TIMEOUT, OBJECT_CONNECT_TIMEOUT, OBJECT_PART_BYTES,
    OBJECT_RETRIES, OBJECT_RETRY_FOR,
};

/// A bucket and prefix.
#[derive(Debug)]
pub(super) struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
    /// The store's server, if the environment has its address.
    server: Option<Server>,
}

impl Bucket {
    /// Opens `s3://bucket/prefix`. Address, region and credentials come from the usual environment
    /// variables (`AWS_ENDPOINT`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, …).
    pub(super) fn open(url: &str) -> Result<Self, HomeError> {
        let refused = |reason: String| Error::Generic { store: "S3", source: reason.into() };
        let rest = url.strip_prefix("s3://").unwrap_or(url);
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = Key::parse(prefix).map_err(|error| refused(error.to_string()))?;
        // An earlier call installed the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = authorities()
            .map_err(refused)?
            .into_iter()
            .fold(ClientOptions::new(), ClientOptions::with_root_certificate)
            // A large download may take long on a slow client; only stalls time out.
            .with_timeout_disabled()
            .with_read_timeout(OBJECT_ANSWER_TIMEOUT)
            .with_connect_timeout(OBJECT_CONNECT_TIMEOUT)
            .with_allow_http(true);
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: OBJECT_RETRIES,
            retry_timeout: OBJECT_RETRY_FOR,
        };
        let builder = AmazonS3Builder::from_env();
        let server = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
        let server = server.as_deref().and_then(Server::of_http);
        let store = builder
            .with_bucket_name(bucket)
            .with_client_options(options)
            .with_retry(retry)
            .build()?;
        Ok(Self { store: Arc::new(store), prefix, server })
    }

    /// The store's server, where the environment names one.
    pub(super) fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    fn key(&self, name: &str) -> Key {
        self.prefix.clone().join(name)
    }

    /// Checks that the bucket responds.
    pub(super) async fn look(&self) -> Result<(), HomeError> {
        let first = async { self.store.list(Some(&self.prefix)).next().await.transpose() };
        limited(first).await?;
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
        if bytes <= OBJECT_PART_BYTES {
            let whole = take(&mut file).await?;
            let options = PutOptions { attributes, ..PutOptions::default() };
            limited(self.store.put_opts(&key, whole, options)).await?;
            return Ok(());
        }
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let mut upload = limited(self.store.put_multipart_opts(&key, options)).await?;
        let sent = async {
            let mut left = bytes;
            while left > 0 {
                let next = take(&mut file).await?;
                if next.content_length() == 0 {
                    return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
                }
                left = left.saturating_sub(next.content_length() as u64);
                limited(upload.put_part(next)).await?;
            }
            limited(upload.complete()).await?;
            Ok(())
        };
        let sent: Result<(), HomeError> = sent.await;
        if sent.is_err() {
            // Otherwise the store's lifecycle rule removes the incomplete upload.
            let _ = limited(upload.abort()).await;
        }
        sent
    }

    pub(super) async fn content(&self, name: &str) -> Result<Option<(u64, Content)>, HomeError> {
        let found = match limited(self.store.get(&self.key(name))).await {
            Ok(found) => found,
            Err(HomeError::Bucket(Error::NotFound { .. })) => return Ok(None),
            Err(error) => return Err(error),
        };
        let bytes = found.meta.size;
        Ok(Some((bytes, found.into_stream().map_err(std::io::Error::other).boxed())))
    }

    pub(super) async fn small(&self, name: &str) -> Result<Option<Vec<u8>>, HomeError> {
        let whole = async {
            let found = self.store.get(&self.key(name)).await?;
            if found.meta.size > DOCUMENT_RECORD_BYTES_MAX {
                return Ok(Vec::new());
            }
            Ok(found.bytes().await?.to_vec())
        };
        match limited(whole).await {
            Ok(text) => Ok(Some(text)),
            Err(HomeError::Bucket(Error::NotFound { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn remove(&self, name: &str) -> Result<(), HomeError> {
        match limited(self.store.delete(&self.key(name))).await {
            Ok(()) | Err(HomeError::Bucket(Error::NotFound { .. })) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn bytes(&self) -> Result<u64, HomeError> {
        let objects = self.store.list(Some(&self.prefix)).map_err(HomeError::from);
        let add = |bytes: u64, size: u64| async move { Ok(bytes.saturating_add(size)) };
        objects.map_ok(|object| object.size).try_fold(0, add).await
    }

    pub(super) fn names(&self) -> Names {
        let objects = self.store.list(Some(&self.prefix)).map_err(HomeError::from);
        objects.map_ok(|object| object.location.filename().unwrap_or_default().to_owned()).boxed()
    }
}

/// Usual files of public CA certificates.
const PUBLIC: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Additional CA certificates of the store: `AWS_CA_BUNDLE`, or else `SSL_CERT_FILE`. The latter
/// replaces the system's, so the public ones are added as well.
fn authorities() -> Result<Vec<Certificate>, String> {
    let own = std::env::var_os("AWS_CA_BUNDLE").filter(|file| !file.is_empty()).map(PathBuf::from);
    let usual = platform::outside::usual_authority();
    let system: &[&str] = if usual.is_some() { &PUBLIC } else { &[] };
    let mut all = Vec::new();
    if let Some(file) = own.or(usual) {
        all.extend(read(&file)?);
    }
    if let Some(file) = system.iter().map(Path::new).find(|file| file.is_file()) {
        all.extend(read(file)?);
    }
    Ok(all)
}

fn read(file: &Path) -> Result<Vec<Certificate>, String> {
    let why = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read(file).map_err(|error| why(&error))?;
    let found = Certificate::from_pem_bundle(&text).map_err(|error| why(&error))?;
    if found.is_empty() {
        return Err(why(&"no certificate in PEM (`-----BEGIN CERTIFICATE-----`)"));
    }
    Ok(found)
}

/// Applies the timeout to a response.
async fn limited<T>(answer: impl Future<Output = Result<T, Error>>) -> Result<T, HomeError> {
    let silent = || Error::Generic { store: "S3", source: "no answer in time".into() };
    let answer = tokio::time::timeout(OBJECT_ANSWER_TIMEOUT, answer).await;
    Ok(answer.unwrap_or_else(|_| Err(silent()))?)
}

/// The next part of a file.
async fn take(file: &mut File) -> Result<PutPayload, HomeError> {
    let mut next = Vec::new();
    file.take(OBJECT_PART_BYTES).read_to_end(&mut next).await?;
    Ok(next.into())
}
