use dossier::contract::{Channel, ProcedureRef};
use dossier::overview::{DossierFlags, DossierStage, TaskKind, WaitingOn};
use jiff::Timestamp;

use super::*;
use crate::lists::{Change, SHAPE, Scope, Seen, find_by_code, write};

pub(in crate::lists) fn tables() -> Connection {
    let tables = Connection::open_in_memory().unwrap();
    tables.execute_batch(SHAPE.tables).unwrap();
    tables
}

pub(in crate::lists) fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + hour * 3_600).unwrap()
}

/// The `n`th dossier, which waits for a clerk until the hour `due`.
pub(in crate::lists) fn row(n: u128, agency: &str, due: i64) -> ListedRow {
    let task = serde_json::json!({ "kind": "answer_submission", "agency": agency,
        "due_at": at(due), "blocks": true });
    ListedRow {
        id: DossierId(Uuid::from_u128(n)),
        code: format!("{agency}-{n}").as_str().into(),
        procedure: ProcedureRef { code: "CO.D".into(), version: 1 },
        agency: agency.into(),
        receiver: None,
        channel: Channel::Online,
        applicant: "a1".to_owned(),
        acted: vec!["u1".to_owned()],
        submitted_at: at(i64::try_from(n).unwrap()),
        stage: DossierStage::Submitted,
        status: 1,
        waiting_on: WaitingOn::Clerk,
        waiting_on_agency: None,
        officer: None,
        due_at: None,
        flags: DossierFlags::default(),
        tasks: vec![serde_json::from_value(task).unwrap()],
        labels: Vec::new(),
        consulted: vec!["H26.14".into()],
        corrected: false,
        seen: Seen::default(),
    }
}

pub(in crate::lists) fn save(tables: &Connection, row: ListedRow) {
    write(tables, &Change { before: None, row }).unwrap();
}

fn asked(ranges: Vec<Range>) -> Asked {
    Asked { ranges, after: None, rows: 2, before: None }
}

/// The numbers of the rows of all pages.
fn all(tables: &Connection, mut asked: Asked) -> Vec<Vec<u128>> {
    let mut pages = Vec::new();
    loop {
        let page = Listed::read(tables, &asked, |_, _| true).unwrap();
        pages.push(page.rows.iter().map(|(row, _)| row.id.0.as_u128()).collect());
        let Some(next) = page.next else { return pages };
        asked.after = Some(Place::parse(&next.text()).unwrap());
    }
}

#[test]
fn a_list_is_read_in_pages_the_soonest_due_first_across_the_agencies_below() {
    let tables = tables();
    for (n, agency, due) in [(1, "G02.001", 5), (2, "G02.002", 3), (3, "G02.001", 4), (4, "H26", 1)]
    {
        save(&tables, row(n, agency, due));
    }
    let waiting = |code| Range::waiting(Scope::agency(code), WaitingOn::Clerk);
    assert_eq!(all(&tables, asked(vec![waiting("G02")])), [vec![2, 3], vec![1]]);
    assert_eq!(all(&tables, asked(vec![waiting("G02.001")])), [vec![3, 1]]);
    let both = asked(vec![waiting("G02"), waiting("G02.001"), waiting("H26")]);
    assert_eq!(all(&tables, both), [vec![4, 2], vec![3, 1]], "each once");
    let work = Range::work(Scope::agency("G02"), TaskKind::AnswerSubmission);
    assert_eq!(all(&tables, asked(vec![work])), [vec![2, 3], vec![1]]);
    let newest = Range::newest(Scope::applicant("a1"));
    assert_eq!(all(&tables, asked(vec![newest])), [vec![4, 3], vec![2, 1]]);
}

