use super::*;
use crate::intake::accept_dossier::tests::{accepted, submitted};
use crate::law::assert_fields;
use crate::testing::{at, law};

#[test]
fn the_register_has_a_row_for_each_dossier() {
    let law = law();
    let states = [submitted(&law).state, accepted(&law).state];
    let rows: Vec<BookRow> = states.iter().map(|state| book_row(state, &law).unwrap()).collect();
    assert_eq!((&*rows[0].stage, rows[0].accepted_at.as_ref()), ("Chờ tiếp nhận", None));
    assert_eq!(rows[1].due.as_deref(), Some("hết ngày 30/11/2026"));
    let (from, to) = ("2026-11-01".parse().unwrap(), "2026-11-30".parse().unwrap());
    let (book, paper) =
        book((&"H26.14".into(), from, to), rows, (&law, at("2026-12-01T09:00"))).unwrap();
    assert_fields(&book, Form::Register07.fields());
    assert_eq!(paper.text(), include_str!("../golden/register.txt"));
}

#[test]
fn nothing_that_was_not_submitted_is_in_the_register() {
    assert!(book_row(&Intake::default(), &law()).is_none());
}
