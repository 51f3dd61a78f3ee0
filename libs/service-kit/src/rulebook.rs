//! The law in force, as it stands in the log: read at start, added to by whoever issues rules, and the same for all
//! services. A decision takes one snapshot and sees no other until it is made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use dossier::State;
use dossier::contract::{EventSet, LawEvent, Meta, RulesIssued, RulesKind, Unreadable};
use dossier::intake::{Rules, Shipped, stream_id};
use dossier::law::{InvalidLaw, Law, Void};
use events::{AppendError, EventStore, Filter, Position, ReadError, Recorded};
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::forms::{Forms, InvalidForm};
use crate::limits::PAGE_EVENTS;

mod shipped;

/// Why the law cannot be read or recorded.
#[derive(Debug, thiserror::Error)]
pub enum RulebookError {
    /// A file of rules is wrong.
    #[error(transparent)]
    Law(#[from] InvalidLaw),
    /// A form is not a JSON Schema.
    #[error(transparent)]
    Form(#[from] InvalidForm),
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store takes nothing.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// What stands in the log cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The same version with other content.
    #[error(
        "version {1} of {0} stands in the log with other content: what was issued is never changed, give it the next number"
    )]
    Changed(String, u32),
}

/// Every file of rules in every version, by stream: also those that are no law yet, or never will be.
pub type Register = BTreeMap<String, Arc<Rules>>;

/// The law, and what is made of it.
#[derive(Debug, Clone, Default)]
struct InForce {
    law: Arc<Law>,
    forms: Arc<Forms>,
    register: Arc<Register>,
    passed_over: Arc<Vec<PassedOver>>,
}

/// A file of rules that comes with the program and was not issued at its start.
#[derive(Debug, Clone)]
pub struct PassedOver {
    /// The file.
    pub rules: RulesIssued,
    /// Why.
    pub why: String,
}

/// The law in force.
#[derive(Debug)]
pub struct Rulebook {
    in_force: RwLock<InForce>,
    /// Up to where the log was read.
    read: Mutex<Position>,
    passed_over: Vec<PassedOver>,
    /// The streams of those: what is issued there is compared with what was passed over.
    compared: BTreeSet<String>,
}

fn of_the_law() -> Filter {
    Filter { kinds: vec!["law.".into()] }
}

/// The law as it stands in the log of a store.
pub async fn recorded(store: &EventStore) -> Result<Law, RulebookError> {
    registered(store).await.map(|(law, _)| law)
}

/// The law as it stands in the log of a store, and every file of rules that stands there.
pub async fn registered(store: &EventStore) -> Result<(Law, Register), RulebookError> {
    let (mut law, mut register) = (Law::default(), Register::default());
    let mut position = Position::START;
    read(store, &mut law, &mut register, &mut position, &BTreeSet::new()).await?;
    Ok((law, register))
}

/// Reads on; whether there was anything. The texts of the streams in `compared` are kept.
async fn read(
    store: &EventStore,
    law: &mut Law,
    register: &mut Register,
    position: &mut Position,
    compared: &BTreeSet<String>,
) -> Result<bool, RulebookError> {
    let (filter, mut any) = (of_the_law(), false);
    loop {
        let page = store.read_all(*position, &filter, PAGE_EVENTS).await?;
        if page.through == *position {
            return Ok(any);
        }
        for event in &page.events {
            let void = take(law, event)?;
            enter(register, event, void, compared)?;
            any = true;
        }
        *position = page.through;
    }
}

/// Takes one event of the law in; a file of rules that contradicts what stands before it is passed over, and said which.
pub fn take<'a>(law: &'a mut Law, event: &Recorded) -> Result<Option<&'a Void>, RulebookError> {
    let envelope = crate::streams::envelope(event)?;
    match LawEvent::decode(&event.kind, &event.data)? {
        LawEvent::RulesIssued(rules) => return Ok(law.record(&rules, envelope.at)),
        LawEvent::RulesWithdrawn(end) => law.withdraw(end.kind, &end.name, end.version),
        LawEvent::RulesProposed(_)
        | LawEvent::RulesRejected(_)
        | LawEvent::RulesWithdrawalProposed(_) => {}
        LawEvent::OutageDeclared(declared) => law.declare(&declared, envelope.at),
        LawEvent::OutageEnded(ended) => law.end(&ended, envelope.at),
    }
    Ok(None)
}

