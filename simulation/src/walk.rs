//! The walk: in every state, all actions are tried, and time passes. Granted actions lead to other
//! states. When all were tried, the walk goes by known steps to the nearest state with untried
//! ones, or begins with a new dossier, in a new world if the clock has moved.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context, Result};
use dossier::contract::{RulesIssued, RulesKind};
use jiff::SignedDuration;
use serde_json::Value;

use crate::actions::{ACTIONS, Action};
use crate::procedures::{Beginning, Subject};
use crate::seen::Seen;
use crate::world::World;

mod onward;
mod signed;

/// Limits of a walk.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Granted steps for each ordinary beginning.
    pub steps: usize,
    /// Granted steps for each beginning with an extreme value.
    pub edge_steps: usize,
}

/// A defect that a walk has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub what: String,
    /// Steps from the beginning.
    pub path: Vec<String>,
}

/// Results of one subject.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    pub name: String,
    /// Why its rules were not issued, if they were refused.
    pub not_issued: Option<String>,
    /// Granted beginnings, and all.
    pub beginnings: (usize, usize),
    /// Number of states.
    pub states: usize,
    /// Number of states from which an end was reached.
    pub proven: usize,
    /// Number of states in which not all actions were tried.
    pub unfinished: usize,
    pub granted: usize,
    pub refused: usize,
    /// Number of worlds.
    pub worlds: usize,
    /// Number of steps with another outcome than before.
    pub astray: usize,
    /// Number of times that each action was granted.
    pub actions: BTreeMap<&'static str, usize>,
    /// Kinds of recorded events.
    pub kinds: BTreeSet<String>,
    pub findings: Vec<Finding>,
    /// States from which a dossier ends only if somebody abandons it.
    pub given_up_only: Vec<Finding>,
}

/// A step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    Act(usize),
    Wait,
}

/// A state.
#[derive(Debug)]
struct Node {
    /// The path on which it was first reached.
    path: Vec<Move>,
    tried: usize,
    ended: bool,
    /// Next states, by move.
    to: BTreeMap<usize, usize>,
}

impl Node {
    /// Whether all actions were tried in it.
    const fn is_finished(&self) -> bool {
        self.tried >= MOVES
    }
}

/// Time after which all parked events have become dead letters: slightly more than
/// `PARKED_FOR_MAX`.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(25);

/// Longest wait during an outage: suspended obligations are retried every minute.
const HELD_MAX: SignedDuration = SignedDuration::from_hours(24);

const MOVES: usize = ACTIONS.len() + 1;

/// Number of actions that advance an ordinary dossier; they are tried first.
const ORDINARY: usize = 14;

/// The order of moves for the `nth` beginning: first the actions that advance a dossier, then the
/// others, starting with a different one for each beginning, and time last.
fn order(nth: usize) -> Vec<Move> {
    let others = ACTIONS.len().saturating_sub(ORDINARY);
    let first = (0..ORDINARY).map(Move::Act);
    let turned = (0..others).map(|place| Move::Act(ORDINARY + (place + nth * 17) % others));
    first.chain(turned).chain([Move::Wait]).collect()
}

fn nth(place: usize) -> Option<Move> {
    match place {
        place if place < ACTIONS.len() => Some(Move::Act(place)),
        place if place < MOVES => Some(Move::Wait),
        _ => None,
    }
}

/// Explores a subject.
pub async fn walk(subject: &Subject, limits: Limits) -> Result<Walked> {
    let mut walked = Walked { name: subject.name.clone(), ..Walked::default() };
    if let Some(text) = &subject.issued {
        let mut rules = subject.rules.clone();
        rules.retain(|rules| rules.kind != RulesKind::Procedure);
        let mut world = World::open(rules, 1).await?;
        let answer = world.issue(text).await?;
        if answer.status.is_server_error() {
            let what = format!("POST /v1/rules: {} {}", answer.status, answer.body);
            walked.findings.push(Finding { what, path: vec![text.clone()] });
        }
        if !answer.status.is_success() {
            walked.not_issued = Some(answer.body.to_string());
            return Ok(walked);
        }
    }
    signed::sign_and_withdraw(subject, &mut walked).await?;
    let mut world = None;
    for beginning in subject.beginnings() {
        let steps = if beginning.plain { limits.steps } else { limits.edge_steps };
        let mut walk = Walk::new(subject, &beginning, steps, &mut walked, world.take());
        walk.run().await?;
        world = walk.world;
    }
    if let Some(world) = world {
        walked.kinds.extend(world.kinds().await?);
    }
    Ok(walked)
}

struct Walk<'a> {
    subject: &'a Subject,
    rules: Vec<RulesIssued>,
    beginning: &'a Beginning,
    limit: usize,
    order: Vec<Move>,
    nodes: Vec<Node>,
    known: BTreeMap<String, usize>,
    walked: &'a mut Walked,
    world: Option<World>,
    /// Moves made with the present dossier.
    trail: Vec<Move>,
}

