//! Refusals of steps: registered reasons, in Vietnamese and English.

use std::fmt;

use calendar::{CalendarError, Text};
use jiff::civil::Date;

use crate::clock::words;
use crate::contract::{AgencyCode, ComponentCode, DossierId, Vnd, VndOverflow};
use crate::law::{Finding, Findings};

/// The law cannot be applied, for a reason that is not the caller's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LawError {
    #[error("the procedure version or the calendar of the agency is not loaded")]
    NotLoaded,
    /// A period that never ends under the calendar.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// A sum of money that overflows.
    #[error(transparent)]
    Money(#[from] VndOverflow),
}

/// A registered reason for a refusal: an entry of the register of problem types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalEntry {
    /// HTTP status of the problem.
    pub status: u16,
    /// Last segment of the problem's `type`.
    pub code: &'static str,
    pub vi: &'static str,
    pub en: &'static str,
}

/// The values that a refusal can carry, as text for the problem's detail.
pub trait Said {
    /// The text in Vietnamese and English.
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

/// A refusal of a step.
pub trait Refuse: fmt::Debug + Send {
    fn entry(&self) -> RefusalEntry;
    /// The value that the refusal is about, if it carries one.
    fn subject(&self) -> Option<Text>;
    /// All findings, where the reason is an invalid file of rules or invalid values of the command.
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
            Law($crate::step::LawError),
            /// Values that cannot be right, or that make a date or an amount impossible to compute.
            Impossible(Vec<$crate::law::Finding>),
        }

        impl $name {
            /// All registered refusals of this step.
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

/// The service has not loaded the law that it must apply; an operator must load it.
pub const LAW_NOT_APPLICABLE: RefusalEntry = RefusalEntry {
    status: 503,
    code: "law-not-applicable",
    vi: "chưa nạp được quy định áp dụng cho hồ sơ này",
    en: "the law for this dossier is not loaded",
};

/// A date or an amount that follows from recorded data cannot be computed; the dossier needs
/// another step.
pub const NOT_COMPUTABLE: RefusalEntry = RefusalEntry {
    status: 409,
    code: "not-computable",
    vi: "không tính được thời hạn hoặc số tiền từ dữ liệu đã ghi nhận",
    en: "a date or an amount that follows from what is on record cannot be computed",
};

/// The values of the command are rejected before it is recorded, because a date or an amount that
/// follows from them could not be computed.
pub const VALUES_IMPOSSIBLE: RefusalEntry = RefusalEntry {
    status: 422,
    code: "values-impossible",
    vi: "có giá trị không thể đúng, hoặc từ đó không tính được thời hạn",
    en: "values that cannot be right, or from which what follows cannot be computed",
};
