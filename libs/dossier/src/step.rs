//! The shape that all steps and states share.

use std::borrow::Cow;
use std::fmt;

use calendar::{Budget, Calendar, CalendarError, Text};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::access::{May, Resource};
use crate::clock::{Period, Running, words};
use crate::contract::{
    Actor, AgencyCode, Channel, ComponentCode, DossierId, Envelope, EventSet, Meta, PeriodExtended,
    ProcedureRef, Unreadable, Vnd, VndOverflow,
};
use crate::law::{Finding, Findings, Law, Outage, Procedure};

/// What a service knows about one stream: a fold over its events.
pub trait State: Default + Clone + fmt::Debug + Send + Sync + 'static {
    /// The events of the stream.
    type Event: EventSet;
    /// What a stream's name begins with, before the hyphen.
    const CATEGORY: &'static str;

    /// Whether a stream's id is that of its dossier: other services then have streams of the same id.
    const IS_NAMED_BY_DOSSIER: bool = true;

    /// Takes one event in. Never fails: what was recorded has happened.
    fn evolve(&mut self, event: &Self::Event, meta: &Meta);

    /// Whose it is; `None` while the stream is empty.
    fn resource(&self) -> Option<Resource>;

    /// Under which version of which procedure, and in which agency.
    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)>;

    /// The dossier that a stream with an id of its own is about, if it is about one.
    fn about(&self) -> Option<DossierId> {
        None
    }

    /// The step that enforces an obligation of `kind`; nothing if no stream of this kind has one.
    #[must_use]
    fn enforced_by(kind: &str) -> Option<&'static Step> {
        let _ = kind;
        None
    }

    /// What falls due, and when.
    fn obligations(&self) -> Vec<Obligation> {
        Vec::new()
    }

    /// The period by which an obligation of `kind` falls due; nothing if it follows from none, or is the one for the
    /// decision, which has a ledger.
    fn period<'a>(&'a self, kind: &str, law: &'a Law) -> Result<Option<Period<'a>>, LawError> {
        let _ = (kind, law);
        Ok(None)
    }

    /// The event that makes a period longer, where the service has periods.
    #[must_use]
    fn extended(extended: PeriodExtended) -> Option<Self::Event> {
        let _ = extended;
        None
    }

    /// The events that enforce an obligation of `kind`, or none if it is no longer open. See [`crate::clock::enforce`].
    fn enforce(&self, kind: &str, facts: &Facts<'_>) -> Result<Vec<Self::Event>, LawError> {
        let _ = (kind, facts);
        Ok(Vec::new())
    }
}

/// Something that the service itself must do at an instant unless it has become moot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// What is to be enforced; a stream has at most one open obligation of a kind.
    pub kind: Cow<'static, str>,
    /// From when on.
    pub due_at: Timestamp,
    /// The event that opened it.
    pub opened_by: Uuid,
}

/// The law that a dossier was received under.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    /// The procedure in its version.
    pub procedure: &'a Procedure,
    /// The agency's calendar.
    pub calendar: &'a Calendar,
    /// The outages that hit the agency.
    pub outages: &'a [Outage],
}

impl<'a> Rule<'a> {
    /// Whether a dossier may come by `channel` at an instant: some ways are open only while an outage of the others lasts.
    #[must_use]
    pub fn is_open(&self, channel: Channel, at: Timestamp) -> bool {
        let Procedure { channels, only_in_outage, .. } = self.procedure;
        let is_regular = |channel: &Channel| !only_in_outage.contains(channel);
        let hits_one = |outage: &Outage| channels.iter().any(|c| is_regular(c) && outage.hits(*c));
        is_regular(&channel) || self.outages.iter().any(|o| o.lasts_at(at) && hits_one(o))
    }

    /// A period of a dossier that came by `channel`, under this law.
    #[must_use]
    pub fn period(
        &self,
        running: Running,
        started_at: Timestamp,
        budget: Budget,
        channel: Option<Channel>,
    ) -> Period<'a> {
        let Self { procedure, calendar, outages } = *self;
        let basis = &procedure.legal_basis;
        Period { running, started_at, budget, calendar, outages, channel, basis }
    }
}

