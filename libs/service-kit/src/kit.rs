//! The components that every service uses, built once for each process.

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

/// The components of a process, shared by its services.
#[derive(Debug)]
pub struct Kit {
    pub store: Arc<EventStore>,
    /// Carries events from the store to the subscribed reactions.
    pub bus: Bus,
    pub rulebook: Rulebook,
    pub clock: Clock,
    /// Decides whether the clock's time may be recorded.
    pub guard: ClockGuard,
    /// Health of the running tasks.
    pub pulses: Pulses,
    /// Authenticates callers.
    pub auth: Auth,
    /// Limits of use, for each caller.
    pub quotas: Quotas,
    pub documents: Documents,
    /// Issues codes of new dossiers.
    pub codes: Codes,
    /// Whether sandbox payment providers, which move no money, are offered.
    pub sandbox: bool,
    /// Persons who must agree before a file of rules is issued: 1 or 2.
    pub rule_signers: u8,
    /// Folder of the views; they are in memory if absent.
    pub views: Option<PathBuf>,
    /// Certificates that expire.
    pub ends: Ends,
    pub metrics: Arc<Metrics>,
    /// Requests that wait until a position is visible, limited in number.
    pub waits: Arc<Crowd>,
    digest_key: Vec<u8>,
    /// Random identifier of this process, as a holder of leases.
    holder: String,
    /// Requests that have got an id so far.
    requests: AtomicU64,
    leads: Mutex<BTreeMap<&'static str, Leadership>>,
}

/// Characters of a pseudonymised subject in the log: 66 bits.
const SHOWN_CHARS: usize = 11;

/// Input of [`Kit::new`].
#[derive(Debug)]
pub struct Settings {
    pub store: Arc<EventStore>,
    /// Carries events from the store to the subscribed reactions.
    pub bus: Bus,
    /// Files of rules; those that are not in the log yet are issued.
    pub rules: Vec<RulesIssued>,
    pub clock: Clock,
    /// Authenticates callers.
    pub auth: Auth,
    /// Limits of use, for each caller.
    pub quotas: Quotas,
    pub documents: Documents,
    /// Folder of the views; they are in memory if absent.
    pub views: Option<PathBuf>,
    /// Whether sandbox payment providers, which move no money, are offered.
    pub sandbox: bool,
    /// Persons who must agree before a file of rules is issued: 1 or 2.
    pub rule_signers: u8,
    /// Secret of the installation: the HMAC key for digests of requests and documents.
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
        /// The folder of the views, which could not be created.
        path: PathBuf,
        source: std::io::Error,
    },
}

impl Kit {
    /// Builds the components; opens the rulebook and issues the shipped rules that the log lacks.
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
        // Shipped rules are issued at the time of the newest event if the clock is far ahead of it:
        // the clock may be wrong, and a later date could not be taken back.
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

    /// HMAC with the installation's key, truncated to 128 bits, in URL-safe base64.
    #[must_use]
    pub fn keyed_digest(&self, parts: &[&[u8]]) -> String {
        URL_SAFE_NO_PAD.encode(self.keyed(parts))
    }

    /// A UUID (version 8) derived by HMAC with the installation's key.
    #[must_use]
    pub fn keyed_id(&self, parts: &[&[u8]]) -> Uuid {
        Uuid::new_v8(self.keyed(parts))
    }

    fn keyed(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut short = [0; 16];
        // HMAC accepts a key of any length.
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

    /// Pseudonym of a subject for the operational log: the same subject has the same one in this
    /// installation, and it cannot be reversed without the installation's key.
    pub(crate) fn shown(&self, subject: &str) -> String {
        let mut shown = self.keyed_digest(&[b"log", subject.as_bytes()]);
        shown.truncate(SHOWN_CHARS);
        shown
    }

    /// An id that is unique to this request.
    pub(crate) fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number:x}", self.holder.get(..8).unwrap_or(&self.holder))
    }

    /// The present time, if it may be recorded.
    pub fn time(&self) -> Result<Timestamp, ClockWrong> {
        self.guard.now()
    }

    /// The present time for an event whose predecessor in the stream was recorded at `last`.
    pub fn time_after(&self, last: Option<Timestamp>) -> Result<Timestamp, ClockWrong> {
        following(self.time()?, last)
    }

    /// The leadership of `service`, for work that one replica does for all of them.
    #[must_use]
    pub fn lead(&self, service: &'static str) -> Leadership {
        let mut leads = self.leads.lock().unwrap_or_else(PoisonError::into_inner);
        leads.entry(service).or_insert_with(|| self.bus.lead(service, &self.holder)).clone()
    }

    /// Gives up all leaderships when this process stops.
    pub async fn resign(&self) {
        let leads = std::mem::take(&mut *self.leads.lock().unwrap_or_else(PoisonError::into_inner));
        futures_util::future::join_all(leads.into_values().map(Leadership::resign)).await;
    }

    /// The law in force at present. A decision must take it once, because it may change in between.
    #[must_use]
    pub fn law(&self) -> Arc<Law> {
        self.rulebook.law()
    }

    /// Parts of the law, certificates and keys that end soon and have no successor, the earliest
    /// first. The law ends by the clock of the kit, which may be virtual; certificates and keys by
    /// the machine's.
    #[must_use]
    pub fn endings(&self) -> Vec<Ending> {
        let mut endings = self.law().endings(self.clock.now());
        endings.extend(self.ends.endings(Clock::System.now(), self.auth.keys_end()));
        endings.sort();
        endings
    }

    /// The forms of the procedures in force.
    #[must_use]
    pub fn forms(&self) -> Arc<Forms> {
        self.rulebook.forms()
    }
}
