//! A procedure as it is written in a file.

use std::collections::BTreeMap;

use calendar::{Budget, Text};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::codes::references;
use super::{ClockRules, ClockStart, Law, ResultRules};
use crate::contract::{
    AgencyCode, Channel, ComponentCode, DeliveryChannel, NotCounted, Outcome, ProcedureCode,
    ProcedureRef, Role, Vnd,
};

mod check;

macro_rules! shipped {
    ($($file:literal),+ $(,)?) => {
        /// The procedures that ship with the program: file name and text.
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

/// A procedure in one version.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// Its code in the national catalogue.
    pub code: ProcedureCode,
    /// Counts up with every change.
    pub version: u32,
    /// When this version was issued; it may take effect earlier.
    pub issued: Date,
    /// When this version was recorded; absent for one that was not.
    #[serde(skip)]
    pub recorded_at: Option<Timestamp>,
    /// From when to when it is in force.
    pub effective: Period,
    /// Whether it applies from then on to dossiers too that were received under an earlier version and are still open. No
    /// promise is shortened by it.
    #[serde(default)]
    pub applies_to_open: bool,
    /// On what it rests.
    pub legal_basis: String,
    /// Its name.
    pub name: Text,
    /// The agency that it belongs to; that agency and those below it receive dossiers.
    pub agency: AgencyCode,
    /// Fully or partly online.
    pub level: Level,
    /// Ways in which a dossier may come.
    pub channels: Vec<Channel>,
    /// Those of them that are open only while an outage of one of the others lasts: paper, while nobody can file online.
    #[serde(default)]
    pub only_in_outage: Vec<Channel>,
    /// JSON Schema (2020-12) of the form; besides the usual formats, `vn-tax-code` and `telephone`.
    pub form: Value,
    /// Fields of the form, as JSON Pointers, that identify nobody and that rules, views and statistics need.
    #[serde(default)]
    pub public: Vec<String>,
    /// The components of a dossier.
    #[serde(default)]
    pub documents: Vec<Component>,
    /// What it costs.
    #[serde(default)]
    pub fees: Fees,
    /// Receiving it.
    pub intake: IntakeRules,
    /// The statutory clock.
    pub clock: ClockRules,
    /// Working on it.
    pub review: ReviewRules,
    /// What comes out.
    pub result: ResultRules,
    /// How the result may go out; empty if there is none.
    #[serde(default)]
    pub delivery: Vec<DeliveryChannel>,
}

/// Days from one (included) to another (included), or without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Option<Date>,
}

impl Period {
    /// Whether `date` lies inside.
    #[must_use]
    pub fn contains(&self, date: Date) -> bool {
        self.from <= date && self.to.is_none_or(|to| date <= to)
    }
}

/// Decree 42/2022/NĐ-CP, art. 11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Toàn trình: everything can be done online.
    Full,
    /// Một phần: something cannot.
    Partial,
}

/// A component of a dossier.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its code.
    pub code: ComponentCode,
    /// Its name.
    pub name: Text,
    /// Whether a dossier without it is incomplete.
    pub required: bool,
}

/// What a procedure costs.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Fees {
    /// When it is owed; absent if it costs nothing.
    pub due: Option<FeeDue>,
    /// How long the applicant has to pay; without it, as long as it takes.
    pub window: Option<Budget>,
    /// The lines of the tariff.
    #[serde(default)]
    pub lines: Vec<FeeLine>,
    /// Reductions; of several that apply to a line the best one counts (NQ 66.22/2026/NQ-CP, art. 5.2).
    #[serde(default)]
    pub reductions: Vec<Reduction>,
    /// When a settled fee stays with the agency although the dossier ends without a result.
    #[serde(default)]
    pub kept: Kept,
}

/// When a settled fee stays with the agency although the dossier ends without a result. Of what did not settle a fee nothing
/// stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// Once the dossier was accepted, for then work on it has begun.
    #[default]
    AfterAcceptance,
    /// Always (for example Decree 297/2025/NĐ-CP).
    Always,
    /// Never: it is for the result.
    Never,
}

/// When a fee is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FeeDue {
    /// With the submission, before acceptance.
    AtFiling,
    /// Once the dossier has been found valid.
    AfterAcceptance,
}

/// Law 97/2015/QH13, art. 3: the two are different money and are accounted for separately (art. 14.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeeKind {
    /// Phí: offsets the cost of a service.
    Phi,
    /// Lệ phí: a fixed sum.
    LePhi,
}