/// What a decision may rest on besides the state and the command.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Now.
    pub at: Timestamp,
    /// The id of the command; all other ids are derived from it.
    pub command: Uuid,
    /// Who acts, in the capacity that was found to allow it.
    pub actor: &'a Actor,
    /// All of the law.
    pub law: &'a Law,
    /// The law of this dossier.
    pub rule: Option<Rule<'a>>,
    /// What other services have recorded for the same dossier. Read only before an obligation is enforced.
    pub elsewhere: &'a [Elsewhere],
}

impl<'a> Facts<'a> {
    /// The law of this dossier.
    pub fn rule(&self) -> Result<Rule<'a>, LawError> {
        self.rule.ok_or(LawError::NotLoaded)
    }

    /// An id that is the same whenever the same command is decided.
    #[must_use]
    pub fn id(&self, label: &str) -> Uuid {
        Uuid::new_v5(&self.command, label.as_bytes())
    }
}

/// An event of another service, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// Its id.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its payload as JSON.
    pub data: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The outcome of a reaction to another service's event.
#[derive(Debug, Clone, PartialEq)]
pub enum Reacted<E> {
    /// These events follow; none if there is nothing to do, or it has been done.
    Done(Vec<E>),
    /// Something that must come first has not arrived here.
    NotYet,
}

/// An event of another service, as it arrives.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Its id.
    pub id: Uuid,
    /// Its kind.
    pub kind: &'a str,
    /// Its payload as JSON.
    pub data: &'a str,
    /// What stands beside it.
    pub envelope: &'a Envelope,
}

/// What a service does about the events of others: a command of its own for each that concerns it. An event may arrive
/// twice or out of order; the outcome is the same.
pub trait Reaction: Sized + fmt::Debug + Send + Sync + 'static {
    /// The state on which the command is decided.
    type State: State;
    /// The kinds of events that it listens to.
    const LISTENS: &'static [&'static str];

    /// The commands that follow from an event.
    fn react(event: &Incoming<'_>) -> Result<Vec<Self>, Unreadable>;

    /// The step that it takes; its name stands in records.
    fn step(&self) -> &'static Step;

    /// The dossier that it is about.
    fn dossier(&self) -> DossierId;

    /// The law, where the stream may still be empty.
    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }

    /// The same with the number that was taken for what follows, where it has one.
    #[must_use]
    fn numbered(self, number: String) -> Self {
        let _ = number;
        self
    }

    /// Decides.
    fn decide(
        &self,
        state: &Self::State,
        facts: &Facts<'_>,
    ) -> Result<Reacted<<Self::State as State>::Event>, LawError>;
}

/// Why the law cannot be applied. Not the caller's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LawError {
    /// The version of the procedure, or the agency's calendar, is not loaded.
    #[error("the procedure version or the calendar of the agency is not loaded")]
    NotLoaded,
    /// A period that never ends.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// A sum of money that does not fit.
    #[error(transparent)]
    Money(#[from] VndOverflow),
}

/// A registered reason for which a step is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalEntry {
    /// The HTTP status that says it.
    pub status: u16,
    /// The last part of the problem's type.
    pub code: &'static str,
    /// In Vietnamese.
    pub vi: &'static str,
    /// In English.
    pub en: &'static str,
}

/// What a refusal may be about, as it is told.
pub trait Said {
    /// In both languages.
    fn said(&self) -> Text;
}

impl Said for Date {
    fn said(&self) -> Text {
        words::day(*self)
    }
}

macro_rules! said_alike {
    ($($kind:ty),*) => {$(
        impl Said for $kind {
            fn said(&self) -> Text {
                Text::same(self.to_string())
            }
        }
    )*};
}
said_alike!(String, u32, u64, AgencyCode, ComponentCode, DossierId, Vnd, Findings);

/// Why a step is refused.
pub trait Refuse: fmt::Debug + Send {
    /// The registered reason.
    fn entry(&self) -> RefusalEntry;
    /// What it was about, if there is more to say.
    fn subject(&self) -> Option<Text>;
    /// Everything that must change, where the reason is a file of rules or values of the command.
    fn findings(&self) -> &[Finding] {
        &[]
    }
}

