//! What-ifs: a change of the law is applied to all dossiers before it is issued. Jobs of this
//! process; nothing is recorded. The computation: `engine::what_if`. Intake serves them because it
//! issues the law: a file has the findings of issuing, by the same code.

use std::sync::Arc;

use dossier::rules::{OutageRecord, Rules};
use engine::{Engine, Streams};

pub(crate) mod http;
mod jobs;
mod limits;

use jobs::Jobs;

/// State shared by the handlers of this module.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) engine: Arc<Engine>,
    pub(crate) rules: Arc<Streams<Rules>>,
    pub(crate) outages: Arc<Streams<OutageRecord>>,
    /// Persons who must agree before a file of rules is issued: 1 or 2.
    pub(crate) signers: u8,
    pub(crate) jobs: Jobs,
}

impl App {
    pub(crate) fn new(engine: &Arc<Engine>, signers: u8) -> Self {
        let rules = Arc::new(Streams::new(Arc::clone(engine)));
        let outages = Arc::new(Streams::new(Arc::clone(engine)));
        Self { engine: Arc::clone(engine), rules, outages, signers, jobs: Jobs::default() }
    }
}
