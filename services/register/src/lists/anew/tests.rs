use dossier::contract::ProcedureRef;
use dossier::overview::DossierStage;

use super::*;
use crate::lists::ListedRow;
use crate::lists::page::tests::{at, row, save, tables};

fn of(n: u128, procedure: &str) -> ListedRow {
    ListedRow { procedure: ProcedureRef { code: procedure.into(), version: 1 }, ..row(n, "G02", 1) }
}

fn due(procedure: &str) -> Due {
    (at(1).as_millisecond(), procedure.into())
}

/// The numbers of the dossiers of all batches, by batch.
fn all(tables: &Connection, procedure: &str) -> Vec<Vec<u128>> {
    let (mut batches, mut after) = (Vec::new(), 0);
    loop {
        let batch = batch(tables, due(procedure), after).unwrap();
        batches.push(batch.dossiers.iter().map(|id| id.0.as_u128()).collect());
        let Some(through) = batch.through else { return batches };
        assert!(through > after, "it goes on");
        after = through;
    }
}

#[test]
fn rows_of_a_procedure_are_derived_anew_in_batches_of_a_limited_size_each_once() {
    let tables = tables();
    let begun = tables.unchecked_transaction().unwrap();
    let most = u128::try_from(ANEW_AT_ONCE).unwrap();
    let all_of_it = 2 * most + 10;
    for n in 1..=all_of_it {
        save(&begun, of(n, "CO.D"));
    }
    save(&begun, of(all_of_it + 1, "CO.E"));
    begun.commit().unwrap();
    let batches = all(&tables, "CO.D");
    let sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
    assert_eq!(sizes, [ANEW_AT_ONCE, ANEW_AT_ONCE, 10]);
    assert_eq!(batches.concat(), (1..=all_of_it).collect::<Vec<_>>());
    assert_eq!(all(&tables, "CO.E").concat(), [all_of_it + 1]);
    assert_eq!(all(&tables, "CO.F").concat(), Vec::<u128>::new());
}

#[test]
fn a_closed_dossier_without_a_task_is_left_out_and_one_with_a_duty_is_not() {
    let tables = tables();
    let closed = |n| ListedRow { stage: DossierStage::Closed, ..of(n, "CO.D") };
    save(&tables, ListedRow { tasks: Vec::new(), ..closed(1) });
    save(&tables, closed(2));
    save(&tables, ListedRow { tasks: Vec::new(), ..of(3, "CO.D") });
    assert_eq!(all(&tables, "CO.D"), [vec![2, 3]]);
}

#[test]
fn one_batch_scans_a_limited_number_of_rows_of_other_procedures() {
    let tables = tables();
    let begun = tables.unchecked_transaction().unwrap();
    save(&begun, of(1, "CO.E"));
    let far = ANEW_SCANNED_AT_ONCE + 5;
    save(&begun, of(2, "CO.D"));
    begun.execute("UPDATE dossiers SET n = ?1 WHERE n = 2", [far]).unwrap();
    begun.commit().unwrap();
    assert_eq!(all(&tables, "CO.D"), [vec![], vec![2]]);
}

#[test]
fn what_is_left_to_do_is_read_again_after_a_restart() {
    let tables = tables();
    for n in 1..=3 {
        save(&tables, of(n, "CO.D"));
    }
    let later = (at(5).as_millisecond(), ProcedureCode::from("CO.E"));
    let mut plan = Plan::default();
    for due in [due("CO.D"), later.clone()] {
        note(&tables, &due).unwrap();
        plan.add(due);
    }
    assert_eq!(plan.due(at(0)), None);
    let next = plan.due(at(2)).map(|(due, after)| (due.clone(), after));
    assert_eq!(next, Some((due("CO.D"), 0)));
    assert_eq!(plan.next(), Some(at(1)));

    let moved = |n| ListedRow { status: 7, ..of(n, "CO.D") };
    let change = |n| Change { before: None, row: moved(n) };
    write(&tables, (&due("CO.D"), Some(2)), &[change(1), change(2)]).unwrap();
    let again = Plan::read(&tables).unwrap();
    assert_eq!(again.due(at(2)).map(|(_, after)| after), Some(2));
    assert_eq!(crate::lists::find(&tables, moved(2).id).unwrap().unwrap().status, 7);

    write(&tables, (&due("CO.D"), None), &[change(3)]).unwrap();
    plan.written(&due("CO.D"), None);
    let again = Plan::read(&tables).unwrap();
    assert_eq!((again.due(at(2)), again.next()), (None, Some(at(5))));
    assert_eq!(plan.next(), Some(at(5)));
}
