//! Spans of time, and the spans in which a period does not run.

use jiff::Timestamp;

/// A span from an instant (included) to a later one (excluded).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first instant inside.
    pub from: Timestamp,
    /// The first instant outside again.
    pub to: Timestamp,
}

impl Span {
    /// The part of `self` that lies inside `other`, if any.
    #[must_use]
    pub fn intersect(self, other: Span) -> Option<Span> {
        let (from, to) = (self.from.max(other.from), self.to.min(other.to));
        (from < to).then_some(Span { from, to })
    }
}

/// The spans in which a period does not run: sorted, disjoint, none empty. Built from any spans at
/// all, so that splitting one in two, naming one twice or naming them in another order changes
/// nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps(Vec<Span>);

impl Gaps {
    /// The union of `spans`.
    #[must_use]
    pub fn new(mut spans: Vec<Span>) -> Self {
        spans.retain(|span| span.from < span.to);
        spans.sort_unstable();
        let mut union: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match union.last_mut() {
                Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
                Some(_) | None => union.push(span),
            }
        }
        Self(union)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the period stands still at `at`.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.covering(at).is_some()
    }

    /// The gap that contains `at`, if any.
    #[must_use]
    pub fn covering(&self, at: Timestamp) -> Option<Span> {
        let after = self.0.partition_point(|gap| gap.from <= at);
        let gap = *self.0.get(after.checked_sub(1)?)?;
        (at < gap.to).then_some(gap)
    }

    /// The parts of `span` outside every gap (`true`) and inside one (`false`), in order.
    #[must_use]
    pub fn cut(&self, span: Span) -> Vec<(Span, bool)> {
        let mut parts = Vec::new();
        let mut from = span.from;
        for inside in self.0.iter().filter_map(|gap| gap.intersect(span)) {
            if from < inside.from {
                parts.push((Span { from, to: inside.from }, true));
            }
            parts.push((inside, false));
            from = inside.to;
        }
        if from < span.to {
            parts.push((Span { from, to: span.to }, true));
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, to: i64) -> Span {
        let at = |second| Timestamp::from_second(second).unwrap();
        Span { from: at(from), to: at(to) }
    }

    #[test]
    fn spans_that_touch_share_nothing() {
        assert_eq!(span(0, 5).intersect(span(5, 9)), None);
        assert_eq!(span(0, 5).intersect(span(4, 9)), Some(span(4, 5)));
    }

    #[test]
    fn a_span_is_cut_at_the_gaps_and_no_part_is_empty() {
        let gaps = Gaps::new(vec![span(7, 9), span(0, 2), span(9, 12), span(4, 4)]);
        assert!(!gaps.is_empty() && Gaps::new(vec![span(4, 4)]).is_empty());
        let parts = [(span(0, 2), false), (span(2, 7), true), (span(7, 10), false)];
        assert_eq!(gaps.cut(span(0, 10)), parts);
        assert_eq!(gaps.cut(span(1, 2)), [(span(1, 2), false)]);
        assert_eq!(gaps.cut(span(2, 7)), [(span(2, 7), true)]);
        assert_eq!(gaps.covering(gaps.cut(span(7, 8))[0].0.from), Some(span(7, 12)));
    }
}
