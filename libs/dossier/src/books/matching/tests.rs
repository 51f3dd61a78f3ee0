use proptest::prelude::*;

use super::*;

fn line(event: &str, kind: LineKind, amount: i64) -> Reported {
    let transaction = Some(format!("t-{event}"));
    Reported { event: event.to_owned(), kind, amount, transaction }
}

fn movement(id: &str, moved: Moved, amount: i64, transaction: Option<&str>) -> Movement {
    let transaction = transaction.map(str::to_owned);
    Movement { id: id.to_owned(), moved, amount, transaction, event: None }
}

fn differences(outcomes: &[Outcome]) -> Vec<Option<Difference>> {
    outcomes.iter().map(|outcome| outcome.difference).collect()
}

#[test]
fn a_line_is_matched_by_its_number_and_amount() {
    let lines = [line("a", LineKind::Received, 10), line("b", LineKind::Received, 10)];
    let movements = [
        movement("1", Moved::Captured, 10, Some("t-b")),
        movement("2", Moved::Captured, 10, Some("t-a")),
    ];
    let compared = compare(&lines, &movements);
    assert_eq!(compared.lines[0].with, Some(1));
    assert_eq!(compared.lines[1].with, Some(0));
    assert_eq!(differences(&compared.movements), [None, None]);
}

#[test]
fn amounts_that_differ_and_what_one_side_lacks_are_named() {
    let lines = [line("a", LineKind::Received, 10), line("b", LineKind::Received, 20)];
    let movements = [movement("1", Moved::Captured, 11, Some("t-a"))];
    let compared = compare(&lines, &movements);
    let expected = [Some(Difference::AmountDiffers), Some(Difference::MissingHere)];
    assert_eq!(differences(&compared.lines), expected);
    let compared = compare(&[], &movements);
    assert_eq!(differences(&compared.movements), [Some(Difference::MissingThere)]);
    let refund = [movement("1", Moved::Refunded, 10, None)];
    let compared = compare(&lines[..1], &refund);
    assert_eq!(differences(&compared.lines), [Some(Difference::MissingHere)]);
    assert_eq!(differences(&compared.movements), [Some(Difference::RefundNotSeen)]);
}

#[test]
fn a_refund_that_did_not_take_place_is_undone_by_its_correction_with_or_without_lines() {
    let undone =
        [movement("1", Moved::Refunded, 10, Some("R1")), movement("2", Moved::Refunded, -10, None)];
    let compared = compare(&[], &undone);
    assert_eq!(differences(&compared.movements), [None, None]);
    let lines = [line("a", LineKind::Refunded, 10), line("b", LineKind::CameBack, 10)];
    let compared = compare(&lines, &undone);
    assert_eq!(differences(&compared.movements), [None, None]);
    assert_eq!(differences(&compared.lines), [None, None]);
    let compared = compare(&lines, &[]);
    assert!(compared.lines.iter().all(|one| one.difference.is_some()), "not recorded");
    let compared = compare(&[], &undone[..1]);
    assert_eq!(differences(&compared.movements), [Some(Difference::RefundNotSeen)]);
}

#[test]
fn swapped_amounts_of_two_payments_are_no_match() {
    let lines = [line("a", LineKind::Received, 10), line("b", LineKind::Received, 20)];
    let movements = [
        movement("1", Moved::Captured, 20, Some("t-a")),
        movement("2", Moved::Captured, 10, Some("t-b")),
    ];
    let compared = compare(&lines, &movements);
    assert_eq!(differences(&compared.lines), [Some(Difference::AmountDiffers); 2]);
}

#[test]
fn a_correction_is_counted_with_what_it_corrects() {
    let lines = [line("a", LineKind::Received, 45)];
    let mut movements = vec![
        movement("1", Moved::Captured, 30, Some("t-a")),
        movement("2", Moved::Corrected, 15, None),
    ];
    assert_eq!(differences(&compare(&lines, &movements).movements), [None, None]);
    movements[1].amount = -15;
    movements[0].amount = 60;
    assert_eq!(differences(&compare(&lines, &movements).lines), [None]);
}

#[test]
fn money_that_was_taken_back_or_came_back_is_told_until_it_is_recorded() {
    let lines = [line("a", LineKind::Received, 30), line("b", LineKind::Reversed, 30)];
    let mut movements = vec![movement("1", Moved::Captured, 30, Some("t-a"))];
    let compared = compare(&lines, &movements);
    assert_eq!(differences(&compared.lines), [None, Some(Difference::Reversed)]);
    movements.push(movement("2", Moved::Corrected, -30, None));
    assert_eq!(differences(&compare(&lines, &movements).lines), [None, None]);

    let mut lines = vec![line("a", LineKind::Refunded, 30), line("b", LineKind::CameBack, 30)];
    let refund = [movement("1", Moved::Refunded, 30, None)];
    let compared = compare(&lines, &refund);
    assert_eq!(differences(&compared.lines), [None, Some(Difference::CameBack)]);
    lines.push(line("c", LineKind::Refunded, 30));
    assert_eq!(differences(&compare(&lines, &refund).lines), [None; 3], "refunded another way");
}

