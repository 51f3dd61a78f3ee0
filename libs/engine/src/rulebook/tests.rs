use dossier::contract::{Actor, Envelope, EventSet, Role, RulesProposed, RulesRejected};
use dossier::law::{next_version, rules, shipped_rules};

use events::{Expected, NewEvent, StreamName};
use uuid::Uuid;

use super::shipped::envelope;
use super::*;
use crate::recorded_at;

/// Records a file of rules as an operator does.
async fn record_own(store: &EventStore, event: LawEvent, rules: &RulesIssued, now: Timestamp) {
    let name = format!("law-{}", stream_id(rules.kind, &rules.name));
    let stream = StreamName::new(&name).unwrap();
    let last = store.last(&stream).await.unwrap().map(|last| last.version);
    let said = format!("{}{}", event.kind(), event.encode());
    let command = Uuid::new_v5(&Uuid::NAMESPACE_OID, said.as_bytes());
    let role = Role::Operator;
    let actor = Actor::new("o1".into(), role, None);
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
        kept.flat_map(|line| [line, "\n"]).collect()
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
    // Other files are issued as usual; the next version is not an agency's own.
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
    // A process that began 7 s earlier and was slower.
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
fn every_category_with_events_of_the_law_is_read() {
    for category in Category::ALL {
        let kinds = category.events().map_or(&[][..], |events| events.kinds);
        let has = kinds.iter().any(|kind| KINDS.iter().any(|prefix| kind.starts_with(prefix)));
        assert_eq!(has, CATEGORIES.contains(&category.as_str()), "{category:?}");
    }
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
    assert_eq!(serde_json::to_string(&rules.text).unwrap().len(), dossier::law::RULES_BYTES_MAX);
    // The rest of the envelope has a few hundred bytes.
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
