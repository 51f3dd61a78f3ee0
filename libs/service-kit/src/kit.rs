//! What every service needs, put together once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dossier::contract::RulesIssued;
use dossier::law::{Ending, Law};
use events::bus::{Bus, Leadership};
use events::{EventStore, ReadError};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use uuid::Uuid;

use crate::auth::{Auth, AuthError};
use crate::clock::{Clock, ClockGuard, ClockWrong, following};
use crate::codes::Codes;
use crate::crowd::Crowd;
use crate::documents::Documents;
use crate::ends::Ends;
use crate::forms::Forms;
use crate::limits::{CLOCK_AHEAD_MAX, WAITS_MAX, WAITS_OF_ONE_MAX};
use crate::metrics::Metrics;
use crate::quotas::Quotas;
use crate::rulebook::{Rulebook, RulebookError};
use crate::tasks::Pulses;

/// Everything that a service gets at start.
#[derive(Debug)]
pub struct Kit {
    /// The event store.
    pub store: Arc<EventStore>,
    /// How what it holds comes to those who react.
    pub bus: Bus,
    /// The law in force.
    pub rulebook: Rulebook,
    /// The time.
    pub clock: Clock,
    /// Whether it may be recorded.
    pub guard: ClockGuard,
    /// How the tasks that run are doing.
    pub pulses: Pulses,
    /// Who is calling.
    pub auth: Auth,
    /// How much one caller may use.
    pub quotas: Quotas,
    /// Uploaded documents.
    pub documents: Documents,
    /// Codes for new dossiers.
    pub codes: Codes,
    /// Whether payment providers that move no money are offered.
    pub sandbox: bool,
    /// How many persons it takes to issue a file of rules.
    pub rule_signers: u8,
    /// Where read models are kept; in memory if absent.
    pub views: Option<PathBuf>,
    /// Certificates that end.
    pub ends: Ends,
    /// Figures for whoever watches.
    pub metrics: Arc<Metrics>,
    /// Reads that wait until something is visible.
    pub waits: Arc<Crowd>,
    digest_key: Vec<u8>,
    /// Tells this process from every other.
    holder: String,
    /// Requests that were given a name.
    requests: AtomicU64,
    leads: Mutex<BTreeMap<&'static str, Leadership>>,
}

/// Characters of the name of a subject in the log: 66 bits.
const SHOWN_CHARS: usize = 11;

/// What a [`Kit`] is made of.
#[derive(Debug)]
pub struct Settings {
    /// The event store.
    pub store: Arc<EventStore>,
    /// How what it holds comes to those who react.
    pub bus: Bus,
    /// Files of rules; those that do not stand in the log are issued.
    pub rules: Vec<RulesIssued>,
    /// The time.
    pub clock: Clock,
    /// Who is calling.
    pub auth: Auth,
    /// How much one caller may use.
    pub quotas: Quotas,
    /// Uploaded documents.
    pub documents: Documents,
    /// The folder for read models; in memory if absent.
    pub views: Option<PathBuf>,
    /// Whether payment providers that move no money are offered.
    pub sandbox: bool,
    /// How many persons it takes to issue a file of rules: one, or two.
    pub rule_signers: u8,
    /// A secret of the installation: the key for digests of requests and documents.
    pub digest_key: Vec<u8>,
}

