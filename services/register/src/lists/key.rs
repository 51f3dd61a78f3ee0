//! The places in which a dossier or a task is listed.

use dossier::contract::AgencyCode;
use dossier::overview::{DossierFlags, TaskKind, WaitingOn};

/// A key that all rows share to whom a list belongs: an agency with those below it, an applicant or
/// an officer. It is a digest: rows are compared with what was asked as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope(pub(super) i64);

impl Scope {
    /// FNV-1a; it is recorded in the view, so it may change only with the view's version.
    fn of(kind: u8, text: &str) -> Self {
        let bytes = std::iter::once(kind).chain(text.bytes());
        let digest = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
            (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(digest.cast_signed())
    }

    /// An agency and those below it.
    pub(crate) fn agency(code: &str) -> Self {
        Self::of(b'a', code)
    }

    /// The dossiers of this scope that have a label, by its digest.
    pub(crate) fn labelled(self, digest: &str) -> Self {
        Self::of(b'l', &format!("{:x} {digest}", self.0))
    }

    /// The dossiers of this scope that have a flag.
    pub(crate) fn flagged(self, flag: Flag) -> Self {
        Self::of(b'f', &format!("{:x} {}", self.0, flag as u8))
    }

    /// An applicant, by `party_name`.
    pub(crate) fn applicant(party: &str) -> Self {
        Self::of(b'p', party)
    }

    /// An officer, by the subject of the token.
    pub(crate) fn officer(subject: &str) -> Self {
        Self::of(b'o', subject)
    }

    /// The agency and those above it.
    pub(super) fn above(agency: &AgencyCode) -> impl Iterator<Item = Self> + Clone + use<'_> {
        let code = agency.as_str();
        let ends = code.match_indices('.').map(|(at, _)| at).chain([code.len()]);
        ends.map(|end| Self::agency(&code[..end]))
    }
}

/// A flag by which dossiers are listed. The numbers are recorded in the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flag {
    Missed = 0,
    ForeseenLate = 1,
    Suspended = 2,
    IntakeAnswerMissed = 3,
}

impl Flag {
    pub(crate) const ALL: [Self; 4] =
        [Self::Missed, Self::ForeseenLate, Self::Suspended, Self::IntakeAnswerMissed];

    pub(crate) const fn is_set(self, flags: DossierFlags) -> bool {
        match self {
            Self::Missed => flags.missed,
            Self::ForeseenLate => flags.foreseen_late,
            Self::Suspended => flags.suspended,
            Self::IntakeAnswerMissed => flags.intake_answer_missed,
        }
    }
}

/// The highest agency above this one.
pub(super) fn root(agency: &AgencyCode) -> &str {
    agency.as_str().split('.').next().unwrap_or_default()
}

/// A list in one scope, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Range {
    pub(super) scope: Scope,
    pub(super) class: i64,
}

/// First class of the lists by whom a dossier waits on.
const WAITING: i64 = 10;
/// First class of the lists of tasks by kind.
const WORK: i64 = 100;

impl Range {
    /// All dossiers, the newest first.
    pub(crate) const fn newest(scope: Scope) -> Self {
        Self { scope, class: 0 }
    }

    /// The dossiers that wait on this one, the soonest due first.
    pub(crate) const fn waiting(scope: Scope, on: WaitingOn) -> Self {
        Self { scope, class: WAITING + on as i64 }
    }

    /// The tasks of this kind, the soonest due first.
    pub(crate) fn work(scope: Scope, kind: TaskKind) -> Self {
        Self { scope, class: WORK + i64::from(kind.number()) }
    }
}

/// A place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(super) range: Range,
    /// Milliseconds since 1970: when it is due, or the negative instant of the submission.
    pub(super) sort: i64,
    /// The place of the task in the row; 0 in lists of dossiers.
    pub(super) task: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agency_is_in_the_lists_of_all_agencies_above_it() {
        let of = |code: &str| Scope::above(&code.into()).collect::<Vec<_>>();
        assert_eq!(of("G02.001"), [Scope::agency("G02"), Scope::agency("G02.001")]);
        assert_eq!(of("G02"), [Scope::agency("G02")]);
        assert_eq!(root(&"H26.14.5".into()), "H26");
    }

    #[test]
    fn the_classes_of_lists_do_not_meet() {
        let scope = Scope::agency("G02");
        let waiting = WaitingOn::ALL.iter().map(|on| Range::waiting(scope, *on));
        let work = TaskKind::ALL.iter().map(|kind| Range::work(scope, *kind));
        let all: Vec<Range> = waiting.chain(work).chain([Range::newest(scope)]).collect();
        let distinct: std::collections::BTreeSet<&Range> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_ne!(Scope::agency("a"), Scope::applicant("a"));
        assert_ne!(Scope::officer("a"), Scope::applicant("a"));
        assert_ne!(scope.labelled("a"), scope.labelled("b"));
        assert_ne!(scope.labelled("a"), Scope::agency("G03").labelled("a"));
        assert_ne!(scope.flagged(Flag::Missed), scope.flagged(Flag::Suspended));
        assert_ne!(scope.flagged(Flag::Missed), Scope::agency("G03").flagged(Flag::Missed));
    }
}
