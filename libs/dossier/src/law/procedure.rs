//! A procedure, as defined in a file.

use std::collections::BTreeMap;

use calendar::{Budget, Text};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::codes::references;
use super::{ClockRules, ClockStart, FeeDue, Fees, Law, Reception, ResultRules};
use crate::contract::{
    AgencyCode, Channel, ComponentCode, DeliveryChannel, NotCounted, Outcome, ProcedureCode,
    ProcedureRef, Role,
};

mod check;

macro_rules! shipped {
    ($($file:literal),+ $(,)?) => {
        /// The procedures that are shipped with the program: file name and text.
        pub const SHIPPED: &[(&str, &str)] =
            &[$(($file, include_str!(concat!("../../procedures/", $file)))),+];
    };
}
shipped!(
    "certificate_of_origin_d.yaml",
    "certificate_of_origin_d_reissue.yaml",
    "chemical_import.yaml",
    "chemical_import_2.yaml",
    "promotion_registration.yaml",
    "precursor_import.yaml",
    "precursor_import_3.yaml",
    "multi_level_marketing.yaml",
    "multi_level_marketing_3.yaml",
    "multi_level_marketing_seminar.yaml",
    "energy_label.yaml",
    "tobacco_import.yaml",
    "environmental_permit.yaml",
);

/// A version of a procedure.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// The code in the national catalogue.
    pub code: ProcedureCode,
    /// Increases with every change.
    pub version: u32,
    /// When this version was issued; it may take effect earlier.
    pub issued: Date,
    /// When this version was recorded; absent if it was loaded without a record.
    #[serde(skip)]
    pub recorded_at: Option<Timestamp>,
    /// The days on which it is in force.
    pub effective: InForce,
    /// Whether it also applies, from its first day, to open dossiers received under an earlier
    /// version. It never shortens a promise.
    #[serde(default)]
    pub applies_to_open: bool,
    /// Laws and articles on which it is based.
    pub legal_basis: String,
    pub name: Text,
    /// Its agency; this agency and those below it receive dossiers.
    pub agency: AgencyCode,
    /// Whether the procedure is fully or partly online.
    pub level: Level,
    /// The channels by which dossiers may be filed.
    pub channels: Vec<Channel>,
    /// Channels that are open only during an outage of another one, for example the counter while
    /// nobody can file online.
    #[serde(default)]
    pub only_in_outage: Vec<Channel>,
    /// JSON Schema (2020-12) of the form; in addition to the usual formats, `vn-tax-code` and
    /// `telephone`. `x-title`, `x-description` and `x-enum-titles` say in both languages what a
    /// field and its choices are; `x-order`, the names of the fields in the order in which they are
    /// drawn, is that of `properties` in the file if absent.
    #[serde(deserialize_with = "super::form_order::form")]
    pub form: Value,
    /// JSON Pointers to the fields of the form that rules, views and statistics need; they identify
    /// nobody.
    #[serde(default)]
    pub public: Vec<String>,
    /// JSON Pointers to the fields of the form by which dossiers are found, `*` for every item of a
    /// list; if absent, all fields with a well-known name or format: names, tax codes, telephone
    /// and identity numbers. See [`crate::search::Fields`].
    #[serde(default)]
    pub search: Option<Vec<String>>,
    /// The components of a dossier.
    #[serde(default)]
    pub documents: Vec<Component>,
    /// The tariff.
    #[serde(default)]
    pub fees: Fees,
    /// The rules for receiving dossiers.
    pub intake: IntakeRules,
    /// The rules for the statutory clock.
    pub clock: ClockRules,
    /// The rules for the review.
    pub review: ReviewRules,
    /// The rules for the result.
    pub result: ResultRules,
    /// The channels by which the result may be delivered; empty if there is no result.
    #[serde(default)]
    pub delivery: Vec<DeliveryChannel>,
}

/// A range of days, both ends included, or without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct InForce {
    pub from: Date,
    /// Absent if there is no end.
    pub to: Option<Date>,
}

impl InForce {
    /// Whether `date` is in the range.
    #[must_use]
    pub fn contains(&self, date: Date) -> bool {
        self.from <= date && self.to.is_none_or(|to| date <= to)
    }
}

/// How far a procedure is online (Decree 42/2022/NĐ-CP, art. 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Toàn trình: all steps can be done online.
    Full,
    /// Một phần: some steps cannot.
    Partial,
}

impl Level {
    /// As it is written in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
        }
    }

    /// The level that is written so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Full, Self::Partial].into_iter().find(|level| level.as_str() == name)
    }
}

/// A component of a dossier.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = DossierComponent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Component {
    pub code: ComponentCode,
    pub name: Text,
    /// Whether a dossier is incomplete without it.
    pub required: bool,
}

/// The rules for receiving dossiers.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IntakeRules {
    /// The one-stop unit's period to accept, refuse or request a supplement; absent if there is
    /// none.
    pub answer: Option<Budget>,
    /// Whether a complete dossier is accepted by its submission.
    #[serde(default)]
    pub automatic: bool,
    /// The minimum time between filing and a day that the form names; no limit if absent.
    pub ahead: Option<Ahead>,
    /// The other agencies whose one-stop units receive dossiers; none if empty.
    #[serde(default)]
    pub reception: Vec<Reception>,
}

