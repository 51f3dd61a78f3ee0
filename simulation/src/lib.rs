//! A state explorer: takes dossiers of shipped and generated procedures through every state that it
//! can reach, with the services' own code, a store in memory and a virtual clock. Findings are
//! answers with status 5xx, dead letters, and dead ends: states from which no step and no deadline
//! leads to an end.

mod actions;
mod bodies;
mod edges;
mod forms;
mod generator;
mod procedures;
mod report;
mod seen;
mod walk;
mod world;

pub use generator::generated;
pub use procedures::{Subject, shipped};
pub use walk::{Finding, Limits, Walked, walk};

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;

/// Explores several subjects on `threads` threads and calls `tell` with each result; results in the
/// order of `subjects`.
pub fn walk_all(
    subjects: &[Subject],
    limits: Limits,
    threads: usize,
    tell: &(dyn Fn(&Walked) + Sync),
) -> Result<Vec<Walked>> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<Walked>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(subject) = subjects.get(place) else { return };
                    let walked = one(subject, limits);
                    if let Ok(walked) = &walked {
                        tell(walked);
                    }
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((place, walked));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, walked)| walked).collect()
}

fn one(subject: &Subject, limits: Limits) -> Result<Walked> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(walk(subject, limits))
}
