//! The law in force, derived from the log. It is read at start and extended when rules are issued;
//! all services share it. A decision takes one snapshot and uses it to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use dossier::State;
use dossier::contract::{DirectoryEvent, LawEvent, Meta, RulesIssued, RulesKind};
use dossier::law::{InvalidLaw, Law, Void};
use dossier::rules::{Rules, Shipped, stream_id};
use dossier::services::Category;
use events::{AppendError, EventStore, Filter, Position, ReadError, Recorded};
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::forms::{Forms, InvalidForm};

mod shipped;

/// Why the law cannot be read or recorded.
#[derive(Debug, thiserror::Error)]
pub enum RulebookError {
    /// A file of rules is invalid.
    #[error(transparent)]
    Law(#[from] InvalidLaw),
    /// A form is not a JSON Schema.
    #[error(transparent)]
    Form(#[from] InvalidForm),
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store cannot append.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Too many conflicts with other processes that issue rules at the same time.
    #[error("too many processes issue rules at the same time")]
    Contended,
    /// The same version with other content.
    #[error(
        "version {1} of {0} stands in the log with other content: what was issued is never changed, give it the next number"
    )]
    Changed(String, u32),
}

impl RulebookError {
    /// Whether a retry may succeed without an operator.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Read(error) => error.is_retryable(),
            Self::Append(error) => error.is_retryable(),
            Self::Contended => true,
            Self::Law(_) | Self::Form(_) | Self::Changed(..) => false,
        }
    }
}

/// All versions of all files of rules, by stream, including those that are proposed, void or
/// withdrawn.
pub type Register = BTreeMap<String, Arc<Rules>>;

/// The law and what is derived from it.
#[derive(Debug, Clone, Default)]
struct InForce {
    law: Arc<Law>,
    forms: Arc<Forms>,
    register: Arc<Register>,
    passed_over: Arc<Vec<PassedOver>>,
}

/// A shipped file of rules that was not issued at start.
#[derive(Debug, Clone)]
pub struct PassedOver {
    pub rules: RulesIssued,
    pub why: String,
}

/// The law in force, with its forms and the register of all rules; shared by all services.
#[derive(Debug)]
pub struct Rulebook {
    in_force: RwLock<InForce>,
    /// Position up to which the log was read.
    read: Mutex<Position>,
    passed_over: Vec<PassedOver>,
    /// Streams of the skipped files; their texts are kept for comparison.
    compared: BTreeSet<String>,
}

/// The kinds of events that the law is made of: rules and outages, and the directories of the
/// agencies.
pub(crate) const KINDS: [&str; 2] = ["law.", DIRECTORY];

const DIRECTORY: &str = "directory.";

/// The categories of all streams that have these events.
const CATEGORIES: &[&str] =
    &[Category::Law.as_str(), Category::Outage.as_str(), Category::Directory.as_str()];

fn of_the_law() -> Filter {
    Filter { kinds: KINDS.map(Into::into).into() }
}

/// The law in the log of a store.
pub async fn recorded(store: &EventStore) -> Result<Law, RulebookError> {
    registered(store).await.map(|(law, _)| law)
}

/// The law in the log of a store, and all versions of all files of rules.
pub async fn registered(store: &EventStore) -> Result<(Law, Register), RulebookError> {
    let (mut law, mut register) = (Law::default(), Register::default());
    let mut position = Position::START;
    read(store, &mut law, &mut register, &mut position, &BTreeSet::new()).await?;
    Ok((law, register))
}

/// What was read of the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum News {
    Nothing,
    /// Only records of directories: the procedures are as before.
    Directories,
    Rules,
}