impl<'a> Walk<'a> {
    fn new(
        subject: &'a Subject,
        beginning: &'a Beginning,
        limit: usize,
        walked: &'a mut Walked,
        world: Option<World>,
    ) -> Self {
        let (rules, order) = (subject.rules.clone(), order(walked.beginnings.1));
        let (nodes, known, trail) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { subject, rules, beginning, limit, order, nodes, known, walked, world, trail }
    }

    async fn run(&mut self) -> Result<()> {
        self.walked.beginnings.1 += 1;
        let Some(seen) = self.begin().await? else {
            if self.is_used() {
                self.close().await?;
            }
            return Ok(());
        };
        self.walked.beginnings.0 += 1;
        let (mut here, mut seen) = (self.arrive(&seen).await?, seen);
        let mut until = self.walked.granted + self.limit;
        while self.walked.granted < until {
            let next = match self.next(here) {
                Some(next) => next,
                // No untried action is reachable; continue with a new dossier.
                None if !self.trail.is_empty() => {
                    until += self.go_on_to_an_end(here, &seen).await?;
                    seen = self.begin().await?.context("what was granted is refused now")?;
                    here = self.arrive(&seen).await?;
                    continue;
                }
                None => break,
            };
            let Some(after) = self.take(next, &seen).await? else {
                // An action that was granted before and is refused now is removed.
                if let Some(node) = self.nodes.get_mut(here) {
                    self.walked.astray += usize::from(node.to.remove(&place(next)).is_some());
                }
                continue;
            };
            (here, seen) = (self.lead(here, next, &after).await?, after);
        }
        self.go_on_to_an_end(here, &seen).await?;
        if self.is_used() {
            self.close().await?;
        }
        self.conclude();
        Ok(())
    }

    /// Records the state that a step has led to.
    async fn lead(&mut self, here: usize, step: Move, after: &Seen) -> Result<usize> {
        let there = self.arrive(after).await?;
        if let Some(node) = self.nodes.get_mut(here).filter(|_| here != there) {
            let before = node.to.insert(place(step), there);
            self.walked.astray += usize::from(before.is_some_and(|before| before != there));
        }
        Ok(there)
    }

    /// The next move: an untried one, or the first on the way to the nearest state with untried
    /// ones.
    fn next(&mut self, here: usize) -> Option<Move> {
        let node = self.nodes.get_mut(here)?;
        if let Some(untried) = self.order.get(node.tried) {
            node.tried += 1;
            return Some(*untried);
        }
        let mut first: BTreeMap<usize, usize> = BTreeMap::from([(here, MOVES)]);
        let mut reached = VecDeque::from([here]);
        while let Some(at) = reached.pop_front() {
            for (step, to) in self.nodes.get(at).into_iter().flat_map(|node| &node.to) {
                if first.contains_key(to) {
                    continue;
                }
                let begun = first.get(&at).copied().filter(|step| *step < MOVES).unwrap_or(*step);
                if self.nodes.get(*to).is_some_and(|node| !node.is_finished()) {
                    return nth(begun);
                }
                first.insert(*to, begun);
                reached.push_back(*to);
            }
        }
        None
    }

    /// Whether a dossier cannot begin in the present world as in a new one.
    fn is_used(&self) -> bool {
        let touched = touches_all(&self.trail) || self.beginning.in_outage;
        self.world.as_ref().is_some_and(|world| world.moved() || world.has_begun && touched)
    }

    /// Submits a dossier, in a new world if the present one is used; `None` if it is refused.
    async fn begin(&mut self) -> Result<Option<Seen>> {
        if self.world.is_none() || self.is_used() {
            self.close().await?;
            self.world = Some(World::open(self.rules.clone(), 1).await?);
            self.walked.worlds += 1;
        }
        self.trail.clear();
        let world = self.world.as_mut().context("a world was made")?;
        let Beginning { who, body, in_outage, .. } = self.beginning;
        if *in_outage {
            world.declare_outage(&self.subject.agency).await?;
        }
        world.has_begun = true;
        let answer = world.post("/v1/dossiers", who, "", body.clone()).await?;
        if answer.status.is_server_error() {
            self.found(format!("POST /v1/dossiers: {} {}", answer.status, answer.body));
        }
        if !answer.status.is_success() {
            if self.beginning.plain {
                self.found(format!(
                    "an ordinary dossier is refused: {} {}",
                    answer.status, answer.body
                ));
            }
            self.walked.refused += 1;
            return Ok(None);
        }
        let id = answer.body.get("id").and_then(Value::as_str).context("no id")?.to_owned();
        let world = self.world.as_mut().context("a world was made")?;
        world.office.settle().await?;
        Ok(Some(Seen::look(world, self.subject, &id, None).await?))
    }

