//! A walk within limits: what ships, and some procedures by a seed.

use simulation::{Limits, Walked, generated, shipped, walk_all};

/// As far as a walk goes in the time that tests have.
const LIMITS: Limits = Limits { steps: 20, edge_steps: 6 };
/// The seeds of the generated procedures.
const SEEDS: std::ops::Range<u64> = 1..4;

#[test]
fn from_every_state_that_is_reached_something_leads_on_and_no_step_answers_5xx() {
    let mut subjects = shipped().unwrap();
    subjects.extend(SEEDS.map(|seed| generated(seed).unwrap()));
    let walked = walk_all(&subjects, LIMITS, 2, &|walked| eprintln!("{walked}")).unwrap();
    let sum = Walked::sum(&walked);
    let told: Vec<String> = sum
        .findings
        .iter()
        .map(|finding| format!("{}\n  {}", finding.what, finding.path.join(" > ")))
        .collect();
    assert!(told.is_empty(), "{} findings:\n{}", told.len(), told.join("\n"));
    // A walk that went nowhere would find nothing.
    let issued = walked.iter().filter(|walked| walked.not_issued.is_none()).count();
    assert!(issued > shipped().unwrap().len(), "no generated procedure was issued");
    assert!(sum.states > 200, "{sum}");
    assert_eq!(sum.proven, sum.states, "{sum}");
    assert!(sum.actions.len() > 25, "{sum}: {:?}", sum.actions);
    assert!(sum.kinds.len() > 35, "{sum}: {:?}", sum.kinds);
}