/// A line of the tariff.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FeeLine {
    /// Names the rule in records.
    pub rule: String,
    /// Which kind of money.
    pub kind: FeeKind,
    /// What for.
    pub name: Text,
    /// How much.
    pub amount: Vnd,
    /// In which days it is charged.
    pub effective: Period,
    /// By which ways of filing; all if empty.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// On what it rests.
    pub basis: String,
}

/// A reduction of the tariff.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Reduction {
    /// Names the rule in records.
    pub rule: String,
    /// How much less, in per cent.
    pub percent: u8,
    /// Of which kinds of money.
    pub of: Vec<FeeKind>,
    /// In which days.
    pub effective: Period,
    /// By which ways of filing; all if empty.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// For which groups of applicants; everybody if empty.
    #[serde(default)]
    pub groups: Vec<String>,
    /// For dossiers of which agencies, with those below them; all if empty.
    #[serde(default)]
    pub agencies: Vec<AgencyCode>,
    /// On what it rests.
    pub basis: String,
}

/// How a dossier is received.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IntakeRules {
    /// The one-stop unit's own time to accept, refuse or ask; absent if no such limit counts.
    pub answer: Option<Budget>,
    /// Whether a complete dossier is accepted by the submission itself.
    #[serde(default)]
    pub automatic: bool,
    /// How long before a day that the dossier names it must be filed; without it, at any time.
    pub ahead: Option<Ahead>,
}

/// A dossier that must be filed some time before what it is about (for example Decree 81/2018/NĐ-CP, art. 17: three working
/// days before a promotion begins).
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Ahead {
    /// The public field with that day.
    pub field: String,
    /// How many working days before it at the latest.
    pub working_days: u32,
    /// On what it rests.
    pub basis: String,
}

/// How a dossier is worked on.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReviewRules {
    /// The activities.
    #[serde(default)]
    pub activities: Vec<Activity>,
    /// Whether activities may be done in any order and more than once.
    #[serde(default)]
    pub any_order: bool,
    /// Whether a decision needs a second officer.
    #[serde(default = "yes")]
    pub four_eyes: bool,
    /// How long a consulted agency has to answer.
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
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// Who does it.
    #[serde(default = "reviewer")]
    pub role: Role,
    /// How long it may take.
    pub budget: Option<Budget>,
}

const fn reviewer() -> Role {
    Role::Reviewer
}

/// A rule that decides without an officer: the outcome if every condition holds, an officer otherwise.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AutomaticDecision {
    /// All must hold.
    pub when: Vec<Condition>,
    /// What follows then.
    pub outcome: Outcome,
    /// Whether its answer is issued by itself, without an officer, under the next number of its register.
    #[serde(default)]
    pub issues: bool,
}

/// A test of one public field.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The field, as a JSON Pointer that is among the procedure's public ones.
    pub field: String,
    /// One of these values.
    pub one_of: Option<Vec<Value>>,
    /// A number at least this.
    pub at_least: Option<i64>,
    /// A number at most this.
    pub at_most: Option<i64>,
    /// The class that a list of codes gives.
    pub confirmed_by: Option<ConfirmedBy>,
}

/// A class in a form is the declarant's own word, until a list of codes says the same.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmedBy {
    /// The list.
    pub list: String,
    /// The public field with the code whose class it is.
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

/// By which law and for which day something is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The law …
    pub law: &'a Law,
    /// … as it was on record then.
    pub at: Timestamp,
    /// The day on which something must be valid.
    pub on: Date,
}

impl Condition {
    /// Whether the public fields of a dossier satisfy it.
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

impl FeeLine {
    /// Whether it is charged for what is filed by a way.
    #[must_use]
    pub fn is_for(&self, channel: Channel) -> bool {
        self.channels.is_empty() || self.channels.contains(&channel)
    }
}

impl Reduction {
    /// Whether it is given to dossiers of an agency.
    #[must_use]
    pub fn is_given_by(&self, agency: &AgencyCode) -> bool {
        self.agencies.is_empty() || self.agencies.iter().any(|own| own.covers(agency))
    }
}

impl Procedure {
    /// Its code and version.
    #[must_use]
    pub fn reference(&self) -> ProcedureRef {
        ProcedureRef { code: self.code.clone(), version: self.version }
    }

    /// Whether its form or its rules refer to a list of codes.
    #[must_use]
    pub fn refers_to(&self, list: &str) -> bool {
        self.code_lists().is_ok_and(|lists| lists.iter().any(|named| named == list))
    }

    /// The lists of codes that its form and its rules refer to.
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
