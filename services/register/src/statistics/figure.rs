//! Figures that count dossiers, each once: the same condition counts them and lists them.

use jiff::Span;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::scope::Scope;

/// Settled as QĐ 766/QĐ-TTg counts it.
pub(super) const SETTLED: &str = "status IN (7, 9, 10)";

/// Last day after today of the nearest of the promised days to come, in days.
const NEAR_DAYS: i64 = 7;

/// A figure of the statistics that is a number of dossiers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CountedFigure {
    #[default]
    Dossiers,
    CarriedOver,
    Handled,
    Settled,
    Early,
    OnTime,
    Late,
    WithoutDeadline,
    NotAccepted,
    Stopped,
    Open,
    AwaitingAcceptance,
    Processing,
    Suspended,
    OverdueOpen,
    DueToday,
    DueInWeek,
    DueLater,
    OpenUndated,
    OpenPaused,
}

impl CountedFigure {
    /// All, in the order in which they are counted.
    pub(super) const ALL: [Self; 20] = [
        Self::Dossiers,
        Self::CarriedOver,
        Self::Handled,
        Self::Settled,
        Self::Early,
        Self::OnTime,
        Self::Late,
        Self::WithoutDeadline,
        Self::NotAccepted,
        Self::Stopped,
        Self::Open,
        Self::AwaitingAcceptance,
        Self::Processing,
        Self::Suspended,
        Self::OverdueOpen,
        Self::DueToday,
        Self::DueInWeek,
        Self::DueLater,
        Self::OpenUndated,
        Self::OpenPaused,
    ];

    /// The condition on a row of the scope, without parameters.
    pub(super) fn condition(self, scope: &Scope) -> String {
        let Scope { handled: h, carried, as_of, .. } = scope;
        let settled = format!("{h} AND {SETTLED}");
        // A promised day counts while the clock runs.
        let runs = format!("NOT {h} AND suspended = 0");
        let near = as_of.saturating_add(Span::new().days(NEAR_DAYS));
        match self {
            Self::Dossiers => "1".to_owned(),
            Self::CarriedOver => carried.clone(),
            Self::Handled => h.clone(),
            Self::Settled => settled,
            Self::Early => format!("{settled} AND handled_day < due_day"),
            Self::OnTime => format!("{settled} AND handled_day = due_day"),
            Self::Late => format!("{settled} AND handled_day > due_day"),
            Self::WithoutDeadline => format!("{settled} AND due_day IS NULL"),
            Self::NotAccepted => format!("{h} AND status = 3"),
            Self::Stopped => format!("{h} AND status = 8"),
            Self::Open => format!("NOT {h}"),
            Self::AwaitingAcceptance => format!("NOT {h} AND status = 1"),
            Self::Processing => format!("NOT {h} AND status IN (2, 4)"),
            Self::Suspended => format!("NOT {h} AND status IN (5, 6)"),
            Self::OverdueOpen => format!("{runs} AND due_day < '{as_of}'"),
            Self::DueToday => format!("{runs} AND due_day = '{as_of}'"),
            Self::DueInWeek => format!("{runs} AND due_day > '{as_of}' AND due_day <= '{near}'"),
            Self::DueLater => format!("{runs} AND due_day > '{near}'"),
            Self::OpenUndated => format!("{runs} AND due_day IS NULL"),
            Self::OpenPaused => format!("NOT {h} AND suspended = 1"),
        }
    }
}
