//! A version of a procedure, with everything that an applicant needs before filing.

use std::collections::{BTreeMap, BTreeSet};

use dossier::contract::{Channel, DeliveryChannel, Vnd};
use dossier::law::{
    Budget, ClockStart, Component, Duty, FeeDue, FeeKind, FeeLine, Fees, InForce, Kept, Law, Level,
    OwedBy, Procedure, Reception, Reduction, Renewal, ResultRules, Text, titled_form,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A version of a procedure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProcedureReply {
    /// Code of the procedure.
    #[schema(example = "CO.D")]
    pub(super) code: String,
    /// Number of the version.
    version: u32,
    /// Date on which this version was issued.
    issued: Date,
    /// First day in force; may be before the date of issue.
    effective_from: Date,
    /// Last day in force; null if no end is set.
    effective_to: Option<Date>,
    /// Whether it is in force on the requested day. If not, it is the next version to take effect,
    /// or the last one.
    in_force: bool,
    /// Versions that take effect later.
    upcoming: Vec<UpcomingReply>,
    /// Time at which this version was recorded here.
    recorded_at: Option<Timestamp>,
    /// Vietnamese name.
    #[schema(example = "Giấy chứng nhận xuất xứ mẫu D")]
    name_vi: String,
    /// English name.
    #[schema(example = "Certificate of origin, form D")]
    name_en: String,
    /// Citation of the law on which the procedure is based.
    #[schema(example = "31/2018/NĐ-CP")]
    legal_basis: String,
    /// Code of the agency that is responsible for the procedure.
    #[schema(example = "G02.001")]
    agency: String,
    /// Channels by which a dossier may be filed.
    channels: Vec<Channel>,
    /// Channels that are open only during an outage of the others.
    only_in_outage: Vec<Channel>,
    /// JSON Schema of the form. Besides the standard formats it uses `vn-tax-code` and `telephone`.
    /// Its fields have `x-title` and may have `x-description`, each with `vi` and `en`;
    /// `x-enum-titles` has the same for each value of an `enum`. `x-order` has the names of
    /// `properties` in the order in which a form is drawn.
    #[schema(value_type = HashMap<String, Value>, example = json!({ "type": "object" }))]
    form: Value,
    /// Components of a dossier, and whether each is required.
    documents: Vec<Component>,
    /// Period by filing channel.
    periods: BTreeMap<Channel, Budget>,
    /// Event at which the period starts.
    clock_start: ClockStart,
    /// How the period may be extended; null if it may not.
    extension: Option<ExtensionReply>,
    /// Period in which the one-stop unit accepts or refuses the dossier, or requests a supplement;
    /// null if there is none.
    answer_within: Option<Budget>,
    /// Other agencies whose one-stop units receive dossiers, and what these may do.
    reception: Vec<Reception>,
    /// Whether all steps can be done online.
    level: Level,
    /// Tariff.
    fees: FeesReply,
    /// Groups of persons for which a fee is reduced, as accepted in `groups` of a submission.
    #[schema(example = json!(["digital_citizen"]))]
    groups: Vec<String>,
    /// For each of these groups, what a claim to it needs.
    group_evidence: Vec<GroupEvidenceReply>,
    /// Channels by which the result may be delivered; empty if there is no result.
    delivery: Vec<DeliveryChannel>,
    /// What the applicant receives, and the duties afterwards.
    result: ResultReply,
}

/// What a claim to a group needs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupEvidenceReply {
    /// Code of the group that an applicant claims to belong to.
    #[schema(example = "digital_citizen")]
    group: String,
    /// Whether the one-stop unit confirms or rejects the claim when it accepts the dossier; the
    /// reduction is provisional until then. Otherwise the claim counts as it is.
    confirmed_by_officer: bool,
    /// Code of the component that must be submitted as evidence; null if none is.
    #[schema(example = "identity")]
    component: Option<String>,
}

impl GroupEvidenceReply {
    /// Of all groups for which a fee is reduced.
    pub(crate) fn all(fees: &Fees) -> Vec<Self> {
        let entry = |group: &str| fees.groups.iter().find(|entry| entry.group == group);
        let of = |group: String| Self {
            confirmed_by_officer: entry(&group).is_some(),
            component: entry(&group)
                .and_then(|entry| entry.evidence.as_ref())
                .map(ToString::to_string),
            group,
        };
        groups(fees).into_iter().map(of).collect()
    }