/// A dossier that must be filed some time before the event that it is about (for example Decree
/// 81/2018/NĐ-CP, art. 17: three working days before a promotion begins).
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Ahead {
    /// The public field with the day of the event.
    pub field: String,
    /// Minimum number of working days between filing and the event.
    pub working_days: u32,
    /// The legal basis.
    pub basis: String,
}

/// The rules for the review.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReviewRules {
    /// The activities, in their order.
    #[serde(default)]
    pub activities: Vec<Activity>,
    /// Whether activities may be completed in any order, and more than once.
    #[serde(default)]
    pub any_order: bool,
    /// Whether a decision needs a second officer.
    #[serde(default = "yes")]
    pub four_eyes: bool,
    /// A consulted agency's period to answer.
    pub consultation: Option<Budget>,
    /// A rule that decides without an officer.
    pub automatic: Option<AutomaticDecision>,
}

const fn yes() -> bool {
    true
}

/// An activity of the review.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Activity {
    pub code: String,
    pub name: Text,
    /// The role of the officer who completes it.
    #[serde(default = "reviewer")]
    pub role: Role,
    /// The period to complete it.
    pub budget: Option<Budget>,
}

const fn reviewer() -> Role {
    Role::Reviewer
}

/// A rule that decides without an officer if all conditions hold; otherwise an officer decides.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AutomaticDecision {
    /// The conditions, which must all hold.
    pub when: Vec<Condition>,
    /// The decision if they hold.
    pub outcome: Outcome,
    /// Whether the result is also issued without an officer, under the next number of its register.
    #[serde(default)]
    pub issues: bool,
}

/// A condition on one public field.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// A JSON Pointer from the procedure's `public`.
    pub field: String,
    /// The field has one of these values.
    pub one_of: Option<Vec<Value>>,
    /// The field is a number not less than this.
    pub at_least: Option<i64>,
    /// The field is a number not greater than this.
    pub at_most: Option<i64>,
    /// The field is the class that a list of codes contains.
    pub confirmed_by: Option<ConfirmedBy>,
}

/// A class in a form is only the applicant's statement; a list of codes confirms it.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmedBy {
    /// The name of the list.
    pub list: String,
    /// The public field with the code that has the class.
    pub code: String,
}

impl ConfirmedBy {
    fn confirms(&self, class: &Value, public: &BTreeMap<String, Value>, asked: Asked<'_>) -> bool {
        let code = public.get(&self.code).and_then(Value::as_str);
        let list = asked.law.code_list(&self.list, asked.at);
        let listed = list.zip(code).and_then(|(list, code)| list.class(code, asked.on));
        listed.is_some() && listed == class.as_str()
    }
}

/// The law and the day for which a condition is evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub law: &'a Law,
    /// The instant as of which the law is known.
    pub at: Timestamp,
    /// The day on which codes must be valid.
    pub on: Date,
}

impl Condition {
    /// Whether the public fields of a dossier satisfy the condition.
    #[must_use]
    pub fn holds(&self, public: &BTreeMap<String, Value>, asked: Asked<'_>) -> bool {
        let Some(value) = public.get(&self.field) else { return false };
        let number = value.as_i64();
        self.one_of.as_ref().is_none_or(|values| values.contains(value))
            && self.at_least.is_none_or(|least| number.is_some_and(|n| n >= least))
            && self.at_most.is_none_or(|most| number.is_some_and(|n| n <= most))
            && self.confirmed_by.as_ref().is_none_or(|list| list.confirms(value, public, asked))
    }
}

impl Procedure {
    /// The code and the version.
    #[must_use]
    pub fn reference(&self) -> ProcedureRef {
        ProcedureRef { code: self.code.clone(), version: self.version }
    }

    /// Whether the form or the rules refer to this list of codes.
    #[must_use]
    pub fn refers_to(&self, list: &str) -> bool {
        self.code_lists().is_ok_and(|lists| lists.iter().any(|named| named == list))
    }

    /// The lists of codes to which the form and the rules refer.
    pub(super) fn code_lists(&self) -> Result<Vec<String>, String> {
        let form = references(&self.form)?.into_iter().map(|reference| reference.list);
        let conditions = self.review.automatic.iter().flat_map(|rule| &rule.when);
        let rules = conditions.filter_map(|c| Some(c.confirmed_by.as_ref()?.list.clone()));
        Ok(form.chain(rules).collect())
    }

    pub(super) fn budgets(&self) -> impl Iterator<Item = Budget> {
        let review = &self.review;
        self.clock
            .budgets()
            .chain(self.fees.window)
            .chain(self.intake.answer)
            .chain(review.consultation)
            .chain(review.activities.iter().filter_map(|activity| activity.budget))
            .chain(self.result.budgets())
    }
}