/// Reads what is new in the log. Texts of the streams in `compared` are kept.
async fn read(
    store: &EventStore,
    law: &mut Law,
    register: &mut Register,
    position: &mut Position,
    compared: &BTreeSet<String>,
) -> Result<News, RulebookError> {
    let (filter, mut news) = (of_the_law(), News::Nothing);
    loop {
        let page = store.read_categories(CATEGORIES, *position, &filter).await?;
        if page.through == *position {
            return Ok(news);
        }
        for event in &page.events {
            let void = apply(law, event)?;
            enter(register, event, void, compared)?;
            let is_directory = event.kind.starts_with(DIRECTORY);
            news = news.max(if is_directory { News::Directories } else { News::Rules });
        }
        *position = page.through;
    }
}

/// Applies an event to the law. A file of rules that contradicts earlier ones is skipped; the
/// finding is returned.
pub fn apply<'a>(law: &'a mut Law, event: &Recorded) -> Result<Option<&'a Void>, RulebookError> {
    let envelope = crate::envelope(event)?;
    if event.kind.starts_with(DIRECTORY) {
        let decoded: DirectoryEvent = crate::decode(event)?;
        law.record_in_directory(&decoded, envelope.at);
        return Ok(None);
    }
    match crate::decode(event)? {
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

/// Adds an event to the register, if it concerns a file of rules.
fn enter(
    register: &mut Register,
    event: &Recorded,
    void: Option<&Void>,
    compared: &BTreeSet<String>,
) -> Result<(), RulebookError> {
    if event.stream.category() == Rules::CATEGORY {
        let envelope = crate::envelope(event)?;
        let meta = Meta { id: event.id, version: event.version.0, envelope };
        let rules = register.entry(event.stream.id().to_owned()).or_default();
        let rules = Arc::make_mut(rules);
        rules.evolve(&crate::decode(event)?, &meta);
        // Texts are dropped to save memory and can be read from the log. Those of procedures and
        // templates are kept, because their first day is read from the text.
        for version in &mut rules.versions {
            let begins_later =
                matches!(version.rules.kind, RulesKind::Procedure | RulesKind::Papers);
            if !begins_later && !compared.contains(event.stream.id()) {
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
    /// Reads the law from the log and issues those of `rules` that it lacks. A file is skipped if
    /// an agency has issued rules of its own in its place; the agency's rules remain.
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
            // Read again from the beginning, this time keeping the texts of the skipped files'
            // streams.
            (rulebook.in_force, rulebook.read) = (RwLock::default(), Mutex::new(Position::START));
        }
        rulebook.catch_up(store).await?;
        Ok(rulebook)
    }

    /// The position up to which the law was read; the start of the log while it is being read.
    #[must_use]
    pub fn read_to(&self) -> Position {
        self.read.try_lock().map_or(Position::START, |position| *position)
    }

    /// Applies what was issued since the last read.
    pub async fn catch_up(&self, store: &EventStore) -> Result<(), RulebookError> {
        let mut position = self.read.lock().await;
        let (mut law, mut register) = ((*self.law()).clone(), (*self.register()).clone());
        let mut read_to = *position;
        let news = read(store, &mut law, &mut register, &mut read_to, &self.compared).await?;
        if news > News::Nothing {
            // Compiling all forms takes long, and absences are recorded every day.
            let forms = match news {
                News::Rules => Arc::new(Forms::compile(&law)?),
                News::Nothing | News::Directories => self.forms(),
            };
            let passed_over = Arc::new(self.still_passed_over(&register));
            let (law, register) = (Arc::new(law), Arc::new(register));
            let in_force = InForce { law, forms, register, passed_over };
            *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = in_force;
        }
        *position = read_to;
        drop(position);
        Ok(())
    }

    /// The law in force.
    pub fn law(&self) -> Arc<Law> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner).law)
    }

    /// All versions of all files of rules.
    pub fn register(&self) -> Arc<Register> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner).register)
    }

    /// Shipped files that were skipped at start, each with the present reason. Files issued since,
    /// also under a later version, are left out.
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

    /// Forms of the procedures.
    pub fn forms(&self) -> Arc<Forms> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner).forms)
    }
}

#[cfg(test)]
mod tests;
