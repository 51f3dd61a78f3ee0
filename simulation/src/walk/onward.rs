//! Proves that an end is reachable: from where the walk leaves a dossier, it continues without
//! branching, first with steps that advance the dossier, then by letting time pass, then with all
//! others, until an end is reached. A state without such a way is a finding. States with equal
//! fingerprints are treated as equal.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::Result;

use super::{Finding, MOVES, Move, Node, ORDINARY, Walk, place};
use crate::actions::ACTIONS;
use crate::seen::Seen;

/// Steps after which a way is abandoned.
const STEPS_MAX: usize = 80;

/// The order in which moves are tried.
fn order() -> Vec<Move> {
    let gives_up = |place: &usize| ACTIONS.get(*place).is_some_and(|action| action.gives_up);
    // Deadlines that an outage suspends do not pass while it lasts.
    let ends = |place: &usize| ACTIONS.get(*place).is_some_and(|a| a.name == "end the outage");
    let all = || ORDINARY..ACTIONS.len();
    let first = (0..ORDINARY).chain(all().filter(ends)).map(Move::Act).chain([Move::Wait]);
    let others = all().filter(|place| !gives_up(place) && !ends(place)).map(Move::Act);
    let last = all().filter(gives_up).map(Move::Act);
    first.chain(others).chain(last).collect()
}

impl Walk<'_> {
    /// Continues from a state until an end is known to follow; returns the number of granted steps.
    pub(super) async fn go_on_to_an_end(&mut self, here: usize, seen: &Seen) -> Result<usize> {
        let before = self.walked.granted;
        let (mut here, mut seen) = (here, seen.clone());
        let mut left = BTreeSet::new();
        for _ in 0..STEPS_MAX {
            if self.leading(false).contains(&here) {
                break;
            }
            left.insert(here);
            let Some((there, after)) = self.onward(here, &seen, &left).await? else { break };
            (here, seen) = (there, after);
        }
        Ok(self.walked.granted - before)
    }

    /// The first move to a state that was not left on this way; time may also pass without a change
    /// of state.
    async fn onward(
        &mut self,
        here: usize,
        seen: &Seen,
        left: &BTreeSet<usize>,
    ) -> Result<Option<(usize, Seen)>> {
        let (mut at, mut seen) = (here, seen.clone());
        for step in order() {
            let known = self.nodes.get(at).and_then(|node| node.to.get(&place(step)));
            if known.is_some_and(|to| left.contains(to))
                || step == Move::Wait && seen.is_in_outage()
            {
                continue;
            }
            let Some(after) = self.take(step, &seen).await? else { continue };
            let there = self.lead(at, step, &after).await?;
            if step == Move::Wait || !left.contains(&there) {
                return Ok(Some((there, after)));
            }
            (at, seen) = (there, after);
        }
        Ok(None)
    }

    /// Reports states from which no end was reached.
    pub(super) fn conclude(&mut self) {
        let strict = self.leading(true);
        let any = self.leading(false);
        for (place, node) in self.nodes.iter().enumerate() {
            if any.contains(&place) && strict.contains(&place) {
                continue;
            }
            let fingerprint = self.known.iter().find(|(_, known)| **known == place);
            let mut what = String::new();
            let _ = write!(what, "{}", fingerprint.map_or("", |(text, _)| text));
            let path = self.named(&node.path);
            if any.contains(&place) {
                self.walked.given_up_only.push(Finding { what, path });
            } else {
                let what = format!("nothing leads on: {what}");
                self.walked.findings.push(Finding { what, path });
            }
        }
        self.walked.states += self.nodes.len();
        self.walked.proven += any.len();
        self.walked.unfinished += self.nodes.iter().filter(|node| !node.is_finished()).count();
    }

    /// States from which an end was reached.
    fn leading(&self, without_giving_up: bool) -> BTreeSet<usize> {
        let ended = self.nodes.iter().enumerate().filter(|(_, node)| node.ended);
        let mut found: BTreeSet<usize> = ended.map(|(place, _)| place).collect();
        let leads = |node: &Node, found: &BTreeSet<usize>| {
            node.to.iter().any(|(step, to)| {
                let gives_up = ACTIONS.get(*step).is_some_and(|action| action.gives_up);
                *step < MOVES && found.contains(to) && !(gives_up && without_giving_up)
            })
        };
        loop {
            let all = self.nodes.iter().enumerate();
            let more = all.filter(|(place, node)| !found.contains(place) && leads(node, &found));
            let more: Vec<usize> = more.map(|(place, _)| place).collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }
}
