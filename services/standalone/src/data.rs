//! A data directory: the log, the views, the documents, the secrets, and in what time it lives.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use dossier::law::shipped_rules;
use events::{EventStore, Position, SqliteOptions};
use jiff::Timestamp;
use service_kit::auth::{Auth, DevelopmentKey, KeySource, Rules, secret};
use service_kit::documents::Documents;
use service_kit::limits::SECRET_BYTES_MIN;
use service_kit::quotas::{Quotas, Rules as QuotaRules};
use service_kit::view::{Ahead, ahead};
use service_kit::{Certificate, Clock, Kit, Settings};
use tokio::sync::watch;

use crate::ServiceName;
use crate::bus::BusArguments;
use crate::private;

mod clock;

/// How often it is looked whether virtual time was moved on.
const LOOK_AT_TIME: Duration = Duration::from_millis(20);
const VIRTUAL_END: &str = "virtual-time-ended-at";
/// The identity provider's keys as they were read last, for a start while it is away.
const REMEMBERED_KEYS: &str = "identity-provider-keys.json";
/// How whoever starts the program says that the clock is right.
pub(crate) const CONFIRM_CLOCK: &str =
    "--confirm-clock (or DOSSIER_CONFIRM_CLOCK=true in its environment)";

/// A data directory.
#[derive(Debug, Clone)]
pub struct DataDirectory {
    path: PathBuf,
    /// Where the log is, if not in it.
    store: Option<String>,
    /// Where read models are, if not in it.
    views: Option<PathBuf>,
    /// The key of digests, if not in it.
    digest_key: Option<PathBuf>,
    /// Where documents are, if not in it.
    documents: Option<String>,
    quotas: QuotaRules,
    bus: BusArguments,
    /// Whether to go on with a log that knows less than what was made of it.
    accept_log_loss: bool,
    /// How many persons it takes to issue a file of rules, if that is said.
    rule_signers: Option<u8>,
}

/// Whom a process believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Whoever has a token of the directory's own development key.
    Development,
    /// An identity provider.
    Provider {
        /// The provider's keys.
        keys: KeySource,
        /// Which of its tokens are for this service.
        rules: Rules,
        /// Whether the sandbox payment providers are offered all the same.
        sandbox: bool,
    },
}

/// In what time a process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// The machine's; the log must not be ahead of it, nor far behind.
    Machine {
        /// Whether a log far behind is all right.
        confirmed: bool,
        /// Whether a directory written in virtual time goes on in the machine's.
        live: bool,
    },
    /// Starts at an instant and is moved by hand.
    Virtual(Timestamp),
}

