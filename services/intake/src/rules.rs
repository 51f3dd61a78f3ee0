//! The law as it is issued: files of rules, outages, and the catalogue of procedures. This module
//! has a state of its own; of the dossiers it only counts those that a file concerns.

use std::sync::Arc;

use dossier::rules::{OutageRecord, Rules};
use engine::{Engine, Streams};

use crate::concerned::OpenDossiers;

pub(crate) mod http;

/// State shared by the handlers of this module.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) engine: Arc<Engine>,
    pub(crate) rules: Arc<Streams<Rules>>,
    pub(crate) outages: Arc<Streams<OutageRecord>>,
    /// Persons who must agree before a file of rules is issued: 1 or 2.
    pub(crate) signers: u8,
    /// The dossiers that a file may concern.
    pub(crate) open: OpenDossiers,
}

impl App {
    pub(crate) fn new(engine: &Arc<Engine>, signers: u8, open: OpenDossiers) -> Self {
        let rules = Arc::new(Streams::new(Arc::clone(engine)));
        let outages = Arc::new(Streams::new(Arc::clone(engine)));
        Self { engine: Arc::clone(engine), rules, outages, signers, open }
    }
}