#[test]
fn a_payout_is_the_sum_of_its_lines_net_of_charges() {
    let lines = [
        (LineKind::Received, 100, 2),
        (LineKind::Refunded, 30, 0),
        (LineKind::CameBack, 10, 0),
        (LineKind::Charge, 5, 0),
        (LineKind::PaidOut, 73, 0),
    ];
    assert_eq!(payout(lines.into_iter()), 73);
}

#[test]
fn payouts_with_one_number_are_told_apart_by_their_amounts() {
    assert_eq!(arrivals(&[73, 50], &[50, 73]), [Some(1), Some(0)]);
    assert_eq!(arrivals(&[73, 50], &[50]), [Some(1)]);
    assert_eq!(arrivals(&[73, 50], &[50, 70]), [Some(1), Some(0)], "the rest, with a difference");
    assert_eq!(arrivals(&[73], &[73, 73]), [Some(0), None], "nothing was paid out twice");
    assert_eq!(arrivals(&[], &[73]), [None]);
}

fn kinds() -> impl Strategy<Value = LineKind> {
    prop_oneof![
        4 => Just(LineKind::Received),
        1 => Just(LineKind::Reversed),
        2 => Just(LineKind::Refunded),
        1 => Just(LineKind::CameBack),
        1 => Just(LineKind::Charge),
    ]
}

fn lines() -> impl Strategy<Value = Vec<Reported>> {
    let one = (kinds(), 1_i64..4, proptest::option::of(0_u8..5));
    proptest::collection::vec(one, 0..8).prop_map(|all| {
        let all = all.into_iter().enumerate();
        all.map(|(n, (kind, amount, transaction))| Reported {
            event: format!("e{n}"),
            kind,
            amount,
            transaction: transaction.map(|number| format!("t{number}")),
        })
        .collect()
    })
}

fn movements() -> impl Strategy<Value = Vec<Movement>> {
    let moved = prop_oneof![
        4 => (Just(Moved::Captured), 1_i64..4),
        1 => (Just(Moved::Corrected), -3_i64..4),
        2 => (Just(Moved::Refunded), 1_i64..4),
    ];
    let one = (moved, proptest::option::of(0_u8..5), proptest::option::of(0_u8..5));
    proptest::collection::vec(one, 0..8).prop_map(|all| {
        let all = all.into_iter().enumerate();
        all.map(|(n, ((moved, amount), transaction, event))| Movement {
            id: format!("m{n}"),
            moved,
            amount,
            transaction: transaction.map(|number| format!("t{number}")),
            event: event.map(|number| format!("e{number}")),
        })
        .collect()
    })
}

fn signed(line: &Reported) -> i64 {
    if matches!(line.kind, LineKind::Reversed | LineKind::CameBack) {
        -line.amount
    } else {
        line.amount
    }
}

fn is_refund(line: &Reported) -> bool {
    matches!(line.kind, LineKind::Refunded | LineKind::CameBack)
}

proptest! {
    /// What is matched has the same sum on both sides, so nothing is counted twice, and what is not
    /// matched has a difference, so nothing is lost.
    #[test]
    fn nothing_is_counted_twice_and_nothing_is_lost(lines in lines(), movements in movements()) {
        let compared = compare(&lines, &movements);
        for (place, outcome) in compared.lines.iter().enumerate() {
            if let Some(with) = outcome.with {
                prop_assert_eq!(compared.movements[with].with, Some(place));
                prop_assert_eq!(compared.movements[with].difference, outcome.difference);
            }
        }
        for (place, outcome) in compared.movements.iter().enumerate() {
            if let Some(with) = outcome.with {
                prop_assert_eq!(compared.lines[with].with, Some(place));
            }
        }
        for of_refunds in [false, true] {
            let stated: i64 = lines.iter().zip(&compared.lines)
                .filter(|(line, outcome)| {
                    outcome.difference.is_none() && is_refund(line) == of_refunds
                        && line.kind != LineKind::Charge
                })
                .map(|(line, _)| signed(line)).sum();
            let recorded: i64 = movements.iter().zip(&compared.movements)
                .filter(|(movement, outcome)| {
                    outcome.difference.is_none() && (movement.moved == Moved::Refunded) == of_refunds
                })
                .map(|(movement, _)| movement.amount).sum();
            prop_assert_eq!(stated, recorded);
        }
    }

    #[test]
    fn the_order_in_which_they_came_does_not_matter(
        lines in lines(), movements in movements(), turn in 0_usize..8,
    ) {
        let before = compare(&lines, &movements);
        let (mut turned, mut moved) = (lines.clone(), movements.clone());
        if !turned.is_empty() {
            let by = turn % turned.len();
            turned.rotate_left(by);
            turned.reverse();
        }
        if !moved.is_empty() {
            let by = turn % moved.len();
            moved.rotate_right(by);
        }
        let after = compare(&turned, &moved);
        for (line, outcome) in lines.iter().zip(&before.lines) {
            let at = turned.iter().position(|one| one.event == line.event).unwrap();
            prop_assert_eq!(after.lines[at].difference, outcome.difference);
            let with = |outcome: &Outcome, all: &[Movement]| outcome.with.map(|at| all[at].id.clone());
            prop_assert_eq!(with(&after.lines[at], &moved), with(outcome, &movements));
        }
        for (movement, outcome) in movements.iter().zip(&before.movements) {
            let at = moved.iter().position(|one| one.id == movement.id).unwrap();
            prop_assert_eq!(after.movements[at].difference, outcome.difference);
        }
    }
}
