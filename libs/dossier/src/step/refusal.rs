//! Why a step is refused: registered reasons, in both languages.

use std::fmt;

use calendar::{CalendarError, Text};
use jiff::civil::Date;

use crate::clock::words;
use crate::contract::{AgencyCode, ComponentCode, DossierId, Vnd, VndOverflow};
use crate::law::{Finding, Findings};

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