/// Why a service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// The law cannot be read or recorded.
    #[error(transparent)]
    Rulebook(#[from] RulebookError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The keys are unusable.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// A folder cannot be used.
    #[error("{path}: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Kit {
    /// Puts it together.
    pub async fn new(settings: Settings) -> Result<Arc<Self>, KitError> {
        let Settings {
            store,
            bus,
            rules,
            clock,
            auth,
            quotas,
            documents,
            views,
            sandbox,
            rule_signers,
            digest_key,
        } = settings;
        if let Some(folder) = &views {
            std::fs::create_dir_all(folder)
                .map_err(|source| KitError::Folder { path: folder.clone(), source })?;
        }
        let guard = ClockGuard::open(clock.clone(), &store).await?;
        // What comes with the program is issued at the end of the log, whatever the clock says: one that is far ahead of the
        // log may be wrong, and what it dates ahead could not be taken back.
        let now = guard.newest().map_or(clock.now(), |newest| {
            let ahead = clock.now().duration_since(newest);
            if ahead > CLOCK_AHEAD_MAX { newest } else { newest.max(clock.now()) }
        });
        let rulebook = Rulebook::open(&store, &rules, now).await?;
        let holder = crate::auth::random_name()?;
        Ok(Arc::new(Self {
            store,
            bus,
            rulebook,
            clock,
            guard,
            pulses: Pulses::default(),
            auth,
            quotas,
            documents,
            codes: Codes::new(holder.clone(), &digest_key),
            ends: Ends::default(),
            metrics: Arc::default(),
            waits: Crowd::new(WAITS_MAX, WAITS_OF_ONE_MAX),
            holder,
            requests: AtomicU64::new(0),
            leads: Mutex::default(),
            sandbox,
            rule_signers,
            views,
            digest_key,
        }))
    }

    /// A digest that nobody can compute without the installation's key: 128 bits, in URL-safe base64.
    #[must_use]
    pub fn keyed_digest(&self, parts: &[&[u8]]) -> String {
        URL_SAFE_NO_PAD.encode(self.keyed(parts))
    }

    /// An id that nobody can compute without the installation's key.
    #[must_use]
    pub fn keyed_id(&self, parts: &[&[u8]]) -> Uuid {
        Uuid::new_v8(self.keyed(parts))
    }

    fn keyed(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut short = [0; 16];
        // A key of any length fits.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.digest_key) {
            for part in parts {
                mac.update(&(part.len() as u64).to_be_bytes());
                mac.update(part);
            }
            for (byte, of) in short.iter_mut().zip(mac.finalize().into_bytes()) {
                *byte = of;
            }
        }
        short
    }

    /// A name for a subject in the log: the same for the same one here, and nobody comes from it to the subject without the
    /// installation's key.
    pub(crate) fn shown(&self, subject: &str) -> String {
        let mut shown = self.keyed_digest(&[b"log", subject.as_bytes()]);
        shown.truncate(SHOWN_CHARS);
        shown
    }

    /// A name that no other request has.
    pub(crate) fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number:x}", self.holder.get(..8).unwrap_or(&self.holder))
    }

    /// Now, if that may be recorded.
    pub fn time(&self) -> Result<Timestamp, ClockWrong> {
        self.guard.now()
    }

    /// The same for an event that follows in its stream on one of `last`.
    pub fn time_after(&self, last: Option<Timestamp>) -> Result<Timestamp, ClockWrong> {
        following(self.time()?, last)
    }

    /// Whether this process does what one replica of `service` is enough for.
    #[must_use]
    pub fn lead(&self, service: &'static str) -> Leadership {
        let mut leads = self.leads.lock().unwrap_or_else(PoisonError::into_inner);
        leads.entry(service).or_insert_with(|| self.bus.lead(service, &self.holder)).clone()
    }

    /// Leaves it to other processes, as this one stops.
    pub async fn resign(&self) {
        let leads = std::mem::take(&mut *self.leads.lock().unwrap_or_else(PoisonError::into_inner));
        futures_util::future::join_all(leads.into_values().map(Leadership::resign)).await;
    }

    /// The law in force, as of now; a decision takes it once.
    #[must_use]
    pub fn law(&self) -> Arc<Law> {
        self.rulebook.law()
    }

    /// What of the law, of certificates and of keys ends soon and has no successor; the first to end first. The law ends by the
    /// time of the dossiers, whatever that is, the others by the machine's.
    #[must_use]
    pub fn endings(&self) -> Vec<Ending> {
        let mut endings = self.law().endings(self.clock.now());
        endings.extend(self.ends.endings(Clock::System.now(), self.auth.keys_end()));
        endings.sort();
        endings
    }

    /// The forms of its procedures.
    #[must_use]
    pub fn forms(&self) -> Arc<Forms> {
        self.rulebook.forms()
    }
}