/// What a step is, for documentation, for the check of who may do it, and for the register of problems.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The step, as its files are called.
    pub name: &'static str,
    /// The service that takes it.
    pub service: &'static str,
    /// Its legal basis.
    pub basis: &'static str,
    /// Who may take it; nobody if the service itself does.
    pub may: &'static [May],
    /// The events that it can lead to; the engine refuses any other in debug builds.
    pub events: &'static [&'static str],
    /// The reasons for which it can be refused.
    pub refusals: &'static [RefusalEntry],
}

impl Refuse for LawError {
    fn entry(&self) -> RefusalEntry {
        match self {
            Self::NotLoaded => LAW_NOT_APPLICABLE,
            Self::Calendar(_) | Self::Money(_) => NOT_COMPUTABLE,
        }
    }

    fn subject(&self) -> Option<Text> {
        Some(Text::same(self.to_string()))
    }
}

macro_rules! refusals {
    ($(#[$doc:meta])* pub enum $name:ident {
        $($variant:ident $(($subject:ty))? => $status:literal, $code:literal, $vi:literal, $en:literal;)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = $en] $variant $(($subject))?,)*
            /// The law cannot be applied.
            Law($crate::step::LawError),
            /// Values that cannot be right, or from which nothing can be computed.
            Impossible(Vec<$crate::law::Finding>),
        }

        impl $name {
            /// Every reason of this step.
            pub const ALL: &'static [$crate::step::RefusalEntry] = &[
                $($crate::step::RefusalEntry { status: $status, code: $code, vi: $vi, en: $en },)*
            ];
        }

        impl $crate::step::Refuse for $name {
            fn entry(&self) -> $crate::step::RefusalEntry {
                match self {
                    $(Self::$variant { .. } => $crate::step::RefusalEntry {
                        status: $status, code: $code, vi: $vi, en: $en,
                    },)*
                    Self::Law(error) => $crate::step::Refuse::entry(error),
                    Self::Impossible(_) => $crate::step::VALUES_IMPOSSIBLE,
                }
            }

            fn subject(&self) -> Option<calendar::Text> {
                $($(if let Self::$variant(subject) = self {
                    return Some(<$subject as $crate::step::Said>::said(subject));
                })?)*
                if let Self::Law(error) = self { $crate::step::Refuse::subject(error) } else { None }
            }

            fn findings(&self) -> &[$crate::law::Finding] {
                $($(if let Self::$variant(subject) = self {
                    let subject: &$subject = subject;
                    let found = (subject as &dyn std::any::Any).downcast_ref();
                    return found.map_or(&[], |$crate::law::Findings(found)| found);
                })?)*
                if let Self::Impossible(found) = self { found } else { &[] }
            }
        }

        impl<E: Into<$crate::step::LawError>> From<E> for $name {
            fn from(error: E) -> Self {
                Self::Law(error.into())
            }
        }
    };
}
pub(crate) use refusals;

/// The service lacks the law it would have to apply: an operator must load it.
pub const LAW_NOT_APPLICABLE: RefusalEntry = RefusalEntry {
    status: 503,
    code: "law-not-applicable",
    vi: "chưa nạp được quy định áp dụng cho hồ sơ này",
    en: "the law for this dossier is not loaded",
};

/// What follows from something that is on record cannot be computed: another step must lead on.
pub const NOT_COMPUTABLE: RefusalEntry = RefusalEntry {
    status: 409,
    code: "not-computable",
    vi: "không tính được thời hạn hoặc số tiền từ dữ liệu đã ghi nhận",
    en: "a date or an amount that follows from what is on record cannot be computed",
};

/// What is computed before a step is taken shows that it would lead nowhere.
pub const VALUES_IMPOSSIBLE: RefusalEntry = RefusalEntry {
    status: 422,
    code: "values-impossible",
    vi: "có giá trị không thể đúng, hoặc từ đó không tính được thời hạn",
    en: "values that cannot be right, or from which what follows cannot be computed",
};
