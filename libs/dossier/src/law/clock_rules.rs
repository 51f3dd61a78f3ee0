//! The statutory clock of a procedure, as defined in its file.

use std::collections::BTreeMap;

use calendar::Budget;
use jiff::civil::{Time, Weekday};
use serde::{Deserialize, Serialize};

use crate::contract::{Channel, NotCounted, Outcome, PostEvidence, SupplementEffect};

/// The event that starts the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockStart {
    /// The submission; by post, the date of posting where the law counts by it.
    Submitted,
    /// The acceptance.
    Accepted,
    /// The submission or supplement that made the dossier complete.
    Complete,
    /// The receipt of the fee.
    FeeReceived,
}

/// The end of a day for receiving dossiers: later ones count from the next working day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CutOff {
    /// The time on all days not named in `weekdays`.
    pub at: Option<Time>,
    /// Other times on individual weekdays.
    #[serde(default)]
    pub weekdays: Weekdays,
    /// Whether the last hour before closing counts as after the cut-off.
    #[serde(default)]
    pub last_hour: bool,
}

/// A time for individual weekdays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Weekdays {
    monday: Option<Time>,
    tuesday: Option<Time>,
    wednesday: Option<Time>,
    thursday: Option<Time>,
    friday: Option<Time>,
    saturday: Option<Time>,
    sunday: Option<Time>,
}

impl CutOff {
    /// The cut-off time on a weekday, if there is one.
    #[must_use]
    pub fn on(&self, weekday: Weekday) -> Option<Time> {
        let named = match weekday {
            Weekday::Monday => self.weekdays.monday,
            Weekday::Tuesday => self.weekdays.tuesday,
            Weekday::Wednesday => self.weekdays.wednesday,
            Weekday::Thursday => self.weekdays.thursday,
            Weekday::Friday => self.weekdays.friday,
            Weekday::Saturday => self.weekdays.saturday,
            Weekday::Sunday => self.weekdays.sunday,
        };
        named.or(self.at)
    }
}

/// The statutory clock of a procedure.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClockRules {
    /// The event that starts it.
    pub start: ClockStart,
    /// The evidence for the date by which a dossier sent by post counts; without it, the date of
    /// arrival counts.
    pub by_post: Option<PostEvidence>,
    /// The end of a day for receiving dossiers; 24:00 if absent.
    pub cut_off: Option<CutOff>,
    /// The period for each channel; a channel without one has no statutory period.
    #[serde(default)]
    pub budget: BTreeMap<Channel, Budget>,
    /// The effect of a supplement request.
    pub supplement: SupplementEffect,
    /// The period that applies after a supplement restarted the clock, if it is another than
    /// before.
    pub after_supplement: Option<Budget>,
    /// Time that is not counted.
    #[serde(default)]
    pub not_counted: Vec<NotCounted>,
    /// Maximum number of supplement requests at each stage; unlimited if absent.
    pub supplements_max: Option<u32>,
    /// The applicant's period to submit a supplement.
    pub supplement_window: Budget,
    /// Maximum number of times that the appointment may be moved (Decree 61/2018/NĐ-CP, art. 19.9:
    /// once).
    pub redatings_max: u32,
    /// The extension that the procedure allows; none if absent.
    pub extension: Option<Extension>,
    /// The outcome that the law attaches to the agency's silence, if any.
    pub silence: Option<Outcome>,
}

/// The permitted extension of a period.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The length of one extension, in the unit of the period.
    pub budget: Budget,
    /// Maximum number of extensions.
    pub times: u32,
    /// The legal basis.
    pub basis: String,
}

impl ClockRules {
    /// Checks for contradictions, for a procedure with these `channels`.
    pub(super) fn check(&self, channels: &[Channel]) -> Result<(), String> {
        if let Some(channel) = self.budget.keys().find(|c| !channels.contains(c)) {
            return Err(format!("`clock.budget` names {channel:?}, which is not among `channels`"));
        }
        let extension = self.extension.as_ref().map(|extension| extension.budget.unit);
        if extension.is_some_and(|unit| self.budget.values().any(|b| b.unit != unit)) {
            return Err("`clock.extension` and `clock.budget` are not in the same unit".to_owned());
        }
        if self.after_supplement.is_some_and(|after| {
            self.supplement != SupplementEffect::Restart
                || self.budget.values().any(|budget| budget.unit != after.unit)
        }) {
            let reason =
                "`clock.after_supplement` goes with a restart, in the unit of `clock.budget`";
            return Err(reason.to_owned());
        }
        Ok(())
    }

    /// All periods in these rules.
    pub(super) fn budgets(&self) -> impl Iterator<Item = Budget> {
        let extension = self.extension.as_ref().map(|extension| extension.budget);
        let others = [Some(self.supplement_window), self.after_supplement, extension];
        self.budget.values().copied().chain(others.into_iter().flatten())
    }
}