/// Enters one event of the law in the register, if it is about a file of rules.
fn enter(
    register: &mut Register,
    event: &Recorded,
    void: Option<&Void>,
    compared: &BTreeSet<String>,
) -> Result<(), RulebookError> {
    if event.stream.category() == Rules::CATEGORY {
        let envelope = crate::streams::envelope(event)?;
        let meta = Meta { id: event.id, version: event.version.0, envelope };
        let rules = register.entry(event.stream.id().to_owned()).or_default();
        let rules = Arc::make_mut(rules);
        rules.evolve(&LawEvent::decode(&event.kind, &event.data)?, &meta);
        // Which versions there are is remembered; what they say stands in the log for whoever asks. Of a procedure its first day is
        // read from it.
        for version in &mut rules.versions {
            if version.rules.kind != RulesKind::Procedure && !compared.contains(event.stream.id()) {
                version.rules.text = String::new();
            }
        }
        if let Some(Void { kind, name, version, reason, .. }) = void {
            let kind = kind.as_str();
            tracing::error!(kind, name, version, reason, "recorded rules file is void");
            rules.mark_void(*version, reason);
        }
    }
    Ok(())
}

impl Rulebook {
    /// Reads the law from the log and issues those of `rules` that do not stand in it yet. What cannot be issued because an
    /// agency has issued something of its own in its place is passed over: the agency's own stays.
    pub async fn open(
        store: &EventStore,
        rules: &[RulesIssued],
        now: Timestamp,
    ) -> Result<Self, RulebookError> {
        let (in_force, read) = (RwLock::default(), Mutex::new(Position::START));
        let (passed_over, compared) = (Vec::new(), BTreeSet::new());
        let mut rulebook = Self { in_force, read, passed_over, compared };
        rulebook.catch_up(store).await?;
        let mut law = (*rulebook.law()).clone();
        for rules in rules {
            if let Some(why) = rulebook.issue(store, &mut law, rules, now).await? {
                let (kind, name, version) = (rules.kind.as_str(), &rules.name, rules.version);
                tracing::warn!(kind, name, version, why, "shipped rules file skipped");
                rulebook.passed_over.push(PassedOver { rules: rules.clone(), why });
                rulebook.compared.insert(stream_id(rules.kind, &rules.name));
            }
        }
        if !rulebook.compared.is_empty() {
            // Once more from the beginning, with the texts of those.
            (rulebook.in_force, rulebook.read) = (RwLock::default(), Mutex::new(Position::START));
        }
        rulebook.catch_up(store).await?;
        Ok(rulebook)
    }

    /// Takes in what was issued since.
    pub async fn catch_up(&self, store: &EventStore) -> Result<(), RulebookError> {
        let mut position = self.read.lock().await;
        let (mut law, mut register) = ((*self.law()).clone(), (*self.register()).clone());
        let mut read_to = *position;
        if read(store, &mut law, &mut register, &mut read_to, &self.compared).await? {
            let forms = Arc::new(Forms::compile(&law)?);
            let passed_over = Arc::new(self.still_passed_over(&register));
            let (law, register) = (Arc::new(law), Arc::new(register));
            let in_force = InForce { law, forms, register, passed_over };
            *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = in_force;
        }
        *position = read_to;
        drop(position);
        Ok(())
    }

    /// The law.
    pub fn law(&self) -> Arc<Law> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner).law)
    }

    /// Every file of rules in every version.
    pub fn register(&self) -> Arc<Register> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner).register)
    }

    /// The files that came with the program and were not issued at its start, each with the reason that holds now; those that were
    /// issued since, also under a later number, are none of them.
    pub fn passed_over(&self) -> Arc<Vec<PassedOver>> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner).passed_over)
    }

    fn still_passed_over(&self, register: &Register) -> Vec<PassedOver> {
        let nothing = Arc::default();
        let still = self.passed_over.iter().filter_map(|PassedOver { rules, why }| {
            let known = register.get(&stream_id(rules.kind, &rules.name)).unwrap_or(&nothing);
            let why = match known.shipped(rules) {
                Shipped::Known => return None,
                Shipped::PassedOver(why) => why.to_owned(),
                Shipped::New | Shipped::Changed => why.clone(),
            };
            Some(PassedOver { rules: rules.clone(), why })
        });
        still.collect()
    }

    /// The forms of its procedures.
    pub fn forms(&self) -> Arc<Forms> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner).forms)
    }
}

#[cfg(test)]
mod tests;
