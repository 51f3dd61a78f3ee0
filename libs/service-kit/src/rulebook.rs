//! The law in force, as it stands in the log: read at start, added to by whoever issues rules, and the same for all
//! services. A decision takes one snapshot and sees no other until it is made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use dossier::State;
use dossier::contract::{
    Actor, Envelope, EventSet, LawEvent, Meta, RulesIssued, RulesKind, Unreadable,
};
use dossier::intake::{Rules, RulesStage, Shipped, stream_id};
use dossier::law::{InvalidLaw, Law, Void};
use events::{
    AppendError, EventStore, Expected, Filter, NewEvent, Position, ReadError, Recorded, StreamName,
};
use jiff::Timestamp;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::clock::{ClockWrong, following, newest_recorded};
use crate::forms::{Forms, InvalidForm};
use crate::limits::{ATTEMPTS_MAX, PAGE_EVENTS};
use crate::streams::recorded_at;

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

impl Rulebook {
    /// Records rules that came with the program, unless they are recorded; why not, if an agency's own are in their place. `law`
    /// is the law with all that was recorded so before: a file that it does not take is not recorded.
    async fn issue(
        &self,
        store: &EventStore,
        law: &mut Law,
        rules: &RulesIssued,
        now: Timestamp,
    ) -> Result<Option<String>, RulebookError> {
        let id = stream_id(rules.kind, &rules.name);
        let stream = StreamName::new(&format!("law-{id}")).map_err(AppendError::StreamName)?;
        for _ in 0..ATTEMPTS_MAX {
            let issued = store.read_whole(&stream).await?;
            let known: Rules = crate::streams::fold(&issued)?;
            match known.shipped(rules) {
                Shipped::New => {}
                Shipped::Known => {
                    let known = known.version(rules.version);
                    // Another process that starts at the same time may have recorded it.
                    if known.is_some_and(|known| known.stage == RulesStage::Issued) {
                        law.record(rules, now);
                    }
                    return Ok(None);
                }
                Shipped::PassedOver(why) => return Ok(Some(why.to_owned())),
                Shipped::Changed => return Err(RulebookError::Changed(id, rules.version)),
            }
            let last = issued.last();
            let Ok(at) = at_end(store, now, last).await? else {
                let why = "the newest event of its stream was recorded by a clock that was ahead";
                return Ok(Some(why.to_owned()));
            };
            // On top of what an agency has issued or withdrawn itself it may be wrong; then the start must not end here.
            let mut tried = law.clone();
            match tried.take(rules, Some(at)) {
                Ok(()) => {}
                Err(error) if self.register().values().any(|rules| rules.is_touched()) => {
                    return Ok(Some(error.to_string()));
                }
                Err(error) => return Err(error.into()),
            }
            let expected = Expected::from(last.map(|event| event.version));
            match record(store, &stream, rules, at, expected).await {
                Ok(()) => {
                    *law = tried;
                    return Ok(None);
                }
                // Another process that starts at the same time.
                Err(AppendError::Conflict { .. } | AppendError::IdReused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let why = "too many processes issue rules at the same time".into();
        Err(AppendError::Unavailable(why).into())
    }
}

/// The time of what is recorded at the end of the log. Other processes that start at the same time have clocks of their own and
/// record while this one waits for the store: what follows their events is not dated before them.
async fn at_end(
    store: &EventStore,
    now: Timestamp,
    last: Option<&Recorded>,
) -> Result<Result<Timestamp, ClockWrong>, ReadError> {
    let now = newest_recorded(store).await?.map_or(now, |newest| newest.max(now));
    Ok(following(now, last.and_then(recorded_at)))
}

async fn record(
    store: &EventStore,
    stream: &StreamName,
    rules: &RulesIssued,
    now: Timestamp,
    expected: Expected,
) -> Result<(), AppendError> {
    let name = format!("{stream}/{}", rules.version);
    let command = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
    let event = LawEvent::from(rules.clone());
    let event = NewEvent {
        id: NewEvent::id_of(stream, command, 0),
        kind: event.kind().into(),
        data: event.encode(),
        meta: serde_json::to_string(&envelope(command, now)).unwrap_or_default(),
    };
    store.append(stream, expected, vec![event]).await.map(|_| ())
}

fn envelope(command: Uuid, at: Timestamp) -> Envelope {
    let actor = Actor::system(concat!("dossier/", env!("CARGO_PKG_VERSION")));
    let digest = String::new();
    Envelope { at, actor, command, digest, cause: None, dossier: None, trace: None }
}

#[cfg(test)]
mod tests {
    use dossier::contract::{Role, RulesProposed, RulesRejected};
    use dossier::law::{next_version, rules, shipped_rules};

    use super::*;

    /// Records what an operator does.
    async fn record_own(store: &EventStore, event: LawEvent, rules: &RulesIssued, now: Timestamp) {
        let name = format!("law-{}", stream_id(rules.kind, &rules.name));
        let stream = StreamName::new(&name).unwrap();
        let last = store.last(&stream).await.unwrap().map(|last| last.version);
        let said = format!("{}{}", event.kind(), event.encode());
        let command = Uuid::new_v5(&Uuid::NAMESPACE_OID, said.as_bytes());
        let role = Role::Operator;
        let actor = Actor { subject: "o1".into(), role, agency: None, on_behalf_of: None };
        let envelope = Envelope { actor, ..envelope(command, now) };
        let event = NewEvent {
            id: NewEvent::id_of(&stream, command, 0),
            kind: event.kind().into(),
            data: event.encode(),
            meta: serde_json::to_string(&envelope).unwrap(),
        };
        store.append(&stream, Expected::from(last), vec![event]).await.unwrap();
    }

    #[tokio::test]
    async fn what_was_passed_over_is_told_until_it_was_issued_under_a_later_number() {
        let (store, now) = (EventStore::memory(), "2026-11-20T09:00:00Z".parse().unwrap());
        let shipped = shipped_rules().unwrap();
        let (newest, older): (Vec<_>, Vec<_>) = shipped
            .iter()
            .cloned()
            .partition(|rules| rules.name == "ENERGY.LABEL" && rules.version == 2);
        let [newest] = &newest[..] else { panic!("{newest:?}") };
        Rulebook::open(&store, &older, now).await.unwrap();
        let own = newest.text.replace("amount: 5", "amount: 4");
        let own = rules(newest.kind, "own", &own).unwrap();
        record_own(&store, own.clone().into(), &own, now).await;
        let rulebook = Rulebook::open(&store, &shipped, now).await.unwrap();
        let told = rulebook.passed_over();
        let [PassedOver { rules: told, why }] = &told[..] else { panic!("{told:?}") };
        assert!(told.text == newest.text && why.contains("its own"), "{why}");
        let again = next_version(&newest.text);
        let again = rules(newest.kind, "again", &again).unwrap();
        record_own(&store, again.clone().into(), &again, now).await;
        rulebook.catch_up(&store).await.unwrap();
        assert_eq!(rulebook.passed_over().len(), 0);
        let started_again = Rulebook::open(&store, &shipped, now).await.unwrap();
        assert_eq!(started_again.passed_over().len(), 0);
    }

    #[tokio::test]
    async fn a_list_that_was_passed_over_is_told_until_it_was_issued_under_a_later_number() {
        let (store, now) = (EventStore::memory(), "2026-11-20T09:00:00Z".parse().unwrap());
        let shipped = shipped_rules().unwrap();
        let is_newest = |rules: &RulesIssued| rules.name == "chemicals" && rules.version == 2;
        let newest = shipped.iter().find(|rules| is_newest(rules)).unwrap();
        let older: Vec<_> = shipped.iter().filter(|rules| !is_newest(rules)).cloned().collect();
        Rulebook::open(&store, &older, now).await.unwrap();
        let without = |text: &str| -> String {
            let kept = text.lines().filter(|line| !line.contains("\"107-44-8\""));
            kept.map(|line| format!("{line}\n")).collect()
        };
        let own = rules(newest.kind, "own", &without(&newest.text)).unwrap();
        record_own(&store, own.clone().into(), &own, now).await;
        let rulebook = Rulebook::open(&store, &shipped, now).await.unwrap();
        assert_eq!(rulebook.law().voids(), []);
        let told = rulebook.passed_over();
        assert!(matches!(&told[..], [told] if told.why.contains("its own")), "{told:?}");
        let proposed = rules(newest.kind, "again", &next_version(&newest.text)).unwrap();
        record_own(&store, RulesProposed::from(proposed.clone()).into(), &proposed, now).await;
        rulebook.catch_up(&store).await.unwrap();
        assert_eq!(rulebook.passed_over().len(), 1, "nobody has signed it");
        record_own(&store, proposed.clone().into(), &proposed, now).await;
        rulebook.catch_up(&store).await.unwrap();
        assert_eq!(rulebook.passed_over().len(), 0);
        let register = rulebook.register();
        let texts = register.values().flat_map(|rules| &rules.versions).map(|known| &known.rules);
        let kept = texts.filter(|of| of.kind != RulesKind::Procedure && !of.text.is_empty());
        assert!(kept.clone().count() == 3 && kept.clone().all(|of| of.name == "chemicals"));
    }

    #[tokio::test]
    async fn a_shipped_version_that_was_proposed_and_never_signed_is_told_and_stops_no_start() {
        let (store, now) = (EventStore::memory(), "2026-11-20T09:00:00Z".parse().unwrap());
        let shipped = shipped_rules().unwrap();
        let versions = |rulebook: &Rulebook| -> Vec<u32> {
            let law = rulebook.law();
            let own = law.procedures().filter(|p| p.code.as_str() == "ENERGY.LABEL");
            own.map(|procedure| procedure.version).collect()
        };
        let is_newest = |rules: &RulesIssued| rules.name == "ENERGY.LABEL" && rules.version == 2;
        let older: Vec<_> = shipped.iter().filter(|rules| !is_newest(rules)).cloned().collect();
        Rulebook::open(&store, &older, now).await.unwrap();
        let newest = shipped.iter().find(|rules| is_newest(rules)).unwrap();
        let proposed = RulesProposed::from(newest.clone());
        record_own(&store, proposed.into(), newest, now).await;
        let rulebook = Rulebook::open(&store, &shipped, now).await.unwrap();
        let told = rulebook.passed_over();
        assert!(matches!(&told[..], [told] if told.why.contains("waits for")), "{told:?}");
        assert!(versions(&rulebook).is_empty());
        // Other files are issued as ever, and the one after it is no agency's own.
        let mut next = newest.clone();
        next.text = next_version(&next.text);
        next.version = 3;
        let reason = "not so".to_owned();
        let (kind, name) = (newest.kind, newest.name.clone());
        let rejected = RulesRejected { kind, name, version: 2, reason };
        record_own(&store, rejected.into(), newest, now).await;
        let with_next = [shipped.clone(), vec![next]].concat();
        let rulebook = Rulebook::open(&store, &with_next, now).await.unwrap();
        assert_eq!(rulebook.passed_over().len(), 0, "what the next one says, this one said");
        assert_eq!(versions(&rulebook), [3_u32]);
    }

    #[tokio::test]
    async fn processes_that_start_at_the_same_time_date_no_file_before_another() {
        let (store, later) = (EventStore::memory(), "2026-11-20T09:00:07Z".parse().unwrap());
        let shipped = shipped_rules().unwrap();
        let (first, rest) = shipped.split_at(shipped.len() / 2);
        Rulebook::open(&store, first, later).await.unwrap();
        // Began seven seconds sooner, and was slower.
        let earlier = "2026-11-20T09:00:00Z".parse().unwrap();
        let rulebook = Rulebook::open(&store, &shipped, earlier).await.unwrap();
        assert_eq!(rulebook.passed_over().len(), 0);
        let log = store.read_all(Position::START, &Filter::default(), 1_000).await.unwrap();
        assert!(log.events.len() >= shipped.len() && !rest.is_empty());
        assert!(log.events.iter().all(|event| recorded_at(event) == Some(later)));
    }

    #[tokio::test]
    async fn what_ships_is_issued_once_and_read_from_the_log_ever_after() {
        let store = EventStore::memory();
        let (rules, now) = (shipped_rules().unwrap(), Timestamp::UNIX_EPOCH);
        Rulebook::open(&store, &rules, now).await.unwrap();
        let head = store.head();
        let again = Rulebook::open(&store, &rules, now).await.unwrap();
        assert_eq!(store.head(), head, "nothing is issued twice");
        let shipped = Law::shipped().unwrap();
        assert_eq!(again.law().procedures().count(), shipped.procedures().count());
        let without_files = Rulebook::open(&store, &[], now).await.unwrap();
        assert_eq!(without_files.law().procedures().count(), shipped.procedures().count());
    }

    #[test]
    fn the_largest_file_that_can_be_issued_fits_into_an_event() {
        let rules = RulesIssued {
            kind: RulesKind::Procedure,
            name: "n".repeat(100),
            version: u32::MAX,
            legal_basis: "\u{1ea1}".repeat(1_000),
            text: "x".repeat(dossier::law::RULES_BYTES_MAX - 2),
            proposed_by: Some("p".repeat(300).as_str().into()),
        };
        assert_eq!(
            serde_json::to_string(&rules.text).unwrap().len(),
            dossier::law::RULES_BYTES_MAX
        );
        // What stands beside it in the envelope is a few hundred bytes.
        let bytes = LawEvent::from(rules).encode().len();
        assert!(bytes + 4_096 < events::limits::EVENT_BYTES_MAX, "{bytes}");
    }

    #[tokio::test]
    async fn what_was_issued_is_never_changed() {
        let store = EventStore::memory();
        let (mut rules, now) = (shipped_rules().unwrap(), Timestamp::UNIX_EPOCH);
        Rulebook::open(&store, &rules, now).await.unwrap();
        let last = rules.last_mut().unwrap();
        last.text = format!("# a remark\n{}", last.text);
        Rulebook::open(&store, &rules, now).await.expect("a remark changes nothing");
        let last = rules.last_mut().unwrap();
        last.text = last.text.replace("effective:", "effective: { from: 2000-01-01 }\nx:");
        let changed = Rulebook::open(&store, &rules, now).await.unwrap_err();
        assert!(matches!(changed, RulebookError::Changed(..)), "{changed}");
    }
}