impl DataDirectory {
    /// The directory at `path`, made if it is missing.
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
        })
    }

    /// The directory at `path`, for one who only reads: it must be there, and so must its log if that is in it.
    pub(crate) fn existing(path: &Path, store: Option<String>) -> Result<Self> {
        if store.is_none() {
            let log = path.join("log.sqlite");
            if !log.is_file() {
                bail!("there is no log at {}; nothing was made", log.display());
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
        })
    }

    /// The same, and whether to go on with a log that knows less than what was made of it.
    #[must_use]
    pub(crate) fn accepting_log_loss(self, accept_log_loss: bool) -> Self {
        Self { accept_log_loss, ..self }
    }

    /// The same, and how many persons it takes to issue a file of rules.
    #[must_use]
    pub(crate) fn with_rule_signers(self, rule_signers: Option<u8>) -> Self {
        Self { rule_signers, ..self }
    }

    /// The certificates by which a process on it is served: of its event store, its bus, its documents and its identity provider.
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

    /// What knows more than the log: read models, and how far followers said in the log that they had come.
    pub(crate) async fn witnesses(&self, store: &EventStore) -> Result<Vec<String>> {
        let mut witnesses = Vec::new();
        for Ahead { name, position, other } in ahead(&self.views(), store) {
            let of = if other { " (of another log)" } else { "" };
            let position = position.0;
            witnesses.push(format!("the read model {name} knows it up to {position}{of}"));
        }
        for follower in crate::bus::FOLLOWERS {
            let cursor = events::bus::cursor(store, follower).await?;
            if cursor > store.head() {
                witnesses.push(format!("the reactions of {follower} had come to {}", cursor.0));
            }
        }
        Ok(witnesses)
    }

    /// Stops a start whose read models know more than the log.
    async fn refuse_log_loss(&self, store: &EventStore) -> Result<()> {
        let (head, witnesses) = (store.head().0, self.witnesses(store).await?);
        if witnesses.is_empty() {
            return Ok(());
        }
        let witnesses = witnesses.join("; ");
        if self.accept_log_loss {
            tracing::warn!(head, witnesses, "the log was longer; its loss is accepted");
            return Ok(());
        }
        bail!(
            "the log ends at position {head}, but {witnesses}. So the end of the log was lost, or an older copy of it was put \
             here: steps that were acknowledged are missing. Stop, and restore the newest backup, or the right log. If what \
             stood behind position {head} is to be given up, start once with --accept-log-loss (DOSSIER_ACCEPT_LOG_LOSS=true): the read models in {} are then \
             built anew, and numbers of lost dossiers and receipts may be given again",
            self.views().display()
        )
    }

    /// The same with the log in the store at an address.
    #[must_use]
    pub fn with_store(self, store: Option<String>) -> Self {
        Self { store, ..self }
    }

    /// The same with read models of its own, and a bus.
    #[must_use]
    pub(crate) fn shared(
        self,
        views: Option<PathBuf>,
        digest_key: Option<PathBuf>,
        bus: BusArguments,
    ) -> Self {
        Self { views, digest_key, bus, ..self }
    }

    /// The key of digests. One is made for a new log alone: with another one than the log was written with, repeated requests
    /// look changed and uploads get other names. A given one must be there.
    fn digest_key(&self, store: &EventStore) -> Result<Vec<u8>> {
        let Some(path) = &self.digest_key else {
            let path = self.path.join("digest-key");
            // Looked at again: a process that began the log in this moment made the key first.
            if !path.exists() && store.head() > Position::START && !path.exists() {
                bail!(
                    "{} is missing, and the log has events that were recorded with it: put the file back from the backup, or \
                     name it with --digest-key. If it is lost for good, `head -c 32 /dev/urandom > {0}` makes another; \
                     requests that are repeated from before are then refused as changed",
                    path.display()
                );
            }
            return Ok(secret(&path)?);
        };
        let key = std::fs::read(path).with_context(|| path.display().to_string())?;
        if key.len() < SECRET_BYTES_MIN {
            bail!(
                "{} has {} bytes; a key has at least {SECRET_BYTES_MIN}",
                path.display(),
                key.len()
            );
        }
        Ok(key)
    }

    fn views(&self) -> PathBuf {
        self.views.clone().unwrap_or_else(|| self.path.join("views"))
    }

    /// The same with its documents somewhere else.
    #[must_use]
    pub fn with_documents(self, documents: Option<String>) -> Self {
        Self { documents, ..self }
    }

    /// The same with the key of digests somewhere else.
    #[must_use]
    pub(crate) fn with_digest_key(self, digest_key: Option<PathBuf>) -> Self {
        Self { digest_key, ..self }
    }

    /// Whether its log stands on a server.
    pub(crate) fn is_on_server(&self) -> bool {
        self.store.as_ref().is_some_and(|store| !store.starts_with("sqlite:"))
    }

    /// Whether the directory itself is there.
    pub(crate) fn is_there(&self) -> bool {
        self.path.is_dir()
    }

    /// Whether documents are somewhere else.
    pub(crate) fn has_documents_elsewhere(&self) -> bool {
        self.documents.is_some()
    }

    /// Where a file of it is that must be kept.
    pub(crate) fn kept(&self, name: &str) -> PathBuf {
        let digest_key = self.digest_key.clone().filter(|_| name == "digest-key");
        digest_key.unwrap_or_else(|| self.path.join(name))
    }

    /// Whether the key of digests is there.
    pub(crate) fn has_digest_key(&self) -> bool {
        self.kept("digest-key").is_file()
    }

    /// Whether the place of the key of digests was named.
    pub(crate) fn names_digest_key(&self) -> bool {
        self.digest_key.is_some()
    }

    /// Bytes of the log, where it is in the directory.
    pub(crate) fn log_bytes(&self) -> u64 {
        let of = |name| self.path.join(name).metadata().map_or(0, |about| about.len());
        if self.store.is_some() { 0 } else { of("log.sqlite") + of("log.sqlite-wal") }
    }

    /// The documents for one who only reads; nothing if nobody named a place and the folder of the directory is not there.
    pub(crate) async fn documents_to_read(&self) -> Result<Option<Documents>> {
        #[cfg(feature = "s3")]
        if let Some(url) = self.documents.as_deref().filter(|place| place.starts_with("s3://")) {
            return Ok(Some(Documents::in_bucket_to_read(url)?));
        }
        if self.documents.as_ref().is_some_and(|place| place.contains("://")) {
            // Says why not.
            return Ok(Some(self.documents().await?));
        }
        let named = self.documents.as_ref().map(PathBuf::from);
        let folder = named.clone().unwrap_or_else(|| self.path.join("documents"));
        if !folder.is_dir() {
            if named.is_some() {
                bail!("there is no folder of documents at {}", folder.display());
            }
            return Ok(None);
        }
        Ok(Some(Documents::in_folder_to_read(&folder)?))
    }

    /// The same with quotas of its own, from a file.
    pub(crate) fn with_quotas(self, file: Option<&Path>) -> Result<Self> {
        let Some(file) = file else { return Ok(self) };
        let shown = || file.display().to_string();
        let own = std::fs::read_to_string(file).with_context(shown)?;
        Ok(Self { quotas: QuotaRules::with(&own).with_context(shown)?, ..self })
    }

    async fn documents(&self) -> Result<Documents> {
        match &self.documents {
            Some(url) if url.starts_with("s3://") => {
                #[cfg(feature = "s3")]
                return Ok(Documents::in_bucket(url, &self.path.join("uploads")).await?);
                #[cfg(not(feature = "s3"))]
                bail!("this program was built without S3 and cannot use {url}");
            }
            Some(url) if url.contains("://") => {
                bail!("documents are in a folder or at s3://bucket/prefix, not at {url}")
            }
            Some(folder) => Ok(Documents::in_folder(Path::new(folder))?),
            None => Ok(Documents::in_folder(&self.path.join("documents"))?),
        }
    }

    /// The development key.
    pub fn key(&self) -> Result<DevelopmentKey> {
        Ok(DevelopmentKey::in_folder(&self.path)?)
    }

    /// Whether anything was recorded here before.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        !self.path.join("log.sqlite").exists()
    }

    /// Writes down that the directory was written in virtual time and where that ended.
    pub fn end_virtual_time(&self, at: Timestamp) -> Result<()> {
        // Renamed, because others may read it now.
        let new = self.path.join(format!("{VIRTUAL_END}.new"));
        std::fs::write(&new, at.to_string())?;
        Ok(std::fs::rename(new, self.path.join(VIRTUAL_END))?)
    }

    /// Moves a clock that stands still on to where the end of virtual time is moved, until it is told to stop: so that
    /// whoever looks at a made-up ministry can let time pass, and processes that share the directory share their time.
    pub(crate) async fn follow_virtual_time(&self, clock: Clock, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow_and_update() {
            match self.virtual_end() {
                Ok(Some(at)) => clock.advance_to(at),
                Ok(None) => return,
                Err(error) => tracing::warn!(%error, "time does not pass"),
            }
            let look_again =
                Clock::System.now().checked_add(LOOK_AT_TIME).unwrap_or(Timestamp::MAX);
            tokio::select! {
                _ = stop.changed() => {}
                () = Clock::System.sleep_until(look_again, LOOK_AT_TIME) => {}
            }
        }
    }

    /// The end of virtual time, if the directory was written in it.
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

    /// What an earlier version, a copy or a backup left readable for others is theirs no longer.
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

    /// Opens the store for reading alone, beside whoever serves from it.
    pub(crate) async fn store_to_read(&self) -> Result<EventStore> {
        Ok(match &self.store {
            Some(url) => EventStore::open_read_only(url).await?,
            None => EventStore::sqlite_read_only(&self.path.join("log.sqlite"))?,
        })
    }

    /// Keeps a service's read models for this process: they are not for two.
    pub fn lock(&self, service: ServiceName) -> Result<File> {
        let name = service.to_possible_value().map_or(String::new(), |v| v.get_name().to_owned());
        let views = self.views();
        private::folder(&views)?;
        let file = File::create(views.join(format!("{name}.lock")))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => bail!(
                "{name} runs in another process on {}; give this one `--views` of its own, or other services",
                views.display()
            ),
            Err(TryLockError::Error(error)) => Err(error).context(name),
        }
    }

    /// The kit of a process on this directory.
    pub async fn kit(&self, time: Time, identity: Identity) -> Result<Arc<Kit>> {
        let store = Arc::new(self.store().await?);
        self.refuse_log_loss(&store).await?;
        self.keep_private();
        let digest_key = self.digest_key(&store)?;
        let bus = self.bus.open(&store, &digest_key).await?;
        let (clock, idle) = self.clock(&store, time).await?;
        // Where real people are let in, nobody makes law alone unless that is said.
        let usual = if identity == Identity::Development { 1 } else { 2 };
        let rule_signers = self.rule_signers.unwrap_or(usual);
        // Tokens are a matter of the real world, whatever time the dossiers live in.
        let (auth, sandbox) = match identity {
            Identity::Provider { keys, rules, sandbox } => {
                private::folder(&self.views())?;
                let remembered = Some(self.views().join(REMEMBERED_KEYS));
                (Auth::provider(keys, rules, remembered, Clock::System).await?, sandbox)
            }
            Identity::Development => (Auth::development(&self.key()?, Clock::System), true),
        };
        // So are quotas, but in a world that is made up as a whole: there time passes with its clock.
        let passing = match time {
            Time::Virtual(_) => clock.clone(),
            Time::Machine { .. } => Clock::System,
        };
        let quotas = Quotas::new(self.quotas, passing);
        let kit = Kit::new(Settings {
            store,
            bus,
            rules: shipped_rules()?,
            clock,
            auth,
            quotas,
            documents: self.documents().await?,
            views: Some(self.views()),
            sandbox,
            rule_signers,
            digest_key,
        })
        .await?;
        if idle {
            kit.guard.hold();
        }
        Ok(kit)
    }
}