    /// Whether it is for one of these groups.
    pub(crate) fn is_of(&self, groups: &[String]) -> bool {
        groups.contains(&self.group)
    }
}

/// A version that takes effect later.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UpcomingReply {
    /// Number of the version.
    version: u32,
    /// Date on which it was issued.
    issued: Date,
    /// First day in force.
    effective_from: Date,
}

/// Tariff of a procedure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeesReply {
    /// When the fee is owed; null if there is none.
    due: Option<FeeDue>,
    /// Period to pay; null if it is unlimited.
    window: Option<Budget>,
    /// When the agency keeps a paid fee although the dossier ends without a result.
    kept: Kept,
    /// Lines, those of other days included.
    lines: Vec<FeeLineReply>,
    /// Reductions. Of several that apply to a line, the largest counts.
    reductions: Vec<ReductionReply>,
}

/// Line of a tariff.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeeLineReply {
    /// Code of the rule.
    #[schema(example = "co-64-2025")]
    rule: String,
    /// Phí or lệ phí.
    kind: FeeKind,
    /// Name of the fee.
    name: Text,
    /// Amount in VND.
    amount_vnd: Vnd,
    /// Days of submission for which it is charged.
    effective: InForce,
    /// Channels of filing for which it is charged; all if empty.
    channels: Vec<Channel>,
    /// Whether it is charged only if an officer says so during processing.
    further: bool,
    /// Legal basis.
    #[schema(example = "64/2025/TT-BTC")]
    basis: String,
}

/// Reduction of a tariff.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReductionReply {
    /// Code of the rule.
    #[schema(example = "digital-citizen")]
    rule: String,
    /// Reduction in per cent.
    #[schema(minimum = 0, maximum = 100, example = 50)]
    percent: u8,
    /// Kinds of fee that it reduces.
    of: Vec<FeeKind>,
    /// Days of submission for which it applies.
    effective: InForce,
    /// Channels of filing for which it applies; all if empty.
    channels: Vec<Channel>,
    /// Groups of applicants for which it applies; everybody if empty.
    #[schema(example = json!(["digital_citizen"]))]
    groups: Vec<String>,
    /// Agencies for whose dossiers it applies, those below them included; all if empty.
    #[schema(example = json!(["H29"]))]
    agencies: Vec<String>,
    /// Legal basis.
    #[schema(example = "64/2025/TT-BTC")]
    basis: String,
}

/// Extension of a period.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExtensionReply {
    /// The length of one extension.
    by: Budget,
    /// Maximum number of extensions.
    times: u32,
    /// Legal basis.
    #[schema(example = "64/2025/TT-BTC")]
    basis: String,
}

/// Result of a procedure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResultReply {
    /// Code in the national catalogue; null if the procedure has no result.
    #[schema(example = "KQ.G02.000101")]
    code: Option<String>,
    /// Whether it is a document.
    document: bool,
    /// How long it is valid; null if it is unlimited.
    validity: Option<Budget>,
    /// Conditions of a renewal; null if none is possible.
    renewal: Option<RenewalReply>,
    /// Duties after a result that grants the application.
    duties: Vec<DutyRuleReply>,
}

/// Conditions of a renewal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RenewalReply {
    /// Minimum number of working days between the request and the day on which the result expires.
    ask_before_working_days: u32,
    /// The agency's period to decide.
    decide_within: Budget,
    /// Maximum number of renewals.
    times: u32,
    /// How long the result is valid after a renewal, counted from the previous expiry.
    validity: Budget,
    /// Legal basis.
    #[schema(example = "64/2025/TT-BTC")]
    basis: String,
}

/// Duty after a result.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DutyRuleReply {
    /// Code of the duty.
    #[schema(example = "promotion-result")]
    code: String,
    /// Name of the duty.
    name: Text,
    /// Party that has the duty.
    by: OwedBy,
    /// Period to meet it.
    within: Budget,
    /// Legal basis.
    #[schema(example = "64/2025/TT-BTC")]
    basis: String,
}

