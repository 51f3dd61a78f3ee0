//! The data directory: log, read models, documents, keys, and whether it is in virtual time.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use documents::Documents;
use dossier::law::shipped_rules;
use dossier::services::ServiceName;
use engine::Settings;
use engine::view::{Ahead, ahead};
use events::{EventStore, Position, SqliteOptions};
use jiff::Timestamp;
use outbox::Webhooks;
use payment::partners::Partners;
use platform::TimeSource;
use platform::secret::Secret;
use tokio_util::sync::CancellationToken;
use web::auth::{Auth, DevelopmentKey, KeySource, Rules, secret};
use web::limits::SECRET_BYTES_MIN;
use web::quotas::{Quotas, Rules as QuotaRules};

use crate::ends::Certificate;
use crate::tools::bus::BusArguments;
use crate::{Components, Installation, private};

mod clock;
mod outside;

/// Poll interval of the file that moves virtual time.
const LOOK_AT_TIME: Duration = Duration::from_millis(20);
const VIRTUAL_END: &str = "virtual-time-ended-at";
/// The identity provider's keys as they were last read, for a start while it is unavailable.
const REMEMBERED_KEYS: &str = "identity-provider-keys.json";
/// How an operator confirms the clock.
pub(crate) const CONFIRM_CLOCK: &str =
    "--confirm-clock (or DOSSIER_CONFIRM_CLOCK=true in its environment)";

/// A data directory, with the places that are configured outside it.
#[derive(Debug, Clone)]
pub struct DataDirectory {
    path: PathBuf,
    /// Event store, if not in the directory.
    store: Option<String>,
    /// Read models, if not in the directory.
    views: Option<PathBuf>,
    /// Digest key, if not in the directory.
    digest_key: Option<PathBuf>,
    /// Documents, if not in the directory.
    documents: Option<String>,
    quotas: QuotaRules,
    bus: BusArguments,
    /// Whether to continue with a log that is behind its read models.
    accept_log_loss: bool,
    /// Operators needed to issue rules, if configured.
    rule_signers: Option<u8>,
    partners: Arc<Partners>,
    /// Sends changes to subscribers; to public addresses only if absent.
    webhooks: Option<Webhooks>,
}

/// Whose tokens a process accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Tokens of the directory's development key.
    Development,
    /// Tokens of an identity provider.
    Provider {
        /// The provider's keys.
        keys: KeySource,
        /// Issuer, audience and lifetime of accepted tokens.
        rules: Rules,
        /// Whether to offer the sandbox payment providers.
        sandbox: bool,
    },
}

/// The time of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Real time; the log must not be ahead of it, nor far behind.
    Machine {
        /// Whether an operator confirmed the clock.
        confirmed: bool,
        /// Whether a directory in virtual time continues in real time.
        live: bool,
    },
    /// Virtual time from an instant on.
    Virtual(Timestamp),
}

impl DataDirectory {
    /// Opens the directory at `path`, and creates it if it is missing.
    pub fn open(path: &Path) -> Result<Self> {
        private::folder(path).with_context(|| format!("the data directory {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            store: None,
            views: None,
            digest_key: None,
            documents: None,
            quotas: QuotaRules::shipped()?,
            bus: BusArguments::default(),
            accept_log_loss: false,
            rule_signers: None,
            partners: Arc::default(),
            webhooks: None,
        })
    }

    /// Opens an existing directory for reading. Without `store`, it must contain a log.
    pub(crate) fn existing(path: &Path, store: Option<String>) -> Result<Self> {
        if store.is_none() {
            let log = path.join("log.sqlite");
            if !log.is_file() {
                bail!("no log at {}; nothing was created", log.display());
            }
        }
        Ok(Self {
            path: path.to_owned(),
            store,
            views: None,
            digest_key: None,
            documents: None,
            quotas: QuotaRules::shipped()?,
            bus: BusArguments::default(),
            accept_log_loss: false,
            rule_signers: None,
            partners: Arc::default(),
            webhooks: None,
        })
    }

    /// Sets whether to continue with a log that is behind its read models.
    #[must_use]
    pub(crate) fn accepting_log_loss(self, accept_log_loss: bool) -> Self {
        Self { accept_log_loss, ..self }
    }

    /// Sets the number of operators needed to issue rules.
    #[must_use]
    pub(crate) fn with_rule_signers(self, rule_signers: Option<u8>) -> Self {
        Self { rule_signers, ..self }
    }

