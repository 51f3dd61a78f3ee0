//! Refusals of steps: registered reasons, in Vietnamese and English.

use std::fmt;

use calendar::{CalendarError, Text};
use jiff::civil::Date;

use crate::clock::words;
use crate::contract::{AgencyCode, ComponentCode, DossierCode, DossierId, Vnd, VndOverflow};
use crate::law::{Finding, Findings};

mod known;
mod missing;
mod reasons;

pub use known::Known;
pub use missing::MissingComponent;
pub use reasons::{Collected, Reasons};

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
said_alike!(String, u32, u64, AgencyCode, ComponentCode, DossierCode, DossierId, Vnd, Findings);

/// A refusal of a step.
pub trait Refuse: fmt::Debug + Send {
    fn entry(&self) -> RefusalEntry;
    /// The value that the refusal is about, if it carries one.
    fn subject(&self) -> Option<Text>;
    /// The component of the dossier that is missing, if the refusal is about one.
    fn component(&self) -> Option<&ComponentCode> {
        None
    }
    /// The field of the request body that must change, as a JSON Pointer, if there is one.
    fn pointer(&self) -> Option<&'static str> {
        None
    }
    /// All fields that must change, each with what is wrong with it.
    fn findings(&self) -> Vec<Finding> {
        findings_of(self)
    }
}

/// The finding of a refusal that is about one field; empty if it is about none.
pub(crate) fn findings_of(refusal: &(impl Refuse + ?Sized)) -> Vec<Finding> {
    refusal.pointer().map(|pointer| finding_at(pointer, refusal)).into_iter().collect()
}

/// What a refusal says, as a finding of one field.
fn finding_at(pointer: impl Into<String>, refusal: &(impl Refuse + ?Sized)) -> Finding {
    let component = refusal.component().cloned();
    Finding { component, ..refusal.entry().finding(pointer, refusal.subject()) }
}

impl RefusalEntry {
    /// This reason as a finding of one field, with the value that it is about.
    #[must_use]
    pub fn finding(&self, pointer: impl Into<String>, subject: Option<Text>) -> Finding {
        let join = |title: &str, subject: &str| format!("{title}: {subject}");
        let said = match subject {
            Some(Text { vi, en }) => Text::new(join(self.vi, &vi), join(self.en, &en)),
            None => Text::new(self.vi, self.en),
        };
        Finding::said(pointer, said).coded(self.code)
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
        match self {
            Self::NotLoaded | Self::Money(_) => None,
            Self::Calendar(CalendarError::BeyondHorizon { .. }) => Some(Text::new(
                "thời hạn không kết thúc trong phạm vi lịch làm việc tính được",
                "the period does not end within the days that can be computed",
            )),
            Self::Calendar(CalendarError::OutOfRange) => {
                Some(Text::new("ngày ngoài phạm vi tính được", "a date is out of range"))
            }
        }
    }
}

/// Declares the refusals of a step: a variant, perhaps with the value that it is about, and its
/// entry. `at` names the field of the request body that must change, as a JSON Pointer.
macro_rules! refusals {
    ($(#[$doc:meta])* pub enum $name:ident {
        $($variant:ident $(($subject:ty))? =>
            $status:literal, $code:literal $(at $pointer:literal)?, $vi:literal, $en:literal;)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = $en] $variant $(($subject))?,)*
            Law($crate::step::LawError),
            /// Values that cannot be right, or that make a date or an amount impossible to compute.
            Impossible(Vec<$crate::law::Finding>),
            /// Several fields must change.
            Several($crate::step::Reasons),
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
                    Self::Several(reasons) => $crate::step::Refuse::entry(reasons),
                }
            }

            fn subject(&self) -> Option<calendar::Text> {
                $($(if let Self::$variant(subject) = self {
                    return Some(<$subject as $crate::step::Said>::said(subject));
                })?)*
                if let Self::Law(error) = self { $crate::step::Refuse::subject(error) } else { None }
            }

            fn component(&self) -> Option<&$crate::contract::ComponentCode> {
                $($(if let Self::$variant(subject) = self {
                    let subject: &$subject = subject;
                    let missing = (subject as &dyn std::any::Any).downcast_ref();
                    if let Some($crate::step::MissingComponent { code, .. }) = missing {
                        return Some(code);
                    }
                })?)*
                None
            }

            fn pointer(&self) -> Option<&'static str> {
                $($(if let Self::$variant { .. } = self {
                    return Some($pointer);
                })?)*
                None
            }

            fn findings(&self) -> Vec<$crate::law::Finding> {
                $($(if let Self::$variant(subject) = self {
                    let subject: &$subject = subject;
                    let found = (subject as &dyn std::any::Any).downcast_ref();
                    if let Some($crate::law::Findings(found)) = found {
                        return found.clone();
                    }
                })?)*
                if let Self::Impossible(found) = self {
                    return found.clone();
                }
                if let Self::Several(reasons) = self {
                    return $crate::step::Refuse::findings(reasons);
                }
                $crate::step::findings_of(self)
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
    en: "a date or an amount cannot be computed from the recorded data",
};

/// The values of the command are rejected before it is recorded, because a date or an amount that
/// follows from them could not be computed.
pub const VALUES_IMPOSSIBLE: RefusalEntry = RefusalEntry {
    status: 422,
    code: "values-impossible",
    vi: "có giá trị không thể đúng, hoặc từ đó không tính được thời hạn",
    en: "values that are impossible, or from which no date or amount can be computed",
};
