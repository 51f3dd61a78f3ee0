//! The statutory clock of a procedure, as it is written in a file.

use std::collections::BTreeMap;

use calendar::Budget;
use jiff::civil::{Time, Weekday};
use serde::{Deserialize, Serialize};

use crate::contract::{Channel, NotCounted, Outcome, PostEvidence, SupplementEffect};

/// From when the clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockStart {
    /// From the submission, or by post from the date that the law counts by.
    Submitted,
    /// From the acceptance.
    Accepted,
    /// From the submission or supplement that made the dossier complete.
    Complete,
    /// From the receipt of the fee.
    FeeReceived,
}

/// When a day is over for receiving: what comes later counts from the next working morning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CutOff {
    /// At this time of any day that is not named below.
    pub at: Option<Time>,
    /// At another time on these weekdays.
    #[serde(default)]
    pub weekdays: Weekdays,
    /// An hour before the office closes.
    #[serde(default)]
    pub last_hour: bool,
}

/// A time for some weekdays.
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
    /// The time of a weekday.
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
    /// From when it runs.
    pub start: ClockStart,
    /// By which date a dossier counts that comes by post; without it, by the one on which it arrives.
    pub by_post: Option<PostEvidence>,
    /// When a day is over for receiving; without it, at 24:00.
    pub cut_off: Option<CutOff>,
    /// The period by way of filing; without one, the law gives none.
    #[serde(default)]
    pub budget: BTreeMap<Channel, Budget>,
    /// What a supplement request does to it.
    pub supplement: SupplementEffect,
    /// The period from a supplement on, where the clock begins anew with it and the law gives another one then.
    pub after_supplement: Option<Budget>,
    /// Time that is not counted.
    #[serde(default)]
    pub not_counted: Vec<NotCounted>,
    /// How often a supplement may be asked for at each stage; as often as needed if absent.
    pub supplements_max: Option<u32>,
    /// The applicant's window to supplement.
    pub supplement_window: Budget,
    /// How often the appointment may be moved (Decree 61/2018/NĐ-CP, art. 19.9: once).
    pub redatings_max: u32,
    /// By how much the period may be made longer; without it, not at all.
    pub extension: Option<Extension>,
    /// What the law makes of the agency's silence.
    pub silence: Option<Outcome>,
}

/// How a period may be made longer.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// By how much each time, in the unit of the period.
    pub budget: Budget,
    /// How often.
    pub times: u32,
    /// On what it rests.
    pub basis: String,
}

impl ClockRules {
    /// What contradicts itself, where a dossier may come by these `channels`.
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

    /// Every period.
    pub(super) fn budgets(&self) -> impl Iterator<Item = Budget> {
        let extension = self.extension.as_ref().map(|extension| extension.budget);
        let others = [Some(self.supplement_window), self.after_supplement, extension];
        self.budget.values().copied().chain(others.into_iter().flatten())
    }
}