    /// Certificates of the servers that a process depends on: event store, bus, documents, identity
    /// provider.
    pub(crate) fn certificates(
        &self,
        identity: &Identity,
        documents: &Documents,
    ) -> Vec<Certificate> {
        let mut servers = self.store.as_deref().map_or_else(Vec::new, EventStore::servers);
        servers.extend(self.bus.servers());
        servers.extend(documents.server());
        if let Identity::Provider { keys, .. } = identity {
            servers.extend(keys.server());
        }
        servers.into_iter().map(Certificate::Of).collect()
    }

    /// Evidence that the log lost its end: read models and stored cursors beyond its head.
    pub(crate) async fn witnesses(&self, store: &EventStore) -> Result<Vec<String>> {
        let mut witnesses = Vec::new();
        for Ahead { name, position, other } in ahead(&self.views(), store) {
            let of = if other { " (of another log)" } else { "" };
            let position = position.0;
            witnesses.push(format!("the read model {name} has position {position}{of}"));
        }
        for follower in ServiceName::followers() {
            let cursor = events::bus::cursor(store, follower.as_str()).await?;
            if cursor > store.head() {
                witnesses.push(format!("the reactions of {follower} were at {}", cursor.0));
            }
        }
        Ok(witnesses)
    }

    /// Refuses a start if the log is behind its read models.
    async fn refuse_log_loss(&self, store: &EventStore) -> Result<()> {
        let (head, witnesses) = (store.head().0, self.witnesses(store).await?);
        if witnesses.is_empty() {
            return Ok(());
        }
        let witnesses = witnesses.join("; ");
        if self.accept_log_loss {
            tracing::warn!(
                head,
                witnesses,
                "the log lost its end; continuing because of --accept-log-loss"
            );
            return Ok(());
        }
        bail!(
            "the log ends at position {head}, but {witnesses}: its end was lost, or it was replaced by an older copy. \
             Acknowledged steps are missing. Restore the newest backup or the right log. To give up what \
             came after position {head}, start once with --accept-log-loss (DOSSIER_ACCEPT_LOG_LOSS=true): the read models in {} are then \
             rebuilt, and numbers of lost dossiers and receipts may be assigned again",
            self.views().display()
        )
    }

    /// Sets the event store.
    #[must_use]
    pub fn with_store(self, store: Option<String>) -> Self {
        Self { store, ..self }
    }

    /// Sets the read models' folder, the digest key and the bus.
    #[must_use]
    pub(crate) fn shared(
        self,
        views: Option<PathBuf>,
        digest_key: Option<PathBuf>,
        bus: BusArguments,
    ) -> Self {
        Self { views, digest_key, bus, ..self }
    }

    /// The digest key. It is created for a new log only: with another key, retried requests would
    /// look changed and uploads get other names. A configured key must exist.
    fn digest_key(&self, store: &EventStore) -> Result<Vec<u8>> {
        let Some(path) = &self.digest_key else {
            let path = self.path.join("digest-key");
            // Checked twice: a process that creates the log at this moment creates the key first.
            if !path.exists() && store.head() > Position::START && !path.exists() {
                bail!(
                    "{} is missing, but the log has events that were recorded with it: restore it from the backup, or \
                     set --digest-key. If it is lost, create another with `head -c 32 /dev/urandom > {0}`; \
                     retries of earlier requests are then refused as changed",
                    path.display()
                );
            }
            return Ok(secret(&path)?);
        };
        let key = std::fs::read(path).with_context(|| path.display().to_string())?;
        if key.len() < SECRET_BYTES_MIN {
            bail!(
                "{} has {} bytes; a key needs at least {SECRET_BYTES_MIN}",
                path.display(),
                key.len()
            );
        }
        Ok(key)
    }

    fn views(&self) -> PathBuf {
        self.views.clone().unwrap_or_else(|| self.path.join("views"))
    }

    /// Sets the place of documents.
    #[must_use]
    pub fn with_documents(self, documents: Option<String>) -> Self {
        Self { documents, ..self }
    }

    /// Sets the digest key.
    #[must_use]
    pub(crate) fn with_digest_key(self, digest_key: Option<PathBuf>) -> Self {
        Self { digest_key, ..self }
    }

    /// Whether the log is on a server.
    pub(crate) fn is_on_server(&self) -> bool {
        self.store.as_ref().is_some_and(|store| !store.starts_with("sqlite:"))
    }

    /// Whether the directory exists.
    pub(crate) fn is_there(&self) -> bool {
        self.path.is_dir()
    }

