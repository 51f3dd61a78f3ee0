//! Several reasons for one refusal: all fields that must change are reported at once.

use calendar::Text;

use super::{RefusalEntry, Refuse, VALUES_IMPOSSIBLE, finding_at};
use crate::law::{FINDINGS_MAX, Finding};

/// Reasons for one refusal, each with the fields that must change. The problem has the type of the
/// first one (RFC 9457, section 3: the most relevant one is represented); each finding has the code
/// of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasons(Vec<(RefusalEntry, Vec<Finding>)>);

impl Reasons {
    /// Adds a reason with its findings; one without findings is about the whole body.
    pub fn add(&mut self, refusal: &impl Refuse) {
        let found = refusal.findings();
        let found = if found.is_empty() { vec![finding_at("", refusal)] } else { found };
        self.found(refusal.entry(), found);
    }

    /// Adds a reason that is about the field at `pointer`.
    pub fn add_at(&mut self, pointer: impl Into<String>, refusal: &impl Refuse) {
        self.found(refusal.entry(), vec![finding_at(pointer, refusal)]);
    }

    /// Adds findings of one reason; ignored if there are none.
    pub fn found(&mut self, entry: RefusalEntry, found: Vec<Finding>) {
        if !found.is_empty() {
            let found = found.into_iter().map(|finding| finding.coded(entry.code)).collect();
            self.0.push((entry, found));
        }
    }

    /// Adds all reasons of another list.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a finding is about the field at `pointer`, or one in it.
    #[must_use]
    pub fn concerns(&self, pointer: &str) -> bool {
        let is_in = |finding: &Finding| {
            let rest = finding.pointer.strip_prefix(pointer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0.iter().flat_map(|(_, found)| found).any(is_in)
    }
}

impl Refuse for Reasons {
    fn entry(&self) -> RefusalEntry {
        self.0.first().map_or(VALUES_IMPOSSIBLE, |(entry, _)| *entry)
    }

    fn subject(&self) -> Option<Text> {
        None
    }

    fn findings(&self) -> Vec<Finding> {
        let all = self.0.iter().flat_map(|(_, found)| found);
        all.take(FINDINGS_MAX).cloned().collect()
    }
}

/// Collects the reasons why a command is refused. One reason alone stays what it is.
#[derive(Debug)]
pub struct Collected<R> {
    first: Option<R>,
    reasons: Reasons,
}

impl<R: Refuse> Collected<R> {
    /// Begins with the reasons that were found before the decision.
    #[must_use]
    pub const fn after(reasons: Reasons) -> Self {
        Self { first: None, reasons }
    }

    /// Adds a reason.
    pub fn add(&mut self, refusal: R) {
        let alone = self.first.is_none() && self.reasons.is_empty();
        self.reasons.add(&refusal);
        self.first = alone.then_some(refusal);
    }

    /// Adds a reason that is about the field at `pointer`.
    pub fn add_at(&mut self, pointer: impl Into<String>, refusal: R) {
        self.first = None;
        self.reasons.add_at(pointer, &refusal);
    }

    /// The value of a check that succeeded; the reason of one that failed is added.
    ///
    /// # Errors
    ///
    /// The reason, if the law cannot be applied.
    pub fn collect<T>(&mut self, checked: Result<T, R>) -> Result<Option<T>, R> {
        match checked {
            Ok(value) => Ok(Some(value)),
            Err(refusal) if refusal.entry().status >= 500 => Err(refusal),
            Err(refusal) => {
                self.add(refusal);
                Ok(None)
            }
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Fails if there is a reason; `several` makes a refusal of more than one.
    ///
    /// # Errors
    ///
    /// All reasons.
    pub fn done(self, several: impl FnOnce(Reasons) -> R) -> Result<(), R> {
        match self.first {
            Some(only) => Err(only),
            None if self.reasons.is_empty() => Ok(()),
            None => Err(several(self.reasons)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::submit_dossier::Refusal;

    #[test]
    fn one_reason_stays_what_it_is_and_several_have_the_type_of_the_first() {
        let mut one = Collected::after(Reasons::default());
        one.add(Refusal::AddressMissing);
        assert_eq!(one.done(Refusal::Several), Err(Refusal::AddressMissing));
        let mut two = Collected::after(Reasons::default());
        two.add(Refusal::AddressMissing);
        two.add(Refusal::PostedAtMissing);
        let refused = two.done(Refusal::Several).unwrap_err();
        assert_eq!(refused.entry().code, "address-missing");
        let found = refused.findings();
        let found: Vec<_> = found.iter().map(|one| (&*one.pointer, one.code.unwrap())).collect();
        let expected =
            [("/delivery/address", "address-missing"), ("/posted_at", "posted-at-missing")];
        assert_eq!(found, expected);
        let nothing = Collected::<Refusal>::after(Reasons::default());
        assert_eq!(nothing.done(Refusal::Several), Ok(()));
    }
}