/// The date and the state of knowledge by which the catalogue is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct As {
    /// Versions in force on this day, …
    pub(super) on: Date,
    /// … as recorded up to this instant.
    pub(super) known_at: Timestamp,
}

impl ProcedureReply {
    pub(super) fn new(law: &Law, procedure: &Procedure, as_of: As) -> Self {
        let upcoming = law.upcoming(&procedure.code, as_of.on, as_of.known_at);
        let upcoming = upcoming.filter(|later| later.version != procedure.version);
        Self {
            in_force: procedure.effective.contains(as_of.on),
            upcoming: upcoming
                .map(|later| UpcomingReply {
                    version: later.version,
                    issued: later.issued,
                    effective_from: later.effective.from,
                })
                .collect(),
            code: procedure.code.to_string(),
            version: procedure.version,
            issued: procedure.issued,
            effective_from: procedure.effective.from,
            effective_to: procedure.effective.to,
            recorded_at: procedure.recorded_at,
            name_vi: procedure.name.vi.clone(),
            name_en: procedure.name.en.clone(),
            legal_basis: procedure.legal_basis.clone(),
            agency: procedure.agency.to_string(),
            channels: procedure.channels.clone(),
            only_in_outage: procedure.only_in_outage.clone(),
            form: titled_form(procedure),
            documents: procedure.documents.clone(),
            periods: procedure.clock.budget.clone(),
            clock_start: procedure.clock.start,
            extension: procedure.clock.extension.as_ref().map(|extension| ExtensionReply {
                by: extension.budget,
                times: extension.times,
                basis: extension.basis.clone(),
            }),
            answer_within: procedure.intake.answer,
            reception: procedure.intake.reception.clone(),
            level: procedure.level,
            fees: FeesReply::new(&procedure.fees),
            groups: groups(&procedure.fees),
            group_evidence: GroupEvidenceReply::all(&procedure.fees),
            delivery: procedure.delivery.clone(),
            result: ResultReply::new(&procedure.result),
        }
    }
}

/// The groups for which a fee is reduced.
fn groups(fees: &Fees) -> Vec<String> {
    let all: BTreeSet<&String> = fees.reductions.iter().flat_map(|one| &one.groups).collect();
    all.into_iter().cloned().collect()
}

impl FeesReply {
    fn new(fees: &Fees) -> Self {
        Self {
            due: fees.due,
            window: fees.window,
            kept: fees.kept,
            lines: fees.lines.iter().map(FeeLineReply::new).collect(),
            reductions: fees.reductions.iter().map(ReductionReply::new).collect(),
        }
    }
}

impl FeeLineReply {
    fn new(line: &FeeLine) -> Self {
        Self {
            rule: line.rule.clone(),
            kind: line.kind,
            name: line.name.clone(),
            amount_vnd: line.amount,
            effective: line.effective,
            channels: line.channels.clone(),
            further: line.further,
            basis: line.basis.clone(),
        }
    }
}

impl ReductionReply {
    fn new(reduction: &Reduction) -> Self {
        Self {
            rule: reduction.rule.clone(),
            percent: reduction.percent,
            of: reduction.of.clone(),
            effective: reduction.effective,
            channels: reduction.channels.clone(),
            groups: reduction.groups.clone(),
            agencies: reduction.agencies.iter().map(ToString::to_string).collect(),
            basis: reduction.basis.clone(),
        }
    }
}

impl ResultReply {
    fn new(rules: &ResultRules) -> Self {
        let renewal = |rules: &Renewal| RenewalReply {
            ask_before_working_days: rules.ask_before,
            decide_within: rules.decide_within,
            times: rules.times,
            validity: rules.validity,
            basis: rules.basis.clone(),
        };
        let duty = |duty: &Duty| DutyRuleReply {
            code: duty.code.clone(),
            name: duty.name.clone(),
            by: duty.by,
            within: duty.budget,
            basis: duty.basis.clone(),
        };
        Self {
            code: rules.code.clone(),
            document: rules.document,
            validity: rules.validity,
            renewal: rules.renewal.as_ref().map(renewal),
            duties: rules.duties.iter().map(duty).collect(),
        }
    }
}
