//! Text of a walk's results.

use std::fmt;

use crate::walk::Walked;

impl Walked {
    /// The sum of several results.
    #[must_use]
    pub fn sum(all: &[Self]) -> Self {
        let mut sum = Self { name: format!("{} subjects", all.len()), ..Self::default() };
        for walked in all {
            sum.beginnings.0 += walked.beginnings.0;
            sum.beginnings.1 += walked.beginnings.1;
            sum.states += walked.states;
            sum.proven += walked.proven;
            sum.unfinished += walked.unfinished;
            sum.granted += walked.granted;
            sum.refused += walked.refused;
            sum.worlds += walked.worlds;
            sum.astray += walked.astray;
            sum.kinds.extend(walked.kinds.iter().cloned());
            for (action, times) in &walked.actions {
                *sum.actions.entry(action).or_default() += times;
            }
            sum.findings.extend(walked.findings.iter().cloned());
            sum.given_up_only.extend(walked.given_up_only.iter().cloned());
        }
        sum
    }
}

impl fmt::Display for Walked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = &self.not_issued {
            return write!(f, "{}: not issued: {why}", self.name);
        }
        write!(
            f,
            "{}: {} of {} beginnings, {} states ({} with a way out that was taken, {} not tried in full), {} steps granted by {} actions, {} refused, \
             {} kinds of events, {} worlds, {} astray, {} findings, {} only by giving up",
            self.name,
            self.beginnings.0,
            self.beginnings.1,
            self.states,
            self.proven,
            self.unfinished,
            self.granted,
            self.actions.len(),
            self.refused,
            self.kinds.len(),
            self.worlds,
            self.astray,
            self.findings.len(),
            self.given_up_only.len(),
        )
    }
}
