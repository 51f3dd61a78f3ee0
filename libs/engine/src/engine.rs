//! The engine: what executing commands and following the log needs, built once for each process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dossier::contract::RulesIssued;
use dossier::law::Law;
use events::bus::{Bus, Leadership};
use events::{EventStore, ReadError};
use jiff::Timestamp;
use platform::TimeSource;
use platform::metrics::Metrics;
use platform::secret::random_name;

use crate::clock::{ClockGuard, ClockWrong, following};
use crate::forms::Forms;
use crate::limits::CLOCK_AHEAD_MAX;
use crate::pulse::Pulses;
use crate::rulebook::{Rulebook, RulebookError};
use crate::scan::Scan;

/// The store, the law and the clock of a process, shared by its services.
#[derive(Debug)]
pub struct Engine {
    pub store: Arc<EventStore>,
    /// Carries events from the store to the subscribed reactions.
    pub(crate) bus: Bus,
    pub(crate) rulebook: Rulebook,
    pub clock: TimeSource,
    pub(crate) guard: ClockGuard,
    pub(crate) pulses: Pulses,
    pub(crate) views: Option<PathBuf>,
    /// The pages of the log that followers share.
    pub(crate) scan: Arc<Scan>,
    pub metrics: Arc<Metrics>,
    /// Random identifier of this process, as a holder of leases.
    holder: String,
    leads: Mutex<BTreeMap<&'static str, Leadership>>,
}

/// Input of [`Engine::new`].
#[derive(Debug)]
pub struct Settings {
    pub store: Arc<EventStore>,
    /// Carries events from the store to the subscribed reactions.
    pub bus: Bus,
    /// Files of rules; those that are not in the log yet are issued.
    pub rules: Vec<RulesIssued>,
    pub clock: TimeSource,
    /// Folder of the views; they are in memory if absent.
    pub views: Option<PathBuf>,
}

/// Why the engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The law cannot be read or recorded.
    #[error(transparent)]
    Rulebook(#[from] RulebookError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The operating system's random numbers failed.
    #[error("no random numbers: {0}")]
    Random(std::io::Error),
    /// A folder cannot be used.
    #[error("{path}: {source}")]
    Folder {
        /// The folder of the views, which could not be created.
        path: PathBuf,
        source: std::io::Error,
    },
}

impl Engine {
    /// Builds the components; opens the rulebook and issues the shipped rules that the log lacks.
    pub async fn new(settings: Settings) -> Result<Arc<Self>, EngineError> {
        let Settings { store, bus, rules, clock, views } = settings;
        if let Some(folder) = &views {
            std::fs::create_dir_all(folder)
                .map_err(|source| EngineError::Folder { path: folder.clone(), source })?;
        }
        let guard = ClockGuard::open(clock.clone(), &store).await?;
        // Shipped rules are issued at the time of the newest event if the clock is far ahead of it:
        // the clock may be wrong, and a later date could not be taken back.
        let now = guard.newest().map_or(clock.now(), |newest| {
            let ahead = clock.now().duration_since(newest);
            if ahead > CLOCK_AHEAD_MAX { newest } else { newest.max(clock.now()) }
        });
        let rulebook = Rulebook::open(&store, &rules, now).await?;
        let holder = random_name().map_err(EngineError::Random)?;
        Ok(Arc::new(Self {
            store,
            bus,
            rulebook,
            clock,
            guard,
            pulses: Pulses::default(),
            metrics: Arc::default(),
            holder,
            leads: Mutex::default(),
            views,
            scan: Arc::default(),
        }))
    }

    /// Random identifier of this process.
    #[must_use]
    pub fn holder(&self) -> &str {
        &self.holder
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

    /// Carries events from the store to the subscribed reactions.
    #[must_use]
    pub const fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Decides whether the clock's time may be recorded.
    #[must_use]
    pub const fn guard(&self) -> &ClockGuard {
        &self.guard
    }

    /// Health of the running tasks.
    #[must_use]
    pub const fn pulses(&self) -> &Pulses {
        &self.pulses
    }

    /// Folder of the views; they are in memory if absent.
    #[must_use]
    pub fn view_folder(&self) -> Option<&Path> {
        self.views.as_deref()
    }

    /// The files of rules in all versions, as read from the log.
    #[must_use]
    pub const fn rulebook(&self) -> &Rulebook {
        &self.rulebook
    }

    /// Reads the rules that were recorded since the last call.
    ///
    /// # Errors
    ///
    /// Those of [`Rulebook::catch_up`].
    pub async fn catch_up_law(&self) -> Result<(), RulebookError> {
        self.rulebook.catch_up(&self.store).await
    }

    /// The law in force at present. A decision must take it once, because it may change in between.
    #[must_use]
    pub fn law(&self) -> Arc<Law> {
        self.rulebook.law()
    }

    /// The forms of the procedures in force.
    #[must_use]
    pub fn forms(&self) -> Arc<Forms> {
        self.rulebook.forms()
    }
}