    /// Whether documents are kept outside the directory.
    pub(crate) fn has_documents_elsewhere(&self) -> bool {
        self.documents.is_some()
    }

    /// Path of a file that belongs into a backup.
    pub(crate) fn kept(&self, name: &str) -> PathBuf {
        let digest_key = self.digest_key.clone().filter(|_| name == "digest-key");
        digest_key.unwrap_or_else(|| self.path.join(name))
    }

    /// Whether the digest key exists.
    pub(crate) fn has_digest_key(&self) -> bool {
        self.kept("digest-key").is_file()
    }

    /// Whether the digest key is configured.
    pub(crate) fn names_digest_key(&self) -> bool {
        self.digest_key.is_some()
    }

    /// Bytes of the log, 0 if it is on a server.
    pub(crate) fn log_bytes(&self) -> u64 {
        let of = |name| self.path.join(name).metadata().map_or(0, |about| about.len());
        if self.store.is_some() { 0 } else { of("log.sqlite") + of("log.sqlite-wal") }
    }

    /// The documents, for reading; `None` if no place is configured and the directory has no such
    /// folder.
    pub(crate) async fn documents_to_read(&self) -> Result<Option<Documents>> {
        #[cfg(feature = "s3")]
        if let Some(url) = self.documents.as_deref().filter(|place| place.starts_with("s3://")) {
            return Ok(Some(Documents::in_bucket_to_read(url)?));
        }
        if self.documents.as_ref().is_some_and(|place| place.contains("://")) {
            // Fails with the reason.
            return Ok(Some(self.documents(&TimeSource::System, &Arc::default()).await?));
        }
        let named = self.documents.as_ref().map(PathBuf::from);
        let folder = named.clone().unwrap_or_else(|| self.path.join("documents"));
        if !folder.is_dir() {
            if named.is_some() {
                bail!("no documents folder at {}", folder.display());
            }
            return Ok(None);
        }
        Ok(Some(Documents::in_folder_to_read(&folder)?))
    }

    /// Sets which addresses of subscribers may be called.
    #[must_use]
    pub(crate) fn with_webhooks(self, webhooks: Webhooks) -> Self {
        Self { webhooks: Some(webhooks), ..self }
    }

    /// Sets the payment partners.
    #[must_use]
    pub(crate) fn with_partners(self, partners: Partners) -> Self {
        Self { partners: Arc::new(partners), ..self }
    }

    /// Sets quotas from a file.
    pub(crate) fn with_quotas(self, file: Option<&Path>) -> Result<Self> {
        let Some(file) = file else { return Ok(self) };
        let shown = || file.display().to_string();
        let own = std::fs::read_to_string(file).with_context(shown)?;
        Ok(Self { quotas: QuotaRules::with(&own).with_context(shown)?, ..self })
    }

    async fn documents(&self, clock: &TimeSource, secret: &Arc<Secret>) -> Result<Documents> {
        match &self.documents {
            Some(url) if url.starts_with("s3://") => {
                #[cfg(feature = "s3")]
                {
                    let spool = self.path.join("uploads");
                    return Ok(Documents::in_bucket((url, &spool), clock, secret).await?);
                }
                #[cfg(not(feature = "s3"))]
                bail!("this program was built without S3 support and cannot use {url}");
            }
            Some(url) if url.contains("://") => {
                bail!("`{url}` is neither a folder nor s3://bucket/prefix")
            }
            Some(folder) => Ok(Documents::in_folder(Path::new(folder), clock, secret)?),
            None => Ok(Documents::in_folder(&self.path.join("documents"), clock, secret)?),
        }
    }

    /// The development key.
    pub fn key(&self) -> Result<DevelopmentKey> {
        Ok(DevelopmentKey::in_folder(&self.path)?)
    }