#[test]
fn a_row_that_changes_moves_in_its_lists_and_leaves_those_it_is_no_longer_in() {
    let tables = tables();
    let first = row(1, "G02.001", 5);
    save(&tables, first.clone());
    save(&tables, row(2, "G02.001", 6));
    let mut later = first.clone();
    later.tasks[0].due_at = Some(at(7));
    later.acted.push("lan".to_owned());
    later.consulted.push("H26".into());
    let change = Change { before: Some(first), row: later.clone() };
    write(&tables, &change).unwrap();
    write(&tables, &change).unwrap();
    let waiting = Range::waiting(Scope::agency("G02"), WaitingOn::Clerk);
    assert_eq!(all(&tables, asked(vec![waiting])), [vec![2, 1]]);
    (later.waiting_on, later.tasks) = (WaitingOn::Nobody, Vec::new());
    save(&tables, later.clone());
    assert_eq!(all(&tables, asked(vec![waiting])), [vec![2]]);
    assert_eq!(find_by_code(&tables, "G02.001-1").unwrap(), Some(later));
    let keys: i64 = tables.query_row("SELECT count(*) FROM listed", [], |row| row.get(0)).unwrap();
    let expected = row(2, "G02.001", 6).keys().len() + 3;
    assert_eq!(keys, i64::try_from(expected).unwrap(), "no key is left behind");
}

#[test]
fn a_filter_that_few_rows_pass_gives_short_pages_that_go_on() {
    let tables = tables();
    let count = u128::try_from(ROWS_SCANNED_MAX).unwrap() + 10;
    for n in 1..=count {
        save(&tables, row(n, "G02", i64::try_from(n).unwrap()));
    }
    let mut asked = asked(vec![Range::waiting(Scope::agency("G02"), WaitingOn::Clerk)]);
    let shows = |row: &ListedRow, _: Option<&Task>| row.id.0.as_u128() == count;
    let first = Listed::read(&tables, &asked, shows).unwrap();
    assert!(first.rows.is_empty());
    asked.after = first.next;
    let second = Listed::read(&tables, &asked, shows).unwrap();
    assert_eq!((second.rows.len(), second.next), (1, None));
}

#[test]
fn nothing_is_listed_that_is_due_later_than_asked() {
    let tables = tables();
    for n in 1..=3 {
        save(&tables, row(n, "G02", i64::try_from(n).unwrap()));
    }
    let mut asked = asked(vec![Range::waiting(Scope::agency("G02"), WaitingOn::Clerk)]);
    asked.before = Some(at(2).as_millisecond());
    assert_eq!(all(&tables, asked), [vec![1, 2]]);
}

#[test]
fn a_place_is_read_as_it_was_written_and_nothing_else_is_one() {
    let place = Place { sort: -5, id: Uuid::from_u128(7), task: 1 };
    assert_eq!(Place::parse(&place.text()), Some(place));
    for wrong in ["", "1", "1.2.3", "x.00000000000000000000000000000007.1"] {
        assert_eq!(Place::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn a_page_is_one_snapshot_whatever_is_written_while_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let tables = Connection::open(folder.path().join("lists.sqlite")).unwrap();
        tables.pragma_update(None, "journal_mode", "WAL").unwrap();
        tables
    };
    let (writer, reader) = (open(), open());
    writer.execute_batch(SHAPE.tables).unwrap();
    for n in 1..=3 {
        save(&writer, row(n, "G02", i64::try_from(n).unwrap()));
    }
    let claimed = |n: u128| {
        let task = serde_json::json!({ "kind": "claim_review", "agency": "G02",
            "due_at": at(9), "blocks": true });
        ListedRow { tasks: vec![serde_json::from_value(task).unwrap()], ..row(n, "G02", 9) }
    };
    let work = Asked {
        rows: 3,
        ..asked(vec![Range::work(Scope::agency("G02"), TaskKind::AnswerSubmission)])
    };
    let kinds = std::cell::RefCell::new(Vec::new());
    let page = Listed::read(&reader, &work, |row, task| {
        // After the first row, the others get another task at the same place.
        if row.id == DossierId(Uuid::from_u128(1)) {
            save(&writer, claimed(2));
            save(&writer, claimed(3));
        }
        kinds.borrow_mut().push(task.unwrap().kind);
        true
    });
    assert_eq!(page.unwrap().rows.len(), 3);
    assert_eq!(kinds.into_inner(), [TaskKind::AnswerSubmission; 3]);
    // The next page reflects what was written.
    let after = Listed::read(&reader, &work, |_, _| true).unwrap();
    assert_eq!(after.rows.len(), 1);
}