    /// Tries a move; returns the new state if it was granted.
    async fn take(&mut self, step: Move, seen: &Seen) -> Result<Option<Seen>> {
        let world = self.world.as_mut().context("no world")?;
        let mut complaint = seen.complaint_id.clone();
        match step {
            Move::Wait => {
                let Some(due) = seen.next_due() else { return Ok(None) };
                if seen.is_in_outage() && due.duration_since(seen.now) > HELD_MAX {
                    return Ok(None);
                }
                self.trail.push(step);
                self.walked.granted += 1;
                *self.walked.actions.entry("wait").or_default() += 1;
                if let Err(error) = world.office.wait_until(due).await {
                    self.found(format!("a task stands: {error}"));
                }
            }
            Move::Act(place) => {
                let Some(action) = ACTIONS.get(place) else { return Ok(None) };
                let body = (action.body)(seen, self.subject);
                let (Some(body), Some(path)) = (body, action.path(seen)) else { return Ok(None) };
                let who = action.who.bearer(seen, self.subject);
                let answer = world.post(&path, &who, seen.etag(&path), body).await?;
                if answer.status.is_server_error() {
                    self.trail.push(step);
                    self.found(format!("{}: {} {}", action.path, answer.status, answer.body));
                    self.trail.pop();
                }
                if !answer.status.is_success() {
                    self.walked.refused += 1;
                    return Ok(None);
                }
                if action.forbidden {
                    self.trail.push(step);
                    self.found(format!("{} was granted", action.name));
                    self.trail.pop();
                }
                self.trail.push(step);
                self.walked.granted += 1;
                *self.walked.actions.entry(action.name).or_default() += 1;
                if action.path == "/v1/complaints" {
                    complaint =
                        answer.body.get("complaint").and_then(Value::as_str).map(str::to_owned);
                }
                let world = self.world.as_mut().context("no world")?;
                if let Err(error) = world.office.settle().await {
                    self.found(format!("a task stands: {error}"));
                }
            }
        }
        let world = self.world.as_mut().context("no world")?;
        Ok(Some(Seen::look(world, self.subject, &seen.id, complaint).await?))
    }

    /// The node of a state, which is added if it is new.
    async fn arrive(&mut self, seen: &Seen) -> Result<usize> {
        for failed in &seen.failed {
            self.found(failed.replace(&seen.id, "{}"));
        }
        // While an uncounted time may still move the appointment, it is not missed until that time
        // is known.
        let moves = !self.subject.procedure.clock.not_counted.is_empty();
        for kind in seen.overdue() {
            if moves && kind == "deadline of intake" {
                continue;
            }
            self.found(format!("{kind} has passed and is not enforced"));
        }
        let fingerprint = seen.fingerprint();
        if let Some(known) = self.known.get(&fingerprint) {
            return Ok(*known);
        }
        let place = self.nodes.len();
        let world = self.world.as_mut().context("no world")?;
        let mut closer = seen.clone();
        closer.failed.clear();
        closer.look_closer(world, self.subject).await?;
        for failed in &closer.failed {
            self.found(failed.replace(&seen.id, "{}"));
        }
        let (path, to, ended) = (self.trail.clone(), BTreeMap::new(), seen.is_at_its_end());
        self.nodes.push(Node { path, tried: 0, ended, to });
        self.known.insert(fingerprint, place);
        Ok(place)
    }

    /// Checks a world for dead letters when it is left.
    async fn close(&mut self) -> Result<()> {
        let Some(mut world) = self.world.take() else { return Ok(()) };
        // Parked events become dead letters after a day.
        let later = world.now().checked_add(GIVEN_UP_AFTER)?;
        if let Err(error) = world.office.wait_until(later).await {
            self.found(format!("a task stands: {error}"));
        }
        for letter in world.office.dead_letters().await? {
            self.found(format!("{} gave up {}: {}", letter.service, letter.kind, letter.reason));
        }
        self.walked.kinds.extend(world.kinds().await?);
        Ok(())
    }

    fn found(&mut self, what: String) {
        let path = self.named(&self.trail);
        if !self.walked.findings.iter().any(|known| known.what == what) {
            self.walked.findings.push(Finding { what, path });
        }
    }

    fn named(&self, path: &[Move]) -> Vec<String> {
        let mut names = vec![format!("{}: submit ({})", self.subject.name, self.beginning.name)];
        names.extend(path.iter().map(|step| match step {
            Move::Wait => "wait".to_owned(),
            Move::Act(place) => ACTIONS.get(*place).map_or("?", |action| action.name).to_owned(),
        }));
        names
    }
}

/// Index of a move.
const fn place(step: Move) -> usize {
    match step {
        Move::Act(place) => place,
        Move::Wait => ACTIONS.len(),
    }
}

/// Whether a path affects the whole world and not only its dossier.
fn touches_all(path: &[Move]) -> bool {
    let outage = |action: &Action| action.path.starts_with("/v1/outages");
    path.iter()
        .any(|step| matches!(step, Move::Act(place) if ACTIONS.get(*place).is_some_and(outage)))
}