    /// Whether the directory has no log yet.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        !self.path.join("log.sqlite").exists()
    }

    /// Records that the directory is in virtual time, and its present instant.
    pub fn end_virtual_time(&self, at: Timestamp) -> Result<()> {
        // Renamed into place, because other processes may be reading it.
        let new = self.path.join(format!("{VIRTUAL_END}.new"));
        std::fs::write(&new, at.to_string())?;
        Ok(std::fs::rename(new, self.path.join(VIRTUAL_END))?)
    }

    /// Moves the manual clock to the instant in the file whenever that changes, until stopped: so
    /// time passes in a demo, and processes that share the directory share their time.
    pub(crate) async fn follow_virtual_time(&self, clock: TimeSource, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.virtual_end() {
                Ok(Some(at)) => clock.advance_to(at),
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "virtual time stopped: its file cannot be read");
                }
            }
            let look_again =
                TimeSource::System.now().checked_add(LOOK_AT_TIME).unwrap_or(Timestamp::MAX);
            tokio::select! {
                () = stop.cancelled() => {}
                () = TimeSource::System.sleep_until(look_again, LOOK_AT_TIME) => {}
            }
        }
    }

    /// The present instant of virtual time, if the directory is in it.
    pub fn virtual_end(&self) -> Result<Option<Timestamp>> {
        match std::fs::read_to_string(self.path.join(VIRTUAL_END)) {
            Ok(text) => Ok(Some(text.trim().parse().context(VIRTUAL_END)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context(VIRTUAL_END),
        }
    }

    /// Opens the store.
    pub async fn store(&self) -> Result<EventStore> {
        Ok(match &self.store {
            Some(url) => EventStore::open(url).await?,
            None => EventStore::sqlite(&self.path.join("log.sqlite"), SqliteOptions::default())?,
        })
    }

    /// Restricts files that an earlier version, a copy or a backup left readable to others.
    fn keep_private(&self) {
        private::tighten(&self.path);
        private::tighten(&self.views());
        for folder in ["documents", "uploads"] {
            private::tighten(&self.path.join(folder));
        }
        if let Some(folder) = self.documents.as_deref().filter(|folder| !folder.contains("://")) {
            private::tighten(Path::new(folder));
        }
    }

    /// Opens the store read-only; works beside a running server.
    pub(crate) async fn store_to_read(&self) -> Result<EventStore> {
        Ok(match &self.store {
            Some(url) => EventStore::open_read_only(url).await?,
            None => EventStore::sqlite_read_only(&self.path.join("log.sqlite"))?,
        })
    }

    /// Locks a service's read models, which are for one process only.
    pub fn lock(&self, service: ServiceName) -> Result<File> {
        let name = service.as_str();
        let views = self.views();
        private::folder(&views)?;
        let file = File::create(views.join(format!("{name}.lock")))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => bail!(
                "{name} runs in another process on {}; use another --views folder, or other --services",
                views.display()
            ),
            Err(TryLockError::Error(error)) => Err(error).context(name),
        }
    }

    /// The components of a process on this directory.
    pub async fn components(&self, time: Time, identity: Identity) -> Result<Arc<Components>> {
        let store = Arc::new(self.store().await?);
        self.refuse_log_loss(&store).await?;
        crate::tools::backup::served_from(&self.path)?;
        self.keep_private();
        let digest_key = self.digest_key(&store)?;
        let bus = self.bus.open(&store, &digest_key).await?;
        let (clock, idle) = self.clock(&store, time).await?;
        // With an identity provider, two operators are needed unless configured otherwise.
        let usual = if identity == Identity::Development { 1 } else { 2 };
        let rule_signers = self.rule_signers.unwrap_or(usual);
        // Tokens are checked in real time, even if dossiers are in virtual time.
        let (auth, sandbox) = match identity {
            Identity::Provider { keys, rules, sandbox } => {
                private::folder(&self.views())?;
                let remembered = Some(self.views().join(REMEMBERED_KEYS));
                (Auth::provider(keys, rules, remembered, TimeSource::System).await?, sandbox)
            }
            Identity::Development => (Auth::development(&self.key()?, TimeSource::System), true),
        };
        // So are quotas, except in a fully simulated world, where time passes with its clock.
        let passing = match time {
            Time::Virtual(_) => clock.clone(),
            Time::Machine { .. } => TimeSource::System,
        };
        let quotas = Quotas::new(self.quotas, passing);
        let secret = Arc::new(Secret::new(digest_key));
        let documents = self.documents(&clock, &secret).await?;
        let outside = self.outside(&store, sandbox).await?;
        let (rules, views) = (shipped_rules()?, Some(self.views()));
        let settings = Settings { store, bus, rules, clock, views };
        let webhooks = match &self.webhooks {
            Some(webhooks) => webhooks.clone(),
            None => exchange::webhooks(Vec::new(), false).map_err(anyhow::Error::msg)?,
        };
        let installation =
            Installation { auth, quotas, documents, secret, outside, webhooks, rule_signers };
        let components = Components::open(settings, installation).await?;
        if idle {
            components.engine.guard().hold();
        }
        Ok(components)
    }
}
